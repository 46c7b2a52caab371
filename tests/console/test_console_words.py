"""The parts of the console: what jobs say, failures, progress, the blocks at start and end."""

import io

import pytest

from tfscale.console.commands import Call
from tfscale.console.console import worth_saying
from tfscale.console.display import (
    UNSAID,
    Ended,
    Failure,
    Plain,
    Progress,
    display_on,
    ending,
    failure,
    start_block,
    success,
)
from tfscale.console.estimate import Pace, Task
from tfscale.console.opening import noise_now, noise_words
from tfscale.study.study import Study


@pytest.mark.parametrize(
    ("status", "name", "words"),
    [
        ("1", None, "exit status 1"),
        ("143", None, "it was ended by SIGTERM"),
        (None, "SIGKILL", "it was ended by SIGKILL, as the kernel does for want of memory"),
    ],
)
def test_a_job_without_a_message_is_told_by_how_it_ended(status, name, words):
    assert ending(status, name) == words


def test_progress_says_share_jobs_time_left_and_what_runs():
    stages_s = {"train": 300, "time": 420, "analyse": 0}
    progress = Progress(14, 38, stages_s, ["timing a", "timing b", "timing c"])
    assert progress.words.startswith("36 % (14 of 38 jobs), about 12 min left (ready at ")
    assert progress.now == "timing a · timing b and 1 more"
    assert progress.by_stage == "train 5 min · time 7 min"
    assert Progress(38, 38, {}).words == "100 % (38 of 38 jobs)"
    assert Progress(14, 38, {}, failed=2).words == "36 % (14 of 38 jobs, 2 failed)"


def test_a_log_gets_progress_now_and_then_only():
    stream = io.StringIO()
    plain = display_on(stream)
    assert isinstance(plain, Plain)
    for done in range(1, 201):
        plain.progress(Progress(done, 200, {"time": 200 - done}))
    assert 15 <= len(stream.getvalue().splitlines()) <= 21


def test_the_noise_of_the_machine_is_looked_at_in_a_process_of_its_own():
    seen = noise_now(1024)
    assert 0 < min(seen["times_s"]) <= seen["reference_s"] <= max(seen["times_s"])
    assert seen["flop_per_s"] > 1e8
    assert any("for 1024 threads" in line for line in seen["warnings"])


@pytest.mark.parametrize(("slow", "word"), [(0, "quiet"), (5, "a little noisy"), (15, "busy")])
def test_the_noise_in_words(slow, word):
    seen = {"times_s": [0.02] * (20 - slow) + [0.03] * slow, "warnings": ["on battery"]}
    first, second = noise_words(seen | {"reference_s": 0.02}, 0.025)  # disturbed at its start
    assert first.startswith(f"{word}: {slow * 5} % of 20 calibrations")
    assert second == "warning: on battery"


@pytest.mark.parametrize(
    ("timing", "warned"),
    [
        ({}, False),
        ({"rounds": 4}, True),
        ({"rounds": 2, "processes": 3}, False),
        ({"rounds": 5, "coverage": 0.96}, True),
        ({"rounds": 1, "protocol": "paper"}, False),
    ],
)
def test_too_few_processes_for_an_interval_are_said_before_they_are_made(config, timing, warned):
    config["timing"] |= timing
    pace = Pace({1: Task("measure", "timing c", 60)})
    block = start_block(Study.from_config(config), pace, "r", "m", {})
    assert any("but an interval takes" in line for line in block) == warned
    trained = start_block(
        Study.from_config(config), Pace({1: Task("train", "training m", 60)}), "r", "m", {}
    )
    assert not any("but an interval takes" in line for line in trained)


def test_a_stop_by_the_user_is_no_failure():
    killed = Failure("timing a", (f"{UNSAID} (exit status 1)",), "l", "snakemake a")
    lines = failure([killed], Ended(3, 38, 60, stopped=True), Call(), "results")
    assert lines[0] == "Stopped after 60 s: 3 of 38 jobs are done."
    assert "FAILED" not in "\n".join(lines)
    assert success(Ended(1, 1, 2)) == ["Done: 1 job in 2 s."]


def test_snakemakes_chatter_is_left_out_and_what_is_new_is_said():
    assert not worth_saying("Select jobs to execute...")
    assert not worth_saying("CalledProcessError: Command 'x' returned non-zero exit status 1.")
    assert worth_saying("Creating conda environment envs/tensorflow.yaml...")
    assert worth_saying("MissingOutputException: no results/a.parquet")
