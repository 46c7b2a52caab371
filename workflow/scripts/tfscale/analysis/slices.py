"""Slices, matched pairs, what varies; the check of cells, and what processes say of noise."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import f as f_distribution
from scipy.stats import gmean

from tfscale.axes import (
    AXES,
    CALL_AXES,
    CATEGORIES,
    FACTORS,
    FAMILIES,
    SHAPES,
    model_axes,
)
from tfscale.errors import StudyError
from tfscale.files.columns import call_axes, count, text

pd.set_option("mode.string_storage", "python")  # Arrow's make an analysis take a third longer

SETTING = [axis for axis in CALL_AXES if axis != "batch_size"]
"""The axes of a call that change how fast work is done: never pooled into one rate."""
GROUP = ["machine", "model", *SETTING]
"""Cells that agree in these are fitted together."""
OWN = {"machine": text("machine"), "model": text("model")}
GROUP_COLUMNS = {**OWN, **call_axes(SETTING)}
SIZE = {
    "called_batch": count("examples of a call (of the paper's tables 32, whatever they say)"),
    "flop_per_example": count("FLOP of one example"),
    "read_weight_bytes": count("bytes of weights that a call reads"),
}
"""Columns that several tables have."""

MARGIN = 0.10
"""A difference within it counts as none."""
MEDIAN_VARIANCE = np.pi / 2
"""Variance of the median of many normal values over that of their mean (Kenney and Keeping)."""


def split(
    cells: pd.DataFrame, by: Sequence[str] = ("machine", "model")
) -> Iterator[tuple[tuple, pd.DataFrame]]:
    """The cells of each group with its key, in the order of the table and with a fresh index; `by`
    names the model, or the cells are of one. The axes of other families are no columns of them."""
    for key, group in cells.groupby(list(by), sort=False):
        yield key, own_axes(group.reset_index(drop=True))


def usual(table: pd.DataFrame, by: Sequence[str] = SETTING) -> pd.DataFrame:
    """The rows of the setting (threads, runtime and so on), or of other axes, that most rows have;
    of several the first."""
    if table.empty:
        return table
    number = table.groupby(list(by), sort=False).ngroup()
    return table[number == number.mode().iloc[0]]


def own_axes(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one model without the axes that its family has not; whole numbers are whole."""
    own = FAMILIES[table["model"].iloc[0]].axes
    foreign = [axis for axis in SHAPES if axis in table and axis not in own]
    kinds = {a: axis.kind for a, axis in own.items() if a in table and axis.kind is not str}
    return table.drop(columns=foreign).astype(kinds)


def shape(table: pd.DataFrame) -> list[str]:
    """The axes that shape a model, of cells of one: those that differ in none share an
    architecture."""
    return [axis for axis in SHAPES if axis in table]


