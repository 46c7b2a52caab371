"""Waits for an undisturbed machine before a visit starts, which costs less than a visit lost."""

from itertools import cycle
from time import monotonic, sleep

from tfscale.calibration import calibrate
from tfscale.disturbance import SLOWER_NOW
from tfscale.pinning import pin_to, places

PAUSE_S = 0.05


def quiet_cpus(
    threads: int, reference_s: float | None, patience_s: float
) -> tuple[list[int], float, float]:
    """Pin this process to the first `threads` CPUs that are undisturbed: the CPUs, the last
    calibration (s) and how long was waited for it (s).

    A neighbour mostly disturbs one CPU (it shares its core), so the others are tried at once and
    all of them again after a pause. After `patience_s` seconds the next CPUs are taken as they are.
    """
    groups = places(threads)
    start = monotonic()
    for turn, group in enumerate(cycle(groups)):
        cpus, taken_s = pin_to(group), calibrate()
        waited_s = monotonic() - start if turn else 0.0
        if _is_quiet(taken_s, reference_s) or waited_s >= patience_s:
            break
        if group is groups[-1]:
            sleep(PAUSE_S)
    return cpus, taken_s, waited_s


def calibrate_when_quiet(reference_s: float | None, patience_s: float) -> tuple[float, float]:
    """The last calibration (s) and how long was waited for it (s), on the CPUs where it is.

    Calibrates until the kernel takes at most 1.15 times `reference_s`, its time on the undisturbed
    machine, or until `patience_s` seconds have gone; once when the reference is not known.
    """
    start = monotonic()
    waited_s, taken_s = 0.0, calibrate()
    while not _is_quiet(taken_s, reference_s) and waited_s < patience_s:
        sleep(PAUSE_S)
        taken_s = calibrate()
        waited_s = monotonic() - start
    return taken_s, waited_s


def _is_quiet(taken_s: float, reference_s: float | None) -> bool:
    return reference_s is None or taken_s <= SLOWER_NOW * reference_s
