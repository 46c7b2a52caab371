"""What a timing depends on besides the model: versions, machine and settings."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("tensorflow", "keras", "numpy")
VARIABLES = ("TF_", "OMP_", "CUDA_", "XLA_", "OPENBLAS_", "MKL_", "KMP_")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "fma", "asimd", "sve")
FOREIGN = ("TF_CLI_", "TF_VAR_", "TF_LOG", "TF_TOKEN_", "TF_DATA_DIR", "TF_WORKSPACE")
"""Terraform's variables share TensorFlow's prefix and may hold secrets."""


def environment() -> dict[str, str]:
    """The record of this environment; every value is text."""
    cpu = _cpu()
    record = {f"version_{name}": version(name) for name in PACKAGES}
    record |= {
        "version_python": platform.python_version(),
        "host": platform.node(),
        "system": platform.platform(),
        "cpu_model": cpu.get("model name", platform.processor()),
        "cpu_flags": " ".join(flag for flag in FLAGS if flag in cpu.get("flags", "").split()),
        "cpu_count": str(psutil.cpu_count(logical=True)),
        "memory_bytes": str(psutil.virtual_memory().total),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "cpu_quota": _read("/sys/fs/cgroup/cpu.max"),
        "git_commit": _git_commit(),
    }
    return record | {
        f"variable_{name}": value
        for name, value in sorted(os.environ.items())
        if name.startswith(VARIABLES) and not name.startswith(FOREIGN)
    }


def _cpu() -> dict[str, str]:
    """The first processor in /proc/cpuinfo; empty where there is none (macOS)."""
    block = _read("/proc/cpuinfo").split("\n\n")[0]
    pairs = [line.split(":", 1) for line in block.splitlines() if ":" in line]
    return {key.strip(): value.strip() for key, value in pairs}


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def _git_commit() -> str:
    """The commit of the pipeline, with a + when files differ from it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"
