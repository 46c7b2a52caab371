"""How fast a machine is, as far as an estimate needs it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tfscale.timing.disturbance import NOTICEABLE

USUAL_REFERENCE_S = 0.0093
QUIET_VISITS, BUSY_VISITS, BUSY_SHARE = 1.05, 1.6, 0.4
"""Visits of a run over its fewest, which make up for disturbed ones and for wide intervals: on a
quiet machine, and on one where `BUSY_SHARE` of the calibrations or more are slow."""


@dataclass(frozen=True)
class Speed:
    """The peak of one large matrix product and one large copy (read and written bytes) a second,
    the undisturbed time of the calibration kernel (s), and the share of slow calibrations. The
    defaults are those of a usual machine, for cluster requests and where nothing was looked at."""

    flop_per_s: float = 108e9
    bytes_per_s: float = 21e9
    reference_s: float = USUAL_REFERENCE_S
    slow_share: float = 0.0

    @property
    def start(self) -> float:
        """How many times as long as usual it takes to start anything: the kernel is in part a loop
        of Python."""
        return self.reference_s / USUAL_REFERENCE_S

    @property
    def more_visits(self) -> float:
        """Visits of a run over its fewest."""
        busy = min(self.slow_share / BUSY_SHARE, 1)
        return QUIET_VISITS + busy * (BUSY_VISITS - QUIET_VISITS)


def slow_share(times_s: Sequence[float], reference_s: float) -> float:
    """The share of calibrations (s) that were noticeably slower than the undisturbed one."""
    return sum(time_s > NOTICEABLE * reference_s for time_s in times_s) / len(times_s)
