"""Terms, fit, bootstrap, rates, sentences, columns.

t = fixed + operations + weights read + B (FLOP and bytes moved, each by kind of operation)

How much a cell has of each is in its columns (`WORK`), counted from the model's graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import lsq_linear, nnls
from scipy.stats import norm, t

from tfscale.analysis.slices import GROUP, GROUP_COLUMNS, architecture, named, split
from tfscale.analysis.words import between, groups, listed
from tfscale.axes import AXES
from tfscale.files.columns import Described, bounded, count, number, text
from tfscale.study.kinds import KINDS, LAST_CACHE, WORK
from tfscale.units import percent, three
from tfscale.words import counted


@dataclass(frozen=True)
class Term:
    """One term: the column it is linear in, per example or per call, what it stands for."""

    column: str
    bound: str
    operation: str
    per_example: bool = True
    unit: str = "byte"


ARITHMETIC = [kind for kind in KINDS if kind not in ("lookup", "movement")]
TERMS = {
    "fixed": Term("", "overhead", "overhead", False, "call"),
    "per_operation": Term("operations", "overhead", "overhead", False, "operation"),
    "weights": Term("read_weight_bytes", "memory", "weights", False),
    "weights_missed": Term("missed_weight_bytes", "memory", "weights", False),
    **{f"{kind}_flop": Term(f"{kind}_flop", "compute", kind, unit="FLOP") for kind in ARITHMETIC},
    **{f"{kind}_bytes": Term(f"{kind}_bytes", "memory", kind) for kind in KINDS},
    "reread_bytes": Term("reread_kernel_bytes", "memory", "conv_spanning"),
}
"""Every term by name. FLOP and bytes of a kind of operation stand side by side: an operation may
be held up by its arithmetic at one size and by its memory at another. Weights that outgrow the last
cache are read from memory anew by every call."""
PER_EXAMPLE = np.array([term.per_example for term in TERMS.values()])
COLUMNS = [term.column for term in TERMS.values() if term.column in WORK]


def timed(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with a fresh index and only the columns that the work model and its tests need,
    those of the work in one block, for tables are cut up often."""
    axes = [axis for axis in AXES if axis in cells]
    head = cells[["cell", "machine", *axes, "called_batch", "latency_s"]]
    return pd.concat([head, cells[list(WORK)].astype(float)], axis=1).reset_index(drop=True).copy()


def design(cells: pd.DataFrame) -> np.ndarray:
    """Matrix (cells, terms): how much of each term a call of the cell has."""
    by_column = dict(zip(COLUMNS, cells[COLUMNS].to_numpy(float).T, strict=True))
    weights = by_column["read_weight_bytes"]
    by_column["missed_weight_bytes"] = np.where(weights > LAST_CACHE, weights, 0)
    by_column[""] = np.ones(len(cells))
    amounts = np.column_stack([by_column[term.column] for term in TERMS.values()])
    batch = cells["called_batch"].to_numpy(float)
    return np.where(PER_EXAMPLE, batch[:, None] * amounts, amounts)


ALIASED = 1 - 1e-9
FEWEST_ARCHITECTURES = 3
FEWEST_SPARE = 3
"""Kinds of call beyond those that the costs could pass through."""
TOO_FEW = "at least 3 architectures, and 3 more kinds of call than costs to tell, are needed"
DRAWS = 300


@dataclass(frozen=True)
class WorkModel:
    """Seconds a unit of each term (see `TERMS`), and for a term that the cells cannot
    tell from an earlier one, that one's name."""

    costs: np.ndarray
    alias: dict[str, str]

    def predict(self, cells: pd.DataFrame) -> np.ndarray:
        """Latency in seconds of each cell, never negative."""
        return design(cells) @ self.costs


