"""A process that stands for Snakemake, so that there is a warm parent: it lives as long."""

import os
import subprocess
import sys

import pytest
from paths import ROOT

from tfscale.jobs import log


def sleeping() -> subprocess.Popen:
    """A process that does nothing until it is killed."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])


@pytest.fixture(scope="module")
def snakemake(tmp_path_factory):
    """A folder whose modules its tasks find, as well as those of tests/support."""
    process, patch = sleeping(), pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("modules")
    patch.setenv(log.SNAKEMAKE, f"{log._namespace()} {process.pid}")
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT / "tests" / "support")]))
    yield folder
    patch.undo()
    process.kill()
    process.wait()
