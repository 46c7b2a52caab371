"""A real study in odd surroundings: it trains the same, leaves nothing and records what counts.

docs/reliability.md lists what a job inherits; as much of it as can be at once is odd here.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from snakemake_project import CELLS, Project, clone

from tfscale.timing import run_file

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="limits and policies of Linux"),
]
MODEL = "mnist_layers4_batch16_conv3_input28"
TARGET = f"runs/{CELLS[0]}/round1.parquet"
FOREIGN = "raise ImportError('of the surroundings, not of the study')\n"
KERAS_JSON = {"floatx": "float16", "epsilon": 0.1, "image_data_format": "channels_first"}
DROPPED = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "1",
    "OPENBLAS_NUM_THREADS": "2",
    "PYTHONHASHSEED": "7",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONIOENCODING": "ascii",
    "TZ": "Pacific/Kiritimati",
}
RECORDED = {"MALLOC_ARENA_MAX": "2", "KMP_AFFINITY": "compact", "TF_NUM_INTRAOP_THREADS": "5"}
NICER = 5


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """The models of the tiny study, trained as anybody would."""
    project = deterministic(tmp_path_factory.mktemp("plain"))
    project.run(f"results/models/{MODEL}/facts.json")
    return project.root / "results" / "models" / MODEL


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> tuple[Path, Path]:
    """The results of a cell that was trained and timed in odd surroundings, and its TMPDIR."""
    folder = tmp_path_factory.mktemp("odd")
    project = deterministic(folder / "a [clone], ü")
    project.configure(pathvars={"results": "my results, odd", "resources": "../r"})
    home, temporary, path = folder / "home", folder / ("t" * 100), folder / "path"
    for file in (home / ".keras" / "keras.json", temporary / "x", path / "x"):
        file.parent.mkdir(parents=True)
    (home / ".keras" / "keras.json").write_text(json.dumps(KERAS_JSON))
    for place, module in ((path, "tfscale"), (path, "numpy"), (path, "keras")):
        (place / f"{module}.py").write_text(FOREIGN)
    for module in ("tensorflow", "pandas"):
        (project.root / f"{module}.py").write_text(FOREIGN)
    own = {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(path)}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "snakemake"), f"my results, odd/{TARGET}"],
        cwd=project.root,
        env=os.environ | DROPPED | RECORDED | own | latin(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=make_odd,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-6000:]
    return project.root / "my results, odd", temporary


def deterministic(folder: Path) -> Project:
    folder.mkdir(exist_ok=True)
    project = clone(folder)
    project.configure(training={"deterministic": True})
    return project


def latin(folder: Path) -> dict[str, str]:
    """A locale that is not UTF-8, where one can be made."""
    if shutil.which("localedef") is None:
        return {}
    name = "en_US.ISO-8859-1"
    command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / name)]
    made = subprocess.run(command, capture_output=True, check=False)
    return {} if made.returncode else {"LOCPATH": str(folder), "LC_ALL": name}


def make_odd() -> None:
    """What a process inherits beside its variables; runs just before it starts."""
    os.umask(0o077)
    os.nice(NICER)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
    os.close(0)


def weights(model: Path) -> dict[str, np.ndarray]:
    """The weights of a SavedModel; the order of its other entries is by chance."""
    with chdir(model / "saved_model" / "variables"):  # TensorFlow loads from no folder with a [
        reader = tf.train.load_checkpoint("variables")
        names = [name for name in reader.get_variable_to_shape_map() if name.startswith("variab")]
        return {name: reader.get_tensor(name) for name in names}


def test_odd_surroundings_train_the_same_model(plain, odd):
    model = odd[0] / "models" / MODEL
    found, wanted = weights(model), weights(plain)
    assert found.keys() == wanted.keys() and len(found) == 7  # one is the state of the dropout
    assert all(found[name].tobytes() == wanted[name].tobytes() for name in found)
    assert (model / "history.csv").read_bytes() == (plain / "history.csv").read_bytes()
    one, other = (pd.read_parquet(folder / "predictions.parquet") for folder in (model, plain))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_what_may_count_is_recorded(odd):
    _, record = run_file.read(str(odd[0] / TARGET))
    environment = record["environment"]
    facts = json.loads((odd[0] / "models" / MODEL / "facts.json").read_text())
    for name, value in RECORDED.items():
        assert environment[f"variable_{name}"] == facts["variables"][name] == value
    assert environment["nice"] == str(min(19, os.nice(0) + NICER))
    assert environment["scheduling"] == "SCHED_BATCH"
    assert "core 0" in environment["limits"] and "nofile 256" in environment["limits"]
    assert environment["cpu_allowed"] == "1"
    assert not [name for name in environment if "KERAS_MAX" in name or "PYTHON" in name]


def test_nothing_is_left_in_the_temporary_folder(odd):
    assert [path.name for path in odd[1].iterdir()] == []


def test_a_failed_job_is_noticed_where_nobody_waits_for_children(fresh, tmp_path, monkeypatch):
    monkeypatch.delenv("TFSCALE_MIRROR", raising=False)  # the tester's own
    fresh.configure(datasets={"source": "real", "mirror": str(tmp_path / "nowhere")})
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "resources/downloads/movie-reviews/rt-polarity.pos"],
        cwd=fresh.root,
        env=os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert "could not be had from any source" in done.stdout
    assert "1 of 1 jobs failed" in done.stdout
