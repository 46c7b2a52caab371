"""The columns of a cell from its processes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfscale.axes import defaults
from tfscale.tables.latency import MEMORY, SIDES, bound_rank, latencies, pooled, upper_bound

AXES = defaults("mnist") | {"model": "mnist", "layers": 4, "conv_size": 3, "input_size": 28}


def processes(latencies_s, disturbed=(), calls=20, cell="a"):
    """Processes of a cell: their fastest block, and calls that take half as long again."""
    rng = np.random.default_rng(0)
    rows = [
        AXES
        | dict.fromkeys([*SIDES, *MEMORY], 1.0)
        | {
            "cell": cell,
            "machine": "m",
            "host": "h",
            "batch_size": 4,
            "round": 1 + n,
            "latency_s": latency_s,
            "p50_s": 1.5 * latency_s,
            "disturbed": n in disturbed,
            "settled": True,
            "process_s": 1.0,
            "calls": calls,
            "timed_ns": (rng.lognormal(0.4, 0.1, calls) * latency_s * 1e9).astype(int),
        }
        for n, latency_s in enumerate(latencies_s)
    ]
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


def test_all_processes_count_and_the_disturbed_ones_are_counted(tmp_path):
    (row,) = found(processes([1, 2, 3, 4, 90], disturbed=[4]), tmp_path)
    assert (row["latency_s"], row["latency_low_s"], row["latency_high_s"]) == (3, 1, 90)
    assert (row["processes"], row["disturbed_processes"], row["rounds"]) == (5, 1, 5)
    assert (row["calls"], row["coverage"], row["processes_total_s"]) == (100, 0.9375, 5)


def test_the_typical_call_stands_beside_the_undisturbed_one(tmp_path):
    (row,) = found(processes([1, 2, 3]), tmp_path)
    assert (row["latency_s"], row["typical_s"], row["noise"]) == (2, 3, 1.5)
    assert np.isnan(row["coverage"]) and np.isnan(row["half_width"])


def test_throughput_is_batch_size_over_latency(tmp_path):
    (row,) = found(processes([1e-3, 2e-3]), tmp_path)
    assert row["throughput_per_s"] == pytest.approx(4 / row["latency_s"])


def test_cells_keep_their_order_and_their_calls_wherever_their_rows_are(tmp_path):
    b, a = processes([3, 4, 5], cell="b"), processes([1, 2, 9], cell="a")
    rows = found(pd.concat([b[:1], a[:2], b[1:], a[2:]], ignore_index=True), tmp_path)
    assert [row["cell"] for row in rows] == ["b", "a"]
    assert [row["latency_s"] for row in rows] == [4, 2]
    for row, own in zip(rows, (b, a), strict=True):
        together_s = np.concatenate(own["timed_ns"].tolist()) / 1e9
        assert row["calls"] == len(together_s)
        assert row["p90_s"] == pytest.approx(np.quantile(together_s, 0.9))


def test_a_group_comes_as_soon_as_its_last_row_is_read(tmp_path):
    rows = {"phase": [["timed"]] * 4, "durations_ns": [[4], [3], [2], [1]]}
    pq.write_table(pa.table(rows), tmp_path / "runs.parquet")
    came = pooled(str(tmp_path / "runs.parquet"), np.array([1, 0, 1, 1]))
    assert [(number, values.tolist()) for number, values in came] == [(0, [3]), (1, [1, 2, 4])]


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
