"""Peak memory by phase, and the limits that a message names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfscale.jobs import limits

SIZE = 200_000_000


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="no /proc, or none to write to"
)
def test_a_phase_sees_its_own_peak_and_not_the_one_before():
    limits.reset_peak()
    start = limits.peak_bytes()
    block = b"x" * SIZE
    first = limits.peak_bytes()
    del block
    assert limits.peak_bytes() > first - 0.05 * SIZE  # the kernel counts pages roughly
    limits.reset_peak()
    second = limits.peak_bytes()
    assert first - start > 0.9 * SIZE
    assert first - second > 0.9 * SIZE


def test_without_proc_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "PROC", tmp_path / "none")
    assert limits.peak_bytes() is None
    assert limits.kills() is None
    limits.reset_peak()


def test_a_process_that_ended_has_no_peak():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert limits.peak_bytes(ended.pid) is None


def test_the_address_space_is_a_limit():
    code = "\n".join(
        [
            "import resource, sys",
            f"sys.path.insert(0, {str(Path(limits.__file__).parents[2])!r})",
            "from tfscale.jobs import limits as memory",
            "resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))",
            "print(memory.limit_bytes())",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) <= 10**9


def group(monkeypatch, tmp_path, membership: str, files: dict[str, str]) -> None:
    (tmp_path / "membership").write_text(membership)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    monkeypatch.setattr(limits, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "membership")


def test_the_lowest_limit_of_the_groups_above_counts(monkeypatch, tmp_path):
    files = {
        "job/step/memory.max": "max",
        "job/memory.max": "2000000000",
        "job/step/cpu.max": "max 100000",
        "job/cpu.max": "150000 100000",
        "job/step/cpuset.cpus.effective": "0-1",
    }
    group(monkeypatch, tmp_path, "0::/job/step\n", files)
    assert limits.memory_limit() == 2_000_000_000
    assert limits.cpu_quota() == 1.5
    assert limits.cpuset() == "0-1"


def test_limits_of_version_1(monkeypatch, tmp_path):
    files = {
        "memory/job/memory.limit_in_bytes": "1000000000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
        "cpu,cpuacct/cpu.cfs_quota_us": "50000",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
    }
    group(monkeypatch, tmp_path, "4:memory:/job\n3:cpu,cpuacct:/of/the/host\n", files)
    assert limits.memory_limit() == 1_000_000_000
    assert limits.cpu_quota() == 0.5
    assert limits.cpuset() is None


def test_without_control_groups_there_are_no_limits(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "none")
    assert (limits.memory_limit(), limits.cpu_quota(), limits.cpuset()) == (None, None, None)
