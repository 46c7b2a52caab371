"""The whole analysis: all tables are written, whatever a study holds."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from made_study import NOTHING_ASKED, PLAN, a_study, fitted, grid, work, write_import, write_study
from paper_families import PAPER_FAMILIES
from paper_work import works
from run_files import a_run

from tfscale.analysis.answers import ANSWER, DETAIL, TRUST
from tfscale.analysis.fit import PARTS
from tfscale.analysis.material import Tables, gather
from tfscale.errors import StudyError
from tfscale.study.outputs import TABLES
from tfscale.tables.merge import merge_runs


def an_import(path, name="acer") -> dict:
    return write_import(path, grid(work), name)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A fitted study of both models, with an imported table beside it."""
    folder = tmp_path_factory.mktemp("fitted")
    parts = a_study(), a_study(model="text", layers=(4, 6), batch_size=(1, 16))
    study = [pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)]
    lines: list[str] = []
    fitted(folder, study, [an_import(folder / "acer.csv")], progress=lines.append)
    return folder, lines


def table(folder, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"fits/{name}.parquet")


def complete(folder) -> None:
    """Every table is there, and no sentence says that a number is none."""
    for name in TABLES:
        assert len(table(folder, name).columns), name
        assert (folder / f"fits/{name}.csv").read_text().strip(), name
    told = table(folder, "findings")
    sentences = told["sentence"]
    assert not sentences.str.contains(r"\bnan\b|\binf\b").any()
    first, rest = (folder / "fits/findings.txt").read_text().split("\n\n")
    answer = told[told["topic"] == ANSWER]
    names = [f"{row.model}: {row.sentence}" for row in answer.itertuples()]
    trust = told.loc[told["topic"] == TRUST, "sentence"].tolist()
    assert first.splitlines() == names + trust and len(trust) == 1
    assert rest.splitlines() == sentences[told["topic"] == DETAIL].tolist()
    assert all(len(line.split()) <= 25 for line in first.splitlines()), first
    assert not re.search("undetermined|not testable|elasticity|Akaike", first)


def test_every_part_is_told_and_an_import_without_a_seal(whole):
    folder, lines = whole
    complete(folder)
    assert len([line for line in lines if line.startswith("fit ")]) == len(PARTS)
    unsealed = [line.split()[1] for line in lines if "carries no seal" in line]
    assert unsealed == [str(folder / "acer.csv")]


STUDIES = {
    "one round": {"rounds": 1, "batch_size": (1, 16), "conv_size": (3, 5)},
    "two levels": {"layers": (4, 6), "batch_size": (1, 4), "conv_size": (3,)},
    "one factor": {"batch_size": (1,), "conv_size": (3,)},
    "one cell": {"layers": (4,), "batch_size": (1,), "conv_size": (3,)},
}


@pytest.mark.parametrize("axes", STUDIES.values(), ids=STUDIES)
def test_every_study_has_every_table_and_words(tmp_path, axes):
    fitted(tmp_path, a_study(**axes), plan=NOTHING_ASKED)
    complete(tmp_path)
    assert table(tmp_path, "predictions").empty
    assert table(tmp_path, "budget").empty


def test_a_batch_sweep_with_a_jump_is_found(tmp_path):
    cells, processes = a_study(layers=(4,), conv_size=(3,), batch_size=[2**n for n in range(9)])
    slow = cells["batch_size"] >= 64
    cells.loc[slow, ["latency_s", "pass_mean_s", "latency_low_s", "latency_high_s"]] *= 2
    processes.loc[processes["cell"].isin(cells["cell"][slow]), "latency_s"] *= 2
    fitted(tmp_path, (cells, processes))
    (found,) = table(tmp_path, "thresholds").to_dict("records")
    assert found["verdict"] == "threshold"
    assert 32 <= found["place_low"] <= found["place_high"] <= 64
    told = table(tmp_path, "findings")
    assert "threshold" in told.loc[told["evidence"] == "thresholds", "sentence"].iloc[0]


