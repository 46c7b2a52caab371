import os

import pytest
import yaml
from paths import ROOT

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TFSCALE_TIMING_LOCK"] = "0"  # tests neither wait for a study of this machine nor stop it


@pytest.fixture
def config() -> dict:
    """The project's own config.yaml, to be spoilt by a test."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())
