"""What is made once for all processes of a test run."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

DONE = "done"


def made_once(factory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled: the first process that asks for `name` makes it, the others
    wait. Tests leave it as it is. `factory` is pytest's tmp_path_factory."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / DONE).exists():
            make(folder)
            (folder / DONE).touch()
    return folder
