"""The parent's side of a visit: hears its answer, watches its memory, leaves no child behind."""

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep

from tfscale import memory
from tfscale.child import ENDINGS
from tfscale.errors import StudyError

LOOK_S = 0.5 if (os.cpu_count() or 1) > 1 else 1.0
"""Between two looks at the child's memory: 0.1 ms each, on another CPU where there is one."""
ENDED_S = 0.002
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
STOPPED = ("SIGINT", "SIGTERM", "SIGHUP")
MEMORY_WORDS = ("MemoryError", "ResourceExhausted", "bad_alloc", "OOM", "allocate memory")
LESS_MEMORY = "out of memory? Take smaller batches or models, or give the job more memory"


class Child:
    """A running visit; to be used as a context, at whose end the process is gone."""

    def __init__(self, start: Callable[[int], int], forked: bool):
        """Start the process: `start` takes the descriptor to answer on and returns the pid.

        Signals wait until its pid is known. Memory: the kernel's own figure at the end counts the
        parent's peak for an executed child, and is then believed only above that.
        """
        self.pid, self.peak = 0, 0
        self.status: int | None = None
        self.available, self.kills = memory.available_bytes(), memory.kills()
        self.others_peak = 0 if forked else memory.peak_bytes() or 0
        self.began = monotonic()
        self.receiver, sender = os.pipe()
        os.set_inheritable(sender, not forked)
        held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        try:
            self.pid = start(sender)
        finally:
            os.close(sender)
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, held)
            except BaseException:
                self.end()
                raise

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """Kill the process if it still runs and wait until it is gone."""
        if self.pid and self.status is None:
            with suppress(ProcessLookupError, ChildProcessError):  # a signal came as it ended
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        os.close(self.receiver)

    def answer(self, limit_s: float) -> object:
        """What the task answered (None for an executed module, which writes its own file).

        Raises StudyError when the visit failed, died or took longer than `limit_s` seconds.
        """
        deadline = self.began + limit_s
        heard = self._hear(deadline)
        while not self._has_ended():
            if monotonic() > deadline:
                raise StudyError(self._late(limit_s))
            sleep(ENDED_S)
        whole = heard and (self.status or 0) >= 0  # a signal may end it in the middle of a word
        message = json.loads(heard) if whole else {}
        if "error" in message:
            raise StudyError(self._failed(message["error"]))
        if self.status or "answer" not in message:
            raise StudyError(self._died())
        return message["answer"]

    def _hear(self, deadline: float) -> bytes:
        """All that the child writes until it closes its end or the time is up."""
        parts, poller = [], select.poll()
        poller.register(self.receiver, select.POLLIN)
        while (left := deadline - monotonic()) > 0:
            if not poller.poll(1000 * min(left, LOOK_S)):
                self._look()
                if self._has_ended():  # but what it started holds the other end
                    break
            elif part := os.read(self.receiver, 1 << 20):
                parts.append(part)
            else:
                break
        return b"".join(parts)

    def _look(self) -> None:
        self.peak = max(self.peak, memory.peak_bytes(self.pid) or 0)
        self.available = min(self.available, memory.available_bytes())

    def _has_ended(self) -> bool:
        if self.status is not None:
            return True
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if not pid:
            return False
        self.status = os.waitstatus_to_exitcode(status)
        if (last := usage.ru_maxrss * RSS_UNIT) > self.others_peak:
            self.peak = max(self.peak, last)
        return True

    def _late(self, limit_s: float) -> str:
        self._look()
        return (
            f"took longer than {limit_s:g} s (timing.time_limit_s); {self._memory()}: "
            "raise timing.time_limit_s, or take smaller batches or models"
        )

    def _failed(self, error: str) -> str:
        text = f"failed with status {self.status}: {error}"
        if any(word in error for word in MEMORY_WORDS):
            text += f"; {self._memory()}: {LESS_MEMORY}"
        return text

    def _died(self) -> str:
        after = f"after {monotonic() - self.began:.1f} s; {self._memory()}"
        if self.status is None or self.status >= 0:
            return f"ended with status {self.status} and without an answer {after}: see the log"
        name = _signal_name(-self.status)
        if name in STOPPED:
            return f"was stopped by {name} {after}: type the same command again"
        if name != "SIGKILL":
            return f"was killed by {name} {after}: see the log"
        killed = self.kills is not None and (memory.kills() or 0) > self.kills
        why = "the kernel ended a process for want of memory meanwhile; " if killed else ""
        return f"was killed by {name} {after}: {why}{LESS_MEMORY}"

    def _memory(self) -> str:
        limit, peak = memory.limit_bytes(), f"{self.peak / 1e6:.0f} MB" if self.peak else "unknown"
        bound = f"limit {limit / 1e6:.0f} MB" if limit else "no limit"
        return f"peak memory {peak}, {bound}, {self.available / 1e6:.0f} MB available then"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
