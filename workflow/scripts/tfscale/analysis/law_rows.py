"""The rows of the table of laws for the cells of one factor: all laws fitted, compared, judged."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tfscale.analysis.lack_of_fit import lack_of_fit, slices_differ
from tfscale.analysis.law_choice import (
    aicc,
    competing,
    extra_p,
    fate,
    untestable,
    verdict,
    weights,
    winners,
)
from tfscale.analysis.law_fits import Fit, Levels, fit, many_errors
from tfscale.analysis.law_forms import FORMS, Form
from tfscale.analysis.law_terms import reported, small
from tfscale.analysis.left_out_level import held_out_errors
from tfscale.analysis.slicing import called, slice_numbers

UNTESTED = "not testable: "


def law_rows(
    cells: pd.DataFrame,
    known: pd.DataFrame,
    draws: np.ndarray | None,
    factor: str,
    confidence: float,
) -> Iterator[dict]:
    """One row a law, from cells whose slices along `factor` have two levels or more.

    `known` are their `replicates`, `draws` their resampled ln latencies (tables, cells) or None.
    """
    levels = Levels(called(cells, factor).to_numpy(), slice_numbers(cells, factor).to_numpy())
    size = {"cells": levels.cells, "slices": levels.scales, "levels": len(levels.x),
            "lowest": levels.x[0], "highest": levels.x[-1]}  # fmt: skip
    if len(levels.x) < 2:
        why = f"every call had the {factor} {levels.x[0]:g}, whatever the table says"
        said = dict.fromkeys(("verdict", "fate"), UNTESTED + why)
        for name, form in FORMS.items():
            yield {"law": name, "formula": form.formula, "paper": False} | size | said
        return
    log_y = np.log(cells["latency_s"].to_numpy())
    fits = [fit(form, levels, log_y) for form in FORMS.values()]
    named, compared = _compared(levels, known, draws, log_y, fits, confidence)
    flattest, differ = fits[0].rss, slices_differ(levels, known)
    for number, (form, found) in enumerate(zip(FORMS.values(), fits, strict=True)):
        left = levels.cells - levels.scales - form.shapes
        tested = form.shapes and left > 0
        yield {
            "law": form.name,
            "formula": form.formula,
            "paper": form.name == "log" and factor == "layers",
            **size,
            **reported(form, levels, found, confidence),
            "p_value": extra_p(flattest, found.rss, form.shapes, left) if tested else np.nan,
            "r_squared": 1 - found.rss / flattest,
            "slices_differ_p": differ,
            **compared.iloc[number].to_dict(),
            "verdict": named,
        }


def _compared(
    levels: Levels,
    known: pd.DataFrame,
    draws: np.ndarray | None,
    log_y: np.ndarray,
    fits: list[Fit],
    confidence: float,
) -> tuple[str, pd.DataFrame]:
    """The verdict, and one row a law of all that compares it with the others."""
    n, m, forms = levels.cells, levels.scales, list(FORMS.values())
    table = pd.DataFrame(index=range(len(forms)), columns=[
        "lack_of_fit_p", "lack_of_fit_error", "held_out_error", "aicc", "delta_aicc", "weight",
        "wins", "fate"])  # fmt: skip
    misfits = [_misfit(levels, known, log_y, *pair) for pair in zip(forms, fits, strict=True)]
    table["lack_of_fit_p"], table["lack_of_fit_error"] = zip(*misfits, strict=True)
    if why := untestable(len(levels.x), n, m):
        table["fate"] = UNTESTED + why
        return UNTESTED + why, table
    rss = np.array([found.rss for found in fits])
    criterion = np.array(
        [aicc(found.rss, form, n, m) for form, found in zip(forms, fits, strict=True)]
    )
    competes = np.where(competing(rss, n, m, confidence), criterion, np.nan)
    weight, held_out = weights(competes), held_out_errors(levels, log_y)
    flat = small(fits[list(FORMS).index("power")], levels, confidence)
    misfit = table["lack_of_fit_p"].to_numpy()
    named = verdict(weight, criterion, misfit, held_out, flat, confidence)
    table["aicc"], table["delta_aicc"] = criterion, criterion - np.nanmin(competes)
    table["weight"], table["held_out_error"] = weight, held_out
    if draws is not None:
        table["wins"] = _wins(levels, draws, fits, confidence)
    table["fate"] = [
        fate(name, named, own, miss, error, confidence)
        for name, own, miss, error in zip(FORMS, weight, misfit, held_out, strict=True)
    ]
    return named, table


def _misfit(
    levels: Levels, known: pd.DataFrame, log_y: np.ndarray, form: Form, found: Fit
) -> tuple[float, str]:
    means = known["mean_log"].to_numpy()
    rss = found.rss if np.array_equal(means, log_y) else fit(form, levels, means).rss
    return lack_of_fit(levels, known, rss, form.shapes)


def _wins(levels: Levels, draws: np.ndarray, fits: list[Fit], confidence: float) -> np.ndarray:
    """How often each law wins over the bootstrap tables."""
    errors = []
    for form, found in zip(FORMS.values(), fits, strict=True):
        left = max(levels.cells - levels.scales - form.shapes, 1)
        errors.append(many_errors(form, levels, draws, found, float(np.sqrt(found.rss / left))))
    return winners(np.stack(errors, axis=-1), levels.cells, levels.scales, confidence)
