"""A fresh process for a task, forked or a new interpreter; how it ended, in words.

A process that has run an operation of TensorFlow must not fork (its thread pools do not follow),
hence the check of the parent's threads. No child outlives its parent: see `attend` and `child`.
"""

import json
import os
import runpy
import select
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

from tfscale.errors import StudyError
from tfscale.jobs import limits
from tfscale.jobs.log import end_with

NODES = (Path("/dev/nvidia0"), Path("/dev/kfd"), Path("/dev/dxg"))
"""Devices of NVIDIA's, AMD's and Windows' (WSL) drivers."""

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128
"""A process ended by signal n has exit status 128 + n in a shell."""
STOPPED = {SIGNALLED + number: number.name for number in ENDINGS}
FAILED = 1
LONGEST_MESSAGE = 300


def perform(task: Callable[[], object], parent: int, sender: int) -> NoReturn:
    """Write what the task answers, or the error that it raised, as JSON to `sender`; then leave.

    The parent's clean-up (`finally`, atexit) is never run. An error's traceback goes to the log
    and the exit status is 1.
    """
    status = FAILED
    try:
        end_with(parent)
        for number in ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        try:
            message = json.dumps({"answer": task()})
            status = 0
        except BaseException as error:
            with suppress(OSError):  # on a full disk the log takes no more
                traceback.print_exc()
            message = json.dumps({"error": in_one_line(error)})
        _write(sender, message.encode())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def in_one_line(error: BaseException) -> str:
    """The type and the first line of the message; what speaks to the user goes without type."""
    if isinstance(error, SystemExit) and error.code in STOPPED:
        return f"was stopped by {STOPPED[error.code]}: type the same command again"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0][:LONGEST_MESSAGE] if lines else ""
    if isinstance(error, StudyError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
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
        if name in STOP_SIGNALS:
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
        self.available, self.kills = limits.available_bytes(), limits.kills()
        self.others_peak = 0 if forked else limits.peak_bytes() or 0
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
        self.peak = max(self.peak, limits.peak_bytes(self.pid) or 0)
        self.available = min(self.available, limits.available_bytes())

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
        kills = limits.kills()
        return Ending(
            status=self.status,
            seconds=monotonic() - self.began,
            peak=self.peak,
            limit=limits.limit_bytes(),
            available=self.available,
            kernel_killed=None not in (kills, self.kills) and kills != self.kills,
        )


TASKS = Path("/proc/self/task")
SCRIPTS = Path(__file__).parents[2]


def run_forked(task: Callable[[dict], dict], request: dict, limit_s: float, name: str = "") -> dict:
    """The answer of `task(request)` from a forked child; it travels as JSON.

    Raises StudyError, with `name` (the cell's) in front, when this process has more than one
    thread, and when the child fails, dies or takes longer than `limit_s` seconds. A SIGTERM or
    SIGHUP to this process raises SystemExit with status 128 + its number.
    """
    if TASKS.exists() and (threads := len(list(TASKS.iterdir()))) > 1:
        raise StudyError(
            f"{_front(name)}the parent of the visits has {threads} threads and cannot fork safely: "
            "set timing.isolation to exec"
        )
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()

    def start(sender: int) -> int:
        pid = os.fork()
        if pid == 0:
            perform(lambda: task(request), parent, sender)
        return pid

    with _signals_raise(), _named(name), Child(start, forked=True) as child:
        return child.answer(limit_s)  # type: ignore[return-value]


def run_executed(module: str, request: dict, limit_s: float, name: str = "") -> dict:
    """The answer of `python -m module <request> <answer>` in a new interpreter; raises likewise."""
    with (
        _signals_raise(),
        tempfile.TemporaryDirectory(prefix="tfscale-") as folder,
        _named(name),
    ):
        question, answer = Path(folder, "request.json"), Path(folder, "answer.json")
        question.write_text(json.dumps(request))
        path = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        command = [sys.executable, "-m", "tfscale.jobs.processes", str(os.getpid())]

        def start(sender: int) -> int:
            arguments = [*command, str(sender), module, str(question), str(answer)]
            return os.posix_spawn(
                sys.executable, arguments, environment, setsigmask=(), setsigdef=ENDINGS
            )

        with Child(start, forked=False) as child:
            child.answer(limit_s)
        if not answer.exists():
            raise StudyError("ended without an answer: see the log")
        return json.loads(answer.read_text())


def _front(name: str) -> str:
    return f"{name}: " if name else ""


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of which cell the failing visit was."""
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{_front(name)}a visit {error}") from None


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Have the signals that would end this process raise, so that what is `finally` is done.

    Only where nobody else handles them, and only in the main thread: no other may say so.
    """
    ours: list[signal.Signals] = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(SIGNALLED + number)


if __name__ == "__main__":
    owner, descriptor, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sys.argv[1:] = sys.argv[4:]

    def module() -> None:
        """Run the module as `python -m` does; it writes its own answer."""
        runpy.run_module(name, run_name="__main__", alter_sys=True)

    perform(module, owner, descriptor)


def must_execute() -> bool:
    """Whether a visit needs a new interpreter: on macOS, and where there may be a GPU.

    A process that has started CUDA must not fork, and Apple's libraries forbid it. Looks at the
    drivers' files only, so that nothing is started.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    return sys.platform == "darwin" or (not hidden and any(node.exists() for node in NODES))
