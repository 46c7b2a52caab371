"""The warm parent: starts, imports, forks, reaps.

Importing TensorFlow takes seconds, more than most visits. So the first job of a Snakemake run
starts a parent that only imports, one for each environment, and every job asks it for a fork
(`warm`). It goes away with the Snakemake run. Where it cannot be (macOS, a GPU, no Snakemake above
this process, TFSCALE_WARM=0) the job imports by itself.

`python -m tfscale.jobs.warm <socket> <pid>` serves until the process `pid` (Snakemake) has ended,
however that ended. A job comes as the path of a JSON file with two descriptors, its standard
output and error; see `job`. Of the project it imports only what it needs itself, so that a job
always has the code of the day.
"""

import fcntl
import gc
import hashlib
import json
import os
import select
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
from tfscale.jobs.processes import must_execute, perform

SCRIPTS = Path(__file__).parents[2]
LONGEST_ANSWER = 1 << 20
LISTENS_WITHIN_S = 20
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Neither OpenBLAS nor Arrow may start a thread before the last fork."""
KERAS = {"KERAS_BACKEND": "tensorflow", "KERAS_HOME": os.devnull}
"""The user's own keras.json is not read: it must not change what a study trains and times."""


def do(target: str, **arguments: object) -> object:
    """The answer of `module:function` with these arguments; both travel as JSON.

    Raises StudyError when the function fails; the traceback is then in the log.
    """
    os.environ |= ONE_THREAD | KERAS
    parent = _warm_parent()
    if parent is None:
        module, function = target.split(":")
        return getattr(import_module(module), function)(**arguments)
    with parent, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        request = {"target": target, "arguments": arguments, "folder": str(Path.cwd())}
        json.dump(request | {"variables": dict(os.environ)}, file)
        file.flush()
        socket.send_fds(parent, [file.name.encode()], [1, 2])
        return _answer(parent)


def _answer(parent: socket.socket) -> object:
    heard: dict = {}
    while "status" not in heard:
        message = parent.recv(LONGEST_ANSWER)
        if not message:
            raise StudyError("the parent of the jobs is gone: type the same command again")
        heard |= json.loads(message)
    if "error" in heard:
        raise StudyError(heard["error"])
    if "answer" not in heard:
        raise StudyError(_ended(heard["status"]))
    return heard["answer"]


def _ended(status: int) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        hint = " (out of memory?)" if -status == signal.SIGKILL else ""
        return f"the job was ended by signal {-status} ({name}){hint}"
    return f"the job ended with status {status} and no answer"


def _warm_parent() -> socket.socket | None:
    """A connection to the warm parent of this Snakemake run, which is started when missing."""
    wanted = os.environ.get("TFSCALE_WARM") != "0" and hasattr(os, "pidfd_open")
    study = _study() if wanted and not must_execute() else None
    if study is None:
        return None
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:8]
    folder = Path(tempfile.gettempdir(), f"tfscale-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return None
    address = folder / f"{study}-{environment}.socket"
    with address.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return _connected(address) or _started(address, study)
        except OSError:
            return None


def _connected(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    return connection


def _started(address: Path, study: int) -> socket.socket | None:
    """Start the warm parent in a session of its own and wait until it listens."""
    address.unlink(missing_ok=True)
    path = os.pathsep.join([str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "tfscale.jobs.warm", str(address), str(study)],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = monotonic() + LISTENS_WITHIN_S
    while monotonic() < end and process.poll() is None:
        if connection := _connected(address):
            return connection
        sleep(0.01)
    return None


def _study() -> int | None:
    """The Snakemake process above this one that is nearest to the user."""
    import psutil

    above = psutil.Process().parents()
    found = [process.pid for process in above if _is_snakemake(process.cmdline())]
    return found[-1] if found else None


def _is_snakemake(command: list[str]) -> bool:
    return any(Path(part).name == "snakemake" for part in command[:3])


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
