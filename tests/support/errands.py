"""Tasks for fresh processes, without TensorFlow."""

import errno
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

HOG_BYTES = 300_000_000


def where() -> dict:
    tasks = Path("/proc/self/task")
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "tensorflow": "tensorflow" in sys.modules,
        "folder": str(Path.cwd()),
        "threads": len(list(tasks.iterdir())) if tasks.exists() else 1,
        "colour": os.environ.get("TFSCALE_COLOUR"),
        "backend": os.environ.get("KERAS_BACKEND"),
    }


def count(to: int) -> list[int]:
    print("counting … in UTF-8")
    return list(range(to))


def fail() -> None:
    raise ValueError("no such signature\nand a second line")


def starve() -> None:
    raise MemoryError("cannot allocate memory")


def fill_the_disk() -> str:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return "an answer"


def no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def litter() -> str:
    """As TensorFlow's autograph does, which takes its files away only at a normal exit."""
    return tempfile.mkstemp()[1]


def hang_up() -> str:
    os.kill(os.getpid(), signal.SIGHUP)
    return "still there"


def leave() -> None:
    os._exit(3)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def hog() -> None:
    memory = b"x" * HOG_BYTES
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
    print(len(memory))


def stubborn(pid_file: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(120)
