"""Knows how fast the kernel is on the undisturbed machine; waits for that, or goes where it is."""

from time import monotonic, sleep

from tfscale.timing.calibration import calibrate, reference
from tfscale.timing.disturbance import SLOWER
from tfscale.timing.pinning import pin_to, places

PAUSE_S = 0.05
NEAR = 1.08
"""Of a visit's own calm calibrations, which are of the same minute: an undisturbed kernel varies by
2 to 3 %, a neighbour on the same core makes it 1.3 to 1.5."""


class Quiet:
    """The calibrations of one visit (s), how long it waited for calm ones, and the CPUs that it
    used after a wait; those where it only looked do not count.

    A calibration is calm up to 1.2 times `reference_s`, that of the undisturbed machine (None
    where it is not known), and up to 1.08 times the visit's own 20th percentile: a neighbour on the
    same core comes and goes in some 0.2 s, the clock in minutes. Waiting ends after `patience_s`.
    """

    def __init__(self, reference_s: float | None, patience_s: float, threads: int) -> None:
        """Nothing was calibrated yet, and the process is where it was."""
        self.reference_s, self.patience_s = reference_s, patience_s
        self.places = places(threads)
        self.cpus_used: set[int] = set()
        self.calibrations_s: list[float] = []
        self.waited_s = 0.0
        self._turn = 0
        self._cpus: list[int] = []

    @property
    def limit_s(self) -> float:
        """Up to here a calibration is calm, by what was seen so far."""
        known = [] if self.reference_s is None else [SLOWER * self.reference_s]
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
        """The last calibration (s), once it is calm or patience has ended.

        A neighbour mostly disturbs one CPU (it shares its core), so the others are tried at once,
        and all of them again after a pause.
        """
        start, before_s = monotonic(), self.waited_s
        while not self.calm() and self.waited_s < self.patience_s:
            self._move()
            self.look()
            self.waited_s = before_s + monotonic() - start
        self.cpus_used |= set(self._cpus)
        return self.calibrations_s[-1]

    def settle(self) -> None:
        """Pin this process to the first CPUs that are calm, or without patience to the first."""
        self._pin()
        self.look()
        self.wait()

    def _move(self) -> None:
        """To the next CPUs; a pause comes before the first ones."""
        self._turn = (self._turn + 1) % len(self.places)
        if self._turn == 0:
            sleep(PAUSE_S)
        if len(self.places) > 1:
            self._pin()

    def _pin(self) -> None:
        self._cpus = pin_to(self.places[self._turn])
