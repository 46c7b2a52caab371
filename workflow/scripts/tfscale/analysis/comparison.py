"""Two values of an axis without an order, cell by cell: which is faster, by how much, and how sure.

Both are timed in the same rounds, so that a cell's two latencies are compared round by round and
what a round shares cancels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from tfscale.analysis.slices import MEDIAN_VARIANCE, OWN, by_model, values
from tfscale.analysis.statistics import corrected
from tfscale.analysis.words import level as level_words
from tfscale.analysis.words import on_machine
from tfscale.axes import AXES, FAMILIES, SHAPES, axes_of
from tfscale.files.columns import Described, bounded, count, number, text
from tfscale.units import three
from tfscale.words import axis_name, between, counted, value_words

PAIR = {
    "axis": text("the axis whose values are compared"),
    "base": text("the value that it is compared with"),
    "value": text("the value"),
}
Level = str | bool | float
FASTER, SLOWER, OPEN = "faster", "slower", "undetermined"
COMPARISONS = Described(
    {
        **OWN,
        **PAIR,
        "cell": text("cell at the value"),
        **bounded("ratio", "latency at the value over that at the base, median of the rounds"),
        "p_adjusted": number("p of both being equally fast, corrected by Holm for these cells"),
        "verdict": text("faster, slower or undetermined"),
    }
)
MEANS = Described(
    {
        **OWN,
        **PAIR,
        **bounded("ratio", "latency at the value over that at the base, geometric mean of cells"),
        "cells": count("cells that have both"),
        "rounds": count("rounds that have both"),
        "faster": count("cells that are faster beyond doubt"),
        "slower": count("cells that are slower beyond doubt"),
    }
)
EVERY = "all"
"""The model of a mean over several families."""


FAR = 4
"""So many times the usual deviation a difference counts at most: a late process says how often
processes are late, not how far apart the others are. With the noise of four real studies, 12 cells
and 5 rounds, equal values were then called slower by over 5 % in 0 to 3.5 % of 200 cases, and a
slowdown of 10 % in 85 to 100 %."""


@dataclass(frozen=True)
class Differences:
    """ln of the latency at a value over that at its base: a row a cell of a `family`, a column a
    round."""

    axis: str
    base: Level
    value: Level
    by_round: pd.DataFrame
    family: pd.Series

    def cells(self, alpha: float) -> pd.DataFrame:
        """ratio, ratio_low, ratio_high, rounds and p_value of each cell: the median of its rounds.

        The cells of a family share a variance, which a single cell's few rounds cannot tell; that
        of a cell that scatters more is its own.
        """
        shared, freedom = self._noise()
        rounds = self.by_round.count(axis=1)
        own = self._apart().pow(2).sum(axis=1) / (rounds - 1).clip(lower=1)
        error = np.sqrt(MEDIAN_VARIANCE * own.clip(lower=shared) / rounds)
        return _bounds(self.by_round.median(axis=1), error, freedom, alpha).assign(rounds=rounds)

    def mean(self, alpha: float) -> dict:
        """The same of the geometric mean over these cells, with their number. One round has no
        noise to tell: then the interval is from how far the cells are apart."""
        variance, freedom = self._noise()
        middle, count = self.by_round.median(axis=1), len(self.by_round)
        error = float(np.sqrt((variance / self.by_round.count(axis=1)).sum())) / count
        if not freedom:
            error, freedom = float(middle.std() / np.sqrt(count)), count - 1
        found = _bounds(pd.Series([middle.mean()]), pd.Series([error]), freedom, alpha)
        rounds = int(self.by_round.notna().any().sum())
        return found.iloc[0].to_dict() | {"cells": count, "rounds": rounds}

    def _apart(self) -> pd.DataFrame:
        return self.by_round.sub(self.by_round.median(axis=1), axis=0)

    def _noise(self) -> tuple[pd.Series, int]:
        """The variance of each cell's differences between rounds, that of its family, and the
        degrees of freedom of them all."""
        spare = (self.by_round.count(axis=1) - 1).clip(lower=0)
        apart = self._apart()
        shared = pd.Series(0.0, self.by_round.index)
        for _, cells in self.family.groupby(self.family).groups.items():
            own, left = apart.loc[cells], int(spare[cells].sum())
            if left:
                usual = USUAL * np.nanmedian(own.abs()) * np.sqrt(own.count().sum() / left)
                shared[cells] = float((own.clip(-FAR * usual, FAR * usual) ** 2).sum().sum() / left)
        return shared, int(spare.sum())


USUAL = 1.4826
"""The standard deviation of normal values over the median of their distances from the middle."""


def _bounds(middle: pd.Series, error: pd.Series, freedom: int, alpha: float) -> pd.DataFrame:
    """Ratios of logarithms with their standard errors."""
    known = error.where((error > 0) & (freedom > 0))
    margin = known * (t.ppf(1 - alpha / 2, freedom) if freedom > 0 else np.nan)
    return pd.DataFrame(
        {
            "ratio": np.exp(middle),
            "ratio_low": np.exp(middle - margin),
            "ratio_high": np.exp(middle + margin),
            "p_value": 2 * t.sf((middle / known).abs(), max(freedom, 1)),
        }
    )


def differences(runs: pd.DataFrame) -> Iterator[tuple[str, str, Differences]]:
    """Of each machine and model every value of the axes without an order against the axis's default
    (or, where the cells do not have it, the first by name); `runs` has a row a cell and
    round. The rows of a table without rounds are one round."""
    runs = runs.assign(round=runs["round"].fillna(1) if "round" in runs else 1)
    for machine, model, table in by_model(runs, "latency_s"):
        for axis in values(table):
            levels = sorted(table[axis].unique().tolist())  # rows stand in a random order
            usual = axes_of(model)[axis].default
            base: Any = usual if usual in levels else levels[0]
            for value in levels:
                if value != base and len(found := paired(table, axis, base, value)):
                    family = pd.Series(model, found.index)
                    yield machine, model, Differences(axis, base, value, found, family)


def paired(table: pd.DataFrame, axis: str, base: Level, value: Level) -> pd.DataFrame:
    """ln ratios by the cell at the value and by round, of cells that have a partner."""
    others = [name for name in AXES if name != axis and name in table]
    table = table[[*others, axis, "cell", "round", "log_s"]]
    here, there = (table[table[axis] == level] for level in (value, base))
    rows = here.merge(there, on=[*others, "round"], suffixes=("", "_base"))
    rows = rows.assign(ratio=rows["log_s"] - rows["log_s_base"])
    return rows.pivot_table(index="cell", columns="round", values="ratio", sort=False)


def joined(pairs: Sequence[Differences]) -> Differences:
    """Comparisons of the same two values in several families, as one."""
    by_round = pd.concat([pair.by_round for pair in pairs])
    return replace(pairs[0], by_round=by_round, family=pd.concat([pair.family for pair in pairs]))


def compare(runs: pd.DataFrame, confidence: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables COMPARISONS (a row a cell that has a partner; here with its axes) and MEANS (a row
    a comparison, the fastest first, and one of all families together where several have it)."""
    alpha = 1 - confidence
    rows, means = [], []
    together: dict[tuple, list[Differences]] = {}
    known = runs.drop_duplicates("cell").set_index("cell")
    for machine, model, pair in differences(runs):
        head = {"machine": machine, "model": model, "axis": pair.axis}
        head |= {"base": level_words(pair.base), "value": level_words(pair.value)}
        table = pair.cells(alpha)
        table["p_adjusted"] = corrected(table["p_value"])
        table["verdict"] = np.where(table["ratio"] < 1, FASTER, SLOWER)
        table.loc[~(table["p_adjusted"] < alpha), "verdict"] = OPEN
        own = known.loc[table.index, [name for name in AXES if name in known and name != "model"]]
        rows.append(pd.concat([table, own], axis=1).reset_index(names="cell").assign(**head))
        means.append(head | pair.mean(alpha) | _decided(table))
        key = machine, pair.axis, means[-1]["base"], means[-1]["value"]
        together.setdefault(key, []).append(pair)
    for key, pairs in together.items():
        if len(pairs) > 1:
            head = dict(zip(("machine", *PAIR), key, strict=True)) | {"model": EVERY}
            same = [mean for mean in means if all(mean[name] == head[name] for name in PAIR)]
            same = [mean for mean in same if mean["machine"] == head["machine"]]
            counts = {name: sum(mean[name] for mean in same) for name in (FASTER, SLOWER)}
            means.append(head | joined(pairs).mean(alpha) | counts)
    if not rows:
        names = dict.fromkeys([*COMPARISONS.names, *AXES])
        return pd.DataFrame(columns=list(names)), pd.DataFrame(columns=MEANS.names)
    order = {name: place for place, name in enumerate([*FAMILIES, EVERY])}
    table = pd.DataFrame(means)[MEANS.names].assign(place=lambda rows: rows["model"].map(order))
    cells = pd.concat(rows, ignore_index=True)
    return (
        cells.sort_values([*PAIR, *(axis for axis in AXES if axis in cells)], ignore_index=True),
        table.sort_values(["machine", "place", "axis", "ratio"], ignore_index=True)[MEANS.names],
    )


