"""What a timing depends on besides the model: versions, machine and settings."""

import hashlib
import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from tfscale.timing import machine
from tfscale.timing.variables import SET_BY_JOB, variables

PACKAGES = ("tensorflow", "keras", "numpy")
UNKNOWN = "unknown"
VARIABLE = "variable_"
VARIES = {
    "affinity", "clock_mhz", "git_commit", "load_average", "memory_available_bytes",
    "memory_bytes", "memory_limit_bytes", "cpuset", "uptime_s",
    *[f"{VARIABLE}{name}" for name in SET_BY_JOB],
}  # fmt: skip
"""Keys that may differ between rows of one environment; a virtual machine's memory is one, and
which of the CPUs a scheduler gave (how many is not)."""
DIGITS = 12


def environment() -> dict[str, str]:
    """The record of this environment; every value is text.

    Imports TensorFlow but runs no operation, starts no thread and asks for no GPU: a process may
    still fork afterwards.
    """
    return (
        {f"version_{name}": version(name) for name in PACKAGES}
        | _python()
        | _tensorflow()
        | machine.system()
        | machine.processor()
        | machine.state()
        | {"git_commit": _git_commit()}
        | {f"{VARIABLE}{name}": value for name, value in variables().items()}
    )


def identity(record: dict[str, str]) -> str:
    """A short digest of what is stable in a record: rows that differ in it are never pooled.

    A key that is not known to vary counts as stable.
    """
    stable = {key: value for key, value in record.items() if key not in VARIES}
    text = json.dumps(stable, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


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
