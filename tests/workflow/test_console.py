"""What the user sees while a study runs: at its start, on the way, at a failure, at its end."""

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest
from snakemake_project import CELLS, Project

LONGEST_S = 300


def on_a_terminal(project: Project, *arguments: str) -> str:
    """Run snakemake on a terminal of 100 columns and return all that it wrote to it."""
    leader, follower = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    study = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=project.root,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written, end = b"", time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        ready, _, _ = select.select([leader], [], [], 0.2)
        try:
            chunk = os.read(leader, 1 << 16) if ready else b""
        except OSError:  # the last process of the terminal is gone
            break
        written += chunk
        if not ready and study.poll() is not None:
            break
    os.close(leader)
    assert study.wait(LONGEST_S) == 0, written.decode(errors="replace")[-4000:]
    return written.decode()


def damage(project: Project) -> None:
    """Let one cell fail: its model is another one than was trained."""
    for cell in CELLS[:2]:
        project.run_file(cell).unlink()
    model = project.root / "results/models/mnist_layers4_batch16_conv3_input28"
    (model / "saved_model" / "saved_model.pb").write_bytes(b"damaged")


def test_a_study_says_what_is_ahead_what_comes_and_how_it_ended(finished):
    said = finished.first_run
    start = said.split("\ntfscale\n", 1)[1]
    assert "3 cells of mnist and text, built-in data" in start
    assert "0 of 3 trained models, 0 of 3 runs" in start
    assert re.search(r"train    3 models, about \d+ (s|min)", start)
    assert re.search(r"time     3 runs \(1 round over all cells\), about", start)
    assert re.search(r"in all   about .*, ready at .* \(a first guess from FLOP\)", start)
    assert re.search(r"machine  (quiet|a little noisy|busy): \d+ %", start)
    assert re.search(rf"software Python 3\.\d+, TensorFlow 2\.\S+ \({sys.prefix}\)", start)
    for cell in CELLS:
        assert re.search(rf"{cell} … \S+ \S+ .*examples/s", start)
    assert re.search(r"-- \d+ % \(\d+ of \d+ jobs\)", start)
    end = start[start.index("Done: ") :]
    assert re.search(r"\n  mnist: From layers 4 to 6 a call takes \S+ times as long", end)
    assert re.search(r"\n  (Green|Amber|Red): 1 round, most latencies have no interval, ", end)
    assert f"Report: {finished.root}/results/report.html" in end


def test_a_log_stays_short(finished):
    """Not a line of Snakemake's own about jobs, and not many more lines than jobs."""
    start = finished.first_run.split("\ntfscale\n", 1)[1]
    for noise in ("Select jobs", "Finished jobid", "steps (", "Complete log", "Reason:"):
        assert noise not in start
    assert len(start.splitlines()) < 80


def test_a_failed_cell_gets_a_block_that_is_repeated_at_the_end(project):
    damage(project)
    done = project.call()
    assert done.returncode != 0
    block = (
        f"FAILED  timing {CELLS[0]}, round 1\n"
        r"  cause .*saved_model.pb has changed since it was written.*type the same command again.*"
        "\n"
        f"  log   results/logs/runs/{CELLS[0]}_round1.log\n"
        f"  retry snakemake results/runs/{CELLS[0]}/round1.parquet\n"
    )
    assert len(re.findall(block, done.stdout)) == 2
    end = done.stdout[done.stdout.rindex("jobs failed") :]
    assert "more did not run because of that" in done.stdout
    assert "To report what is there: snakemake results/report.html --config partial=true" in end
    assert "Traceback" not in done.stdout and "CalledProcessError" not in done.stdout
    assert re.search(rf"{CELLS[1]} … ", done.stdout)


def test_on_a_terminal_a_bar_shows_the_current_job_and_goes_away(project):
    project.run_file(CELLS[1]).unlink()
    said = on_a_terminal(project, "results/cells.parquet")
    assert "3 of 3 trained models, 2 of 3 runs" in said and "train  " not in said
    assert "time     1 run" in said and "by what was measured before" in said
    assert "━" in said and f"timing {CELLS[1]}" in said
    assert re.search(rf"{CELLS[1]} … \S+ \S+ .*examples/s", said)
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") >= 1
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said[said.rindex("\x1b[2K") :])
    assert "Done: " in last and "━" not in last


@pytest.mark.long
def test_it_steps_back_when_asked(project):
    project.append("workflow/report/report.html.j2", "<!-- more -->")
    said = project.run("results/report.html", "--quiet", "rules")
    assert "\ntfscale\n" not in said and "Done: " not in said


@pytest.mark.long
def test_until_counts_what_runs(fresh):
    said = fresh.run("--until", "encode")
    assert "Done: 2 jobs in" in said and "of 2 jobs" in said


def test_a_closed_standard_error_is_said_on_the_other_output(fresh):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake"],
        cwd=fresh.root,
        text=True,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.close(2),
    )
    assert done.returncode == 1
    assert "Standard error is closed" in done.stdout and "type 2>/dev/null" in done.stdout
