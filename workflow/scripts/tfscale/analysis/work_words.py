"""What the work model says in words: where the time goes, at which rates, what holds cells up."""

import numpy as np
import pandas as pd

from tfscale.analysis.group_words import between, counted, digits, groups, listed
from tfscale.analysis.work_model import TOO_FEW
from tfscale.analysis.workload import TERMS
from tfscale.units import percent

OPERATION_WORDS = {
    "overhead": "the overhead of a call",
    "weights": "reading the weights",
    "conv_first": "the first convolution",
    "conv_square": "the square convolutions",
    "conv_full_span": "the convolution that spans the width",
    "dense": "the dense layers",
    "pool": "the pools",
    "embedding": "the embedding",
}
PLURAL = ("conv_square", "dense", "pool")
MAIN_SHARE = 0.1
"""An operation that takes less of the time is not named."""


def rate_words(
    shares: pd.DataFrame, rates: pd.DataFrame, confidence: float, roofs: pd.DataFrame | None = None
) -> list[str]:
    """Per group: the operations that take most of the time with the rate that they reach, and
    how many terms of the model are told from zero.

    `shares` as from `operation_shares`, `rates` as from `rates`, `roofs` has
    machine, threads and peak_gflop_per_s; without it no share of a peak.
    """
    told = dict(groups(rates))
    return [
        sentence
        for name, own in groups(shares)
        for sentence in (
            _operations(name, own, confidence, _peak(own, roofs)),
            _terms(name, told[name], confidence),
        )
    ]


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
    text = f"{OPERATION_WORDS[row['operation']]} takes {percent(row['time_share'])}"
    if row["operation"] in PLURAL:
        text = text.replace(" takes ", " take ")
    text += f" ({100 * low:.0f} to {100 * high:.0f} %)"
    rate = row["achieved_gflop_per_s"]
    if np.isnan(rate):
        return text
    text += f" at {digits(rate)} GFLOP/s"
    inside = [between(row["achieved_low_gflop_per_s"], row["achieved_high_gflop_per_s"])]
    if np.isfinite(peak):
        inside.append(_of_peak(rate, peak))
    return f"{text} ({'; '.join(inside)})"


def _of_peak(rate: float, peak: float) -> str:
    roof = f"the {digits(peak)} of one large matrix product"
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


def _terms(name: str, own: pd.DataFrame, confidence: float) -> str:
    used = own[~own["verdict"].str.contains("these cells have none of it")]
    verdict = used["verdict"]
    if verdict.str.startswith("not testable").all():
        return f"{name}: single rates are {verdict.iloc[0]}."
    sure = used[verdict == "estimated"].sort_values("time_share", ascending=False)
    parts = [_term(row) for row in sure.to_dict("records")]
    told = f": {listed(parts)}" if parts else ""
    open_ = verdict.str.startswith("undetermined").sum()
    alike = verdict.str.startswith("not testable").sum()
    return (
        f"{name}: {len(sure)} of the work model's {counted(len(used), 'term')} told from zero "
        f"({percent(confidence)}){told}; {open_} undetermined, "
        f"{(verdict == 'at zero').sum()} at zero, {alike} not testable."
    )


def _term(row: dict) -> str:
    what = OPERATION_WORDS[row["operation"]]
    if np.isnan(row["rate_giga_per_s"]):
        low, high = 1e6 * row["cost_low_s"], 1e6 * row["cost_high_s"]
        return f"{what} {digits(1e6 * row['cost_s'])} µs a {row['per']} ({between(low, high)})"
    unit = "GFLOP/s" if TERMS[row["term"]].unit == "FLOP" else "GB/s"
    inside = between(row["rate_low_giga_per_s"], row["rate_high_giga_per_s"])
    kind = "arithmetic" if unit == "GFLOP/s" else "memory"
    return f"{what} ({kind}) {digits(row['rate_giga_per_s'])} {unit} ({inside})"


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
