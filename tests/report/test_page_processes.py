"""The processes that the report's page shows."""

import pandas as pd
import pytest

from tfscale.report.explorer import histograms, process_rows
from tfscale.tables.latency import read_processes


@pytest.fixture
def runs(tmp_path):
    names = ["cell", "round", "disturbed", "disturbed_reason", "settled", "phase", "durations_ns"]
    rows = [
        ("a", 1, False, "", True, ["first", "timed", "timed"], [9000, 1000, 2000]),
        ("a", 2, True, "steal 3 %", None, ["timed"], [50_000]),
        ("b", 1, True, "steal 3 %", False, ["warmup", "timed"], [1, 3000]),
    ]
    times = dict.fromkeys(("latency_s", "p50_s", "p90_s", "p99_s"), 1e-06)
    table = pd.DataFrame(rows, columns=names).assign(
        machine="h", process=1, environment_record="{}"
    )
    table.assign(**times).to_parquet(tmp_path / "runs.parquet")
    return str(tmp_path / "runs.parquet")


def test_processes_come_with_their_signs(runs):
    cells = pd.DataFrame({"machine": "h", "cell": ["b", "a"]})
    shown = process_rows(cells, read_processes(runs))
    of_b, of_a = shown["rows"]
    assert [row[:4] for row in of_a] == [[1, 1, 0, 0], [2, 1, 1, 0]]
    assert of_b[0][:4] == [1, 1, 1, 1]
    assert shown["reasons"][of_b[0][4]] == "steal 3 %" and of_b[0][5:] == [1.0] * 4


def test_histograms_are_of_the_timed_calls_of_all_processes(runs):
    cells = pd.DataFrame({"machine": "h", "cell": ["a", "b", "c"]})
    of_a, of_b, of_c = histograms(cells, read_processes(runs), runs)
    assert sum(of_a[2]) == 3 and of_a[0] == pytest.approx(1, rel=0.05)
    assert sum(of_b[2]) == 1 and of_b[0] == pytest.approx(3, rel=0.01)
    assert of_c is None
