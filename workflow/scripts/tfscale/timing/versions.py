"""The environment that a timing depends on, and the machine: what a run records."""

import json
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from tfscale.jobs.surroundings import variables
from tfscale.timing.machine import UNKNOWN, processor, state, system
from tfscale.timing.protocol import VARIABLE

PACKAGES = ("tensorflow", "keras", "numpy")


def environment(packages: Iterable[str] = ()) -> dict[str, str]:
    """The record of this environment, with the versions of other `packages` that a runtime needs;
    every value is text.

    Imports TensorFlow but runs no operation, starts no thread and asks for no GPU: a process may
    still fork afterwards.
    """
    return (
        {f"version_{name}": version(name) for name in (*PACKAGES, *packages)}
        | _python()
        | _tensorflow()
        | system()
        | processor()
        | state()
        | {"git_commit": _git_commit()}
        | {f"{VARIABLE}{name}": value for name, value in variables().items()}
    )


def _python() -> dict[str, str]:
    return {
        "version_python": platform.python_version(),
        "python_implementation": platform.python_implementation(),
        "python_compiler": " ".join(platform.python_compiler().split()),
    }


def _tensorflow() -> dict[str, str]:
    """How TensorFlow was built, and whether it uses oneDNN's operations in this process."""
    import tensorflow as tf

    build = tf.sysconfig.get_build_info()
    try:
        from tensorflow.python.util import _pywrap_util_port

        onednn = "on" if _pywrap_util_port.IsMklEnabled() else "off"
    except (ImportError, AttributeError):  # no public way to ask
        onednn = UNKNOWN
    return {
        "tensorflow_build": json.dumps(dict(build), sort_keys=True),
        "tensorflow_git": str(tf.version.GIT_VERSION),
        "onednn": onednn,
    }


def _git_commit() -> str:
    """The commit of the pipeline, with a + when files differ from it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN
