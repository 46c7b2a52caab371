"""What others used of the CPUs since a moment: all use but that of this process and its visits."""

import resource
from dataclasses import dataclass
from time import monotonic

from tfscale.timing import procstat


@dataclass(frozen=True)
class Watch:
    """Readings of one moment: the clock (s), the CPUs' use (None where the system does not say)
    and the CPU time of this process and its ended children (s)."""

    at_s: float
    all_cpus: procstat.Use | None
    own_s: float

    @classmethod
    def begin(cls) -> "Watch":
        """The readings of now."""
        return cls(monotonic(), procstat.use(), _own_s())

    def others(self) -> float:
        """CPUs that others kept busy since then, on average; 0 where the system does not say."""
        used = self.since()
        if used is None:
            return 0.0
        return (used.busy_s - (_own_s() - self.own_s)) / max(monotonic() - self.at_s, 1e-9)

    def since(self) -> procstat.Use | None:
        """The use of all CPUs since then."""
        now = procstat.use()
        return now.since(self.all_cpus) if now and self.all_cpus else None


def _own_s() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
