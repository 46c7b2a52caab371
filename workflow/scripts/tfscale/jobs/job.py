"""Does the work of a job in a process forked from the study's warm parent, or right here.

Importing TensorFlow takes seconds, more than most visits. So the first job of a Snakemake run
starts a parent that only imports, one for each environment, and every job asks it for a fork
(`warm`). It goes away with the Snakemake run. Where it cannot be (macOS, a GPU, no Snakemake above
this process, TFSCALE_WARM=0) the job imports by itself.
"""

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

from tfscale.errors import StudyError
from tfscale.timing.device import must_execute

SCRIPTS = Path(__file__).parents[2]
LONGEST_ANSWER = 1 << 20
LISTENS_WITHIN_S = 20
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Neither OpenBLAS nor Arrow may start a thread before the last fork."""


def do(target: str, **arguments: object) -> object:
    """The answer of `module:function` with these arguments; both travel as JSON.

    Raises StudyError when the function fails; the traceback is then in the log.
    """
    os.environ |= ONE_THREAD
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
