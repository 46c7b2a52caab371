"""What a job takes over from where its Snakemake was started: set, left out, or recorded.

docs/reliability.md lists all that is inherited.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2]
SET = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": os.devnull,
    "TF2_BEHAVIOR": "1",
}
"""Neither OpenBLAS nor Arrow may start a thread before a fork, and neither a keras.json of the
user's nor another variable of Keras (KERAS_MAX_EPOCHS) may change what a study trains and times.
TensorFlow sets its own at its import: what is recorded must not depend on which came first."""
UTF8 = "PYTHONUTF8"
"""Stays as it is, so that a folder has the same name in all processes."""


def settle() -> None:
    """Settle what all jobs of this Snakemake inherit.

    Python's variables are left out, so that code and libraries come from the clone and the
    environment alone; this process, which has begun with them, looks at their places last. How
    children end is noticed again where that was switched off.
    """
    places = [os.curdir, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.path.sort(key=[*map(os.path.abspath, places)].__contains__)
    utf8 = os.environ.get(UTF8)
    _leave_out("PYTHON")
    os.environ |= {"PYTHONNOUSERSITE": "1"} | ({UTF8: utf8} if utf8 else {})
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    with suppress(ValueError):  # Snakemake was called in a thread
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def settle_libraries() -> None:
    """Settle what the libraries of this job and of its fresh processes find."""
    _leave_out("KERAS_")
    os.environ |= SET


def _leave_out(beginning: str) -> None:
    for name in [name for name in os.environ if name.startswith(beginning)]:
        del os.environ[name]


def interpreter(module: str, *arguments: str, python: str = "") -> dict[str, Any]:
    """What starts a module of the project in a new interpreter (this one's, or `python`), as
    arguments of `Popen`; no file of the folder in which it runs takes the place of a library."""
    path = os.pathsep.join([str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        "args": [python or sys.executable, "-P", "-m", module, *arguments],
        "env": os.environ | SET | {"PYTHONPATH": path},
    }


NAMES = (
    "GLIBC_TUNABLES",
    "GOTO_NUM_THREADS",
    "HIP_VISIBLE_DEVICES",
    "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "TF2_BEHAVIOR",
    "TF_GRAPH_CACHING",
    "VECLIB_MAXIMUM_THREADS",
)
FAMILIES = (
    "BLIS_",
    "CUBLAS_",
    "CUDA_",
    "CUDNN_",
    "DNNL_",
    "GOMP_",
    "KMP_",
    "LD_",
    "MALLOC_",
    "MKL_",
    "NPY_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "TCMALLOC_",
    "XLA_",
    "TF_AUTOTUNE_",
    "TF_AUTO_MIXED_",
    "TF_BFC_",
    "TF_CONV2D_",
    "TF_CPP_",
    "TF_CPU_",
    "TF_CUBLAS_",
    "TF_CUDA_",
    "TF_CUDNN_",
    "TF_CUFFT_",
    "TF_DEBUG_",
    "TF_DETERMINISTIC_",
    "TF_DEVICE_",
    "TF_DISABLE_",
    "TF_DUMP_",
    "TF_EAGER_",
    "TF_ENABLE",
    "TF_FORCE_",
    "TF_FP16_",
    "TF_FUNCTION_",
    "TF_GPU_",
    "TF_JIT",
    "TF_MATMUL_",
    "TF_MKL_",
    "TF_MLIR_",
    "TF_NUM_",
    "TF_ONEDNN_",
    "TF_OVERRIDE_",
    "TF_PER_DEVICE_",
    "TF_RUN_HANDLER_",
    "TF_SET_ONEDNN_",
    "TF_SYNC_",
    "TF_USE_",
    "TF_XLA_",
)
"""TensorFlow's own, as its libraries name them: other TF_ variables are mostly Terraform's, and
some of those hold secrets (TF_TOKEN_, TF_VAR_, TF_HTTP_PASSWORD)."""
SECRET = ("AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN")
"""Never recorded, whatever family a name belongs to."""


def variables() -> dict[str, str]:
    """The variables on the list that are set, or will be in jobs, by name in order."""
    environment = os.environ | SET
    return {name: value for name, value in sorted(environment.items()) if _is_recorded(name)}


def _is_recorded(name: str) -> bool:
    listed = name in NAMES or name.startswith(FAMILIES)
    return listed and not any(word in name for word in SECRET)


POLICIES = {number: name for name, number in vars(os).items() if name.startswith("SCHED_")}
LIMITS = {name: kind for name, kind in vars(resource).items() if name.startswith("RLIMIT_")}


def scheduling() -> dict[str, str]:
    """How the system treats this process: priority, policy and limits."""
    policy = os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else None
    soft = {name: resource.getrlimit(kind)[0] for name, kind in sorted(LIMITS.items())}
    limited = {name: most for name, most in soft.items() if most != resource.RLIM_INFINITY}
    return {
        "nice": str(os.nice(0)),
        "scheduling": POLICIES.get(policy, str(policy)),
        "limits": ", ".join(f"{name[7:].lower()} {most}" for name, most in limited.items()),
    }
