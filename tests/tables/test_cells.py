"""The table of cells from the rows of visits."""

import pandas as pd

from tfscale.axes import defaults
from tfscale.study.work import work_columns
from tfscale.tables.latency import cells_of


def test_the_flop_of_a_large_network_do_not_overflow_the_tables_integers():
    axes = defaults() | {
        "model": "text",
        "layers": 8,
        "batch_size": 1,
        "conv_size": 5,
        "input_size": 56,
    }
    narrow = pd.DataFrame([axes, axes]).astype(
        {name: "int32" for name, value in axes.items() if type(value) is int}
    )
    assert cells_of(narrow) == [axes, axes]
    work = work_columns(cells_of(narrow)[0], 100)
    assert work == work_columns(axes, 100)
    assert work["flop_per_example"] > 2**31
