"""Knows how fast the kernel is on the undisturbed machine, and waits for that."""

from itertools import cycle
from time import monotonic, sleep

from tfscale.calibration import calibrate, reference
from tfscale.disturbance import SLOWER_NOW
from tfscale.pinning import pin_to, places

PAUSE_S = 0.05
NEAR = 1.08
"""Of a visit's own calm calibrations, which are of the same minute: an undisturbed kernel varies by
2 to 3 %, a neighbour on the same core makes it 1.3 to 1.5."""


class Quiet:
    """The calibrations of one visit (s), and how long it waited for calm ones.

    A calibration is calm up to 1.15 times `reference_s`, that of the undisturbed machine (None
    where it is not known), and up to 1.08 times the visit's own 20th percentile: a neighbour on the
    same core comes and goes in some 0.2 s, the clock in minutes. Waiting ends after `patience_s`.
    """

    def __init__(self, reference_s: float | None, patience_s: float) -> None:
        """Nothing was calibrated yet."""
        self.reference_s, self.patience_s = reference_s, patience_s
        self.calibrations_s: list[float] = []
        self.waited_s = 0.0

    @property
    def limit_s(self) -> float:
        """Up to here a calibration is calm, by what was seen so far."""
        known = [] if self.reference_s is None else [SLOWER_NOW * self.reference_s]
        own = [NEAR * reference(self.calibrations_s)] if self.calibrations_s else []
        return min(known + own, default=float("inf"))

    def look(self) -> float:
        """Calibrate once (s)."""
        self.calibrations_s.append(calibrate())
        return self.calibrations_s[-1]

    def calm(self) -> bool:
        """Whether the last calibration was."""
        return self.calibrations_s[-1] <= self.limit_s

    def wait(self) -> float:
        """The last calibration (s), once it is calm or patience has ended."""
        start, before_s = monotonic(), self.waited_s
        while not self.calm() and self.waited_s < self.patience_s:
            sleep(PAUSE_S)
            self.look()
            self.waited_s = before_s + monotonic() - start
        return self.calibrations_s[-1]

    def choose_cpus(self, threads: int) -> list[int]:
        """Pin this process to the first `threads` CPUs that are calm, and return them.

        A neighbour mostly disturbs one CPU (it shares its core), so the others are tried at once
        and all of them again after a pause. Without patience the next ones are taken as they are.
        """
        groups, start = places(threads), monotonic()
        for turn, group in enumerate(cycle(groups)):
            cpus = pin_to(group)
            self.look()
            self.waited_s = monotonic() - start if turn else 0.0
            if self.calm() or self.waited_s >= self.patience_s:
                return cpus
            if group is groups[-1]:
                sleep(PAUSE_S)
        raise AssertionError("places are never empty")
