"""The conda environments are really created where there is conda."""

import shutil

import pytest

pytestmark = pytest.mark.long


@pytest.mark.skipif(
    shutil.which("conda") is None,
    reason="no conda on this machine: the pins are compared with uv.lock (test_code.py), "
    "but the environments are not created",
)
def test_environments_can_be_created(fresh):
    printed = fresh.run("--use-conda", "--conda-create-envs-only")
    assert "tensorflow.yaml" in printed and "analysis.yaml" in printed
