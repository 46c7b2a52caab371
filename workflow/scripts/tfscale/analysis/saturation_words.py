"""From which batch size on a call is worth its overhead, in words."""

import pandas as pd

from tfscale.analysis.group_words import batch, counted, groups
from tfscale.units import percent, seconds


def saturation_words(table: pd.DataFrame, confidence: float) -> list[str]:
    """Per group: the range of n_half and B90 over its architectures, the two extreme ones with
    their intervals, and how many reach 90 % of the best throughput within the study's batches.

    `table` as from `saturation`."""
    return [_sentence(name, own, confidence) for name, own in groups(table)]


def _sentence(name: str, own: pd.DataFrame, confidence: float) -> str:
    verdict = own["verdict"]
    if verdict.str.startswith("not testable").all():
        return f"{name}: the batch that saturates a call is {verdict.iloc[0]}."
    ordered = own.sort_values("b90_examples")
    half, most = ordered["n_half_examples"], ordered["b90_examples"]
    ends = {"earliest": ordered.iloc[0], "latest": ordered.iloc[-1]}
    shown = "; ".join(f"{word} {_shape(row)}" for word, row in ends.items())
    reached = int(verdict.str.startswith("reached").sum())
    missed = int(verdict.str.startswith("not reached").sum())
    overhead = _seconds(own["overhead_s"])
    return (
        f"{name}: a call costs {overhead} before its first example. Half of the best throughput "
        f"comes at batch {_span(half)}, 90 % of it at {_span(most)} (over "
        f"{counted(len(own), 'architecture')}): {shown} ({percent(confidence)} intervals). "
        f"Within batch {own['greatest_batch'].max()}, {reached} reach 90 %, {missed} do not, "
        f"{len(own) - reached - missed} undetermined."
    )


def _span(values: pd.Series) -> str:
    low, high = batch(values.min()), batch(values.max())
    return low if low == high else f"{low} to {high}"


def _seconds(values: pd.Series) -> str:
    low, high = seconds(values.min()), seconds(values.max())
    return low if low == high else f"{low} to {high}"


def _shape(row: pd.Series) -> str:
    shape = f"layers {row['layers']}, convolution size {row['conv_size']}"
    interval = f"{batch(row['b90_low_examples'])} to {batch(row['b90_high_examples'])}"
    return f"{shape}: {batch(row['b90_examples'])} ({interval})"