def fit_work(cells: pd.DataFrame) -> WorkModel:
    """The costs that minimise the squared relative error over cells of one group.

    Non-negative least squares of 1 on x / t (Lawson and Hanson 1974, chapter 23). A term that is
    proportional to an earlier one in these cells is left to that one.
    """
    x, latency_s = design(cells), cells["latency_s"].to_numpy(float)
    told, alias = told_apart(x / latency_s[:, None])
    return WorkModel(solve(x, latency_s, told), alias)


def told_apart(rows: np.ndarray) -> tuple[np.ndarray, dict[str, str]]:
    """Which columns are neither zero nor proportional to an earlier one; partners of the rest."""
    length = np.linalg.norm(rows, axis=0)
    unit = rows / np.where(length > 0, length, 1)
    alike = unit.T @ unit > ALIASED
    names = list(TERMS)
    told = length > 0
    alias = {}
    for later in np.flatnonzero(told):
        earlier = np.flatnonzero(alike[later, :later] & told[:later])
        if len(earlier):
            told[later] = False
            alias[names[later]] = names[earlier[0]]
    return told, alias


def solve(
    x: np.ndarray, latency_s: np.ndarray, told: np.ndarray, weights: np.ndarray | float = 1.0
) -> np.ndarray:
    """Non-negative costs, by the triangle of a QR factorisation so that many rows cost little."""
    root = np.sqrt(np.broadcast_to(weights, len(x)))
    rows = x[:, told] * (root / latency_s)[:, None]
    length = np.linalg.norm(rows, axis=0)
    length[length == 0] = 1
    stacked = np.column_stack([rows / length, root])
    triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
    a, b = triangle[:, :-1], triangle[:, -1]
    try:
        found = nnls(a, b)[0]
    except RuntimeError:  # it may run out of iterations on columns that are nearly alike
        found = lsq_linear(a, b, bounds=(0, np.inf)).x
    costs = np.zeros(x.shape[1])
    costs[told] = found / length
    return costs


