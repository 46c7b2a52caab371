"""The parent's side of a visit: hears its answer, watches its memory, leaves no child behind."""

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep

from tfscale.errors import StudyError
from tfscale.jobs import memory
from tfscale.jobs.child import ENDINGS
from tfscale.jobs.ending import Ending

LOOK_S = 0.5 if (os.cpu_count() or 1) > 1 else 1.0
"""Between two looks at the child's memory: 0.1 ms each, on another CPU where there is one."""
ENDED_S = 0.002
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Child:
    """A running visit; to be used as a context, at whose end the process is gone."""

    def __init__(self, start: Callable[[int], int], forked: bool):
        """Start the process: `start` takes the descriptor to answer on and returns the pid.

        Signals wait until its pid is known. Raises StudyError when it cannot be started. Memory:
        the kernel's own figure at the end counts the parent's peak for an executed child, and is
        then believed only above that.
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
            try:
                self.pid = start(sender)
            finally:
                os.close(sender)
                signal.pthread_sigmask(signal.SIG_SETMASK, held)
        except OSError as error:
            self.end()
            raise StudyError(f"could not be started: {error.strerror}") from error
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
                self._look()
                raise StudyError(self._ending().late(limit_s))
            sleep(ENDED_S)
        whole = heard and (self.status or 0) >= 0  # a signal may end it in the middle of a word
        message = json.loads(heard) if whole else {}
        if "error" in message:
            raise StudyError(self._ending().failed(message["error"]))
        if self.status or "answer" not in message:
            raise StudyError(self._ending().died())
        return message["answer"]

    def _hear(self, deadline: float) -> bytes:
        """All that the child writes until it closes its end or the time is up."""
        parts, poller = [], select.poll()
        poller.register(self.receiver, select.POLLIN)
        while (left := deadline - monotonic()) > 0:
            ended = self._has_ended()  # asked first: all that it wrote is then waiting here
            if poller.poll(0 if ended else 1000 * min(left, LOOK_S)):
                if not (part := os.read(self.receiver, 1 << 20)):
                    break
                parts.append(part)
            elif ended:  # and what it started holds the other end
                break
            else:
                self._look()
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

    def _ending(self) -> Ending:
        kills = memory.kills()
        return Ending(
            status=self.status,
            seconds=monotonic() - self.began,
            peak=self.peak,
            limit=memory.limit_bytes(),
            available=self.available,
            kernel_killed=None not in (kills, self.kills) and kills != self.kills,
        )
