"""Cells that are taken out of a study, with their reasons."""

import pytest

from tfscale.errors import StudyError
from tfscale.files.whole import PLACEHOLDER, seal
from tfscale.study import config as sections
from tfscale.study.grid import cells, excluded
from tfscale.study.study import Study, study_of

MEMORY, SLOW = "out of memory", "too slow"
ENTRIES = [
    {"layers": [10], "conv_size": [8], "reason": MEMORY},
    {"model": ["text"], "layers": [8, 10], "conv_size": [8], "reason": SLOW},
]


def test_an_entry_takes_out_what_it_matches_on_every_axis_and_the_first_reason_counts(config):
    whole = cells(config["grid"])
    out = excluded(whole, ENTRIES)
    assert len(out) == 4 + 4 + 4
    assert {whole[name]["layers"] for name, why in out.items() if why == MEMORY} == {10}
    assert {name.split("_conv")[0] for name, why in out.items() if why == SLOW} == {
        f"text_layers8_batch{size}" for size in (1, 4, 16, 64)
    }
    assert excluded(whole, []) == {}


def test_a_study_is_without_them_and_so_are_its_models_and_runs(config):
    whole = Study.from_config(config)
    study = Study.from_config(config | {"exclude": ENTRIES})
    assert len(study.cells) == len(whole.cells) - 12
    gone = set(whole.trained) - set(study.trained)
    assert gone == {
        "mnist_layers10_batch64_conv8_input28",
        "text_layers10_batch64_conv8_input56",
        "text_layers8_batch64_conv8_input56",
    }
    assert not any(name in path for name in study.excluded for path in study.run_files("r"))


def test_the_others_keep_their_order(config):
    whole = Study.from_config(config)
    left = Study.from_config(config | {"exclude": ENTRIES})

    def order(study) -> list[str]:
        return sorted(left.cells, key=lambda cell: study.priority(cell, 1))

    assert order(whole) == order(left)


def test_the_name_of_an_excluded_cell_is_answered_with_the_reason(config):
    study = Study.from_config(config | {"exclude": ENTRIES})
    name = "mnist_layers10_batch1_conv8_input28_threads1"
    with pytest.raises(StudyError, match=f"{name} is taken out: out of memory"):
        study.cell(name)


def test_a_partial_study_does_not_miss_them(config, tmp_path):
    study = Study.from_config(config | {"exclude": ENTRIES})
    name = next(iter(study.cells))
    facts = tmp_path / "models" / study.trained_of(name) / "facts.json"
    facts.parent.mkdir(parents=True)
    facts.touch()
    facts.with_name("SHA256SUMS").touch()
    run = tmp_path / "runs" / name / "round1.parquet"
    run.parent.mkdir(parents=True)
    run.write_bytes(b"a run " + PLACEHOLDER)
    seal(run)
    asked = config | {"exclude": ENTRIES, "partial": True}
    there = study_of(asked, str(tmp_path), str(tmp_path / "models"))
    assert list(there.cells) == [name]
    assert len(there.excluded) == 12 and not set(there.excluded) & set(there.missing)


def test_they_are_shown_among_the_settings_as_lists(config):
    one = {"layers": 10, "conv_size": 8, "reason": MEMORY}
    study = Study.from_config(config | {"exclude": [one, *ENTRIES[1:]]})
    assert sections.shown_settings(study.config)["exclude"] == ENTRIES
