"""What the user reads when something is wrong."""

from snakemake_project import CELLS


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