def test_an_imported_table_stands_beside_the_study(whole):
    for name in ("laws", "work_model", "claims", "run_order", "held_out"):
        assert set(table(whole[0], name)["machine"]) == {"h", "acer"}, name
    machines = table(whole[0], "machines")
    assert set(machines["machine"]) | set(machines["base"]) == {"h", "acer"}
    claims = table(whole[0], "claims").set_index(["test", "machine"])
    assert claims.loc[("C4 batch_size", "acer"), "verdict"] == "not testable"
    assert claims.loc[("C4 batch_size", "h"), "verdict"] == "rejected"


def test_the_runs_of_another_study_are_imported_and_fitted(tmp_path):
    """The file that merging writes, with its processes: their rounds give intervals too."""
    cells, processes = a_study(layers=(4, 6, 8), batch_size=(1, 16), conv_size=(3, 5))
    rng = np.random.default_rng(0)
    axes = ["layers", "batch_size", "conv_size"]
    paths = [
        a_run(
            tmp_path / "other",
            number=number,
            started=60 * number + 7 * number * place % 12,
            calls_ns=(2e9 * cell["latency_s"] * rng.lognormal(0, 0.01, 9)).astype(int).tolist(),
            **{axis: cell[axis] for axis in axes},
        )
        for number in range(1, 6)
        for place, cell in enumerate(cells.to_dict("records"))
    ]
    target = str(tmp_path / "runs_of_another.parquet")
    notes = {"tfscale_families": PAPER_FAMILIES, "tfscale_work": works(["mnist"])}
    merge_runs(paths, target, notes={name: json.dumps(value) for name, value in notes.items()})
    fitted(tmp_path, (cells, processes), [{"path": target, "name": "slow"}])
    complete(tmp_path)
    machines = table(tmp_path, "machines").set_index("quantity")
    assert machines.loc["time", "ratio"] == pytest.approx(2, rel=0.1)
    laws = table(tmp_path, "laws")
    assert set(laws.loc[laws["machine"] == "slow", "lack_of_fit_error"]) == {"processes"}
    assert set(table(tmp_path, "drift")["machine"]) == {"h", "slow"}


def test_cells_are_compared_round_by_round(tmp_path):
    """A machine that takes another state in every round: between cells its states cancel."""
    cells, processes = a_study()
    states = np.array([0.0, 0.3, -0.2, 0.5, 0.1])[processes["round"] - 1]
    moved = processes.assign(latency_s=processes["latency_s"] * np.exp(states))
    roofs = pd.read_parquet(write_study(tmp_path, cells, moved)[2])
    still, shaken = (gather(Tables(cells, own), [], roofs, PLAN, {}) for own in (processes, moved))
    both = [own.levelled.groupby("cell")["latency_s"].agg(np.ptp) for own in (still, shaken)]
    assert both[1].median() == pytest.approx(both[0].median(), rel=0.3)
    assert shaken.runs["pass_mean_s"].sum() > still.runs["pass_mean_s"].sum()
    assert len(shaken.runs) == len(cells) * 5


@pytest.mark.parametrize("names", [("h",), ("acer", "acer")])
def test_a_name_stands_for_one_machine(tmp_path, names):
    imports = [an_import(tmp_path / f"{number}.csv", name) for number, name in enumerate(names)]
    with pytest.raises(StudyError, match=f"imports: {names[-1]} already is the name of a machine"):
        fitted(tmp_path, a_study(layers=(4,)), imports)


def test_outliers_are_named_and_stay_in_the_fits(tmp_path):
    cells, processes = a_study()
    cells.loc[5, ["latency_s", "pass_mean_s"]] *= 8
    roofs = pd.read_parquet(write_study(tmp_path, cells, processes)[2])
    own = gather(Tables(cells, processes), [], roofs, PLAN, {})
    assert own.outliers["cell"].tolist() == [cells["cell"][5]]
    assert len(own.cells) == len(own.own) == len(cells)
