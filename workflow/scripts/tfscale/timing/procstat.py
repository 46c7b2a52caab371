"""The kernel's account of what the CPUs did, from /proc/stat (Linux); in seconds."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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


def use() -> Use | None:
    """The use of all CPUs together; None where the system does not say (macOS)."""
    known = uses()
    return together(known.values()) if known else None


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