def _decided(table: pd.DataFrame) -> dict[str, int]:
    return {name: int((table["verdict"] == name).sum()) for name in (FASTER, SLOWER)}


def _value(axis: str, value: str) -> str:
    """A value in a sentence."""
    if axis in SHAPES:
        return f"{axis_name(axis)} {value}"
    typed = {"True": True, "False": False}.get(value, value)
    return value_words(axis, typed)


def comparison_words(cells: pd.DataFrame, means: pd.DataFrame) -> list[str]:
    """A sentence a comparison, and one for each architecture where its end changes along the batch
    sizes."""
    said = []
    for row in means.to_dict("records"):
        who = "All families" if row["model"] == EVERY else row["model"]
        who += on_machine(row["machine"], means)
        said.append(f"{who}: {mean_words(row)}")
        mine = cells[(cells[list(PAIR)] == [row[name] for name in PAIR]).all(axis=1)]
        mine = mine[(mine["machine"] == row["machine"]) & (mine["model"] == row["model"])]
        said += _overtaking(mine, who, *_names(row))
    return said


def mean_words(row: dict) -> str:
    """How many times as long a call takes at a value as at its base, on average over the cells."""
    value, base = _names(row)
    size = f"{three(row['ratio'])} times {between(row['ratio_low'], row['ratio_high'])}"
    doubt = [f"{row[name]} {name}" for name in (FASTER, SLOWER) if row[name]]
    sure = f"; beyond doubt {' and '.join(doubt)}" if doubt else ""
    number = counted(row["cells"], "cell")
    return f"{value} takes {size} as long as {base}, geometric mean of {number}{sure}."


