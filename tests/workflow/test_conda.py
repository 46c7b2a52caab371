"""By conda, and without what jobs need: said before anything runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import UV


@pytest.mark.long
@pytest.mark.skipif(
    shutil.which("conda") is None,
    reason="no conda on this machine: a stand-in is called, but the environments are not made",
)
def test_environments_can_be_created(fresh):
    printed = fresh.run("--use-conda", "--conda-create-envs-only")
    assert "tensorflow.yaml" in printed and "analysis.yaml" in printed


@pytest.mark.long
def test_a_study_by_conda_names_it_and_its_console_says_nothing_of_activating(project, conda):
    project.append("workflow/report/report.html.j2", "<!-- more -->")
    said = project.run("--use-conda").split("\ntfscale\n", 1)[1]
    assert re.search(r"  software Python 3\.\d+, TensorFlow 2\.\S+ \(conda\)", said)
    assert "Done: 2 jobs" in said and "Activating" not in said
    log = max((project.root / ".snakemake/log").iterdir())
    assert log.read_text().count("Activating conda environment: ") == 2, "what the console heard"


def test_conda_that_is_not_there_is_told_in_one_line(fresh, monkeypatch):
    folders = os.environ["PATH"].split(os.pathsep)
    without = [folder for folder in folders if not Path(folder, "conda").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(without))
    profile = "--workflow-profile profiles/demo"
    done = fresh.call(*profile.split(), "--use-conda")
    assert done.returncode == 1
    *before, line = done.stdout.splitlines()
    assert line.startswith("--use-conda needs the command conda")
    assert f"`.venv/bin/snakemake {profile}`" in line
    assert not any("Building DAG" in line or "Traceback" in line for line in before)
    fresh.run("--list", "--use-conda")


@pytest.mark.long
def test_snakemake_alone_says_what_it_lacks(fresh, finished, tmp_path):
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "alone")}
    sync = [UV, "sync", "--frozen", "--only-group", "snakemake", "--python", sys.executable]
    subprocess.run(sync, cwd=fresh.root, env=environment, check=True)

    def call(*arguments: str, project=fresh) -> subprocess.CompletedProcess:
        return subprocess.run(
            [tmp_path / "alone/bin/snakemake", *arguments],
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    refused = call()
    assert refused.returncode == 1
    line = refused.stdout.splitlines()[-1]
    for word in ("tensorflow", "numpy", "`snakemake --use-conda`", "`.venv/bin/snakemake`"):
        assert word in line
    assert not any(fresh.root.glob("results/*/*"))
    for option in ("-n", "--list", "--unlock"):
        assert call(option).returncode == 0
    assert "Nothing to be done" in call(project=finished.copy_to(tmp_path / "copy")).stdout
