"""Same seed and environment, same bits: in fresh processes that hash and schedule differently."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "repeatable.py"


def made(folder: Path, seed: int, hashing: str) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(seed)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": hashing, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def twice(tmp_path_factory) -> list[dict]:
    """What two processes made of one seed, with sets and dicts of strings in different orders."""
    folder = tmp_path_factory.mktemp("repeatable")
    return [made(folder / hashing, 3, hashing) for hashing in ("1", "2")]


@pytest.mark.long
@pytest.mark.parametrize("part", ["plan", "data", "fits", "weights"])
def test_the_same_seed_gives_the_same_bits_in_another_process(twice, part):
    first, second = (found[part] for found in twice)
    assert len(first) >= {"plan": 1, "data": 4, "fits": 50, "weights": 2}[part]
    assert first == second
