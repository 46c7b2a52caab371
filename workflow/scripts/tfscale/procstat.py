"""The kernel's account of what the CPUs did, from /proc/stat (Linux); in seconds."""

import os
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
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


def use(cpus: list[int] | None = None) -> Use | None:
    """The use of these CPUs, of all without any; None where the system does not say (macOS).

    Busy is neither idle, waiting for a disk, nor stolen by the machine below a virtual one.
    """
    try:
        lines = [line.split() for line in STAT.read_text().splitlines()]
    except OSError:
        return None
    names = {f"cpu{cpu}" for cpu in cpus} if cpus else {"cpu"}
    rows = [list(map(int, line[1:])) for line in lines if line and line[0] in names]
    if len(rows) < len(names):
        return None
    ticks = [sum(row[i] for row in rows if i < len(row)) for i in range(OWN_FIELDS)]
    busy = sum(ticks) - ticks[IDLE] - ticks[IOWAIT] - ticks[STEAL]
    return Use(busy / TICKS_PER_S, ticks[STEAL] / TICKS_PER_S, sum(ticks) / TICKS_PER_S)
