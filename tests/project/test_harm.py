"""What looks for harm in a study sees it when there is some."""

import json
from base64 import urlsafe_b64encode
from random import Random

import pytest
from whole_study import cut_power, files, half_made, incomplete

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
    others = ["results/machine.json", "results/report.html"]
    assert set(half_made(study)) == {RUN, FACTS, *others}
    mark(study, RUN)
    mark(study, FACTS)
    assert incomplete(study) == {RUN, FACTS}
    assert half_made(study) == others


def test_a_power_cut_harms_what_is_unfinished_and_nothing_else(study):
    before = (study / RUN).read_bytes()
    mark(study, FACTS)
    part = study / "results/runs/cell/.round2.parquet.1.part"
    spoilt = set()
    for seed in range(20):
        part.write_bytes(b"half")
        (study / FACTS).write_text("{}")
        assert cut_power(study, Random(seed)) == 2
        spoilt.add((study / FACTS).read_bytes() if (study / FACTS).exists() else None)
    assert {b"", None} <= spoilt and len(spoilt) > 2
    assert (study / RUN).read_bytes() == before
