"""Damage to a finished study: every file of it is looked after, and one command puts it right."""

import os
import shutil
from pathlib import Path

import pytest
from damage import flipped
from snakemake_project import CELLS, Project

from tfscale.files.checksums import check, listed
from tfscale.timing import run_file

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("real_families")]

LISTS = ("results/checksums/*.sha256", "results/models/*/SHA256SUMS")
DATA = ("resources/encoded/*/*.sha256",)
SEALED = ("results/runs/*/*.parquet",)
FOR_PEOPLE = ("results/README.md", "resources/README.md", "results/logs/**/*.log")
CHANGED = "has changed since it was written"


@pytest.fixture(scope="module")
def copy(finished, tmp_path_factory) -> Path:
    """A copy of the finished study, whose files are damaged one after the other."""
    target = tmp_path_factory.mktemp("damaged") / "copy"
    shutil.copytree(finished.root, target, ignore=shutil.ignore_patterns(".snakemake"))
    return target


@pytest.fixture
def here(copy, monkeypatch) -> Path:
    """That copy as the working directory, as jobs have it."""
    monkeypatch.chdir(copy)
    return copy


def found(*patterns: str) -> list[str]:
    """The files here that match, in order."""
    return sorted(str(path) for pattern in patterns for path in Path().glob(pattern))


def test_every_file_of_a_study_is_listed_or_sealed(here):
    lists, sealed = found(*LISTS, *DATA), found(*SEALED)
    known = {path for sums in lists for path in listed(sums)}
    every = {path for path in found("results/**/*", "resources/**/*") if Path(path).is_file()}
    every -= {path for path in every if Path(path).name.startswith(".")}
    assert every - known - {*lists, *sealed} == set(found(*FOR_PEOPLE))
    assert known <= every
    assert len(lists) == 12 and len(sealed) == 3 and len(known) > 150
    for sums in lists:
        check(listed(sums), sums)


def keeping_its_time(path: Path, content: bytes | None) -> None:
    """Spoil a file (None: remove it) so that its time gives nothing away."""
    times = path.stat()
    if content is None:
        path.unlink()
        return
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_one_command_makes_damaged_outputs_again_and_names_them(project: Project):
    results = project.root / "results"
    whole = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    kept = project.times("runs/*/*") | project.times("floor.*")
    spoilt = {
        "cells.parquet": flipped(whole[results / "cells.parquet"], 3000),
        "mnist.csv": b"",
        "fits/laws.parquet": whole[results / "fits" / "anova.parquet"],
        "fits/laws.csv": None,
        "figures/text_border.svg": whole[results / "figures" / "text_border.svg"][:500],
        "figures/mnist_laws.png": whole[results / "figures" / "text_laws.png"],
        "report.html": flipped(whole[results / "report.html"], 9000),
    }
    for name, content in spoilt.items():
        keeping_its_time(results / name, content)
    printed = project.run()
    for name, content in spoilt.items():
        state = "is gone" if content is None else CHANGED
        assert printed.count(f"results/{name} {state}: it is made again") == 1
    assert "Traceback" not in printed
    for path, content in whole.items():  # the report says when it was written
        if path.suffix != ".log" and path.stem != "report":
            assert path.read_bytes() == content, path
    assert project.times("runs/*/*") | project.times("floor.*") == kept
    assert project.plan() == {}


def test_damaged_models_data_and_foreign_runs_are_refused_until_they_are_deleted(project: Project):
    facts = "results/models/mnist_layers4_batch16_conv3_input28/facts.json"
    arrays = "resources/encoded/builtin/movie-reviews_input14.npz"
    run = f"results/runs/{CELLS[0]}/round1.parquet"
    text = (project.root / facts).read_text()
    (project.root / facts).write_text(text.replace('"seed": 5', '"seed": 6'))
    content = (project.root / arrays).read_bytes()
    keeping_its_time(project.root / arrays, flipped(content, len(content) // 2))
    machine = "results/machine.json"
    seen = (project.root / machine).read_bytes()
    keeping_its_time(project.root / machine, seen.replace(b"reference_s", b"reference_S"))
    merged = project.times("cells.parquet") | project.times("runs.parquet")
    for cell in (CELLS[0], CELLS[2]):
        project.run_file(cell).unlink()
    done = project.call()
    assert done.returncode != 0
    assert f"{machine} {CHANGED}: it is made again" in done.stdout
    for path in (facts, arrays):
        assert f"{path} {CHANGED}: delete it and type the same command again" in done.stdout
        assert (project.root / path).exists()
    assert not project.run_file(CELLS[0]).exists() and not project.run_file(CELLS[2]).exists()
    now = project.times("cells.parquet") | project.times("runs.parquet")
    assert now == merged, "nothing was merged"

    for path in (facts, arrays):
        (project.root / path).unlink()
    said = project.call("results/cells.parquet").stdout
    assert f"to keep them: snakemake {arrays}\n" in said
    project.run(arrays)
    project.run("results/cells.parquet")
    assert (project.root / arrays).read_bytes() == content
    assert (project.root / run).exists() and project.run_file(CELLS[2]).exists()

    shutil.copyfile(project.run_file(CELLS[2]), project.root / run)
    done = project.call("results/cells.parquet")
    assert done.returncode != 0
    foreign = f"{run} is the run {CELLS[2]}/round1.parquet: delete {run} and type the same"
    assert foreign in done.stdout
    (project.root / run).unlink()
    project.run("results/cells.parquet")
    assert {row["cell"] for row in run_file.read(str(project.root / run))[0].to_pylist()} == {
        CELLS[0]
    }
