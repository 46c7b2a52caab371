"""From which batch size on a call is worth its overhead."""

import numpy as np
import pandas as pd

from tfscale.analysis.work_model import TOO_FEW
from tfscale.analysis.work_tables import Fitted, bounds
from tfscale.analysis.workload import ARCHITECTURE, GROUP, PER_EXAMPLE, architectures, design

B90 = 9
"""B / (B + n_half) = 0.9 at B = 9 n_half (Hockney and Jesshope 1988)."""
SATURATION = (
    *GROUP, *ARCHITECTURE, "overhead_s", "per_example_s", "n_half_examples",
    "n_half_low_examples", "n_half_high_examples", "b90_examples", "b90_low_examples",
    "b90_high_examples", "most_throughput_per_s", "least_batch", "greatest_batch", "verdict",
)  # fmt: skip


def saturation(fitted: list[Fitted], confidence: float) -> pd.DataFrame:
    """One row a group and architecture: the batch at which half and 90 % of the best throughput
    is reached.

    A call takes overhead + B · per_example; n_half is their ratio and B90 nine times that, with
    percentiles of the bootstrap. `verdict`: reached or not reached by the study's greatest batch,
    undetermined (the interval holds that batch) or not testable (one batch size).
    """
    rows = [row for one in fitted for row in _saturation(one, confidence)]
    return pd.DataFrame(rows, columns=SATURATION)


def _saturation(one: Fitted, confidence: float) -> list[dict]:
    shapes = one.cells.drop_duplicates(ARCHITECTURE).assign(called_batch=1)
    x = design(shapes)
    overhead_s, each_s = _split(x, one.model.costs)
    n_half = _ratio(overhead_s, each_s)
    drawn = np.array([_ratio(*_split(x, costs)) for costs in one.draws])
    low, high = bounds(drawn, confidence, len(shapes))
    batches = one.cells.groupby(architectures(one.cells))["called_batch"].agg(["min", "max"])
    best = _ratio(np.ones(len(shapes)), each_s)
    spans = batches.itertuples(index=False)
    return [
        one.group
        | {axis: shape[axis] for axis in ARCHITECTURE}
        | {
            "overhead_s": overhead_s[i],
            "per_example_s": each_s[i],
            "n_half_examples": n_half[i],
            "n_half_low_examples": low[i],
            "n_half_high_examples": high[i],
            "b90_examples": B90 * n_half[i],
            "b90_low_examples": B90 * low[i],
            "b90_high_examples": B90 * high[i],
            "most_throughput_per_s": best[i],
            "least_batch": least,
            "greatest_batch": most,
            "verdict": _verdict(one, most, B90 * low[i], B90 * high[i]),
        }
        for i, (shape, (least, most)) in enumerate(
            zip(shapes.to_dict("records"), spans, strict=True)
        )
    ]


def _split(x: np.ndarray, costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Seconds a call and seconds an example of rows at batch 1."""
    return x[:, ~PER_EXAMPLE] @ costs[~PER_EXAMPLE], x[:, PER_EXAMPLE] @ costs[PER_EXAMPLE]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient; infinite where an example costs nothing, so that no batch is enough."""
    return np.divide(above, below, out=np.full(len(above), np.inf), where=below > 0)


def _verdict(one: Fitted, most: int, low: float, high: float) -> str:
    if one.cells["called_batch"].nunique() < 2:
        return f"not testable: every call had a batch of {most}"
    if not len(one.draws):
        return f"not testable: {TOO_FEW}"
    if high <= most:
        return f"reached within batch {most}"
    if low > most:
        return f"not reached within batch {most}"
    return f"undetermined: the interval holds batch {most}"
