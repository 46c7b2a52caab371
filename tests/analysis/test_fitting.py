"""The whole analysis: all tables are written, whatever a study holds."""

import pandas as pd
import pytest
from grids import grid, visits_of

from tfscale.analysis.fit import PARTS, fit
from tfscale.analysis.material import Plan, gather
from tfscale.errors import StudyError
from tfscale.files.parquet import write_parquet
from tfscale.report.tables import findings_by_topic
from tfscale.study.outputs import TABLES

PREDICT = {"model": ["mnist"], "layers": [4, 12], "batch_size": [8], "conv_size": [3],
           "input_size": [28]}  # fmt: skip
PLAN = Plan(0.95, 20, ["C1", "C2"], PREDICT, 10.0, 1)


def work(cell: dict) -> float:
    """Seconds a pass: overhead a call, and work that grows with layers and convolution size."""
    return 2000 / cell["batch_size"] * 2e-4 + cell["layers"] ** 2 * cell["conv_size"] * 1e-3


def a_study(rounds=2, **axes) -> tuple[pd.DataFrame, pd.DataFrame]:
    cells = grid(work, **axes)
    cells = cells.assign(
        host=cells["machine"], visits=6, clean_visits=6, half_width=0.02,
        latency_low_s=cells["latency_s"] * 0.98, latency_high_s=cells["latency_s"] * 1.02,
        throughput_per_s=cells["batch_size"] / cells["latency_s"],
    )  # fmt: skip
    return cells, visits_of(cells, rounds=rounds)


def fitted(folder, cells, visits, imports=(), plan=PLAN) -> pd.DataFrame:
    roofs = pd.DataFrame([{"host": "h", "threads": 1, "peak_gflop_per_s": 100.0,
                           "peak_gbyte_per_s": 10.0}])  # fmt: skip
    for name, table in {"cells": cells, "visits": visits, "roofs": roofs}.items():
        write_parquet(folder / f"{name}.parquet", table)
    told: list[str] = []
    paths = [str(folder / f"{name}.parquet") for name in ("cells", "visits", "roofs")]
    sentences = fit(*paths, list(imports), 0.9375, plan, str(folder), told.append)
    assert len([line for line in told if line.startswith("fit ")]) == len(PARTS)
    unsealed = [entry["path"] for entry in imports if "sha256" not in entry]
    assert [line.split()[1] for line in told if "carries no seal" in line] == unsealed
    return sentences


STUDIES = {
    "two models": lambda: [pd.concat(parts, ignore_index=True) for parts in zip(
        a_study(), a_study(model="text"), strict=True)],
    "one round": lambda: a_study(rounds=1),
    "two levels": lambda: a_study(layers=(4, 6), batches=(1, 4), convs=(3,)),
    "one factor": lambda: a_study(batches=(1,), convs=(3,)),
    "one cell": lambda: a_study(layers=(4,), batches=(1,), convs=(3,)),
    "text alone": lambda: a_study(model="text", layers=(4, 6)),
}  # fmt: skip


@pytest.mark.parametrize("make", STUDIES.values(), ids=STUDIES)
def test_every_study_has_every_table_and_words(tmp_path, make):
    cells, visits = make()
    sentences = fitted(tmp_path, cells, visits)
    for name in TABLES:
        assert len(pd.read_parquet(tmp_path / f"{name}.parquet").columns), name
        assert (tmp_path / f"{name}.csv").read_text().strip(), name
    assert not sentences["sentence"].str.contains(r"\bnan\b|\binf\b").any()
    assert (tmp_path / "findings.txt").read_text().splitlines() == sentences["sentence"].tolist()


def test_nothing_needs_to_be_predicted_or_kept(tmp_path):
    plan = Plan(0.95, 20, [], None, None, 1)
    fitted(tmp_path, *a_study(), plan=plan)
    assert pd.read_parquet(tmp_path / "predictions.parquet").empty
    assert pd.read_parquet(tmp_path / "budget.parquet").empty


def test_a_batch_sweep_with_a_jump_is_found(tmp_path):
    batches = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    cells, visits = a_study(layers=(4,), convs=(3,), batches=batches)
    slow = cells["batch_size"] >= 64
    cells.loc[slow, ["latency_s", "pass_mean_s", "latency_low_s", "latency_high_s"]] *= 2
    visits.loc[visits["cell"].isin(cells["cell"][slow]), "p50_s"] *= 2
    fitted(tmp_path, cells, visits)
    (found,) = pd.read_parquet(tmp_path / "thresholds.parquet").to_dict("records")
    assert found["verdict"] == "threshold"
    assert 32 <= found["place_low"] <= found["place_high"] <= 64
    assert "threshold" in findings_by_topic(str(tmp_path / "findings.parquet"))["Thresholds"][0]


def an_import(path, name="acer"):
    table = grid(work).rename(
        columns={"layers": "Layers", "batch_size": "BatchSize", "conv_size": "ConvSize"}
    )
    table["MeanTime"], table["TotalTime"] = table["pass_mean_s"], 10 * table["pass_mean_s"]
    table[["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]].to_csv(path, index=False)
    return {"path": str(path), "name": name, "model": "mnist"}


def test_an_imported_table_stands_beside_the_study(tmp_path):
    cells, visits = a_study()
    fitted(tmp_path, cells, visits, [an_import(tmp_path / "acer.csv")])
    for name in ("laws", "work_model", "claims", "run_order", "held_out"):
        assert set(pd.read_parquet(tmp_path / f"{name}.parquet")["machine"]) == {"h", "acer"}, name
    machines = pd.read_parquet(tmp_path / "machines.parquet")
    assert set(machines["machine"]) | set(machines["base"]) == {"h", "acer"}
    claims = pd.read_parquet(tmp_path / "claims.parquet").set_index(["test", "machine"])
    assert claims.loc[("C4 batch_size", "acer"), "verdict"] == "not testable"
    assert claims.loc[("C4 batch_size", "h"), "verdict"] == "rejected"


@pytest.mark.parametrize("names", [("h",), ("acer", "acer")])
def test_a_name_stands_for_one_machine(tmp_path, names):
    cells, visits = a_study()
    imports = [an_import(tmp_path / f"{number}.csv", name) for number, name in enumerate(names)]
    with pytest.raises(StudyError, match=f"imports: {names[-1]} already is the name of a machine"):
        fitted(tmp_path, cells, visits, imports)


def test_both_fits_are_shown_where_there_are_outliers():
    cells, visits = a_study()
    cells.loc[5, ["latency_s", "pass_mean_s"]] *= 8
    roofs = pd.DataFrame(columns=["host", "threads", "peak_gflop_per_s", "peak_gbyte_per_s"])
    own = gather(cells, visits, roofs, [], 0.9375, PLAN)
    assert own.outliers["cell"].tolist() == [cells["cell"][5]]
    assert own.both.groupby("machine").size().to_dict() == {"h": 48, "h without outliers": 47}
    assert set(own.both_visits["machine"]) == {"h", "h without outliers"}
    assert set(own.cells["machine"]) == set(own.visits["machine"]) == {"h"}
