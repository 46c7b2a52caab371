"""A fresh process for a task: a fork of the warm parent, or a new interpreter; how it ended.

A job itself imports no TensorFlow. It asks for a fresh process (`fresh`), watches its memory and
its time, and says in one line why it failed. No fresh process outlives its job.
"""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from tfscale.errors import StudyError
from tfscale.jobs import limits, warm
from tfscale.jobs.child import ANSWER, REQUEST
from tfscale.jobs.surroundings import interpreter, settle_libraries

NODES = (Path("/dev/nvidia0"), Path("/dev/kfd"), Path("/dev/dxg"))
"""Devices of NVIDIA's, AMD's and Windows' (WSL) drivers."""
LOOK_S = 0.5
"""Between two looks at the memory of the process: 0.1 ms each."""
FOREVER_S = 1e9


def must_execute() -> bool:
    """Whether a task needs a new interpreter: on macOS, and where there may be a GPU.

    A process that has started CUDA must not fork, and Apple's libraries forbid it. Looks at the
    drivers' files only, so that nothing is started.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    return sys.platform == "darwin" or (not hidden and any(node.exists() for node in NODES))


def fresh(
    function: str,
    arguments: dict,
    limit_s: float = FOREVER_S,
    isolation: str = "fork",
    python: str = "",
) -> Any:
    """The answer of `package.module:function` called with `arguments` in a fresh process.

    Arguments and answer are what JSON can hold. `isolation` is fork (a new interpreter all the
    same where a fork is not possible) or exec; `python` is another interpreter than this one's.
    What the process prints goes to this one's output. Raises StudyError when the function fails,
    its process dies or takes over `limit_s` seconds.
    """
    settle_libraries()
    with tempfile.TemporaryDirectory(prefix="tfscale-", ignore_cleanup_errors=True) as folder:
        request = {"function": function, "arguments": arguments, "folder": str(Path.cwd())}
        request["variables"] = dict(os.environ) | {"TMPDIR": folder}  # gone with it
        Path(folder, REQUEST).write_text(json.dumps(request))
        parent = None if isolation == "exec" or must_execute() else warm.connection(python)
        process = _Forked(folder, parent) if parent else _Executed(folder, python)
        try:
            ending = _watched(process, limit_s)
        finally:
            process.end()
        if ending.status is None:
            raise StudyError(ending.late(limit_s))
        answer = Path(folder, ANSWER)
        heard = json.loads(answer.read_text()) if answer.exists() and ending.status >= 0 else {}
    if "error" in heard:
        raise StudyError(ending.failed(heard["error"]))
    if "answer" not in heard:
        raise StudyError(ending.died())
    return heard["answer"]


class _Executed:
    """A task in a new interpreter."""

    def __init__(self, folder: str, python: str):
        self.process = subprocess.Popen(**interpreter("tfscale.jobs.child", folder, python=python))
        self.pid = self.process.pid

    def wait(self, seconds: float) -> int | None:
        """Its exit status, minus the signal's number if one ended it; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def end(self) -> None:
        """Kill it if it still runs, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class _Forked:
    """A task in a fork of the warm parent, which says by its connection how it ended."""

    def __init__(self, folder: str, parent: socket.socket):
        sys.stdout.flush()
        sys.stderr.flush()
        self.parent, self.pid, self.address = parent, 0, str(parent.getpeername())
        with suppress(OSError):  # it has just ended: `wait` finds out why
            socket.send_fds(parent, [folder.encode()], [1, 2])

    def wait(self, seconds: float) -> int | None:
        """As that of a task in a new interpreter."""
        end = monotonic() + seconds
        while select.select([self.parent], [], [], max(0.0, end - monotonic()))[0]:
            try:
                message = self.parent.recv(warm.LONGEST)
            except ConnectionResetError:
                message = b""
            if not message:
                raise StudyError(warm.ended(self.address))
            said = json.loads(message)
            self.pid = said.get("pid", self.pid)
            if "status" in said:
                return said["status"]
        return None

    def end(self) -> None:
        """Leave the connection: the parent then kills the task if it still runs."""
        self.parent.close()


def _watched(process: _Executed | _Forked, limit_s: float) -> "Ending":
    """How a process ended; one that still runs after `limit_s` has no status."""
    began, kills = monotonic(), limits.kills()
    peak, available, status = 0, limits.available_bytes(), None
    while status is None and (left := began + limit_s - monotonic()) > 0:
        status = process.wait(min(LOOK_S, left))
        if status is None and process.pid:
            peak = max(peak, limits.peak_bytes(process.pid) or 0)
            available = min(available, limits.available_bytes())
    return Ending(
        status=status,
        seconds=monotonic() - began,
        peak=peak,
        limit=limits.limit_bytes(),
        available=available,
        kernel_killed=None not in (kills, now := limits.kills()) and kills != now,
    )


FULL = {number: os.strerror(number) for number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)}
"""Why nothing can be written, and the status of a process that cannot write its answer."""
BOUNDS = {"SIGXCPU": "its CPU time is limited (ulimit -t)"}
STOPPED = ("SIGINT", "SIGTERM", "SIGHUP")
MEMORY_WORDS = ("MemoryError", "ResourceExhausted", "bad_alloc", "OOM", "allocate memory")
LESS_MEMORY = "out of memory? Take smaller batches or models, or give the job more memory"


@dataclass(frozen=True)
class Ending:
    """What was seen of a process: memory in bytes, 0 and None where it is unknown or unlimited."""

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
        if any(
            full in error for full in FULL.values()
        ):  # TensorFlow's name for it is ResourceExhausted
            return f"{error}: {more_space()}"
        if any(word in error for word in MEMORY_WORDS):
            return f"{error}; {self._memory()}: {LESS_MEMORY}"
        return error

    def died(self) -> str:
        """It ended by a signal, or without a word."""
        after = f"after {self.seconds:.1f} s; {self._memory()}"
        if full := FULL.get(self.status or 0):
            return f"could not write ({full}) {after}: {more_space()}"
        if self.status is None or self.status >= 0:
            return f"ended with status {self.status} and without an answer {after}: see the log"
        name = _signal_name(-self.status)
        if name in STOPPED:
            return f"was stopped by {name} {after}: type the same command again"
        if name != "SIGKILL":
            return f"was killed by {name} {after}: {BOUNDS.get(name, 'see the log')}"
        why = "the kernel ended a process for want of memory; " if self.kernel_killed else ""
        return f"was killed by {name} {after}: {why}{LESS_MEMORY}"

    def _memory(self) -> str:
        peak = f"{self.peak / 1e6:.0f} MB" if self.peak else "unknown"
        bound = f"limit {self.limit / 1e6:.0f} MB" if self.limit else "no limit"
        return f"peak memory {peak}, {bound}, {self.available / 1e6:.0f} MB available then"


def more_space() -> str:
    """What to do when nothing more can be written."""
    return (
        f"free space in the study's folder and under {tempfile.gettempdir()} (TMPDIR), or raise a "
        "quota or limit (ulimit -f)"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
