"""The torture sees harm when there is some, and its table counts it."""

import json
from base64 import urlsafe_b64encode
from random import Random

import pytest
from torture import __main__ as driver
from torture.kills import lose
from torture.outcome import Outcome, markdown, row, total
from torture.whole import files, half_made, incomplete

from tfscale.files.whole import PLACEHOLDER, seal
from tfscale.models.saved import digest

RUN = "results/runs/cell/round1.parquet"
FACTS = "results/models/m/facts.json"


@pytest.fixture
def study(tmp_path):
    """A folder with a sealed run, a model and its facts."""
    run = tmp_path / RUN
    run.parent.mkdir(parents=True)
    run.write_bytes(b"processes " + PLACEHOLDER + b" end")
    seal(run)
    model = tmp_path / "results/models/m/saved_model"
    model.mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"weights")
    (tmp_path / FACTS).write_text(json.dumps({"saved_model_sha256": digest(model)}))
    (tmp_path / "results/logs").mkdir()
    (tmp_path / "results/logs/a.log").write_text("")
    return tmp_path


def mark(root, name: str) -> None:
    """What Snakemake does when a job begins."""
    path = root / ".snakemake/incomplete" / urlsafe_b64encode(name.encode()).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def test_a_whole_study_is_whole(study):
    assert half_made(study) == []
    assert files(study) == [FACTS, "results/models/m/saved_model/saved_model.pb", RUN]


def test_what_is_half_made_is_seen_unless_snakemake_knows_it(study):
    (study / RUN).write_bytes((study / RUN).read_bytes()[:-1])
    (study / "results/report.html").write_text("<html>")
    (study / "results/machine.json").write_text("{")
    (study / "results/models/m/saved_model/saved_model.pb").write_bytes(b"other")
    harm = {line.removeprefix("half made: ") for line in half_made(study)}
    assert harm == {RUN, FACTS, "results/report.html", "results/machine.json"}
    mark(study, RUN)
    mark(study, FACTS)
    assert incomplete(study) == {RUN, FACTS}
    harm -= {RUN, FACTS}
    assert {line.removeprefix("half made: ") for line in half_made(study)} == harm


def test_a_power_cut_harms_what_is_unfinished_and_nothing_else(study):
    before = (study / RUN).read_bytes()
    mark(study, FACTS)
    part = study / "results/runs/cell/.round2.parquet.1.part"
    spoilt = set()
    for seed in range(20):
        part.write_bytes(b"half")
        (study / FACTS).write_text("{}")
        assert lose(study, Random(seed)) == 2
        spoilt.add((study / FACTS).read_bytes() if (study / FACTS).exists() else None)
    assert {b"", None} <= spoilt and len(spoilt) > 2
    assert (study / RUN).read_bytes() == before


def test_the_table_counts_what_is_lost():
    outcomes = [Outcome("a"), Outcome("b", ("gone",))]
    rows = [row("kills", outcomes, 61.7), row("failing", [], 0)]
    assert rows == [("kills", 2, 1, 1, 62), ("failing", 0, 0, 0, 0)]
    assert total(rows) == ("all", 2, 1, 1, 62)
    assert markdown(rows).splitlines()[2] == "| kills | 2 | 1 | 1 | 62 |"
    assert outcomes[1].line.startswith("LOST") and outcomes[1].line.endswith("gone")


def test_every_suite_is_there_and_a_misspelt_one_is_named(capsys):
    for name in driver.SUITES:
        module = driver.import_module(f"torture.{name}")
        assert module.TITLE and module.faults
    with pytest.raises(SystemExit):
        driver.parse(["kils"])
    assert "no such suite: kils" in capsys.readouterr().err
