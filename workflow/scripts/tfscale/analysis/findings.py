"""The findings in words, generated from the numbers; the most interesting first."""

import numpy as np
import pandas as pd

from tfscale.analysis.law_words import best_law, effect_words
from tfscale.analysis.matched import comparisons
from tfscale.axes import AXES
from tfscale.axis_words import AXIS_WORDS, value_words
from tfscale.phrases import spanned
from tfscale.study.fit_tables import TOP
from tfscale.units import seconds, three

RISES = {
    "log": "rises with the logarithm of", "linear": "rises linearly with",
    "power": "rises as a power of", "constant": "does not change by 10 % along",
}  # fmt: skip


def findings(cells: pd.DataFrame, laws: pd.DataFrame, said: dict[str, list[str]]) -> pd.DataFrame:
    """One row a sentence: topic, sentence. First what drives the time of each model, batching and
    the extremes, then what the parts of the analysis said, by topic."""
    own = laws[laws["machine"].isin(cells["machine"])]
    top = [*_drivers(own), *_batching(cells), *_extremes(cells), *_categories(cells)]
    rows = [{"topic": TOP, "sentence": sentence} for sentence in top]
    rows += [
        {"topic": topic, "sentence": sentence}
        for topic, sentences in said.items()
        for sentence in sentences
    ]
    return pd.DataFrame(rows, columns=["topic", "sentence"])


def _drivers(laws: pd.DataFrame) -> list[str]:
    """For each model the factor with the largest effect, its size and its law."""
    sentences = []
    for (machine, model), group in laws.groupby(["machine", "model"], sort=False):
        best = [best_law(rows) for _, rows in group.groupby("factor", sort=False)]
        sized = [row for row in best if np.isfinite(row["ratio"])]
        if not sized:
            continue
        row = max(sized, key=lambda row: abs(np.log(row["ratio"])))
        several = f" on {machine}" if laws["machine"].nunique() > 1 else ""
        name, verdict = AXIS_WORDS[row["factor"]].name, str(row["verdict"])
        law = f"the time {RISES[verdict]} {name}" if verdict in RISES else f"its law: {verdict}"
        effect = effect_words(group[group["factor"] == row["factor"]], row, name)
        sentences.append(f"{model}{several}: {effect}; {law}.")
    return sentences


def _categories(cells: pd.DataFrame) -> list[str]:
    """What each value without an order (a precision, XLA, a path) costs against the usual one."""
    return [
        f"{found.model}: {value_words(found.axis, found.value)} takes {three(found.ratio)} times "
        f"as long as {value_words(found.axis, found.base)} in matched cells "
        f"{spanned(found.pairs, found.low, found.high)}."
        for found in comparisons(cells)
    ]


def _batching(cells: pd.DataFrame) -> list[str]:
    """What the best batch size gains in throughput over the smallest one, in matched cells."""
    sentences = []
    others = ["machine", *(axis for axis in AXES if axis != "batch_size")]
    for model, table in cells.sort_values("batch_size").groupby("model", sort=False):
        least = table["batch_size"].iloc[0]
        alike = table.groupby(others, dropna=False)
        gain = table["throughput_per_s"] / alike["throughput_per_s"].transform("first")
        gain = gain[alike["batch_size"].transform("first") == least]
        by_batch = gain.groupby(table["batch_size"])
        best = by_batch.median().idxmax()
        if by_batch.ngroups < 2:
            continue
        if best == least:
            sentences.append(f"{model}: no batch size has a higher throughput than {least}.")
            continue
        median, low, high = (by_batch.agg(how)[best] for how in ("median", "min", "max"))
        sentences.append(
            f"{model}: batch size {best} has the highest throughput, {three(median)} times that of "
            f"batch size {least} {spanned(by_batch.size()[best], low, high)}."
        )
    return sentences


def _extremes(cells: pd.DataFrame) -> list[str]:
    ordered = cells.sort_values("latency_s")
    fast, slow = ordered.iloc[0], ordered.iloc[-1]
    if len(ordered) < 2:
        return []
    return [
        f"The slowest cell, {slow['cell']}, takes {seconds(slow['latency_s'])} a call, "
        f"{three(slow['latency_s'] / fast['latency_s'])} times the fastest, {fast['cell']} "
        f"({seconds(fast['latency_s'])})."
    ]
