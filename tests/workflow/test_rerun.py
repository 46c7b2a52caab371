"""Only what changed runs again: by what Snakemake announces, and by running it."""

import os
from base64 import b64encode

import pytest
import yaml
from snakemake_project import AFTER_TIMING, CELLS, PLOTTED

from tfscale.study.outputs import BOXED, figures_of

MEASURE = "results/runs/*/*.parquet"
TRAIN = "results/models/*/facts.json"


@pytest.mark.long
def test_nothing_to_do_however_the_study_is_called(project, conda):
    for arguments in (
        (),
        ("--cores", "4"),
        ("--cores", "1"),
        ("--cores", "4", "--use-conda"),
        ("results/report.html",),
        (f"results/runs/{CELLS[0]}/round1.parquet",),
    ):
        assert project.plan(*arguments) == {}, arguments


def test_touching_every_file_reruns_nothing(project):
    for folder, _, names in os.walk(project.root):
        for name in names:
            if ".snakemake" not in folder:
                os.utime(f"{folder}/{name}")
    assert project.plan() == {}


def test_a_new_batch_size_times_only_its_cells(project):
    before = project.times("runs/*/*.parquet")
    grid = yaml.safe_load((project.root / "config.yaml").read_text())["grid"]
    grid[0]["batch_size"] = [1, 2]
    project.configure(grid=grid)
    wanted = {"measure": 2, "floor": 1} | AFTER_TIMING
    assert project.plan() == wanted
    project.run("results/cells.parquet")
    after = project.times("runs/*/*.parquet")
    assert len(after) == 5 and before.items() <= after.items()
    assert project.plan("results/cells.parquet") == {}


@pytest.mark.long
def test_an_edit_of_the_figure_code_redraws_figures(project):
    before = project.times("*.parquet") | project.times("figures/*")
    project.append("workflow/scripts/tfscale/figures/look.py", 'INK = "black"')
    assert project.plan() == PLOTTED
    project.run()
    after = project.times("*.parquet") | project.times("figures/*")
    changed = {name for name in after if after[name] != before[name]}
    assert len(changed) == 2 * (2 * len(figures_of(BOXED, paper=True)) + 1)
    assert all("figures" in name for name in changed)
    assert project.plan() == {}


def test_a_run_of_other_settings_goes_when_timing_it_again_fails(project):
    """Snakemake would take it for one of the new settings."""
    project.configure(timing={"min_calls": 6})
    model = project.root / "results/models/mnist_layers4_batch16_conv3_input28"
    (model / "saved_model/saved_model.pb").write_bytes(b"damaged")
    run = project.run_file(CELLS[0])
    done = project.call(str(run.relative_to(project.root)), "--force")
    assert done.returncode != 0 and not run.exists(), done.stdout[-2000:]
    assert project.plan() == TIMED


def test_a_download_that_was_cut_off_hides_nothing_behind_it(fresh):
    fresh.configure(datasets={"source": "real"})
    wanted = fresh.plan()
    assert wanted["download"] == 6 and wanted["train"] == 3
    folder = fresh.root / "resources/downloads/movie-reviews"
    folder.mkdir(parents=True)
    notes = fresh.root / ".snakemake/incomplete"
    for file in ("rt-polarity.pos", "rt-polarity.neg"):
        (folder / file).write_text("the first part")
        place = f"resources/downloads/movie-reviews/{file}"
        (notes / b64encode(place.encode()).decode()).touch()
    assert fresh.plan() == wanted


TIMED = {"measure": 3, "floor": 1} | AFTER_TIMING
TRAINED = {"train": 3} | TIMED
PACKAGE = "workflow/scripts/tfscale"


def edited(name: str):
    return lambda project: project.append(name, "# another line")


def nothing_that_counts(project) -> None:
    """Another order of keys, a family of no cell, and the console."""
    path = project.root / "config.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()), sort_keys=True))
    for name in ("families/mlp.py", f"{PACKAGE}/console/display.py"):
        project.append(name, "# another line")


def new_layers_and_other_data(project) -> None:
    grid = yaml.safe_load((project.root / "config.yaml").read_text())["grid"]
    grid[0]["layers"] = [4, 6, 8]
    project.configure(grid=grid)
    manifest = project.root / "resources/encoded/builtin/movie-reviews_input14.json"
    manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0'))


def lost_emptied_and_flipped(project) -> None:
    lost, emptied, flipped = map(project.run_file, CELLS)
    lost.unlink()
    emptied.write_bytes(b"")
    content = bytearray(flipped.read_bytes())
    content[500] ^= 1
    flipped.write_bytes(content)


CHANGES = {
    "what counts for nothing": (nothing_that_counts, {}),
    "new layers, and other data of one cell": (
        new_layers_and_other_data,
        {"train": 2, "measure": 2, "floor": 1} | AFTER_TIMING,
    ),
    "another seed": (lambda project: project.configure(seed=6), {"encode": 2} | TRAINED),
    "a family": (
        edited("families/text.py"),
        {"train": 1, "measure": 1, "floor": 1} | AFTER_TIMING,
    ),
    "how sure an interval is, and the passes that logs name": (
        lambda project: project.configure(timing={"coverage": 0.9}, evaluation={"passes": 3}),
        AFTER_TIMING,
    ),
    "a longer time limit, as the page shows it": (
        lambda project: project.configure(timing={"time_limit_s": 300}),
        {"report": 1, "all": 1},
    ),
    "another round": (
        lambda project: project.configure(timing={"rounds": 2}),
        {"measure": 3} | AFTER_TIMING,
    ),
    "lost, emptied and flipped runs": (lost_emptied_and_flipped, {"measure": 3} | AFTER_TIMING),
    "a pin of TensorFlow": (
        lambda project: project.append("envs/tensorflow.yaml", "      - absl-py==2.0.0"),
        {"calibrate": 1} | TRAINED,
    ),
    "the timed block": (edited(f"{PACKAGE}/timing/block.py"), TIMED),
    "the calibration": (edited(f"{PACKAGE}/timing/calm.py"), {"calibrate": 1} | TIMED),
    "a figure": (edited(f"{PACKAGE}/figures/paper.py"), PLOTTED),
    "the page": (edited("workflow/report/report.html.j2"), {"report": 1, "all": 1}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_redoes_what_depends_on_it_and_no_more(project, change):
    change, wanted = CHANGES[change]
    change(project)
    assert project.plan() == wanted
