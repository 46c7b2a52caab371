"""Machine against machine on tables whose rates and overheads are known."""

import numpy as np
import pandas as pd
import pytest
from made_study import grid, nominal

from tfscale.analysis.machines import common, compare_machines, machine_words


def machine(name: str, overhead_s: float, flop_per_s: float, seed: int, **how) -> pd.DataFrame:
    cells = grid(machine=name, noise=0, **how)
    work = cells["called_batch"] * cells["flop_per_example"]
    off = np.exp(np.random.default_rng(seed).normal(0, 0.02, len(cells)))
    return cells.assign(latency_s=(overhead_s + work / flop_per_s) * off)


def compared(*tables: pd.DataFrame) -> pd.DataFrame:
    return compare_machines(pd.concat(tables, ignore_index=True), 0.95)


def test_rates_and_overheads_are_compared_not_one_speed_up():
    table = compared(machine("a", 1e-3, 1e10, 0), machine("b", 3e-3, 5e9, 1))
    by = table.set_index("quantity")
    assert by.loc["overhead_s", "ratio_low"] < 3 < by.loc["overhead_s", "ratio_high"]
    assert by.loc["flop_per_s", "ratio_low"] < 0.5 < by.loc["flop_per_s", "ratio_high"]
    assert by.loc["flop_per_s", "of_base"] == pytest.approx(1e10, rel=0.05)
    assert by.loc["overhead_s", "of_machine"] == pytest.approx(3e-3, rel=0.05)
    assert by.loc["constant", "verdict"] == "rejected"
    (sentence,) = machine_words(table)
    assert sentence.startswith("mnist, b against a on 48 common cells: overhead a call 3")
    assert "the ratio is not constant" in sentence


def test_a_constant_ratio_may_be_constant():
    table = compared(machine("a", 1e-3, 1e10, 0), machine("b", 2e-3, 5e9, 1))
    assert table.set_index("quantity").loc["constant", "verdict"] == "undetermined"
    assert "may be constant" in machine_words(table)[0]
    assert table.set_index("quantity").loc["time", "verdict"] == "larger"


def test_calls_of_another_batch_are_interpolated_between_measured_ones():
    own = machine("a", 1e-3, 1e10, 0)
    other = nominal(machine("b", 2e-3, 5e9, 1))
    work = 32 * other["flop_per_example"]
    other = other.assign(latency_s=2e-3 + work / 5e9)
    both, interpolated = common(
        *(
            table.assign(log_s=np.log(table["latency_s"]), work_flop=table["flop_per_example"])
            for table in (own, other)
        )
    )
    assert interpolated and len(both) == 12 and set(both["called_batch"]) == {32}
    table = compared(own, other)
    assert table["interpolated"].all() and set(table["cells"]) == {12}
    assert table.set_index("quantity").loc["time", "ratio"] == pytest.approx(2, rel=0.1)
    assert "12 common architectures (interpolated)" in machine_words(table)[0]


def test_nothing_is_extrapolated():
    own = machine("a", 1e-3, 1e10, 0, batch_size=(1, 4))
    table = compared(own, nominal(machine("b", 2e-3, 5e9, 1)))
    assert list(table["verdict"]) == ["not testable: 0 common cells of 0 architectures"]
    assert machine_words(table) == [
        "mnist, b against a: not testable: 0 common cells of 0 architectures."
    ]


def test_one_machine_has_nothing_to_be_compared_with():
    assert compared(machine("a", 1e-3, 1e10, 0)).empty
    assert machine_words(compared(machine("a", 1e-3, 1e10, 0))) == []


def test_equal_tables_and_duplicated_cells_give_a_sound_row():
    first = machine("a", 1e-3, 1e10, 0)
    table = compared(first, first.assign(machine="b"), first.assign(machine="b"))
    by = table.set_index("quantity")
    assert by.loc["time", "ratio"] == pytest.approx(1) and by.loc["time", "cells"] == 48
    assert by.loc["constant", "verdict"] == "undetermined"
    assert by.loc["time", "verdict"] == "undetermined"
