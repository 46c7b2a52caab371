"""What two machines have in common: the cells or architectures that both measured."""

import numpy as np
import pandas as pd

from tfscale.axes import AXES

PLAIN = [axis for axis in AXES if axis != "batch_size"]


def common(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The cells of both, one row each, and whether one side was interpolated.

    Cells match by their axes, with the batch size that a call really had (`called_batch`): axes,
    called_batch, work_flop, log_first and log_second (mean ln time). Where no cells match
    and every call of one table had the same batch, the other table's architectures are
    interpolated there: linearly in ln time and ln batch, between their own batches only.
    """
    axes = [axis for axis in PLAIN if axis in first and axis in second]
    keys = [*axes, "called_batch"]
    sides = [table.groupby(keys, as_index=False)[["log_s", "work_flop"]].mean()
             for table in (first, second)]  # fmt: skip
    both = _joined(sides, keys)
    if len(both):
        return both, False
    for number, other in ((0, 1), (1, 0)):
        batches = sides[number]["called_batch"].unique()
        if len(batches) == 1:
            sides[other] = _at(sides[other], axes, batches[0])
            return _joined(sides, keys), True
    return both, False


def _joined(sides: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    both = sides[0].merge(sides[1], on=keys, suffixes=("_first", "_second"))
    names = {
        "log_s_first": "log_first",
        "log_s_second": "log_second",
        "work_flop_first": "work_flop",
    }
    both = both.rename(columns=names).drop(columns="work_flop_second")
    return both.assign(batch_size=both["called_batch"])


def _at(table: pd.DataFrame, axes: list[str], batch: int) -> pd.DataFrame:
    """The architectures whose batches lie on both sides of one, interpolated there."""
    rows = []
    for keys, group in table.groupby(axes):
        group = group.sort_values("called_batch")
        called = group["called_batch"].astype(float)
        if called.iloc[0] <= batch <= called.iloc[-1]:
            log_s = np.interp(np.log(batch), np.log(called), group["log_s"])
            work = group["work_flop"].iloc[0] / called.iloc[0] * batch
            rows.append([*keys, batch, log_s, work])
    return pd.DataFrame(rows, columns=[*axes, "called_batch", "log_s", "work_flop"])
