"""Which law: criteria, lack of fit, held-out level, rows, sentences, columns.

Every slice (all other axes fixed) has a scale of its own, so that slices of any speed count alike;
all laws are fitted to ln time, for errors in proportion to the time.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution

from tfscale.analysis.law_fits import (
    EXACT,
    FORMS,
    TINY,
    Fit,
    Form,
    Levels,
    fit,
    many_errors,
    predicted,
    reported,
    small,
)
from tfscale.analysis.slices import (
    OWN,
    called,
    replicates,
    slice_names,
    slice_numbers,
    slices,
    split,
    varying,
)
from tfscale.analysis.statistics import redrawn
from tfscale.analysis.words import on_machine
from tfscale.axes import FAMILIES, model_axes
from tfscale.files.columns import Described, bounded, count, flag, number, text
from tfscale.units import percent
from tfscale.words import axis_name

FEWEST_LEVELS = 3
DECISIVE_WEIGHT = 0.9
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
    """Which laws compete, for rows (..., laws) of RSS in the order of FORMS.

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
    return np.bincount(best, minlength=len(FORMS)) / len(best)


def verdict(table: pd.DataFrame, flat: bool, confidence: float) -> str:
    """The name of a law; "none fits (nearest: X)"; or "undetermined: X or Y".

    `table` has a row a law, with weight, aicc, lack_of_fit_p and held_out_error. A law is named
    with a weight of at least 0.9, no lack of fit and, held out, no larger an error than the
    runner-up's; `constant` only if the effect is known to be small (`flat`), since effects that
    noise hides look constant too.
    """
    ranked = table.sort_values(["weight", "aicc"], ascending=[False, True], kind="stable")
    first, second = ranked.iloc[0], ranked.iloc[1]
    if first["lack_of_fit_p"] < 1 - confidence:
        return f"none fits (nearest: {first.name})"
    worse = pd.notna(second["weight"]) and first["held_out_error"] > second["held_out_error"]
    sure = flat or first.name != "constant"
    if first["weight"] >= DECISIVE_WEIGHT and sure and not worse:
        return str(first.name)
    return f"undetermined: {first.name} or {second.name}"


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


def fate(law: pd.Series, named: str, confidence: float) -> str:
    """What became of one law (a row as of `verdict`), given the verdict `named`."""
    if law.name == named:
        return "named"
    shared = "" if np.isnan(law["weight"]) else f"weight {law['weight']:.2f}, "
    misses = ", lack of fit" if law["lack_of_fit_p"] < 1 - confidence else ""
    numbers = f"{shared}{missed(law['held_out_error'])}{misses}"
    if law.name in named.removeprefix("undetermined: ").split(" or "):
        return f"possible: {numbers}"
    if np.isnan(law["weight"]):
        return f"set aside: a simpler law does as well, {numbers}"
    return f"rejected: {numbers}"


def lack_of_fit(levels: Levels, known: pd.DataFrame, rss: float, shapes: int) -> tuple[float, str]:
    """p of the F test and what its pure error comes from: processes, duplicates or level means.

    `known` has the columns of `replicates`; `rss` is the law's on mean_log. Cells that share slice
    and level are replicates too. Without any replicate the law is tested against free level means,
    whose remainder (slices that are not parallel) stands for the error. NaN where nothing is left
    to test. Source: Draper and Smith, Applied Regression Analysis (1998), 2.1, with the harmonic
    mean for unequal numbers of processes.
    """
    pure, pure_df, between, groups = _pure(levels, known)
    if pure_df >= 1:
        source = "processes" if known["within_df"].any() else "duplicates"
        extra = groups - levels.scales - shapes
        missed = _many(known) * (rss - levels.cells * EXACT**2 - between)
    else:
        pure = float(levels.reduced(known["mean_log"].to_numpy())[1])
        extra, source = len(levels.x) - 1 - shapes, "level means"
        pure_df = levels.cells - levels.scales - (len(levels.x) - 1)
        missed = rss - pure
    if extra < 1 or pure_df < 1:
        return float("nan"), "none"
    ratio = max(missed, 0) / extra / max(pure / pure_df, EXACT**2)
    return float(f_distribution.sf(ratio, extra, pure_df)), source


