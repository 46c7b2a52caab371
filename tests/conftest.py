import os
from collections.abc import Iterator

import pytest
import yaml
from paper_families import PAPER_FAMILIES
from paths import ROOT
from warm_parent import snakemake as snakemake

from tfscale.axes import adopt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
adopt(PAPER_FAMILIES)  # for what is made up when a test module is read
os.environ["TFSCALE_TIMING_LOCK"] = "0"  # tests take no turns with a study


@pytest.fixture(autouse=True)
def paper_families() -> Iterator[None]:
    """Every test, and the fixtures of the next module, begin with the paper's two families; a test
    may take in others."""
    adopt(PAPER_FAMILIES)
    yield
    adopt(PAPER_FAMILIES)


@pytest.fixture
def config() -> dict:
    """The project's own config.yaml, to be spoilt by a test."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())


FIRST = ("test_columns", "test_fitting", "test_figures")
"""The first makes the finished study that many wait for, the others need none."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what others wait for, then with the longest, so that no worker is idle."""
    studies = ("workflow", "torture")
    items.sort(key=lambda item: (item.path.stem not in FIRST, item.path.parent.name not in studies))
