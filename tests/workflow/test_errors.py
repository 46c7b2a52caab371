"""What the user reads when something is wrong."""

from snakemake_project import CELLS
from torture.failing import FAULTS, struck


def test_all_mistakes_of_the_config_are_listed_without_a_traceback(fresh):
    fresh.configure(timing={"rounds": 0}, trainng={}, training={"epochs": 0})
    done = fresh.call("-n")
    assert done.returncode != 0
    assert "The configuration has 3 mistakes:" in done.stdout
    assert "trainng: unknown key; did you mean training?" in done.stdout
    assert "timing.rounds: 0 must be at least 1" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (fresh.root / "results").joinpath("logs").exists()


def test_a_mistake_on_the_command_line_is_named_too(fresh):
    done = fresh.call("-n", "--config", "sede=3")
    assert "sede: unknown key; did you mean seed?" in done.stdout


def test_an_impossible_cell_is_named_with_the_remedy(fresh):
    grid = {
        "model": ["mnist"],
        "layers": [40],
        "batch_size": [1],
        "conv_size": [3],
        "input_size": [28],
    }
    fresh.configure(grid=[grid])
    printed = fresh.call("-n").stdout
    assert "the largest layers is 22" in printed
    assert "mnist_layers40_batch1_conv3_input28_threads1" in printed


def test_a_cell_whose_process_is_killed_fails_alone_and_the_end_says_why(project):
    (fault,) = [fault for fault in FAULTS if fault.name == "its process is killed"]
    assert struck(project, fault) == []
    assert project.plan()["measure"] == 1


def test_unreachable_data_names_the_ways_out(fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("TFSCALE_MIRROR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    fresh.configure(datasets={"source": "real"})
    done = fresh.call("resources/downloads/movie-reviews/rt-polarity.pos")
    assert done.returncode != 0
    assert "could not be had from any source" in done.stdout
    assert "nowhere/movie-reviews/rt-polarity.pos: no such file" in done.stdout
    assert "datasets.source: builtin" in done.stdout


def test_a_misspelt_cell_is_answered_with_the_nearest_one(fresh):
    done = fresh.call(
        "-n", "results/runs/mnist_layers4_batch1_conv3_input82_threads1/round1.parquet"
    )
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if not line.startswith("Using workflow")]
    assert len(said) == 1 and said[0].endswith(f"did you mean {CELLS[0]}?")
