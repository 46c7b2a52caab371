"""Memory and CPUs that a process may use, and its peak."""

import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
UNLIMITED = 1 << 60
"""Version 1 writes the largest page-aligned number where there is no limit."""


def cpu_quota() -> float | None:
    """CPUs that may be used at once on average, as a fraction; None without a quota."""
    quotas = [text.split() for text in _contents("cpu", "cpu.max")]
    periods = _contents("cpu", "cpu.cfs_period_us")
    quotas += list(map(list, zip(_contents("cpu", "cpu.cfs_quota_us"), periods, strict=False)))
    found = [int(quota) / int(period) for quota, period in quotas if quota not in ("max", "-1")]
    return min(found, default=None)


def cpuset() -> str | None:
    """The CPUs of this process's control group, as the kernel writes them (0-3,8)."""
    names = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus")
    found = [text for name in names for text in _contents("cpuset", name) if text]
    return next(iter(found), None)


def memory_limit() -> int | None:
    """The lowest memory limit of this process's control groups in bytes; None without one."""
    texts = _contents("memory", "memory.max") + _contents("memory", "memory.limit_in_bytes")
    limits = [int(text) for text in texts if text != "max"]
    return min((limit for limit in limits if limit < UNLIMITED), default=None)


def _contents(controller: str, name: str) -> list[str]:
    """What the file of that name holds in this process's group and in those above it."""
    found = []
    for folder in _folders(controller):
        try:
            found.append((folder / name).read_text().strip())
        except OSError:
            continue
    return found


def _folders(controller: str) -> list[Path]:
    """This process's group and those above it, the nearest first, under both versions.

    In a container the paths may be those of the host, of which only the top is mounted.
    """
    try:
        lines = MEMBERSHIP.read_text().splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = ROOT / controllers if controllers else ROOT
        group = top / path.lstrip("/")
        folders += [group, *[above for above in group.parents if above.is_relative_to(top)]]
    return folders


PROC = Path("/proc")
RESET_PEAK = "5"
"""What clear_refs takes to set the high-water mark back to the memory now resident."""


def reset_peak() -> None:
    """Begin a new phase: set this process's peak back to what is resident now.

    Where the system cannot (no /proc, as on macOS, or no right to write there) the next
    `peak_bytes` is the peak since the process began.
    """
    with suppress(OSError):
        (PROC / "self" / "clear_refs").write_text(RESET_PEAK)


def peak_bytes(pid: int | None = None) -> int | None:
    """The most memory resident in a process (this one by default) since its last `reset_peak`.

    Pages shared with the parent of a fork count. None where there is no /proc (macOS), and when
    the process has ended.
    """
    try:
        lines = (PROC / str(pid or "self") / "status").read_text().splitlines()
    except OSError:
        return None
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(marks[0]) * 1024 if marks else None


def limit_bytes() -> int | None:
    """The memory that this process may use: by control group or `ulimit -v`; None: unlimited."""
    address_space = resource.getrlimit(resource.RLIMIT_AS)[0]
    limits = [memory_limit(), address_space if address_space > 0 else None]
    return min((limit for limit in limits if limit), default=None)


def available_bytes() -> int:
    """The memory that the machine could still give without swapping."""
    return psutil.virtual_memory().available


def kills() -> int | None:
    """How often the kernel has killed a process for want of memory; None where it does not say."""
    try:
        lines = (PROC / "vmstat").read_text().splitlines()
    except OSError:
        return None
    counts = [line.split()[1] for line in lines if line.startswith("oom_kill ")]
    return int(counts[0]) if counts else None


T = TypeVar("T")


class Phases:
    """Runs the phases of a process and keeps the peak resident memory (bytes) of each."""

    def __init__(self) -> None:
        """No phase has run: what never runs has no peak."""
        self.peaks: dict[str, int | None] = {}

    def peak(self, phase: str, task: Callable[[], T]) -> T:
        """The result of a task; its peak goes into the column of the phase."""
        reset_peak()
        result = task()
        self.peaks[f"memory_{phase}_bytes"] = peak_bytes()
        return result
