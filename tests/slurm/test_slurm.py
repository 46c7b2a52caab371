"""The tiny study on a real Slurm: a cancelled job, a lost node, and the same command again.

`make test-slurm`. One cluster and one study; the tests build on each other in their order.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from one_machine import Job, OneMachine
from snakemake_project import CELLS, Project, clone

NODES = {"node1": "timing", "node2": "timing", "node3": ""}
CPUS, MEMORY_MB = 2, 8000
LONGEST_S = 900
PROFILE = ("--workflow-profile", "profiles/slurm")
PATIENCE = ("--latency-wait", "10", "--cores", "1")
"""One CPU a timing job, so that --exclusive shows."""
ONCE = (*PROFILE, *PATIENCE, "--retries", "0")
"""A job that is cancelled or lost is to be missing afterwards."""
RUNS = 6
"""Three cells in the profile's two rounds."""
ENCODED = "resources/encoded/builtin/movie-reviews_input14.npz"


@pytest.fixture(scope="module")
def slurm():
    with OneMachine(NODES, CPUS, MEMORY_MB, Path("/var/lib/tfscale-slurm")) as cluster:
        yield cluster
        print(table(cluster.jobs()))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    root = tmp_path_factory.mktemp("slurm") / "study"
    root.mkdir()
    project = clone(root)
    project.configure(timing={"min_time_s": 3})
    return project


def table(jobs: list[Job]) -> str:
    """The job list, for the reader of the test's output."""
    lines = [f"{'job':>4} {'rule':<18} {'node':<6} {'cpus':>4} {'state':<10} start    end"]
    for job in jobs:
        times = " ".join(f"{when:%H:%M:%S}" if when else "-" * 8 for when in (job.start, job.end))
        lines.append(
            f"{job.number:>4} {job.rule:<18} {job.node:<6} {job.cpus:>4} {job.state:<10} {times}"
        )
    return "\n".join(lines)


def called(project: Project, *arguments: str, console: str = "0") -> subprocess.Popen:
    """Snakemake in the study's folder; what it prints goes to the file `said`."""
    with (project.root / "said").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=project.root,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=os.environ | {"TFSCALE_CONSOLE": console},
        )


def ended(project: Project, study: subprocess.Popen, look) -> str:
    """What it printed, after it has ended; `look` is called every second until then."""
    end = time.monotonic() + LONGEST_S
    while study.poll() is None:
        assert time.monotonic() < end, (project.root / "said").read_text()[-6000:]
        look()
        time.sleep(1)
    return (project.root / "said").read_text()


def run_files(project: Project) -> set[str]:
    """The runs that are there."""
    found = (project.root / "results").glob("runs/*/round*.parquet")
    return {str(path.relative_to(project.root)) for path in found}


def test_a_job_that_needs_more_memory_gets_it_at_the_next_attempt(slurm, project):
    little = "encode:mem_mb=100 * 20 ** (attempt - 1)"
    study = called(
        project, ENCODED, *PROFILE, *PATIENCE, "--retries", "1", "--set-resources", little
    )
    said = ended(project, study, lambda: None)
    assert study.returncode == 0, said[-6000:]
    first, second = slurm.jobs()
    assert (first.rule, second.rule) == ("encode", "encode")
    assert first.state in ("FAILED", "OUT_OF_MEMORY") and second.state == "COMPLETED"


def test_a_cancelled_job_and_a_lost_node_cost_only_themselves(slurm, project):
    before = len(slurm.jobs())
    cancelled: list[Job] = []
    lost: list[Job] = []

    def disturb() -> None:
        running = [job for job in slurm.jobs()[before:] if job.state == "RUNNING"]
        for job in running:
            if job.rule == "train" and not cancelled:
                slurm.cancel(job)
                cancelled.append(job)
            if job.rule == "measure" and not lost:
                time.sleep(3)
                slurm.power_off(job.node)
                lost.append(job)

    study = called(project, *ONCE)
    said = ended(project, study, disturb)
    assert study.returncode == 1, said[-6000:]
    assert cancelled and lost
    models = [path.parent.name for path in (project.root / "results/models").glob("*/facts.json")]
    assert len(models) == 2
    states = {job.number: job.state for job in slurm.jobs()[before:]}
    assert states.pop(cancelled[0].number) == "CANCELLED"
    assert states.pop(lost[0].number) == "NODE_FAIL"
    assert set(states.values()) == {"COMPLETED"}, "all the others went on"
    assert not list((project.root / "results").rglob("*.part")), "nothing half-written is left"


def test_the_same_command_makes_what_is_missing_and_no_more(slurm, project):
    for node in set(NODES) - set(slurm.running):
        slurm.power_on(node)
    there = {name: (project.root / name).stat().st_mtime_ns for name in run_files(project)}
    assert 0 < len(there) < RUNS
    planned = project.plan(*ONCE)
    assert (planned["train"], planned["measure"]) == (1, RUNS - len(there))
    before = len(slurm.jobs())
    study = called(project, *ONCE, console="1")
    said = ended(project, study, lambda: None)
    assert study.returncode == 0, said[-6000:]
    assert "examples/s" in said and "report.html" in said, "far results reach the console"
    done = [job.rule for job in slurm.jobs()[before:]]
    assert done.count("train") == 1 and done.count("measure") == planned["measure"]
    assert there == {name: (project.root / name).stat().st_mtime_ns for name in there}
    assert (project.root / "results/report.html").stat().st_size > 100_000
    assert project.plan(*PROFILE) == {}


def test_timing_jobs_had_their_node_of_the_class_for_themselves(slurm):
    jobs = [job for job in slurm.jobs() if job.start and job.end]
    timing = [job for job in jobs if job.rule in ("calibrate", "floor", "measure")]
    assert len(timing) >= 7
    for job in timing:
        assert NODES[job.node] == "timing" and job.cpus == CPUS
        others = [other for other in jobs if other.node == job.node and other != job]
        assert not [other for other in others if other.start < job.end and job.start < other.end]
    training = [job for job in jobs if job.rule == "train"]
    assert {job.cpus for job in training} == {1}


def test_rows_carry_node_and_processor_and_the_class_is_one_machine(project):
    rows = pq.read_table(project.root / "results/runs.parquet").to_pandas()
    assert set(rows["cell"]) == set(CELLS)
    assert set(rows["machine"]) == {"timing"}
    assert rows["host"].nunique() == 1 and rows["cpu_model"].nunique() == 1
    cells = pq.read_table(project.root / "results/cells.parquet").to_pandas()
    assert (cells["floor_s"] > 0).all() and set(cells["machine"]) == {"timing"}


def test_logs_are_in_their_place(project):
    for cell in CELLS:
        log = project.root / f"results/logs/runs/{cell}_round1.log"
        assert "examples/s" in log.read_text()
    assert list((project.root / "results/logs/slurm").rglob("*.log"))
