"""Checksums of a job's outputs: what changed is named, by content alone, and nothing else is."""

import os
import shutil
import subprocess

import pytest
from damage import DAMAGES, damaged, flipped

from tfscale.errors import StudyError
from tfscale.files import checksums
from tfscale.files.checksums import check, faults_of, made, made_by, write

AGAIN = "and type the same command again"


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A trained model's folder with its checksums, and another one beside it."""
    monkeypatch.chdir(tmp_path)
    for name in ("a model", "other"):
        for file in ("facts.json", "saved_model/graph.pb", "saved_model/variables/data"):
            path = tmp_path / "models" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{file} of {name}, long enough to lose its half")
        folder = f"models/{name}"
        outputs = [f"{folder}/saved_model", f"{folder}/facts.json", f"{folder}/SHA256SUMS"]
        write(outputs, outputs[-1])
    return tmp_path / "models" / "a model"


INPUTS = ("models/a model/facts.json", "models/a model/saved_model")
SUMS = "models/a model/SHA256SUMS"


def test_what_is_as_it_was_written_passes_and_sha256sum_agrees(model):
    check(INPUTS, SUMS)
    check(INPUTS, [SUMS, SUMS, "models/other/SHA256SUMS"])
    check([*INPUTS, "config.yaml"], SUMS)
    (model / "saved_model" / ".snakemake_timestamp").touch()
    os.utime(model / "facts.json", (1, 1))
    check(INPUTS, SUMS)
    if shutil.which("sha256sum"):
        done = subprocess.run(
            ["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=model, capture_output=True, text=True
        )
        assert done.returncode == 0 and done.stdout.count(": OK") == 3, done.stderr


def test_a_list_says_what_code_and_settings_made_its_files(model):
    code, settings = {"digest": "1"}, {"rounds": (1, 2), "seed": 5}
    assert made_by(SUMS) == ""
    write([*INPUTS, SUMS], SUMS, made(code, settings))
    check(INPUTS, SUMS)
    assert made_by(SUMS) == made(code, {"seed": 5, "rounds": [1, 2]})
    of_code, of_settings = made_by(SUMS).split()
    assert made(code, {}).split()[0] == of_code and made({}, settings).split()[1] == of_settings
    assert made(code, {}).split()[1] != of_settings and made({}, settings).split()[0] != of_code


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("file", ["facts.json", "saved_model/graph.pb", "SHA256SUMS"])
def test_every_damage_is_named_with_what_to_delete(model, file, how):
    path, other = model / file, model.parent / "other" / file
    with damaged(path, DAMAGES[how](path.read_bytes(), other.read_bytes())):
        with pytest.raises(StudyError) as raised:
            check(INPUTS, SUMS)
        text = str(raised.value)
        assert text.startswith(f"models/a model/{file} ") and text.endswith(AGAIN)
        assert "\n" not in text
        if file.startswith("saved_model"):
            assert "delete models/a model/saved_model and" in text
    check(INPUTS, SUMS)


def test_files_that_were_added_or_are_gone_are_named_too(model):
    (model / "saved_model" / "more.pb").touch()
    (model / "facts.json").unlink()
    with pytest.raises(StudyError) as raised:
        check(INPUTS, SUMS)
    gone, added = str(raised.value).splitlines()
    assert "facts.json is gone: delete it" in gone
    assert "more.pb has changed" in added


def test_what_a_job_does_not_read_does_not_stop_it(model):
    (model / "facts.json").write_text("{}")
    check(["models/a model/saved_model"], SUMS)
    assert len(faults_of(SUMS)) == 1


def test_results_of_another_version_are_refused_though_nothing_changed(model, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(checksums, "VERSION", "0")
        write([*INPUTS, SUMS], SUMS)
    with pytest.raises(StudyError, match="is of another version of tfscale: delete it and type"):
        check(INPUTS, SUMS)


def test_the_head_cannot_be_given_to_other_lines(model):
    path = model / "SHA256SUMS"
    lines = path.read_text().splitlines(keepends=True)
    for text in ("".join(lines[:-1]), "".join([lines[0], *lines[:0:-1]]), "".join(lines[1:])):
        with damaged(path, text.encode()), pytest.raises(StudyError, match="SUMS is damaged"):
            check(INPUTS, SUMS)
    head = flipped(lines[0].encode(), lines[0].index("outputs ") + len("outputs "))
    with damaged(path, head + "".join(lines[1:]).encode()):
        assert faults_of(SUMS) == [f"{SUMS} is damaged or belongs elsewhere: delete it"]
