"""The environment of the jobs: conda's or Snakemake's own, and what it lacks."""

import re
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tfscale.console.commands import CONDA, Call

ENVIRONMENTS = Path(__file__).resolve().parents[4] / "envs"
PIN = re.compile(r"^ *- (python|tensorflow|keras)==?([\w.]+)", re.M)


def jobs_environment(workflow) -> dict[str, str]:
    """The versions of `python` (major.minor), `tensorflow` and `keras` that jobs will have; a
    package that is not installed is left out."""
    if CONDA in Call.of(workflow).options:
        return dict(PIN.findall((ENVIRONMENTS / "tensorflow.yaml").read_text(encoding="utf-8")))
    versions = {"python": "{}.{}".format(*sys.version_info)}
    for package in ("tensorflow", "keras"):
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions
