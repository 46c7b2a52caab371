"""What the machine's state says before and after a visit."""

import os
import subprocess
import sys
import time
from collections import namedtuple
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tfscale.jobs import limits
from tfscale.timing import counters, host, machine
from tfscale.timing import counters as cpu_watch
from tfscale.timing import counters as procstat

BUSY = [sys.executable, "-c", "while True: pass"]
IDLE = 100_000


@pytest.fixture
def quiet(monkeypatch, tmp_path):
    """A machine with two idle CPUs, nothing of which is real but the clock."""
    fake = SimpleNamespace(folder=tmp_path, cpus={0, 1})
    monkeypatch.setattr(procstat, "STAT", tmp_path / "stat")
    monkeypatch.setattr(limits, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(machine, "SYSTEM", tmp_path / "cpu")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: fake.cpus, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cpus: None, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.setattr(host.psutil, "sensors_battery", lambda: None, raising=False)
    stat(tmp_path)
    return fake


def stat(folder, user: int = 0, steal: int = 0) -> None:
    """Two CPUs, `user` and `steal` ticks on the second."""
    rows = [("cpu", user, steal), ("cpu0", 0, 0), ("cpu1", user, steal)]
    lines = [f"{name} {busy} 0 0 {IDLE} 0 0 0 {stolen} 0 0" for name, busy, stolen in rows]
    (folder / "stat").write_text("\n".join(lines) + "\nbtime 1\n")


def set_file(path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def only_line(threads: int = 1) -> str:
    (line,) = host.warnings(threads, 0.01)
    return line


def test_a_quiet_machine_is_not_warned_about(quiet):
    assert host.warnings(1, 0.01) == []


def test_load_of_a_moment_ago(quiet, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (7.3, 1.0, 1.0))
    assert "busy a moment ago (1-minute load average 7.3 on 2 CPUs)" in only_line()


def test_others_at_work_now(quiet, monkeypatch):
    now_s = [0.0]

    def work(seconds):
        stat(quiet.folder, user=10)
        now_s[0] += seconds

    monkeypatch.setattr(host, "sleep", work)
    monkeypatch.setattr(cpu_watch, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(host, "_busiest", lambda seconds: ", most by hog (pid 7)")
    (line,) = host.warnings(1, 0.1)
    assert line.startswith("other processes use 1.0 of 2 CPUs, 1-minute load average 0.1, most by")
    assert "hog (pid 7)" in line


def test_own_work_is_no_others(quiet):
    before = counters.counters()
    stat(quiet.folder, user=30)
    end_s = time.process_time() + 0.3
    while time.process_time() < end_s:
        pass
    assert host._load(before, 0.1) == []


def test_stolen_time(quiet, monkeypatch):
    monkeypatch.setattr(host, "sleep", lambda seconds: stat(quiet.folder, steal=5000))
    assert "other virtual machines take CPU time" in only_line()


def test_fewer_cpus_than_threads(quiet):
    assert only_line(4).startswith("2 CPUs for 4 threads")


def test_a_quota_below_the_cpus(quiet):
    set_file(quiet.folder / "membership", "0::/\n")
    set_file(quiet.folder / "cgroup" / "cpu.max", "150000 100000\n")
    assert "limits this job to 1.5 CPUs of 2" in only_line()


def test_one_cpu(quiet):
    quiet.cpus = {1}
    assert only_line().startswith("only one CPU")


def test_pinning_that_is_not_allowed(quiet, monkeypatch):
    def refuse(pid, cpus):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert "cannot be confined to CPUs (Operation not permitted)" in only_line()


def test_pinning_that_does_not_exist(quiet, monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity")
    monkeypatch.delattr(os, "sched_getaffinity")
    assert "this system cannot confine" in only_line()


def test_governor_and_turbo(quiet):
    set_file(quiet.folder / "cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
    set_file(quiet.folder / "cpu/cpu1/cpufreq/scaling_governor", "performance\n")
    assert "governor performance,powersave" in only_line()
    set_file(quiet.folder / "cpu/cpu0/cpufreq/scaling_governor", "performance\n")
    set_file(quiet.folder / "cpu/intel_pstate/no_turbo", "0\n")
    assert only_line().startswith("turbo is on")
    set_file(quiet.folder / "cpu/intel_pstate/no_turbo", "1\n")
    assert host.warnings(1, 0.01) == []


def test_on_battery(quiet, monkeypatch):
    battery = namedtuple("battery", "percent power_plugged")
    monkeypatch.setattr(host.psutil, "sensors_battery", lambda: battery(41.0, False))
    assert only_line().startswith("on battery (41 %)")
    monkeypatch.delattr(host.psutil, "sensors_battery")
    assert host.warnings(1, 0.01) == []


def test_without_proc_nothing_is_claimed(quiet, monkeypatch):
    monkeypatch.setattr(procstat, "STAT", quiet.folder / "none")
    monkeypatch.setattr(counters, "TASKS", quiet.folder / "none")
    monkeypatch.setattr(os, "getloadavg", lambda: (_ for _ in ()).throw(OSError()))
    assert host.warnings(1, 0.01) == []
    found = counters.difference(counters.counters(), counters.counters(), [1])
    unknown = {name for name, value in found.items() if value is None}
    assert unknown == {"steal_share", "other_busy_share", "os_threads", "load_average"}


def test_shares_of_a_process(quiet):
    before = replace(counters.counters(), time_s=0.0, own_s=0.0)
    stat(quiet.folder, user=100, steal=10)
    after = replace(counters.counters(), time_s=2.0, own_s=0.5)
    found = counters.difference(before, after, [1])
    assert found["steal_share"] == pytest.approx(0.05)
    assert counters.difference(before, after, ())["steal_share"] == pytest.approx(0.025)
    assert found["other_busy_share"] == pytest.approx(0.25)


@pytest.mark.skipif(not procstat.STAT.exists(), reason="no /proc")
def test_a_real_neighbour_is_seen_and_named():
    allowed = os.sched_getaffinity(0)
    cpu = max(allowed)
    neighbour = subprocess.Popen(BUSY, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    try:
        time.sleep(0.3)
        before = counters.counters()
        time.sleep(1.0)
        found = counters.difference(before, counters.counters(), [cpu])
        lines = host.warnings(1)
    finally:
        neighbour.kill()
        neighbour.wait()
    assert found["other_busy_share"] > 0.2
    assert found["context_switches_voluntary"] >= 1
    assert any("other processes use" in line and "most by" in line for line in lines)


@pytest.mark.skipif(not procstat.STAT.exists(), reason="no /proc")
def test_own_work_is_not_a_neighbours():
    cpu = min(os.sched_getaffinity(0))
    code = "\n".join(
        [
            "import os, sys, time",
            f"sys.path.insert(0, {str(host.__file__).rsplit('/', 3)[0]!r})",
            "from tfscale.timing import counters",
            f"os.sched_setaffinity(0, {{{cpu}}})",
            "before, end = counters.counters(), time.monotonic() + 1",
            "while time.monotonic() < end: pass",
            "after = counters.counters()",
            f"found = counters.difference(before, after, [{cpu}])",
            "own = (after.own_s - before.own_s) / (after.time_s - before.time_s)",
            "print(own + found['other_busy_share'])",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.15
