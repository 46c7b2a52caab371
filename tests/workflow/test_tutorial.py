"""The commands of the docs, planned by the real Snakemake in a fresh clone."""

import re

import pytest
from paths import ROOT


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.fixture
def planned(fresh):
    """A fresh clone with the tutorial's my.yaml in it."""
    study = re.search(r"^```yaml\n(pathvars:.*?)^```", text("tutorial.md"), re.S | re.M)
    assert study is not None
    (fresh.root / "my.yaml").write_text(study[1])
    return fresh


def test_the_tutorials_study_is_planned_in_a_folder_of_its_own(planned):
    jobs = planned.plan("--configfile", "my.yaml")
    assert jobs["measure"] >= 2 * 4 * 7 * 2 and jobs["train"] == 4 * 2
    assert jobs["report"] == jobs["fit"] == 1


def test_the_tutorials_cell_is_planned_alone(planned):
    command = re.search(r"snakemake (results/mine/runs/\S+) --configfile", text("tutorial.md"))
    assert command is not None
    assert planned.plan(command[1], "--configfile", "my.yaml")["measure"] == 1


@pytest.mark.parametrize("profile", ["rigorous", "paper", "demo"])
def test_every_profile_of_the_docs_can_be_planned(fresh, profile):
    jobs = fresh.plan("--workflow-profile", f"profiles/{profile}")
    assert jobs["report"] == 1 and jobs["measure"] > 2


def test_data_can_be_encoded_before_a_cluster_job(fresh):
    files = re.findall(r"resources/encoded/real/\S+\.npz", text("cluster.md"))
    jobs = fresh.plan(*files)
    assert len(files) == jobs["encode"] == 2 and jobs["download"] == 6
