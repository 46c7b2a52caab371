"""Two at once: in one folder the second is refused, in two folders they are timed in turn."""

import pandas as pd
import pytest
from background import Running, all_gone, rules_at_work, wait_for
from snakemake_project import Project
from whole_study import differences

pytestmark = pytest.mark.long

MIN_TIME_S, LONG_S = 1, 300


def test_a_second_snakemake_in_the_folder_is_refused_and_does_not_disturb(finished, untimed):
    project = untimed("twice", min_time_s=MIN_TIME_S)
    first = Running(project)
    wait_for(lambda: "measure" in rules_at_work(project.root) or first.status is not None)
    second = project.call()
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout and "--unlock" in second.stdout
    assert "Traceback" not in second.stdout
    assert first.wait() == 0, first.said
    assert differences(finished.root, project.root) == []


def test_studies_in_two_folders_are_timed_in_turn(finished, untimed, tmp_path):
    projects = [untimed(name, min_time_s=MIN_TIME_S) for name in ("one", "other")]
    lock = str(tmp_path / "lock")
    for run in [Running(project, TFSCALE_TIMING_LOCK=lock) for project in projects]:
        assert run.wait() == 0, run.said
    assert any(map(waits, projects))
    one, other = map(timed, projects)
    both = [(here, there) for here in one for there in other if overlap(here, there)]
    assert both == []
    for project in projects:
        assert differences(finished.root, project.root) == []


def test_of_two_studies_one_is_killed_while_the_other_waits(finished, untimed, tmp_path):
    killed = untimed("killed", min_time_s=LONG_S, time_limit_s=2 * LONG_S)
    waiting = untimed("waiting", min_time_s=MIN_TIME_S)
    lock = str(tmp_path / "lock")
    first = Running(killed, TFSCALE_TIMING_LOCK=lock)
    assert wait_for(lambda: {"floor", "measure"} & rules_at_work(killed.root))
    second = Running(waiting, TFSCALE_TIMING_LOCK=lock)
    assert wait_for(lambda: waits(waiting)) and first.status is None
    first.kill()
    assert all_gone(killed.root) == []
    assert second.wait() == 0, second.said
    assert differences(finished.root, waiting.root) == []


def waits(project: Project) -> bool:
    """Whether a job that times has said that it waits for another study."""
    logs = project.root.glob("results/logs/**/*.log")
    return any("waiting: another study" in log.read_text() for log in logs)


def timed(project: Project) -> list[tuple[float, float]]:
    """From when to when (s) each run was timed: from the start of its first process to the end of
    its last."""
    spans = []
    for path in sorted(project.root.glob("results/runs/*/round*.parquet")):
        processes = pd.read_parquet(path, columns=["started", "process_s"])
        starts = processes["started"].map(lambda moment: moment.timestamp())
        spans.append((starts.min(), (starts + processes["process_s"]).max()))
    return spans


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
