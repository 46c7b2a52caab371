"""The visits that the report's page shows."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfscale.report.explorer import histograms, visit_rows


def runs(tmp_path):
    rows = [  # cell, round, visit, sentinel, disturbed, reason, settled, phase, ns
        ("a", 1, 1, False, False, "", True, ["first", "timed", "timed"], [9000, 1000, 2000]),
        ("a", 1, 2, False, True, "steal 3 %", None, ["timed"], [50_000]),
        ("a", 1, 1, True, False, "", True, ["timed"], [70_000]),
        ("b", 1, 1, False, True, "steal 3 %", False, ["warmup", "timed"], [1, 3000]),
    ]
    names = ["cell", "round", "visit", "sentinel", "disturbed", "disturbed_reason", "settled",
             "phase", "durations_ns"]  # fmt: skip
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
    table = table.append_column("machine", pa.array(["h"] * len(rows)))
    pq.write_table(table, tmp_path / "runs.parquet")
    visits = table.drop_columns(["phase", "durations_ns"]).to_pandas()
    quantiles = dict.fromkeys(("p05_s", "p50_s", "p90_s", "p99_s"), 1e-06)
    return visits.assign(**quantiles), str(tmp_path / "runs.parquet")


def test_visits_come_with_their_signs_and_without_sentinels(tmp_path):
    visits, _ = runs(tmp_path)
    cells = pd.DataFrame({"machine": "h", "cell": ["b", "a"]})
    told = visit_rows(cells, visits)
    of_b, of_a = told["rows"]
    assert [row[:4] for row in of_a] == [[1, 1, 1, 0], [1, 2, 0, 0]]
    assert of_b[0][:4] == [1, 1, 0, 1]
    assert told["reasons"][of_b[0][4]] == "steal 3 %" and of_b[0][5:] == [1.0] * 4


def test_histograms_are_of_timed_calls_of_clean_visits(tmp_path):
    _, path = runs(tmp_path)
    cells = pd.DataFrame({"machine": "h", "cell": ["a", "b", "c"]})
    of_a, of_b, of_c = histograms(cells, path)
    assert sum(of_a[2]) == 2 and 1 <= of_a[0] < of_a[1] <= 2
    assert sum(of_b[2]) == 1 and of_b[0] == pytest.approx(3, rel=0.01)  # no clean visit: all
    assert of_c is None
