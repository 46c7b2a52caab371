"""The cloud profiles plan the tiny study with the plugins' own options: `make test-cloud`.

Nothing is submitted. A folder stands for the cloud's storage, which a plan would ask otherwise.
"""

import subprocess

import pytest
from snakemake_project import Project, clone

WHOLE = {
    "encode": 2, "calibrate": 1, "floor": 1, "train": 3, "measure": 8, "merge": 1, "fit": 1,
    "plot": 2, "report": 1, "all": 1,
}  # fmt: skip


@pytest.fixture
def project(tmp_path) -> Project:
    root = tmp_path / "study"
    root.mkdir()
    project = clone(root)
    for command in (["init", "-q"], ["add", "."]):  # what git knows is what the jobs get
        subprocess.run(["git", *command], cwd=root, check=True)
    return project


@pytest.mark.parametrize("profile", ["kubernetes", "aws-batch"])
def test_a_cloud_profile_plans_the_whole_study(project, tmp_path, profile):
    storage = ("--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path / "s"))
    profile = ("--workflow-profile", f"profiles/{profile}")
    assert project.plan(*profile, *storage) == WHOLE


def test_an_option_that_the_plugin_does_not_have_is_refused(project):
    done = project.call(
        "-n", "--workflow-profile", "profiles/kubernetes", "--kubernetes-colour", "1"
    )
    assert done.returncode != 0
