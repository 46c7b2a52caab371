"""What is made again of a copy: what another family file, recipe or code made, and nothing else."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from run_files import AXES, a_run, digest_of
from snakemake.settings.types import RerunTrigger

from tfscale.console import redo
from tfscale.console.redo import keep_model, keep_run, other
from tfscale.files import checksums
from tfscale.study.study import Study

CODE = {"function": "tfscale.models.make:make_model", "by": None, "digest": "0"}
SETTINGS = {"seed": 1}
FAMILY = '''"""One of the user's own."""
from part import size

def build(width: int):
    return size(width)

def data(split, seed):
    pass
'''


@pytest.fixture
def study(config, tmp_path) -> Study:
    """A study over a family of the user's own, that imports a file beside it, and mnist."""
    (tmp_path / "mine.py").write_text(FAMILY)
    (tmp_path / "part.py").write_text("def size(width):\n    return width\n")
    return study_of(config, tmp_path)


def study_of(config: dict, folder: Path) -> Study:
    from tfscale.study.families import read

    read.cache_clear()  # as in a new Snakemake
    own = {"model": ["mine"], "width": [4], "batch_size": [1]}
    paper = {"model": ["mnist"], "layers": [4], "conv_size": [3], "input_size": [28]}
    changed = {"families": {"mine": str(folder / "mine.py")}, "predict": None}
    return Study.from_config(config | changed | {"grid": [own, paper | {"batch_size": [1]}]})


def shaped(study: Study, trained: str) -> dict:
    """What shapes a model beside the settings of its rule, as the rules say it."""
    family = study.job_family(study.model(trained))
    return {"family": family, "recipe": study.recipe(trained)}


def a_workflow(records: dict | None = None) -> SimpleNamespace:
    """A Snakemake that made nothing of what is there."""
    known = records or {}
    return SimpleNamespace(
        is_main_process=True,
        persistence=SimpleNamespace(metadata=lambda file: known.get(str(file))),
        dag=SimpleNamespace(forcefiles=set()),
        dag_settings=SimpleNamespace(rerun_triggers=set(RerunTrigger)),
        get_rule=lambda rule: SimpleNamespace(params=SimpleNamespace(code=CODE, settings=SETTINGS)),
    )


def copied(study: Study, folder: Path, trained: str, code: dict = CODE) -> Path:
    """The folder of a model as its job left it."""
    place = folder / "models" / trained
    (place / "saved_model").mkdir(parents=True)
    (place / "facts.json").write_text(json.dumps({"data_sha256": "d", "saved_model_sha256": "s"}))
    made = checksums.made(code, SETTINGS | shaped(study, trained))
    checksums.write([str(place / "facts.json")], str(place / "SHA256SUMS"), made)
    return place


def made_again(study: Study, place: Path, workflow=None, manifest: str | None = None) -> bool:
    workflow = workflow or a_workflow()
    assert keep_model(workflow, str(place), manifest, shaped(study, place.name)) == []
    return workflow.dag.forcefiles == {f"{place}/SHA256SUMS"}


OWN, PAPER = "mine_width4_batch64", "mnist_layers4_batch64_conv3_input28"


@pytest.mark.parametrize("trained", [OWN, PAPER])
def test_a_copied_model_of_the_same_family_and_recipe_is_kept(study, config, tmp_path, trained):
    place = copied(study, tmp_path, trained)
    assert not made_again(study, place)
    assert not made_again(study_of(config, tmp_path), place), "read again"
    gone = tmp_path / "elsewhere" / trained
    assert not made_again(study, gone), "one that is not there is made as always"


@pytest.mark.parametrize("file", ["mine.py", "part.py"])
def test_a_copied_model_that_another_family_file_made_is_made_again(study, config, tmp_path, file):
    own, paper = (copied(study, tmp_path, trained) for trained in (OWN, PAPER))
    with (tmp_path / file).open("a") as changed:
        changed.write("# another\n")
    now = study_of(config, tmp_path)
    assert made_again(now, own)
    assert not made_again(now, paper), "an edit of one family makes no other's models again"


def test_a_copied_model_that_another_recipe_or_code_made_is_made_again(study, config, tmp_path):
    place = copied(study, tmp_path, PAPER)
    config["training"] = config["training"] | {"epochs": config["training"]["epochs"] + 1}
    workflow = a_workflow()
    assert made_again(study_of(config, tmp_path), place, workflow)
    assert workflow.dag_settings.rerun_triggers == set(RerunTrigger) - {
        RerunTrigger.CODE,
        RerunTrigger.SOFTWARE_ENV,
    }
    older = copied(study, tmp_path / "older", PAPER, CODE | {"digest": "1"})
    sums = f"{older}/SHA256SUMS"
    assert made_again(study, older)
    assert other(a_workflow(), "train", sums, shaped(study, PAPER)) == "code"
    assert other(a_workflow(), "train", sums, shaped(study, OWN)) == "code and settings"


def test_of_a_model_that_is_not_trained_the_recipe_does_not_count(config, tmp_path):
    (tmp_path / "mine.py").write_text("def build(width: int):\n    pass\n")
    place = copied(study_of(config, tmp_path), tmp_path, "mine_width4")
    config["training"] = config["training"] | {"epochs": config["training"]["epochs"] + 1}
    assert not made_again(study_of(config, tmp_path), place)
    config["training"]["deterministic"] = True
    assert not made_again(study_of(config, tmp_path), place)


def test_what_snakemake_made_here_is_its_own_business(study, config, tmp_path):
    place = copied(study, tmp_path, OWN)
    sums = place / "SHA256SUMS"
    record = SimpleNamespace(endtime=sums.stat().st_mtime)
    (tmp_path / "mine.py").write_text(FAMILY + "# another\n")
    now = study_of(config, tmp_path)
    assert not made_again(now, place, a_workflow({str(sums): record}))
    os.utime(sums, (1, 1))
    assert made_again(now, place, a_workflow({str(sums): record})), "a copy over it"


@pytest.mark.parametrize(("data", "renewed"), [("d", True), ("other", False)])
def test_a_kept_copy_is_as_new_as_its_data_where_that_is_the_same(study, tmp_path, data, renewed):
    place, manifest = copied(study, tmp_path, OWN), tmp_path / "data.json"
    manifest.write_text(json.dumps({"sha256": data}))
    for file in place.glob("*"):
        os.utime(file, (1, 1))
    assert not made_again(study, place, manifest=str(manifest))
    newer = (place / "facts.json").stat().st_mtime >= manifest.stat().st_mtime
    assert newer == renewed


def test_a_copied_run_is_kept_by_its_model_and_code(tmp_path):
    made = checksums.made(CODE, SETTINGS)
    run = a_run(tmp_path, made=made)
    folder = tmp_path / "models" / "a"
    folder.mkdir(parents=True)
    (folder / "facts.json").write_text(json.dumps({"saved_model_sha256": digest_of(AXES)}))
    os.utime(run, (1, 1))
    workflow = a_workflow()
    assert keep_run(workflow, run, str(folder), {}) == [] and not workflow.dag.forcefiles
    assert Path(run).stat().st_mtime >= (folder / "facts.json").stat().st_mtime
    old = a_run(tmp_path / "old", made=checksums.made(CODE, {"seed": 2}))
    keep_run(workflow, old, str(folder), {})
    assert workflow.dag.forcefiles == {old}


def test_what_is_made_again_is_said_once_a_rule(study, config, tmp_path, capsys):
    redo._say_other.cache_clear()
    copies = [copied(study, tmp_path / n, OWN) for n in ("a", "b")]
    (tmp_path / "mine.py").write_text(FAMILY + "# another\n")
    now = study_of(config, tmp_path)
    assert all(made_again(now, place) for place in copies)
    assert capsys.readouterr().err == (
        "train: other settings made what is there, so it is made again\n"
    )
