"""The environment variables that may change a timing: by a list, so that no secret is recorded."""

import os

NAMES = (
    "GLIBC_TUNABLES", "HIP_VISIBLE_DEVICES", "JE_ARROW_MALLOC_CONF", "KERAS_BACKEND",
    "GOTO_NUM_THREADS", "LD_PRELOAD", "NUMEXPR_NUM_THREADS", "NVIDIA_TF32_OVERRIDE",
    "PYTHONDEVMODE", "PYTHONMALLOC", "PYTHONOPTIMIZE", "TF_GRAPH_CACHING", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
FAMILIES = (
    "BLIS_", "CUBLAS_", "CUDA_", "CUDNN_", "DNNL_", "GOMP_", "KMP_", "MALLOC_", "MKL_", "OMP_",
    "ONEDNN_", "OPENBLAS_", "TCMALLOC_", "XLA_",
    "TF_AUTOTUNE_", "TF_AUTO_MIXED_", "TF_BFC_", "TF_CONV2D_", "TF_CPP_", "TF_CPU_", "TF_CUBLAS_",
    "TF_CUDA_", "TF_CUDNN_", "TF_CUFFT_", "TF_DEBUG_", "TF_DETERMINISTIC_", "TF_DEVICE_",
    "TF_DISABLE_", "TF_DUMP_", "TF_EAGER_", "TF_ENABLE", "TF_FORCE_", "TF_FP16_", "TF_GPU_",
    "TF_JIT", "TF_MATMUL_", "TF_MKL_", "TF_MLIR_", "TF_NUM_", "TF_ONEDNN_", "TF_OVERRIDE_",
    "TF_PER_DEVICE_", "TF_RUN_HANDLER_", "TF_SET_ONEDNN_", "TF_SYNC_", "TF_USE_", "TF_XLA_",
)  # fmt: skip
"""TensorFlow's own, as its libraries name them: other TF_ variables are mostly Terraform's, and
some of those hold secrets (TF_TOKEN_, TF_VAR_, TF_HTTP_PASSWORD)."""
SECRET = ("AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN")
"""Never recorded, whatever family a name belongs to."""
SET_BY_JOB = (
    "GOTO_NUM_THREADS", "JE_ARROW_MALLOC_CONF", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""By the job from the axis threads, or by Snakemake from the cores: not the user's environment."""


def variables() -> dict[str, str]:
    """The variables that are set and on the list, by name in order."""
    return {name: value for name, value in sorted(os.environ.items()) if _is_recorded(name)}


def _is_recorded(name: str) -> bool:
    listed = name in NAMES or name.startswith(FAMILIES)
    return listed and not any(word in name for word in SECRET)
