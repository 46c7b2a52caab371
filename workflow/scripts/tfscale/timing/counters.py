"""What happened to a visit besides its own work: counters read before and after, in its process."""

import os
import resource
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time

from tfscale.timing import procstat

TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class Counters:
    """A snapshot: the clock (s), this process's CPU time (s), the use of every CPU so far (empty
    where the system does not say), and this process's context switches, by their kind."""

    time_s: float
    own_s: float
    uses: dict[int, procstat.Use]
    switches: dict[str, int]


def counters() -> Counters:
    """A snapshot for `difference`; takes under 1 ms."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    switches = {"voluntary": usage.ru_nvcsw, "involuntary": usage.ru_nivcsw}
    return Counters(monotonic(), process_time(), procstat.uses(), switches)


def difference(
    before: Counters, after: Counters, cpus: Collection[int], at_once: int
) -> dict[str, float | int | None]:
    """What happened between two snapshots of one process that was confined to `at_once` CPUs, in
    turn one or another of `cpus` (all of the machine, if empty).

    steal_share: seconds stolen from its CPUs over elapsed seconds x CPUs at once;
    steal_share_total: the same of the whole machine; other_busy_share: that in which others (the
    kernel's interrupts among them) used its CPUs, without /proc/stat None, and too low for a
    process that is not confined; the context switches of the process; os_threads and load_average
    as they are now; elapsed_s, and the resolution of the shares: a tick, 4 % of 0.25 s on one CPU.
    """
    elapsed_s, machine = after.time_s - before.time_s, os.cpu_count() or 1
    at_once = at_once if cpus else machine
    used, everywhere = _rise(before, after, cpus), _rise(before, after, ())
    others_s = used.busy_s - (after.own_s - before.own_s) if used else None
    steal_s, steal_total_s = (each.steal_s if each else None for each in (used, everywhere))
    return {
        "elapsed_s": elapsed_s,
        "resolution": 1 / procstat.TICKS_PER_S / (elapsed_s * at_once) if elapsed_s > 0 else None,
        "steal_share": _share(steal_s, elapsed_s * at_once),
        "steal_share_total": _share(steal_total_s, elapsed_s * machine),
        "other_busy_share": _share(others_s, elapsed_s * at_once),
        "os_threads": len(list(TASKS.iterdir())) if TASKS.exists() else None,
        "load_average": load_average(),
    } | {
        f"context_switches_{kind}": count - before.switches[kind]
        for kind, count in after.switches.items()
    }


def load_average() -> float | None:
    """Processes that ran or waited to, over one minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _share(seconds: float | None, of: float) -> float | None:
    return min(max(seconds / of, 0.0), 1.0) if seconds is not None and of > 0 else None


def _rise(before: Counters, after: Counters, cpus: Collection[int]) -> procstat.Use | None:
    wanted = set(cpus or after.uses)
    if not wanted or not wanted <= set(before.uses) & set(after.uses):
        return None
    return procstat.together(after.uses[cpu].since(before.uses[cpu]) for cpu in wanted)
