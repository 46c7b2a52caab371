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
    failure_in,
    report,
    result_in,
    start_block,
    success,
)
from tfscale.console.estimate import Pace, Task
from tfscale.console.opening import noise_now, noise_words
from tfscale.study.study import Study


def log_of(tmp_path, message: str) -> str:
    path = tmp_path / "a.log"
    path.write_text(f"Traceback\nStudyError: x\n\nFailed: {message}\n")
    return str(path)


def test_the_message_of_a_failed_job_is_the_end_of_its_log(tmp_path):
    assert failure_in(log_of(tmp_path, "no data\n  source a: 404")) == (
        "no data",
        "  source a: 404",
    )
    (tmp_path / "killed.log").write_text("process 1: 3 ms\n")
    assert failure_in(str(tmp_path / "killed.log")) == ()
    assert failure_in(str(tmp_path / "none.log")) == ()


def test_the_result_of_a_job_is_the_end_of_its_log(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("process 1: 3 ms\n\nResult: a_cell … 3 ms, 400 examples/s\n")
    assert result_in(str(log)) == "a_cell … 3 ms, 400 examples/s"
    assert result_in(log_of(tmp_path, "no data")) == result_in("") == ""


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


def test_a_block_says_what_failed_why_where_and_what_to_type():
    failed = Failure("timing c, round 1", ("no data", "  source a: 404"), "l.log", "snakemake r")
    assert failed.block().splitlines() == [
        "FAILED  timing c, round 1",
        "  cause no data",
        "  log   l.log",
        "  retry snakemake r",
    ]
    assert "source a: 404" in failed.block(whole=True)


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
    seen = noise_now()
    assert len(seen["times_s"]) >= 20 and min(seen["times_s"]) > 0
    assert min(seen["times_s"]) <= seen["reference_s"] <= max(seen["times_s"])
    assert seen["flop_per_s"] > 1e8
    assert all(isinstance(line, str) for line in seen["warnings"])


@pytest.mark.parametrize(("slow", "word"), [(0, "quiet"), (5, "a little noisy"), (15, "busy")])
def test_the_noise_in_words(slow, word):
    seen = {"times_s": [0.02] * (20 - slow) + [0.03] * slow, "warnings": ["on battery"]}
    first, second = noise_words(seen, 0.02)
    assert first.startswith(f"{word}: {slow * 5} % of 20 calibrations")
    assert second == "warning: on battery"


def test_a_study_starts_with_what_is_ahead(config, tmp_path):
    study = Study.from_config(config)
    name = next(iter(study.trained))
    (tmp_path / "models" / name).mkdir(parents=True)
    (tmp_path / "models" / name / "facts.json").touch()
    tasks = {
        1: Task("train", "training m", 600),
        2: Task("measure", "timing c", 60),
    }
    block = start_block(
        study,
        Pace(tasks),
        str(tmp_path),
        str(tmp_path / "models"),
        {"machine": ["quiet: 0 %", "warning: turbo"], "again": []},
    )
    text = "\n".join(block)
    assert "114 cells of mnist and text, real data" in text
    assert "1 of 24 trained models, 0 of 570 runs" in text
    assert "train    1 model, about 10 min" in text
    assert "time     1 run (5 rounds over all cells), about" in text
    assert "about 11 min, ready at " in text and "a first guess from FLOP" in text
    assert "machine  quiet: 0 %" in text and "           warning: turbo" in text


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


def finished(tmp_path) -> str:
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "findings.txt").write_text("mnist: one.\nGreen: two.\n\na detail.\n")
    return str(tmp_path)


def test_a_finished_study_ends_with_the_answer_the_trust_and_the_report(tmp_path):
    results = finished(tmp_path)
    lines = report(Ended(38, 38, 720), results, {}, Call())
    assert lines[0] == "Done: 38 jobs in 12 min."
    assert lines[1:] == ["  mnist: one.", "  Green: two.", f"Report: {tmp_path}/report.html"]


def test_a_partial_report_ends_with_the_command_that_finishes_it(tmp_path):
    results = finished(tmp_path)
    lines = report(Ended(3, 3, 9), results, {"c": "not timed"}, Call())
    assert any(line.startswith("Partial: 1 cell") and "snakemake" in line for line in lines)


def test_failures_are_repeated_at_the_end():
    failed = [Failure(f"timing {c}", ("why",), "l", f"snakemake {c}") for c in "ab"]
    lines = failure(failed, Ended(30, 38, 720), Call(), "results")
    assert lines[0] == "2 of 38 jobs failed, after 12 min; 6 more did not run because of that:"
    text = "\n".join(lines)
    assert "retry snakemake a" in text and "retry snakemake b" in text
    assert "snakemake results/report.html --config partial=true" in text


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
