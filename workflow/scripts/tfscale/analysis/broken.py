"""The best break of a sweep in words and numbers."""

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm

from tfscale.analysis.breaks import candidates
from tfscale.analysis.regimes import Sweep

NEXT_TO_NOTHING = 1e-6
"""What a time at or below zero, by the line before the place, counts as, relative to the real."""


@dataclass(frozen=True)
class Broken:
    """The line before a place and the line after it; slopes are seconds for one more x.

    `jump` is the relative change of the time at the place, `change` the largest relative
    difference at any level from what the line before the place would have given there.
    """

    kind: str
    place: float
    slope_before_s: float
    slope_after_s: float
    jump: float
    change: float

    def words(self) -> str:
        """What changes there."""
        ratio = self.slope_after_s / self.slope_before_s if self.slope_before_s > 0 else np.nan
        more = f", each further one costs {ratio:.3g} times as much" if ratio >= 0 else ""
        if self.kind == "level":
            return f"the time jumps by {100 * self.jump:+.0f} %"
        if self.kind == "slope":
            return f"the slope changes{more or ' (it falls at first)'}"
        return f"the time jumps by {100 * self.jump:+.0f} %{more}"


def best_break(sweep: Sweep) -> Broken:
    """The break with the least relative error, whether or not it is worth claiming."""
    kinds, bounds, columns = candidates(sweep.x)
    best = int(np.argmin(sweep.break_errors(sweep.response)))
    low, high = bounds[best]
    place, column, x = float(np.sqrt(low * high)), columns[:, best], sweep.x
    design = np.column_stack([np.ones(sweep.count), x, column])
    fit = sm.WLS(sweep.y, design, weights=sweep.scale**2).fit()
    overhead, slope, extra = (float(value) for value in fit.params)
    rise = (column[-1] - column[-2]) / (x[-1] - x[-2])
    at_place = column[-1] - rise * (x[-1] - place)
    before = np.maximum(overhead + slope * x, NEXT_TO_NOTHING * sweep.y)
    return Broken(
        kind=kinds[best],
        place=place,
        slope_before_s=slope,
        slope_after_s=slope + extra * float(rise),
        jump=float(extra * at_place / (overhead + slope * place)),
        change=float(np.abs(extra * column / before).max()),
    )
