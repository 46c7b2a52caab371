"""What happened beside the own work: steal, others, context switches."""

import os
import re
import resource
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time

STAT = Path("/proc/stat")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CPU = re.compile(r"cpu\d+")
IDLE, IOWAIT, STEAL = 3, 4, 7
OWN_FIELDS = 8
"""user, nice, system, idle, iowait, irq, softirq, steal; what guests used is in user and nice."""


@dataclass(frozen=True)
class Use:
    """Seconds, summed over CPUs, since the machine started: a tick (mostly 10 ms) is the unit."""

    busy_s: float
    steal_s: float
    total_s: float

    def since(self, earlier: "Use") -> "Use":
        """What was used between two readings."""
        return Use(
            self.busy_s - earlier.busy_s,
            self.steal_s - earlier.steal_s,
            self.total_s - earlier.total_s,
        )


def uses() -> dict[int, Use]:
    """The use of every CPU, by its number; empty where the system does not say.

    Busy is neither idle, waiting for a disk, nor stolen by the machine below a virtual one.
    """
    try:
        lines = [line.split() for line in STAT.read_text().splitlines()]
    except OSError:
        return {}
    return {int(name[0][3:]): _use(name[1:]) for name in lines if name and CPU.fullmatch(name[0])}


def together(parts: Iterable[Use]) -> Use:
    """The sum of the use of several CPUs."""
    parts = list(parts)
    return Use(
        sum(part.busy_s for part in parts),
        sum(part.steal_s for part in parts),
        sum(part.total_s for part in parts),
    )


def _use(columns: list[str]) -> Use:
    ticks = list(map(int, columns[:OWN_FIELDS]))
    steal = ticks[STEAL] if len(ticks) > STEAL else 0
    busy = sum(ticks) - ticks[IDLE] - ticks[IOWAIT] - steal
    return Use(busy / TICKS_PER_S, steal / TICKS_PER_S, sum(ticks) / TICKS_PER_S)


TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class Counters:
    """A snapshot: the clock (s), this process's CPU time (s), the use of every CPU so far (empty
    where the system does not say), and this process's context switches, by their kind."""

    time_s: float
    own_s: float
    uses: dict[int, Use]
    switches: dict[str, int]


def counters() -> Counters:
    """A snapshot for `difference`; takes under 1 ms."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    switches = {"voluntary": usage.ru_nvcsw, "involuntary": usage.ru_nivcsw}
    return Counters(monotonic(), process_time(), uses(), switches)


def difference(
    before: Counters, after: Counters, cpus: Collection[int]
) -> dict[str, float | int | None]:
    """What happened between two snapshots of one process that was confined to `cpus` (all of the
    machine, if empty).

    steal_share: seconds stolen from its CPUs over elapsed seconds x CPUs;
    other_busy_share: that in which others (the kernel's interrupts among them) used its CPUs,
    without /proc/stat None, and too low for a process that is not confined; the context switches
    of the process; os_threads and load_average as they are now. The shares change by a tick, 4 %
    of 0.25 s on one CPU.
    """
    of_s = (after.time_s - before.time_s) * (len(cpus) or os.cpu_count() or 1)
    used = _rise(before, after, cpus)
    others_s = used.busy_s - (after.own_s - before.own_s) if used else None
    return {
        "steal_share": _share(used.steal_s if used else None, of_s),
        "other_busy_share": _share(others_s, of_s),
        "os_threads": len(list(TASKS.iterdir())) if TASKS.exists() else None,
        "load_average": load_average(),
    } | {
        f"context_switches_{kind}": count - before.switches[kind]
        for kind, count in after.switches.items()
    }


WORKING = 0.1
"""Share of the CPU time of all threads from which on one counts as working."""


def thread_times() -> dict[int, int]:
    """CPU time in ns of each thread of this process; empty where the system does not say."""
    times = {}
    for task in TASKS.iterdir() if TASKS.exists() else ():
        with suppress(OSError):  # it has just ended
            times[int(task.name)] = int((task / "schedstat").read_text().split()[0])
    return times


def working_threads(before: dict[int, int], after: dict[int, int]) -> int:
    """How many threads did a share of the work between two readings of `thread_times`.

    >>> working_threads({1: 100}, {1: 600, 2: 480, 3: 5})
    2
    """
    spent = [time - before.get(task, 0) for task, time in after.items()]
    return sum(one > WORKING * sum(spent) for one in spent)


def load_average() -> float | None:
    """Processes that ran or waited to, over one minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _share(seconds: float | None, of: float) -> float | None:
    return min(max(seconds / of, 0.0), 1.0) if seconds is not None and of > 0 else None


def _rise(before: Counters, after: Counters, cpus: Collection[int]) -> Use | None:
    wanted = set(cpus or after.uses)
    if not wanted or not wanted <= set(before.uses) & set(after.uses):
        return None
    return together(after.uses[cpu].since(before.uses[cpu]) for cpu in wanted)
