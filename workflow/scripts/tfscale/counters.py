"""What happened to a visit besides its own work: counters read before and after, in its process."""

import os
import resource
from pathlib import Path
from time import monotonic, process_time

from tfscale import procstat

TASKS = Path("/proc/self/task")

Counters = dict[str, float | int | None]


def counters(cpus: list[int] | None = None) -> Counters:
    """A snapshot for `difference`; takes under 1 ms. `cpus` are those of the visit, all if empty.

    Everything is a number or None (where the system does not say), in seconds or counts.
    """
    considered = procstat.use(cpus)
    everywhere = procstat.use()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "time_s": monotonic(),
        "cpus": len(cpus) if cpus else os.cpu_count() or 1,
        "own_s": process_time(),
        "busy_s": considered.busy_s if considered else None,
        "steal_s": considered.steal_s if considered else None,
        "steal_total_s": everywhere.steal_s if everywhere else None,
        "context_switches_voluntary": usage.ru_nvcsw,
        "context_switches_involuntary": usage.ru_nivcsw,
        "os_threads": len(list(TASKS.iterdir())) if TASKS.exists() else None,
        "load_average": load_average(),
    }


def difference(before: Counters, after: Counters) -> Counters:
    """What happened between two snapshots of one process on the same CPUs.

    steal_share: seconds stolen from its CPUs over elapsed seconds x CPUs; steal_share_total: the
    same of the whole machine; other_busy_share: see there; the context switches of the process;
    os_threads and load_average as they are at the end; elapsed_s and resolution (of the shares).
    """
    elapsed = _number(after["time_s"]) - _number(before["time_s"])
    cpus, machine = _number(after["cpus"]), os.cpu_count() or 1
    switches = ("context_switches_voluntary", "context_switches_involuntary")
    return {
        "elapsed_s": elapsed,
        "resolution": 1 / procstat.TICKS_PER_S / (elapsed * cpus) if elapsed > 0 else None,
        "steal_share": _share(_rise(before, after, "steal_s"), elapsed * cpus),
        "steal_share_total": _share(_rise(before, after, "steal_total_s"), elapsed * machine),
        "other_busy_share": other_busy_share(before, after),
        "os_threads": after["os_threads"],
        "load_average": after["load_average"],
    } | {name: _rise(before, after, name) for name in switches}


def other_busy_share(before: Counters, after: Counters) -> float | None:
    """Share of the time in which others than this process (the kernel's interrupts among them)
    used the CPUs of the snapshots; 0 to 1, None without /proc/stat.

    It is right to about `resolution`: a tick over elapsed time x CPUs, 4 % of 0.25 s on one CPU.
    A process that is not confined to these CPUs makes it too low.
    """
    busy, own = _rise(before, after, "busy_s"), _rise(before, after, "own_s")
    if busy is None or own is None:
        return None
    elapsed = _number(after["time_s"]) - _number(before["time_s"])
    return _share(busy - own, elapsed * _number(after["cpus"]))


def load_average() -> float | None:
    """Processes that ran or waited to, over one minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _share(seconds: float | None, of: float) -> float | None:
    return min(max(seconds / of, 0.0), 1.0) if seconds is not None and of > 0 else None


def _rise(before: Counters, after: Counters, name: str) -> float | int | None:
    start, end = before[name], after[name]
    return None if start is None or end is None else end - start


def _number(value: float | int | None) -> float:
    return 0.0 if value is None else value
