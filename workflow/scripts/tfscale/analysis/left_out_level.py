"""How far a law misses a level that it was not fitted to."""

import numpy as np

from tfscale.analysis.law_fits import Levels, fit
from tfscale.analysis.law_forms import FORMS, TINY, Form, predicted

MOST_LEVELS = 20


def held_out_error(form: Form, levels: Levels, log_y: np.ndarray) -> float:
    """Root mean square of ln(time / predicted) over cells, each level left out in turn;
    of more than 20 levels 20 evenly chosen ones, for every one costs a fit.

    The law and its slices' scales come from all other levels. Negative predictions count as next to
    nothing. NaN with fewer than three levels left for a law with two parameters, two otherwise.
    """
    missed = []
    count = len(levels.x)
    for number in np.unique(np.linspace(0, count - 1, min(count, MOST_LEVELS)).round().astype(int)):
        out = levels.level == number
        if len(levels.x) - 1 <= form.shapes:
            continue
        missed.append(_missed(form, levels, log_y, out))
    errors = np.concatenate(missed) if missed else np.empty(0)
    return float(np.sqrt((errors**2).mean())) if len(errors) else float("nan")


def _missed(form: Form, levels: Levels, log_y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """ln(time / predicted) of the cells that are `out`, where their slice has others."""
    rest = Levels(levels.values[~out], levels.slice[~out])
    fitted = fit(form, rest, log_y[~out])
    terms = dict(
        zip(("intercept", "slope", "shape"), form.terms(rest.x, fitted.theta), strict=True)
    )
    logs = np.log(np.maximum(np.nan_to_num(predicted(form.name, levels.x, terms)), TINY))
    left = log_y - logs[levels.level]
    sizes = np.bincount(levels.slice[~out], minlength=levels.scales)
    scales = np.bincount(levels.slice[~out], left[~out], minlength=levels.scales)
    known = out & (sizes[levels.slice] > 0)
    return left[known] - (scales / np.maximum(sizes, 1))[levels.slice[known]]


def held_out_errors(levels: Levels, log_y: np.ndarray) -> np.ndarray:
    """That of every law, in the order of FORMS."""
    return np.array([held_out_error(form, levels, log_y) for form in FORMS.values()])