def checked(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells, a row that only repeats another one once; StudyError that names those with a time,
    work, batch or axis that is no number above 0."""
    for column in ("latency_s", "pass_mean_s", "flop_per_example", "called_batch", *FACTORS):
        value = pd.to_numeric(cells[column], errors="coerce")
        wrong = ~np.isfinite(value) | (value < 0 if column == "flop_per_example" else value <= 0)
        if column in SHAPES:
            having = [model for model in cells["model"].unique() if column in model_axes(model)]
            wrong &= cells["model"].isin(having)
        bad = cells[wrong]
        if len(bad):
            names = ", ".join(bad["cell"].astype(str).iloc[:3]) + (" …" if len(bad) > 3 else "")
            raise StudyError(f"{column} must be a number above 0, which it is not in {names}")
    return cells[~cells.duplicated(["machine", "cell", "latency_s"])].reset_index(drop=True)


def called(cells: pd.DataFrame, factor: str) -> pd.Series:
    """The level of `factor` that the calls really had: an imported batch size may be nominal."""
    return cells["called_batch" if factor == "batch_size" else factor].astype(float)


def fixed_axes(cells: pd.DataFrame, factor: str) -> pd.DataFrame:
    """All axes but `factor`; the batch size is that of the calls, so that the nominal batch sizes
    of an imported table are replicates of one architecture."""
    others = cells[[axis for axis in AXES if axis != factor and axis in cells]].copy()
    if "batch_size" in others:
        others["batch_size"] = called(cells, "batch_size").astype(int)
    return others


def slice_numbers(cells: pd.DataFrame, factor: str) -> pd.Series:
    """The number of each cell's slice along `factor`: all other axes fixed."""
    others = fixed_axes(cells, factor)
    return others.groupby(list(others), sort=False, dropna=False).ngroup()


def slices(cells: pd.DataFrame, factor: str) -> tuple[pd.Series, pd.Series]:
    """Relative time of each cell of a model that another differs from in `factor` alone, and the
    number of its slice along `factor`; cells without such another say nothing and are left out."""
    number = slice_numbers(cells, factor)
    used = cells.groupby(number)[factor].transform("nunique") > 1
    scale = cells.groupby(number)["latency_s"].transform(gmean)
    return (cells["latency_s"] / scale)[used], number[used]


def slice_names(cells: pd.DataFrame, factor: str) -> pd.Series:
    """For each cell the other axes that vary among `cells`: `depth=4 width=64`, or `all`."""
    others = fixed_axes(cells, factor).drop(columns="model")
    names = pd.Series("", index=cells.index)
    for axis in others.columns[others.nunique() > 1]:
        names += f" {axis}=" + others[axis].astype(str)
    return names.str.strip().replace("", "all")


def replicates(cells: pd.DataFrame, processes: pd.DataFrame | None) -> pd.DataFrame:
    """What the processes say of each cell's noise, with the index of `cells`.

    Columns: mean_log (mean of ln latency_s over processes, that of the cell without any),
    within_ss (sum of squares about it), within_df, processes (1 without any).
    """
    own = pd.DataFrame(
        {"mean_log": np.log(cells["latency_s"]), "within_ss": 0.0, "within_df": 0, "processes": 1}
    )
    if processes is None or processes.empty:
        return own
    log_s = np.log(processes["latency_s"])
    stats = log_s.groupby([processes["cell"], processes["machine"]]).agg(["mean", "var", "size"])
    found = stats.reindex(pd.MultiIndex.from_frame(cells[["cell", "machine"]]))
    known = found["size"].notna().to_numpy()
    size = found["size"].fillna(1).to_numpy()
    own["mean_log"] = np.where(known, found["mean"], own["mean_log"])
    own["within_ss"] = found["var"].fillna(0).to_numpy() * (size - 1)
    own["within_df"] = (size - 1).astype(int)
    own["processes"] = size.astype(int)
    return own


FEWEST_TOGETHER = 5
"""Cells of a round that tell what it shares: the noise of fewer would pass for it."""


def without_rounds(processes: pd.DataFrame) -> pd.DataFrame:
    """The processes with latency_s less what all cells of their machine share of a round.

    That is the median over cells of how far each is from its own mean, in logarithms: taken out,
    cells are compared round by round, and what a round does to all of them alike cancels.
    """
    if processes.empty:
        return processes
    log_s = np.log(processes["latency_s"])
    off = log_s - log_s.groupby([processes["machine"], processes["cell"]]).transform("mean")
    rounds = off.groupby([processes["machine"], processes["round"]])
    shared = rounds.transform("median").where(rounds.transform("size") >= FEWEST_TOGETHER, 0.0)
    return processes.assign(latency_s=np.exp(log_s - shared))


def points(known: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """One row a value of `by` (a level, perhaps of a slice), from cells with the columns of
    `replicates` and latency_s: log_s (mean of ln latency_s), processes, and the pure error ss with
    its df, in which cells of one level are replicates too."""
    groups = known.assign(log_s=np.log(known["latency_s"])).groupby(by)
    between = known["processes"] * (known["mean_log"] - groups["mean_log"].transform("mean")) ** 2
    table = groups.agg(
        log_s=("log_s", "mean"), processes=("processes", "sum"), df=("within_df", "sum")
    )
    table["df"] += groups.size() - 1
    table["ss"] = (known["within_ss"] + between).groupby([known[column] for column in by]).sum()
    return table


def median_variance(known: pd.DataFrame) -> float:
    """Variance of a point over that of the mean of its replicates: a median's with processes."""
    return MEDIAN_VARIANCE if known["within_df"].any() else 1.0


TIME = "pass_mean_s"
FEWEST_FREE = 5
MOST_COLUMNS = 600


def by_model(cells: pd.DataFrame, time: str = TIME) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each machine's rows of each model in the order of the table, with two more columns:
    `time_s` is the column `time` (seconds), `log_s` its logarithm."""
    for (machine, model), table in split(cells.assign(time_s=cells[time])):
        yield str(machine), str(model), table.assign(log_s=np.log(table["time_s"]))


def nominal_batch(table: pd.DataFrame) -> bool:
    """Whether the batch size of the table never reached the model: it varies, the calls' did not.

    Then rows that differ only in it are replicates of one architecture.
    """
    return table["batch_size"].nunique() > 1 and table["called_batch"].nunique() == 1


def effective(table: pd.DataFrame) -> list[str]:
    """The axes with an order that have more than one level here and reached the model."""
    unreached = ["batch_size"] if nominal_batch(table) else []
    return [axis for axis in varying(table) if axis not in unreached]


def values(table: pd.DataFrame) -> list[str]:
    """The axes without an order that have more than one value here."""
    return [axis for axis in CATEGORIES if axis in table and table[axis].nunique() > 1]


def architecture(table: pd.DataFrame) -> pd.Series:
    """The number of each row's architecture, from 0; the rows are of one model."""
    axes = shape(table)
    return table.groupby(axes, sort=False).ngroup() if axes else pd.Series(0, table.index)


def stratum(table: pd.DataFrame, factor: str = "") -> str | None:
    """The axis that is held fixed where effects along another one may depend on it: the first
    model axis that varies, `factor` aside; None where none does."""
    return next((a for a in shape(table) if a != factor and table[a].nunique() > 1), None)


def repeated(table: pd.DataFrame) -> pd.Series:
    """The number of each row's group of repeats: no axis that reached the model differs in it."""
    told = effective(table) + values(table)
    return table.groupby(told, sort=False).ngroup() if told else pd.Series(0, table.index)


def level_matrix(table: pd.DataFrame) -> pd.DataFrame | None:
    """The columns of a design for the means of the cells, without those that are sums of others;
    None where no row is left over.

    Free levels of every effective axis with all two-way interactions; against batch size and
    threads, which scale everything, an interaction is a slope in their logarithm. Where that
    leaves too few residual degrees of freedom, free levels alone.
    """
    axes = effective(table) + values(table)
    plain = [f"C({axis})" for axis in axes]
    scaling = [axis for axis in ("batch_size", "threads") if axis in axes]
    rest = [axis for axis in axes if axis not in scaling]
    crossed = [f"C({a}):C({b})" for n, a in enumerate(rest) for b in rest[n + 1 :]]
    crossed += [f"C({a}):np.log({b})" for a in rest for b in scaling]
    levels = {axis: table[axis].nunique() - 1 for axis in axes}
    main = 1 + sum(levels.values())
    pairs = sum(levels[a] * levels[b] for n, a in enumerate(rest) for b in rest[n + 1 :])
    pairs += sum(levels[a] for a in rest) * len(scaling)
    for columns, terms in ((main + pairs, plain + crossed), (main, plain)):
        if len(table) - columns >= FEWEST_FREE and columns <= MOST_COLUMNS:
            design = smf.ols(f"log_s ~ {' + '.join(terms) or '1'}", table)
            return independent(pd.DataFrame(design.exog, table.index, design.exog_names))
    return None


def independent(x: pd.DataFrame) -> pd.DataFrame:
    """The columns that are no sums of columns before them, as missing combinations of levels leave
    them."""
    triangle = np.zeros(x.shape[1])
    diagonal = np.abs(np.diag(np.linalg.qr(x.to_numpy(), mode="r")))
    triangle[: len(diagonal)] = diagonal
    return x.loc[:, triangle > 1e-8 * max(triangle.max(initial=0), 1)]


def slice_number(table: pd.DataFrame, factor: str) -> pd.Series:
    """The number of each row's slice along a factor: all other axes are equal in it."""
    others = [axis for axis in AXES if axis != factor and axis in table]
    return table.groupby(others, sort=False).ngroup()


def any_difference(table: pd.DataFrame, factor: str) -> float:
    """p of the F test that a factor's levels differ in any `stratum`, slices centred.

    ln time = slice + level x stratum by least squares; the slices' own levels are taken out first
    (Frisch, Waugh and Lovell). What is left is noise and how the other axes change the effect.
    NaN where nothing is left over. Repeats that only a nominal batch tells apart count as rows.
    """
    number = slice_number(table, factor)
    level = table[factor].astype(str)
    if held := stratum(table, factor):
        level = level + " " + table[held].astype(str)
    dummies = pd.get_dummies(level, dtype=float)
    x = independent(dummies - dummies.groupby(number).transform("mean"))
    y = table["log_s"] - table["log_s"].groupby(number).transform("mean")
    rank, left = x.shape[1], len(table) - number.nunique() - x.shape[1]
    if rank < 1 or left < 1:
        return np.nan
    rest = sm.OLS(y, x).fit().ssr
    if rest <= 1e-20 * len(table):
        return np.nan
    return float(f_distribution.sf((y @ y - rest) / rank / (rest / left), rank, left))


def log_ratios(table: pd.DataFrame, factor: str, base: float, level: float) -> pd.DataFrame:
    """The matched pairs of two levels: their other axes (without settings that all cells share),
    `base_log_s` and `level_log_s`.

    Cells that occur more than once are averaged. Rows with a `round` are paired within rounds, and
    a pair's difference is the median over these: what a round shares cancels.
    """
    constant = [axis for axis in SETTING if axis in table and table[axis].nunique() == 1]
    others = [a for a in AXES if a in table and a != factor and a not in constant]
    by_round = "round" in table and table["round"].notna().all()
    by = [*others, "round"] if by_round else others
    at = [table[table[factor] == value].groupby(by)["log_s"].mean() for value in (base, level)]
    pairs = pd.concat(at, axis=1, keys=["base_log_s", "level_log_s"]).dropna()
    if by_round:
        ratio = (pairs["level_log_s"] - pairs["base_log_s"]).groupby(level=others).median()
        base_log_s = pairs["base_log_s"].groupby(level=others).median()
        pairs = pd.DataFrame({"base_log_s": base_log_s, "level_log_s": base_log_s + ratio})
    return pairs.reset_index()


def varying(cells: pd.DataFrame) -> list[str]:
    """The factors that have more than one level in these cells."""
    return [axis for axis in FACTORS if axis in cells and cells[axis].nunique() > 1]


def named(group: tuple) -> dict:
    """The values of a group of cells by name."""
    return dict(zip(GROUP, group, strict=True))