def _names(row: dict) -> tuple[str, str]:
    """Value and base in words."""
    return _value(row["axis"], row["value"]), _value(row["axis"], row["base"])


def _overtaking(cells: pd.DataFrame, who: str, value: str, base: str) -> Iterator[str]:
    """Where one overtakes the other along the batch sizes of an architecture."""
    if cells.empty:
        return
    fixed = [axis for axis in AXES if axis in cells and axis not in ("model", "batch_size", *PAIR)]
    fixed = [axis for axis in fixed if axis != cells["axis"].iloc[0] and cells[axis].notna().all()]
    sure = cells[cells["verdict"] != OPEN].sort_values("batch_size")
    for shape, rows in sure.groupby(fixed, sort=False):
        turns = rows["verdict"].ne(rows["verdict"].shift()).iloc[1:]
        if not turns.any():
            continue
        at = turns.idxmax()
        before, after = rows.loc[:at].iloc[-2], rows.loc[at]
        varied = [
            f"{axis_name(axis)} {level_words(one)}"
            for axis, one in zip(fixed, shape, strict=True)
            if cells[axis].nunique() > 1
        ]
        where = f" ({', '.join(varied)})" if varied else ""
        yield (
            f"{who}{where}: {value} is {before['verdict']} than {base} up to batch size "
            f"{before['batch_size']} and {after['verdict']} from {after['batch_size']}."
        )
