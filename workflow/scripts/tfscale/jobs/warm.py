"""The warm parent: imports TensorFlow once, runs no operation, and forks every fresh process.

Importing TensorFlow takes seconds, more than most runs. So the first task of a Snakemake run starts
a parent that only imports: one for each Snakemake, environment and clone, which ends with that
Snakemake, however that ended. `python -m tfscale.jobs.warm <socket> <pid>` serves until the process
`pid` has ended. A task comes as the folder of its request with two descriptors, its standard output
and error (see `child`). Of the project it imports only what it needs itself, so that a task always
has the code of the day.
"""

import fcntl
import gc
import hashlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

from tfscale.errors import StudyError
from tfscale.jobs.child import perform
from tfscale.jobs.log import snakemake_process
from tfscale.jobs.surroundings import SCRIPTS, interpreter

LIBRARIES = ("tensorflow", "keras", "pandas", "pyarrow.parquet", "psutil")
LONGEST = 1 << 16
LONGEST_FOLDER = 60
"""Bytes: Linux knows no socket by a name of more than 107, and 43 of them are ours."""
LISTENS_WITHIN_S = 20


def connection(python: str = "") -> socket.socket | None:
    """A connection to the warm parent of this Snakemake run and interpreter, which is started when
    missing.

    None where there can be none: without a Snakemake on this machine, without pidfd (Linux before
    5.3, macOS), or with TFSCALE_WARM=0.
    """
    wanted = os.environ.get("TFSCALE_WARM") != "0" and hasattr(os, "pidfd_open")
    snakemake = snakemake_process() if wanted else None
    if snakemake is None:
        return None
    place = hashlib.sha256(f"{python or sys.prefix}\n{SCRIPTS}".encode()).hexdigest()[:8]
    temporary = tempfile.gettempdir()
    short = len(os.fsencode(temporary)) <= LONGEST_FOLDER
    folder = Path(temporary if short else "/tmp", f"tfscale-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return None
    address = folder / f"{snakemake}-{place}.socket"
    with address.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _connected(address) or _started(address, snakemake, python)


def ended(address: str) -> str:
    """That the parent at an address ended, and the last line that it printed: of a failing import,
    for instance."""
    log = Path(address).with_suffix(".log")
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    why = f": {said[-1]}" if said else ""
    return f"the process that imports TensorFlow for all jobs ended{why}"


def _connected(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    return connection


def _started(address: Path, snakemake: int, python: str) -> socket.socket:
    """Start the warm parent in a session of its own and wait until it listens."""
    address.unlink(missing_ok=True)
    with address.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            **interpreter("tfscale.jobs.warm", str(address), str(snakemake), python=python),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = monotonic() + LISTENS_WITHIN_S
    while monotonic() < end and process.poll() is None:
        if connection := _connected(address):
            return connection
        sleep(0.01)
    raise StudyError(ended(str(address)))


class Warm:
    """The parent, its listening socket and its tasks: a connection each, by process."""

    def __init__(self, address: str, snakemake: int):
        """Listen at once, so that the first task can wait; then import."""
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(address)
        self.listener.listen()
        self.tasks: dict[int, socket.socket] = {}
        self.snakemake = os.pidfd_open(snakemake)
        for name in LIBRARIES:
            import_module(name)
        gc.freeze()
        self.woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.selector = selectors.DefaultSelector()
        for ready in (self.listener, self.snakemake, self.woken):
            self.selector.register(ready, selectors.EVENT_READ)

    def serve(self) -> None:
        """Start tasks and end those whose asker has gone, until Snakemake has ended."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == self.snakemake:
                    self._end(list(self.tasks))
                    return
                if key.fileobj == self.listener:
                    self._start(self.listener.accept()[0])
                elif key.fileobj == self.woken:
                    os.read(self.woken, LONGEST)
                    self._reap()
                else:  # the asker closed its end
                    self._end([pid for pid, asker in self.tasks.items() if asker is key.fileobj])
                    self.selector.unregister(key.fileobj)

    def _start(self, asker: socket.socket) -> None:
        message, descriptors, _, _ = socket.recv_fds(asker, LONGEST, 2)
        if len(descriptors) < 2:
            asker.close()
            return
        here = os.getpid()
        pid = os.fork()
        if pid == 0:
            for descriptor, own in zip(descriptors, (1, 2), strict=True):
                os.dup2(descriptor, own)
            self.listener.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            perform(message.decode(), here)
        for descriptor in descriptors:
            os.close(descriptor)
        self.tasks[pid] = asker
        self.selector.register(asker, selectors.EVENT_READ)
        self._tell(asker, {"pid": pid})

    def _reap(self) -> None:
        """Tell the askers of ended tasks how they ended."""
        while self.tasks:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            asker = self.tasks.pop(pid)
            if asker in {key.fileobj for key in self.selector.get_map().values()}:
                self.selector.unregister(asker)
                self._tell(asker, {"status": os.waitstatus_to_exitcode(status)})
            asker.close()

    def _tell(self, asker: socket.socket, message: dict) -> None:
        with suppress(OSError):  # the asker has gone
            asker.send(json.dumps(message).encode())

    def _end(self, tasks: list[int]) -> None:
        for pid in tasks:
            os.kill(pid, signal.SIGKILL)


def remove_left_over(folder: Path) -> None:
    """Remove the files of Snakemake runs that have ended: their parents were killed."""
    for path in folder.iterdir():
        snakemake = path.name.partition("-")[0]
        if snakemake.isdecimal() and not Path("/proc", snakemake).exists():
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    address = Path(sys.argv[1])
    remove_left_over(address.parent)
    with suppress(ProcessLookupError):  # Snakemake has ended already
        Warm(sys.argv[1], int(sys.argv[2])).serve()
    for suffix in (".socket", ".lock", ".log"):
        address.with_suffix(suffix).unlink(missing_ok=True)
