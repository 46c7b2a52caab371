import os
from pathlib import Path

import pytest
import yaml

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
ROOT = Path(__file__).parents[1]


@pytest.fixture
def config() -> dict:
    """The project's own config.yaml, to be spoilt by a test."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())
