"""Which law, if any: information criterion, weights, and what a verdict needs."""

import numpy as np
from scipy.stats import f as f_distribution

from tfscale.analysis.law_forms import FORMS, Form
from tfscale.units import percent

FEWEST_LEVELS = 3
DECISIVE_WEIGHT = 0.9
NAMES = tuple(FORMS)
BEYOND = 1000
"""Errors that many times over are not told apart; a negative prediction is one of them."""


def parameters(form: Form, scales: int) -> int:
    """A scale for every slice, the law's own, and sigma."""
    return scales + form.shapes + 1


def aicc(rss: np.ndarray | float, form: Form, cells: int, scales: int) -> np.ndarray:
    """n ln(RSS/n) + 2k + 2k(k+1)/(n-k-1); NaN with too few cells.

    Source: Burnham and Anderson, Model Selection (2002), 2.4.
    """
    k = parameters(form, scales)
    if cells - k - 1 <= 0:
        return np.full(np.shape(rss), np.nan)
    return cells * np.log(np.maximum(rss, 1e-24) / cells) + 2 * k * cells / (cells - k - 1)


def extra_p(
    simple: np.ndarray | float, rich: np.ndarray | float, more: int, left: int
) -> np.ndarray:
    """p of the F test that `more` parameters, which bring RSS from `simple` to `rich`, add nothing;
    `left` degrees of freedom remain."""
    gain = np.maximum(simple - rich, 0) / more
    return f_distribution.sf(gain / (np.maximum(rich, 1e-24) / left), more, left)


def competing(rss: np.ndarray, cells: int, scales: int, confidence: float) -> np.ndarray:
    """Which laws compete, for rows (..., laws) of RSS in the order of NAMES.

    A law is set aside unless its extra parameters improve on the best law with fewer by the F test:
    otherwise it follows that one like a shadow with AICc 2 higher, and takes a quarter of the
    weight for no merit of its own (Arnold 2010, J. Wildlife Management 74, 1175). The test's level
    is shared among the laws with as many parameters (Bonferroni), for one of many fits better by
    chance. So is set aside one whose AICc the cells do not allow.
    """
    shapes = np.array([form.shapes for form in FORMS.values()])
    kept = np.zeros(np.shape(rss), dtype=bool)
    for place, form in enumerate(FORMS.values()):
        if cells - parameters(form, scales) - 1 <= 0:
            continue
        kept[..., place] = True
        alike = (1 - confidence) / (shapes == form.shapes).sum()
        for fewer in range(form.shapes):
            best = rss[..., shapes == fewer].min(-1)
            left, more = cells - scales - form.shapes, form.shapes - fewer
            pays = extra_p(best, rss[..., place], more, left) <= alike
            kept[..., place] &= pays
    return kept


def weights(criterion: np.ndarray) -> np.ndarray:
    """Akaike weights; NaN where the criterion is."""
    if np.isnan(criterion).all():
        return criterion
    likelihood = np.exp(-(criterion - np.nanmin(criterion)) / 2)
    return likelihood / np.nansum(likelihood)


def winners(rss: np.ndarray, cells: int, scales: int, confidence: float) -> np.ndarray:
    """How often each law has the lowest AICc among those that compete, over rows of RSS."""
    criteria = np.stack(
        [aicc(rss[..., i], form, cells, scales) for i, form in enumerate(FORMS.values())], axis=-1
    )
    kept = competing(rss, cells, scales, confidence)
    best = np.where(kept, criteria, np.inf).argmin(-1)
    return np.bincount(best, minlength=len(NAMES)) / len(best)


def verdict(
    weight: np.ndarray,
    criterion: np.ndarray,
    misfit: np.ndarray,
    held_out: np.ndarray,
    flat: bool,
    confidence: float,
) -> str:
    """The name of a law; "none fits (nearest: X)"; or "undetermined: X or Y".

    A law is named with a weight of at least 0.9, no lack of fit (`misfit`, its p) and, held out, no
    larger an error than the runner-up's; `constant` only if the effect is known to be small
    (`flat`), since effects that noise hides look constant too.
    """
    order = np.lexsort((np.nan_to_num(criterion, nan=np.inf), -np.nan_to_num(weight, nan=-1)))
    first, second = order[:2]
    if misfit[first] < 1 - confidence:
        return f"none fits (nearest: {NAMES[first]})"
    worse = not np.isnan(weight[second]) and held_out[first] > held_out[second]
    sure = flat or NAMES[first] != "constant"
    if weight[first] >= DECISIVE_WEIGHT and sure and not worse:
        return NAMES[first]
    return f"undetermined: {NAMES[first]} or {NAMES[second]}"


def untestable(levels: int, cells: int, scales: int) -> str:
    """Why no law can be told from these cells; empty when one can."""
    if levels < FEWEST_LEVELS:
        return f"{levels} level{'s' if levels > 1 else ''} of {cells} cells"
    if cells - parameters(FORMS["linear"], scales) - 1 <= 0:
        return f"{cells} cells for {scales} scale{'s' if scales > 1 else ''}"
    return ""


def missed(held_out: float) -> str:
    """How far a law misses a level left out, from the error in ln time."""
    if np.isnan(held_out):
        return "no level can be left out"
    if held_out < np.log(2):
        return f"misses a level left out by {percent(np.expm1(held_out), 1)}"
    factor = f"{np.exp(held_out):.2g}" if held_out < np.log(BEYOND) else f"over {BEYOND}"
    return f"misses a level left out {factor}-fold"


def fate(
    name: str, named: str, weight: float, misfit: float, held_out: float, confidence: float
) -> str:
    """What became of one law, given the verdict `named`."""
    if named.startswith("not testable"):
        return named
    if name == named:
        return "named"
    shared = "" if np.isnan(weight) else f"weight {weight:.2f}, "
    misses = "" if np.isnan(misfit) or misfit >= 1 - confidence else ", lack of fit"
    numbers = f"{shared}{missed(held_out)}{misses}"
    if name in named.removeprefix("undetermined: ").split(" or "):
        return f"possible: {numbers}"
    if np.isnan(weight):
        return f"set aside: a simpler law does as well, {numbers}"
    return f"rejected: {numbers}"