def slices_differ(levels: Levels, known: pd.DataFrame) -> float:
    """p of the F test that all slices have one shape, against the pure error of processes and
    duplicates: small when factors act together. NaN with one slice or without replicates.

    `known` has the columns of `replicates`. Source: that of `lack_of_fit`.
    """
    pure, pure_df, between, groups = _pure(levels, known)
    extra = groups - levels.scales - len(levels.root)
    if extra < 1 or pure_df < 1:
        return float("nan")
    rest = float(levels.reduced(known["mean_log"].to_numpy())[1]) - levels.cells * EXACT**2
    ratio = max(_many(known) * (rest - between), 0) / extra / max(pure / pure_df, EXACT**2)
    return float(f_distribution.sf(ratio, extra, pure_df))


def _pure(levels: Levels, known: pd.DataFrame) -> tuple[float, float, float, int]:
    """Pure error and its degrees of freedom; the squares between the cells of one slice and level,
    which are part of it; how many slices and levels have cells."""
    group = levels.slice * len(levels.x) + levels.level
    means = known["mean_log"].groupby(group)
    between = float(((known["mean_log"] - means.transform("mean")) ** 2).sum())
    pure = float(known["within_ss"].sum()) + _many(known) * between
    freedom = float(known["within_df"].sum()) + levels.cells - means.ngroups
    return pure, freedom, between, means.ngroups


def _many(known: pd.DataFrame) -> float:
    """The harmonic mean of the processes a cell."""
    return 1 / float((1 / known["processes"]).mean())


MOST_LEVELS = 20


def held_out_error(form: Form, levels: Levels, log_y: np.ndarray) -> float:
    """Root mean square of ln(time / predicted) over cells, each level left out in turn;
    of more than 20 levels 20 evenly chosen ones, for every one costs a fit.

    The law and its slices' scales come from all other levels. Negative predictions count as next to
    nothing. NaN with fewer than three levels left for a law with two parameters, two otherwise.
    """
    missed = []
    count = len(levels.x)
    for level in np.unique(np.linspace(0, count - 1, min(count, MOST_LEVELS)).round().astype(int)):
        out = levels.level == level
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
    size = {
        "cells": levels.cells,
        "slices": levels.scales,
        "levels": len(levels.x),
        "lowest": levels.x[0],
        "highest": levels.x[-1],
    }
    if len(levels.x) < 2:
        why = f"every call had the {factor} {levels.x[0]:g}, whatever the table says"
        verdicts = dict.fromkeys(("verdict", "fate"), UNTESTED + why)
        for name, form in FORMS.items():
            yield {"law": name, "formula": form.formula, "paper": False} | size | verdicts
        return
    log_y = np.log(cells["latency_s"].to_numpy())
    fits = {name: fit(form, levels, log_y) for name, form in FORMS.items()}
    compared = _compared(levels, known, log_y, fits, confidence)
    if draws is not None and compared["weight"].notna().any():
        compared["wins"] = _wins(levels, draws, fits, confidence)
    flattest, differ = fits["constant"].rss, slices_differ(levels, known)
    paper = _papers_regression(cells["model"].iloc[0], factor)
    for name, found in fits.items():
        form = FORMS[name]
        left = levels.cells - levels.scales - form.shapes
        tested = form.shapes and left > 0
        yield {
            "law": name,
            "formula": form.formula,
            "paper": name == "log" and paper,
            **size,
            **reported(form, levels, found, confidence),
            "p_value": extra_p(flattest, found.rss, form.shapes, left) if tested else np.nan,
            "r_squared": 1 - found.rss / flattest,
            "slices_differ_p": differ,
            **compared.loc[name].to_dict(),
        }


