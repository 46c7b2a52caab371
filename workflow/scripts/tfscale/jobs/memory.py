"""Memory of a process and of the machine; all figures in bytes."""

import resource
from pathlib import Path

import psutil

from tfscale.jobs import cgroup

PROC = Path("/proc")
RESET_PEAK = "5"
"""What clear_refs takes to set the high-water mark back to the memory now resident."""


def reset_peak() -> bool:
    """Begin a new phase: set this process's peak back to what is resident now.

    False where the system cannot (no /proc, as on macOS, or no right to write there): the next
    `peak_bytes` is then the peak since the process began.
    """
    try:
        (PROC / "self" / "clear_refs").write_text(RESET_PEAK)
    except OSError:
        return False
    return True


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
    limits = [cgroup.memory_limit(), address_space if address_space > 0 else None]
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
