"""Limits that a control group (container, scheduler, systemd) sets: versions 1 and 2 of Linux."""

from pathlib import Path

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