def _papers_regression(model: str, factor: str) -> bool:
    """Whether the paper drew its log-scaling regression along this axis: the first of its own
    networks."""
    return FAMILIES[model].paper is not None and factor == model_axes(model)[0]


def _compared(
    levels: Levels,
    known: pd.DataFrame,
    log_y: np.ndarray,
    fits: dict[str, Fit],
    confidence: float,
) -> pd.DataFrame:
    """One row a law of all that compares it with the others, the verdict on all in each."""
    n, m = levels.cells, levels.scales
    misfits = {name: _misfit(levels, known, log_y, name, fits) for name in fits}
    table = pd.DataFrame(misfits, index=["lack_of_fit_p", "lack_of_fit_error"]).T
    table = table.astype({"lack_of_fit_p": float})
    if why := untestable(len(levels.x), n, m):
        return table.assign(weight=np.nan, verdict=UNTESTED + why, fate=UNTESTED + why)
    rss = np.array([found.rss for found in fits.values()])
    aicc_of = np.array([aicc(found.rss, FORMS[name], n, m) for name, found in fits.items()])
    competes = np.where(competing(rss, n, m, confidence), aicc_of, np.nan)
    table = table.assign(
        held_out_error=[held_out_error(form, levels, log_y) for form in FORMS.values()],
        aicc=aicc_of,
        delta_aicc=aicc_of - np.nanmin(competes),
        weight=weights(competes),
    )
    named = verdict(table, small(fits["power"], levels, confidence), confidence)
    fates = [fate(law, named, confidence) for _, law in table.iterrows()]
    return table.assign(verdict=named, fate=fates)


def _misfit(
    levels: Levels, known: pd.DataFrame, log_y: np.ndarray, name: str, fits: dict[str, Fit]
) -> tuple[float, str]:
    form, means = FORMS[name], known["mean_log"].to_numpy()
    same = np.array_equal(means, log_y)
    rss = fits[name].rss if same else fit(form, levels, means).rss
    return lack_of_fit(levels, known, rss, form.shapes)


def _wins(levels: Levels, draws: np.ndarray, fits: dict[str, Fit], confidence: float) -> np.ndarray:
    """How often each law wins over the bootstrap tables."""
    errors = []
    for name, found in fits.items():
        left = max(levels.cells - levels.scales - FORMS[name].shapes, 1)
        error = float(np.sqrt(found.rss / left))
        errors.append(many_errors(FORMS[name], levels, draws, found, error))
    return winners(np.stack(errors, axis=-1), levels.cells, levels.scales, confidence)


LAWS = Described(
    {
        **OWN,
        "factor": text("axis along which time grows"),
        "slice": text("the other axes' values, or `pooled`: all slices, each on its own scale"),
        "law": text("name of the law"),
        "formula": text("the law, with intercept a, slope b and shape c"),
        "paper": flag("the paper's log-scaling regression"),
        "cells": count("cells of the fit"),
        "slices": count("slices, each with a scale of its own"),
        "levels": count("levels of the factor"),
        "intercept": number("a of the formula, for time relative to its slice's geometric mean"),
        **bounded("slope", "b of the formula; of a power law the elasticity"),
        "shape": number("c of the formula, where it has one"),
        **bounded("ratio", "time at the highest level over that at the lowest"),
        "lowest": number("lowest level (of the batch, that of the calls)"),
        "highest": number("highest level"),
        "p_value": number("F test against no effect of the factor"),
        "r_squared": number("share of the variance of ln time within slices"),
        "slices_differ_p": number("F test that all slices have one shape"),
        "lack_of_fit_p": number("F test that the law misses the levels' means"),
        "lack_of_fit_error": text("where the pure error of the lack of fit comes from"),
        "held_out_error": number("root mean square of ln(time / predicted), a level left out"),
        "aicc": number("corrected Akaike criterion"),
        "delta_aicc": number("AICc over that of the best competing law"),
        "weight": number("Akaike weight among the competing laws"),
        "wins": number("share of the resampled tables in which the law has the lowest AICc"),
        "verdict": text("of the factor: a law, undetermined, none fits, or not testable"),
        "fate": text("of this law: named, possible, set aside or rejected, and why"),
    }
)
POOLED = "pooled"
FEWEST_ALONE = 5
"""Levels that a single slice needs for a law of its own: fewer leave AICc undefined."""
MOST_ALONE = 60
"""Slices a factor that get laws of their own; of more, so many evenly chosen ones do."""
TABLES = 200


