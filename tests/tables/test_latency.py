"""The columns of a cell from its visits."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfscale.axes import defaults
from tfscale.tables.latency import MEMORY, SIDES, bound_rank, latencies, pooled, upper_bound

AXES = defaults() | {"model": "mnist", "layers": 4, "conv_size": 3, "input_size": 28}


def visits(medians_s, disturbed=(), calls=20, cell="a"):
    rng = np.random.default_rng(0)
    rows = [
        {
            "cell": cell, "machine": "m", "host": "h", "sentinel": False,
            "p50_s": median, "p05_s": median * 0.9, "batch_size": 4, "round": 1 + n % 2,
            "disturbed": n in disturbed, "settled": True, "visit_s": 1.0, "calls": calls,
            "stop_reason": f"reason {1 + n % 2}", "left_because": None,
            "calibration_before_s": 0.02, "calibration_after_s": 0.02,
            "timed_ns": (rng.lognormal(0, 0.1, calls) * median * 1e9).astype(int),
        }
        | AXES
        | dict.fromkeys([*SIDES, *MEMORY], 1.0)
        for n, median in enumerate(medians_s)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def found(table, folder, coverage=0.9375):
    """The rows of `latencies`, whose raw durations are read from a file: a first call, a warm-up,
    the timed calls."""
    raw = {
        "phase": [["first", "warmup", *["timed"] * len(each)] for each in table["timed_ns"]],
        "durations_ns": [[10**12, 10**12, *each.tolist()] for each in table["timed_ns"]],
    }
    pq.write_table(pa.table(raw), folder / "runs.parquet", row_group_size=2)
    rows = latencies(table.drop(columns="timed_ns"), str(folder / "runs.parquet"), coverage)
    return rows.to_dict("records")


def test_what_the_clock_does_to_all_work_alike_is_taken_out_beside_the_latency(tmp_path):
    """Twelve visits of 1 ms whose CPU has 1 to 1.1 times its undisturbed time."""
    slower = np.tile([1.0, 1.0, 1.0, 1.1, 1.05, 1.02], 2)
    table = visits(0.001 * slower)
    for when in ("before", "after"):
        table[f"calibration_{when}_s"] = 0.02 * slower
    (row,) = found(table, tmp_path)
    assert row["latency_s"] == pytest.approx(0.00101)
    assert row["latency_at_reference_s"] == pytest.approx(0.001)
    assert row["reference_s"] == pytest.approx(0.02)
    assert row["half_width"] > 0.02 and row["half_width_at_reference"] == pytest.approx(0)


def test_disturbed_visits_are_left_out_and_counted(tmp_path):
    (row,) = found(visits([1, 2, 3, 4, 5, 90], disturbed=[5]), tmp_path)
    assert (row["latency_s"], row["latency_low_s"], row["latency_high_s"]) == (3, 1, 5)
    assert (row["visits"], row["clean_visits"], row["calls"]) == (6, 5, 100)
    assert row["coverage"] == 0.9375
    assert row["stop_reason"] == "reason 2"
    assert row["p99_s"] < 8


def test_a_cell_that_a_further_round_left_says_why(tmp_path):
    table = pd.concat([visits([1, 2]), visits([1, 2], cell="b")], ignore_index=True)
    table.loc[table["cell"] == "b", "left_because"] = "cap reached before"
    table["left_because"] = table["left_because"].astype("category")
    assert [row["stop_reason"] for row in found(table, tmp_path)] == ["reason 2", "cap reached"]


def test_only_disturbed_visits_are_used_and_said(tmp_path):
    (row,) = found(visits([1, 2, 3], disturbed=[0, 1, 2]), tmp_path)
    assert (row["latency_s"], row["clean_visits"]) == (2, 0)
    assert np.isnan(row["coverage"])


def test_throughput_is_examples_over_timed_seconds(tmp_path):
    table = visits([1e-3, 2e-3])
    total_s = sum(durations.sum() for durations in table["timed_ns"]) / 1e9
    (row,) = found(table, tmp_path)
    assert row["throughput_per_s"] == pytest.approx(4 * 40 / total_s)


def test_cells_keep_their_order_and_their_calls_wherever_their_rows_are(tmp_path):
    b, a = visits([3, 4, 5], cell="b"), visits([1, 2, 9], disturbed=[2], cell="a")
    sentinel = visits([700], cell="b").assign(sentinel=True)
    mixed = pd.concat([b[:1], sentinel, a[:2], b[1:], a[2:]], ignore_index=True)
    rows = found(mixed, tmp_path)
    assert [row["cell"] for row in rows] == ["b", "a"]
    assert [row["latency_s"] for row in rows] == [4, 1.5]
    for row, used in zip(rows, (b, a[:2]), strict=True):
        together_s = np.concatenate(used["timed_ns"].tolist()) / 1e9
        assert row["calls"] == len(together_s)
        assert row["p90_s"] == pytest.approx(np.quantile(together_s, 0.9))


def test_a_group_comes_as_soon_as_its_last_row_is_read(tmp_path):
    rows = {"phase": [["timed"]] * 4, "durations_ns": [[4], [3], [2], [1]]}
    pq.write_table(pa.table(rows), tmp_path / "runs.parquet")
    came = pooled(str(tmp_path / "runs.parquet"), np.array([1, 0, -1, 1]))
    assert [(number, values.tolist()) for number, values in came] == [(0, [3]), (1, [1, 4])]


@pytest.mark.parametrize(("level", "fewest"), [(0.9, 64), (0.99, 662)])
def test_the_bound_of_a_tail_needs_enough_calls(level, fewest):
    values = np.arange(1.0, fewest + 1)
    too_few, enough = bound_rank(np.array([fewest - 1, fewest]), level)
    assert np.isnan(upper_bound(values[:-1], too_few))
    assert upper_bound(values, enough) == fewest - 1


def test_the_bound_holds_for_independent_calls():
    rng = np.random.default_rng(1)
    samples = np.sort(rng.exponential(size=(2000, 200)), axis=1)
    rank = int(bound_rank(np.array(200), 0.9))
    above = [upper_bound(sample, rank) >= np.log(10) for sample in samples]
    assert np.mean(above) >= 0.985
