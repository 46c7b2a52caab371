"""The same numbers come out with the warm parent and without it: only the import is saved.

Latencies are compared by `make bench ONLY=warm`; here it is what they depend on.
"""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from once import made_once
from snakemake_project import CELLS as ALL
from snakemake_project import Project, clone

from tfscale.axes import AXES
from tfscale.timing import run_file

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("real_families")]

SAME = [
    "cell",
    *AXES,
    "seed",
    "round",
    "process",
    "isolation",
    "protocol",
    "host",
    "device",
    "affinity",
    "os_threads",
]
CELLS = (ALL[0], ALL[2])
MODELS = ("mnist_layers4_batch16_conv3_input28", "text_layers4_batch16_conv3_input14")


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[Project, Project]:
    """The tiny study up to its runs, with the parent and without it."""
    folders = [
        made_once(tmp_path_factory, f"warm{switch}", partial(make, switch=switch))
        for switch in "10"
    ]
    return tuple(map(Project, folders))


def make(folder: Path, switch: str) -> None:
    project = clone(folder)
    project.configure(training={"deterministic": True})
    files = [str(project.run_file(cell).relative_to(folder)) for cell in CELLS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFSCALE_WARM", switch)
        project.run(*files)


@pytest.mark.parametrize("model", MODELS)
def test_training_gives_the_same_bits(both, model):
    warm, cold = (project.root / "results" / "models" / model for project in both)
    for name in ("history.csv", "structure.txt"):
        assert (warm / name).read_bytes() == (cold / name).read_bytes()
    predictions = [pd.read_parquet(folder / "predictions.parquet") for folder in (warm, cold)]
    pd.testing.assert_frame_equal(*predictions, check_exact=True)


@pytest.mark.parametrize("cell", CELLS)
def test_processes_depend_on_the_same_environment(both, cell):
    (warm, warm_record), (cold, cold_record) = (
        run_file.read(str(project.run_file(cell))) for project in both
    )
    assert warm_record["environment_id"] == cold_record["environment_id"]
    assert warm.select(SAME).to_pylist() == cold.select(SAME).to_pylist()
    phases = [{*table["phase"].to_pylist()[0]} for table in (warm, cold)]
    assert phases[0] == phases[1] == {"first", "warmup", "timed", "unfetched", "copy"}