def fit_laws(
    cells: pd.DataFrame,
    confidence: float,
    processes: pd.DataFrame | None = None,
    rng: np.random.Generator | None = None,
    alone: bool = False,
    tables: int = TABLES,
) -> pd.DataFrame:
    """One row a machine, model, factor and law, all slices pooled; with `alone` instead one row a
    slice of at least five levels and law (of at most 60 slices a factor, evenly chosen).

    `formula` says what intercept, slope and shape are, for time relative to its slice's geometric
    mean (`law_forms.predicted`); a power's slope is the elasticity; `ratio` is the time at the
    `highest` level over that at the `lowest`. `paper` marks the paper's log-scaling regression,
    `fate` says what became of a law. `slices_differ_p` is that of the F test that all slices have
    one shape, `lack_of_fit_error` where the pure error of the tests comes from. `held_out_error` is
    the root mean square of ln(time / predicted) with a level left out, `wins` the share of `tables`
    bootstraps over `processes` (cell, machine, latency_s) in which a law has the lowest AICc.
    A factor along which no two cells compare is left out.
    """
    rng = rng or np.random.default_rng(0)
    rows: list[dict] = []
    for (machine, model), table in split(cells):
        known = replicates(table, processes)
        draws = None
        if (known["processes"] > 1).any():
            draws = np.log(redrawn(table, processes, tables, rng))
        for factor in varying(table):
            used = slices(table, factor)[0].index
            names = slice_names(table, factor) if alone else pd.Series(POOLED, index=table.index)
            for name, group in _groups(table, factor, names.loc[used], alone):
                part = table.loc[group.index]
                places = table.index.get_indexer(group.index)
                own = None if draws is None else draws[:, places]
                head = {"machine": machine, "model": model, "factor": factor, "slice": name}
                fits = law_rows(part, known.loc[group.index], own, factor, confidence)
                rows += [head | row for row in fits]
    return pd.DataFrame(rows, columns=LAWS.names)


def _groups(
    table: pd.DataFrame, factor: str, names: pd.Series, alone: bool
) -> list[tuple[str, pd.Series]]:
    """The cells that a law is fitted to, by the name of their slice."""
    groups = list(names.groupby(names, sort=False))
    if not alone:
        return groups
    levels = called(table, factor).loc[names.index].groupby(names).transform("nunique")
    enough = [group for group in groups if levels[group[1].index[0]] >= FEWEST_ALONE]
    chosen = np.linspace(0, len(enough) - 1, min(len(enough), MOST_ALONE)).round().astype(int)
    return [enough[number] for number in chosen]


SERIES = ["machine", "model", "factor"]
UNLIKE = 0.05
"""The p below which slices are said to differ in shape."""
OPEN, NONE = "undetermined: ", "none fits"


def law_sentences(laws: pd.DataFrame) -> list[str]:
    """Say the verdict of each machine, model and factor of the pooled table of `fit_laws`."""
    return [
        f"{row['model']}{on_machine(row['machine'], laws)}, {axis_name(row['factor'])}: "
        f"{row['verdict']}."
        for row in laws.drop_duplicates(SERIES).to_dict("records")
    ]


def best_law(rows: pd.DataFrame) -> pd.Series:
    """The law with the largest weight; the power law where there are no weights."""
    if rows["weight"].notna().any():
        return rows.loc[rows["weight"].astype(float).idxmax()]
    return rows[rows["law"] == "power"].iloc[0]
