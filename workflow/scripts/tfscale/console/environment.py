"""The environment of the jobs, conda's or Snakemake's own: what it has, and what it lacks."""

import logging
import re
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from tfscale.console.commands import CONDA, Call, uses_conda
from tfscale.study.study import Study

ENVIRONMENTS = Path(__file__).resolve().parents[4] / "envs"
PIN = re.compile(r"^ *- (python|tensorflow|keras)==?([\w.]+)", re.M)
TABLES, FITS = ("numpy", "pandas", "pyarrow"), ("scipy", "statsmodels")
TRAINING = ("tensorflow", "keras", "psutil", *TABLES)
MODULES = {
    "tensorflow": TRAINING,
    "onnxruntime": (*TRAINING, "onnxruntime", "onnx", "tf2onnx"),
    "litert": (*TRAINING, "ai_edge_litert"),
    "openvino": (*TRAINING, "openvino"),
    "analysis": (*TABLES, *FITS, "matplotlib", "seaborn", "PIL", "jinja2", "requests"),
}
"""What jobs import, by the name of their environment's file."""


def jobs_environment(workflow) -> dict[str, str]:
    """The versions of `python` (major.minor), `tensorflow` and `keras` that jobs will have; a
    package that is not installed is left out."""
    if uses_conda(workflow):
        return conda_versions()
    versions = {"python": "{}.{}".format(*sys.version_info)}
    for package in ("tensorflow", "keras"):
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def conda_versions() -> dict[str, str]:
    """The same of the environment that conda makes."""
    return dict(PIN.findall((ENVIRONMENTS / "tensorflow.yaml").read_text(encoding="utf-8")))


def environment_words(workflow) -> str:
    """Python, TensorFlow and where they are: conda, or the folder of Snakemake's own Python."""
    versions = jobs_environment(workflow)
    own = Path(sys.prefix)
    place = "conda" if uses_conda(workflow) else own.name if own.parent == Path.cwd() else f"{own}"
    names = {"python": "Python", "tensorflow": "TensorFlow"}
    said = [f"{name} {versions[key]}" for key, name in names.items() if key in versions]
    return f"{', '.join(said)} ({place})"


def refuse_without_conda(workflow) -> None:
    """Let a study end with one line when it asks for conda and there is none.

    Snakemake looks for conda after it has planned all jobs, and ends with a traceback. Its first
    event comes before and only when jobs are to run: `--list`, `--report` and the like go on.
    """

    def no_conda(record: logging.LogRecord) -> bool:
        if vars(record).get("event") == LogEvent.WORKFLOW_STARTED:
            sys.exit(
                "--use-conda needs the command conda, and there is none on PATH: "
                f"`conda activate base` brings it. Or without conda: {_in_venv(workflow)}"
            )
        return True

    asked = workflow.is_main_process and uses_conda(workflow)
    if asked and shutil.which("conda") is None:
        workflow.logger_manager.logger.addFilter(no_conda)


def refuse_without_packages(workflow, study: Study) -> None:
    """End with one line when jobs will run in a Python that lacks what they import, or that is not
    the environment that they ask for.

    Not where conda brings it, nor where each node has software of its own (Kubernetes).
    """
    shared = {use.name for use in workflow.storage_settings.shared_fs_usage}
    if uses_conda(workflow) or "SOFTWARE_DEPLOYMENT" not in shared or workflow.touch:
        return
    call = Call.of(workflow)
    by_conda = replace(call, options=[*call.options, CONDA]).command()
    jobs = list(workflow.dag.needrun_jobs())
    for cell in (job.wildcards.cell for job in jobs if job.rule.name == "measure"):
        if "conda" in study.environment(cell):
            name = study.cell(cell)["environment"]
            sys.exit(f"environments.{name}.conda needs conda: `{by_conda}`")
    files = set(filter(None, map(_env_file, jobs)))
    modules = [name for file in sorted(files) for name in MODULES.get(Path(file).stem, ())]
    lacking = [name for name in dict.fromkeys(modules) if find_spec(name) is None]
    if lacking:
        sys.exit(
            f"The Python of this Snakemake ({sys.executable}) lacks {', '.join(lacking)}. "
            f"Have conda bring them: `{by_conda}`. Or: {_in_venv(workflow)}"
        )


def _env_file(job) -> str | None:
    """The file of a job's environment, which may follow from its wildcards."""
    file = job.rule.conda_env
    return file(job.wildcards) if callable(file) else file


def _in_venv(workflow) -> str:
    call = Call.of(workflow)
    options = [option for option in call.options if option != CONDA]
    return f"`make setup`, then `.venv/bin/{replace(call, options=options).command()}`"
