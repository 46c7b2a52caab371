"""What the log of a run says: the paper's lines, ten predictions, and the result in one line."""

from math import isnan
from statistics import median

import pandas as pd

from tfscale.timing.interval import median_interval
from tfscale.timing.passes import calls_per_pass
from tfscale.units import percent, seconds, three

SHOWN = 10


def paper_lines(cell: str, latency_s: float, batch_size: int, inputs: int, passes: int) -> str:
    """Cell, passes, inputs, total and mean time as the paper's scripts printed them."""
    mean_s = latency_s * calls_per_pass(inputs, batch_size)
    return (
        f"{cell}\n{passes} passes of {inputs} inputs\n"
        f"Total time: {passes * mean_s:.6f} s\nMean time: {mean_s:.6f} s"
    )


def prediction_lines(predictions: pd.DataFrame, count: int = SHOWN) -> str:
    """The first predictions as CORRECT or WRONG with actual and predicted label (and review)."""
    lines = []
    for row in predictions.head(count).to_dict("records"):
        verdict = "CORRECT" if row["correct"] else "WRONG"
        line = f"{verdict:<8} Actual: {row['actual']} | Predicted: {row['predicted']}"
        lines.append(f"{line} | {row['review']}" if "review" in row else line)
    return "\n".join(lines)


def result_line(
    cell: str, medians_s: list[float], batch_size: int, coverage: float, reason: str
) -> str:
    """The result of a run in one line: typical latency with its interval, throughput, and why
    the run ended; over the clean visits of this round and the earlier ones."""
    typical = median(medians_s)
    interval = median_interval(medians_s, coverage)
    visits = "1 visit" if len(medians_s) == 1 else f"{len(medians_s)} visits"
    claim = "range" if isnan(interval.coverage) else f"{percent(interval.coverage, 1)} interval"
    within = f" ± {percent(interval.half_width, 1)} ({visits}, {claim})"
    return (
        f"{cell} … {seconds(typical)}{within if len(medians_s) > 1 else f' ({visits})'} "
        f"{three(batch_size / typical)} examples/s; {reason}"
    )
