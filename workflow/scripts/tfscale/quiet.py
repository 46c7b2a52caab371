"""Waits for an undisturbed machine before a visit starts, which costs less than a visit lost."""

from time import monotonic, sleep

from tfscale.calibration import calibrate
from tfscale.disturbance import SLOWER

PAUSE_S = 0.05


def calibrate_when_quiet(reference_s: float | None, patience_s: float) -> tuple[float, float]:
    """The last calibration (s) and how long was waited for it (s).

    Calibrates until the kernel takes at most 1.1 times `reference_s`, its time on the undisturbed
    machine, or until `patience_s` seconds have gone; once when the reference is not known.
    """
    start = monotonic()
    waited_s, taken_s = 0.0, calibrate()
    while reference_s is not None and taken_s > SLOWER * reference_s and waited_s < patience_s:
        sleep(PAUSE_S)
        taken_s = calibrate()
        waited_s = monotonic() - start
    return taken_s, waited_s