def bootstrap(cells: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Costs (DRAWS, terms) of resampled studies; empty where the cells are too few (`TOO_FEW`):
    a model that can pass through every cell has no residual that an interval could come from.

    Architectures get random weights, for the model misses all cells of one together. Gamma ones, so
    that none is ever absent, without which a cost may not be told at all (Xu et al. 2020, The
    American Statistician 74, 345); of variance 1 with many architectures, with few as much more as
    Student's t is wider than the normal distribution. Noise within architectures is part of that.
    """
    number = architecture(cells).to_numpy()
    count = number.max() + 1
    x, latency_s = design(cells), cells["latency_s"].to_numpy(float)
    told, _ = told_apart(x / latency_s[:, None])
    rows = x[:, told] / np.linalg.norm(x[:, told], axis=0)
    spare = len(np.unique(x, axis=0)) - np.linalg.matrix_rank(rows)
    if count < FEWEST_ARCHITECTURES or spare < FEWEST_SPARE:
        return np.empty((0, len(TERMS)))
    wider = (t.ppf(0.975, count - 1) / norm.ppf(0.975)) ** 2
    weights = rng.gamma((count - 1) / count / wider, size=(DRAWS, count))[:, number]
    return np.array([solve(x, latency_s, told, one) for one in weights])


GIGA = 1e9
WORK_MODEL = Described(
    {
        **GROUP_COLUMNS,
        "term": text("term of the work model"),
        "bound": text("what it stands for: overhead, compute or memory"),
        "operation": text("kind of operation"),
        "cost_s": number("seconds a unit of `per`; missing = cannot be told"),
        "standard_error_s": number("standard error of `cost_s`, clustered by architecture"),
        "cost_low_s": number("lower end of the interval of `cost_s`, by bootstrap"),
        "cost_high_s": number("upper end of the interval of `cost_s`"),
        "per": text("unit: call, operation, FLOP or byte"),
        **bounded("rate", "10⁹ units a second that the cost stands for", "_giga_per_s"),
        "time_share": number("the term's share of the time of all cells together"),
        "cells": count("cells of the fit"),
        "architectures": count("architectures among them"),
        "verdict": text("estimated, at zero, undetermined, or not testable and why"),
    }
)


@dataclass(frozen=True)
class Fitted:
    """The work model of one group of cells, with resampled costs (draws, terms)."""

    group: dict
    cells: pd.DataFrame
    x: np.ndarray
    model: WorkModel
    draws: np.ndarray

    @property
    def predicted_s(self) -> np.ndarray:
        """Fitted latency of each cell."""
        return self.x @ self.model.costs


def fit_groups(cells: pd.DataFrame, rng: np.random.Generator) -> list[Fitted]:
    """The work model of each machine, model and setting of the axes that change rates."""
    fitted = []
    for group, own in split(timed(cells), GROUP):
        draws = bootstrap(own, rng)
        fitted.append(Fitted(named(group), own, design(own), fit_work(own), draws))
    return fitted


def rates(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group and term that the study has: seconds a unit, its interval, and the rate that
    it stands for.

    Standard errors are those of ordinary least squares of 1 on x / t over the terms above 0,
    clustered by architecture; intervals are percentiles of the bootstrap. `rate_giga_per_s` is
    GFLOP/s or GB/s; `time_share` the term's share of the time of all cells together. `verdict`:
    estimated, at zero, undetermined (the interval reaches 0), or not testable with the reason.
    """
    shown = [place for place in range(len(TERMS)) if any(one.x[:, place].any() for one in fitted)]
    rows = [row for one in fitted for row in _rates(one, shown, confidence)]
    return pd.DataFrame(rows, columns=WORK_MODEL.names)


def _rates(one: Fitted, shown: list[int], confidence: float) -> Iterator[dict]:
    low, high = bounds(one.draws, confidence, len(TERMS))
    errors = _standard_errors(one)
    share = (one.x * one.model.costs).sum(axis=0) / one.predicted_s.sum()
    names, terms = list(TERMS), list(TERMS.values())
    for place in shown:
        name, term = names[place], terms[place]
        cost = one.model.costs[place]
        rated = term.unit in ("FLOP", "byte")
        told = name not in one.model.alias
        yield one.group | {
            "term": name,
            "bound": term.bound,
            "operation": term.operation,
            "cost_s": cost if told else np.nan,
            "standard_error_s": errors[place],
            "cost_low_s": low[place] if told else np.nan,
            "cost_high_s": high[place] if told else np.nan,
            "per": term.unit,
            "rate_giga_per_s": _rate(cost) if rated else np.nan,
            "rate_low_giga_per_s": _rate(high[place]) if rated else np.nan,
            "rate_high_giga_per_s": _rate(low[place]) if rated else np.nan,
            "time_share": share[place],
            "cells": len(one.cells),
            "architectures": architecture(one.cells).nunique(),
            "verdict": _verdict(one, place, name, low[place], high[place]),
        }


def _rate(cost: float) -> float:
    """Giga-units a second; NaN where there is no cost to tell it from."""
    return 1 / cost / GIGA if cost > 0 else float("nan")


def _verdict(one: Fitted, place: int, name: str, low: float, high: float) -> str:
    if not one.x[:, place].any():
        return "not testable: these cells have none of it"
    if name in one.model.alias:
        return f"not testable: in these cells it is in proportion to {one.model.alias[name]}"
    if not len(one.draws):
        return f"not testable: {TOO_FEW}"
    if high == 0:
        return "at zero"
    return "estimated" if low > 0 else "undetermined: its interval reaches zero"


def _standard_errors(one: Fitted) -> np.ndarray:
    """Of each cost above 0; NaN where the cells are too few."""
    errors = np.full(len(TERMS), np.nan)
    active, number = one.model.costs > 0, architecture(one.cells).to_numpy()
    if len(one.cells) <= active.sum() or number.max() + 1 < FEWEST_ARCHITECTURES:
        return errors
    rows = one.x[:, active] / one.cells["latency_s"].to_numpy(float)[:, None]
    length = np.linalg.norm(rows, axis=0)
    fit = sm.OLS(np.ones(len(rows)), rows / length).fit(
        cov_type="cluster", cov_kwds={"groups": number}
    )
    errors[active] = fit.bse / length
    return errors


def bounds(draws: np.ndarray, confidence: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles of (draws, size) at a confidence; NaN where nothing was drawn."""
    if not len(draws):
        return np.full(size, np.nan), np.full(size, np.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0, method="nearest")
    return low, high


OPERATION_WORDS = {
    "overhead": "the overhead of a call",
    "weights": "reading the weights",
    "matmul": "matrix products",
    "conv": "convolutions",
    "conv_thin": "convolutions of few channels",
    "conv_depthwise": "depthwise convolutions",
    "conv_spanning": "convolutions as wide as their input",
    "attention": "attention products",
    "reduction": "pooling and sums",
    "elementwise": "elementwise operations",
    "lookup": "look-ups",
    "movement": "moving data",
}
SINGULAR = ("overhead", "weights", "movement")
MAIN_SHARE = 0.1
"""An operation that takes less of the time is not named."""


def rate_words(
    shares: pd.DataFrame, confidence: float, roofs: pd.DataFrame | None = None
) -> list[str]:
    """Per group: the operations that take most of the time with the rate that they reach.

    `shares` as from `operation_shares`, `roofs` has machine, threads and peak_gflop_per_s; without
    it no share of a peak.
    """
    return [_operations(name, own, confidence, _peak(own, roofs)) for name, own in groups(shares)]


def _operations(name: str, own: pd.DataFrame, confidence: float, peak: float) -> str:
    if own["time_share_low"].isna().all():
        return f"{name}: where the time goes is not testable: {TOO_FEW}."
    main = own[own["time_share"] >= MAIN_SHARE].sort_values("time_share", ascending=False)
    parts = [_operation(row, peak) for row in main.to_dict("records")]
    return (
        f"{name}: of the time of all cells {listed(parts)} "
        f"({percent(confidence)} intervals in brackets)."
    )


def _operation(row: dict, peak: float) -> str:
    low, high = row["time_share_low"], row["time_share_high"]
    takes = "takes" if row["operation"] in SINGULAR else "take"
    text = f"{OPERATION_WORDS[row['operation']]} {takes} {percent(row['time_share'])}"
    text += f" ({100 * low:.0f} to {100 * high:.0f} %)"
    rate = row["achieved_gflop_per_s"]
    if np.isnan(rate):
        return text
    text += f" at {three(rate)} GFLOP/s"
    inside = [between(row["achieved_low_gflop_per_s"], row["achieved_high_gflop_per_s"])]
    if np.isfinite(peak):
        inside.append(_of_peak(rate, peak))
    return f"{text} ({'; '.join(inside)})"


def _of_peak(rate: float, peak: float) -> str:
    roof = f"the {three(peak)} of one large matrix product"
    if rate > peak:
        return f"above {roof}: its kernel does less than is counted, or the roof was disturbed"
    return f"{percent(rate / peak)} of {roof}"


def _peak(own: pd.DataFrame, roofs: pd.DataFrame | None) -> float:
    if roofs is None:
        return float("nan")
    first = own.iloc[0]
    same = (roofs["machine"] == first["machine"]) & (roofs["threads"] == first["threads"])
    found = roofs.loc[same, "peak_gflop_per_s"]
    return float(found.iloc[0]) if len(found) else float("nan")


def label_words(labels: pd.DataFrame) -> list[str]:
    """Per group: how many cells are overhead-bound, compute-bound, memory-bound, undetermined."""
    sentences = []
    for name, own in groups(labels):
        if own["label"].str.startswith("not testable").all():
            sentences.append(f"{name}: what holds the cells up is {own['label'].iloc[0]}.")
            continue
        counts = own["label"].str.split(":").str[0].value_counts()
        parts = [f"{count} {label}" for label, count in counts.items()]
        sentences.append(f"{name}: of {counted(len(own), 'cell')} {listed(parts)}.")
    return sentences
