"""How a visit ended, in words that say what to do next."""

import signal
from dataclasses import dataclass

STOPPED = ("SIGINT", "SIGTERM", "SIGHUP")
MEMORY_WORDS = ("MemoryError", "ResourceExhausted", "bad_alloc", "OOM", "allocate memory")
LESS_MEMORY = "out of memory? Take smaller batches or models, or give the job more memory"


@dataclass(frozen=True)
class Ending:
    """What was seen of a visit: memory in bytes, 0 and None where it is unknown or unlimited."""

    status: int | None
    seconds: float
    peak: int
    limit: int | None
    available: int
    kernel_killed: bool
    """Whether the kernel ended any process of the machine for want of memory meanwhile."""

    def late(self, limit_s: float) -> str:
        """It did not end within the limit."""
        return (
            f"took longer than {limit_s:g} s (timing.time_limit_s); {self._memory()}: "
            "raise timing.time_limit_s, or take smaller batches or models"
        )

    def failed(self, error: str) -> str:
        """It raised `error`."""
        text = f"failed with status {self.status}: {error}"
        if any(word in error for word in MEMORY_WORDS):
            text += f"; {self._memory()}: {LESS_MEMORY}"
        return text

    def died(self) -> str:
        """It ended by a signal, or without a word."""
        after = f"after {self.seconds:.1f} s; {self._memory()}"
        if self.status is None or self.status >= 0:
            return f"ended with status {self.status} and without an answer {after}: see the log"
        name = _signal_name(-self.status)
        if name in STOPPED:
            return f"was stopped by {name} {after}: type the same command again"
        if name != "SIGKILL":
            return f"was killed by {name} {after}: see the log"
        why = "the kernel ended a process for want of memory; " if self.kernel_killed else ""
        return f"was killed by {name} {after}: {why}{LESS_MEMORY}"

    def _memory(self) -> str:
        peak = f"{self.peak / 1e6:.0f} MB" if self.peak else "unknown"
        bound = f"limit {self.limit / 1e6:.0f} MB" if self.limit else "no limit"
        return f"peak memory {peak}, {bound}, {self.available / 1e6:.0f} MB available then"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
