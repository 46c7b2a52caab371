"""A warm parent: imports TensorFlow once, runs no operation, and forks a process for each job.

`python -m tfscale.jobs.warm <socket> <pid>` serves until the process `pid` (Snakemake) has ended,
however that ended. A job comes as the path of a JSON file with two descriptors, its standard
output and error; see `job`. Of the project it imports only what it needs itself, so that a job
always has the code of the day.
"""

import gc
import json
import os
import select
import selectors
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from tfscale.jobs.child import perform

LONGEST = 1 << 16
LOOK_S = 0.2
LIBRARIES = ("tensorflow", "keras", "pandas", "pyarrow.parquet", "psutil")


class Warm:
    """The parent, its listening socket and its jobs: a connection each, by process."""

    def __init__(self, address: str, study: int):
        """Listen at once, so that the first job can wait; then import."""
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(address)
        self.listener.listen()
        self.jobs: dict[int, socket.socket] = {}
        self.study = os.pidfd_open(study)
        self._import()
        gc.freeze()
        self.woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.selector = selectors.DefaultSelector()
        for ready in (self.listener, self.study, self.woken):
            self.selector.register(ready, selectors.EVENT_READ)

    def _import(self) -> None:
        """Import the libraries, which takes seconds, and leave when the study ends meanwhile."""

        def look(number: int, frame: object) -> None:
            if select.select([self.study], [], [], 0)[0]:
                os._exit(0)

        signal.signal(signal.SIGALRM, look)
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)
        for name in LIBRARIES:
            import_module(name)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def serve(self) -> None:
        """Start jobs and end those whose asker has gone, until the study has ended."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == self.study:
                    self._end(list(self.jobs))
                    return
                if key.fileobj == self.listener:
                    self._start(self.listener.accept()[0])
                elif key.fileobj == self.woken:
                    os.read(self.woken, LONGEST)
                    self._reap()
                else:  # the asker closed its end
                    self._end([pid for pid, asker in self.jobs.items() if asker is key.fileobj])
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
            perform(lambda: work(message.decode()), here, asker.fileno())
        for descriptor in descriptors:
            os.close(descriptor)
        self.jobs[pid] = asker
        self.selector.register(asker, selectors.EVENT_READ)

    def _reap(self) -> None:
        """Tell the askers of ended jobs how they ended: the answer itself came from the job."""
        while self.jobs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            asker = self.jobs.pop(pid)
            if asker in {key.fileobj for key in self.selector.get_map().values()}:
                self.selector.unregister(asker)
                asker.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())
            asker.close()

    def _end(self, jobs: list[int]) -> None:
        for pid in jobs:
            os.kill(pid, signal.SIGTERM)


def work(request_path: str) -> object:
    """Do one job as if it had been started by itself: its folder, variables and import path."""
    request = json.loads(Path(request_path).read_text())
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["variables"])
    module, function = request["target"].split(":")
    return getattr(import_module(module), function)(**request["arguments"])


def remove_left_over(folder: Path) -> None:
    """Remove the sockets and locks of studies that have ended: their parents were killed."""
    for path in folder.iterdir():
        study = path.name.partition("-")[0]
        if path.suffix in (".socket", ".lock") and study.isdecimal():
            with suppress(OSError, OverflowError):
                if not Path("/proc", study).exists():
                    path.unlink()


if __name__ == "__main__":
    address = Path(sys.argv[1])
    remove_left_over(address.parent)
    Warm(sys.argv[1], int(sys.argv[2])).serve()
    for path in (address, address.with_suffix(".lock")):
        path.unlink(missing_ok=True)
