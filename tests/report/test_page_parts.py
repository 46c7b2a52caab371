"""The parts of the report's page: what is put into it, before any browser sees it."""

import base64
import hashlib
import json
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tfscale.report.explorer import code_block, coded, data_block, law_curves, policy
from tfscale.report.page import time_again, write_again
from tfscale.report.reservations import cell_marks, study_marks
from tfscale.report.tables import figure_groups
from tfscale.study import outputs

TIMING = {"precision": 0.05, "protocol": "visits", "rounds": 2}
NONE_FLAGGED = pd.DataFrame(columns=["machine", "cell"])


def test_data_cannot_end_its_script():
    hostile = {"</script><!--": ["<script>\u2028 & é"]}
    text = data_block(hostile)
    assert not set("<>&\u2028") & set(text) and "é" in text
    assert json.loads(text) == hostile
    with pytest.raises(ValueError, match="JSON compliant"):
        data_block(float("nan"))


@pytest.mark.parametrize("bad", ["x = '</SCRIPT>'", "/* <!-- */"])
def test_a_script_that_would_end_its_element_is_refused(bad):
    with pytest.raises(ValueError, match="escape the <"):
        code_block(bad)


def test_the_policy_names_the_scripts_and_lets_nothing_out():
    said = policy(["a()", "b()"])
    digest = base64.b64encode(hashlib.sha256(b"b()").digest()).decode()
    assert f"'sha256-{digest}'" in said
    assert "default-src 'none'" in said and "http" not in said and "unsafe-eval" not in said


def test_texts_that_repeat_are_stored_once():
    assert coded(["a", "b", "a"]) == {"of": ["a", "b"], "is": [0, 1, 0]}


@pytest.mark.parametrize("folder", ["workflow/report/vendor", "tests/vendor"])
def test_libraries_are_as_published(folder):
    sums = dict(
        reversed(line.split("  "))
        for line in (ROOT / folder / "SHA256SUMS").read_text().splitlines()
    )
    files = sorted((ROOT / folder).glob("*.js"))
    assert [path.name for path in files] == sorted(sums)
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.name]
        version = path.read_text(encoding="utf-8")[:60].split(" v")[1].split()[0]
        assert version in (ROOT / folder / "README.md").read_text()


def test_every_part_of_the_page_is_an_input_of_the_report():
    known = {".j2", ".css", ".js"}
    found = [path for path in outputs.FOLDER.rglob("*") if path.suffix in known]
    names = {str(path.relative_to(outputs.FOLDER)) for path in found}
    assert names == set(outputs.PAGE_FILES)


def one_cell(**changes) -> pd.DataFrame:
    row = {
        "machine": "h", "cell": "a", "model": "mnist", "data": "real", "visits": 10,
        "clean_visits": 9, "unsettled_visits": 0, "coverage": 0.96, "half_width": 0.01,
        "stop_reason": "precision reached", "noise_index": 1.0, "rounds": 2, "test_accuracy": 0.8,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


def test_a_good_cell_has_no_marks():
    assert cell_marks(one_cell(), NONE_FLAGGED, TIMING) == [[]]


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"data": "builtin"}, "built-in data"),
        ({"coverage": np.nan, "half_width": np.nan}, "no interval"),
        ({"half_width": 0.08}, "wider than ± 5 %"),
        ({"clean_visits": 0}, "disturbed visits only"),
        ({"clean_visits": 4}, "6 of 10 visits disturbed"),
        ({"unsettled_visits": 3}, "3 of 10 visits unsettled"),
        ({"stop_reason": "time cap"}, "time cap"),
        ({"noise_index": 1.3}, "noisy"),
        ({"rounds": 1}, "1 of 2 rounds"),
        ({"test_accuracy": 0.11}, "guessing model"),
    ],
)
def test_every_reservation_is_a_mark(changes, mark):
    assert cell_marks(one_cell(**changes), NONE_FLAGGED, TIMING) == [[mark]]


def test_outliers_and_extrapolations_are_told():
    flagged = pd.DataFrame({"machine": ["h"], "cell": ["a"]})
    assert cell_marks(one_cell(), flagged, TIMING) == [["outlier"]]
    asked = pd.DataFrame({"extrapolates": ["", None, "layers 12 > 10"]})
    said = study_marks(flagged, asked)
    assert "outliers" in said[0] and ": a." in said[0]
    assert said[1].startswith("1 of 3 predictions")
    assert study_marks(NONE_FLAGGED, asked.head(0)) == []


def test_figures_find_their_captions_and_their_width(tmp_path):
    for stem, view in (("mnist_by_layers", "500 400"), ("text_laws", "900 300"), ("run", "1 1")):
        (tmp_path / f"{stem}.svg").write_text(f'<svg viewBox="0 0 {view}"></svg>')
    for name in ("by_layers", "laws", "run"):
        (tmp_path / f"{name}.rst").write_text(f"What {name} says.\n")
    groups = figure_groups(
        sorted(map(str, tmp_path.glob("*.svg"))), [str(path) for path in tmp_path.glob("*.rst")]
    )
    told = {
        (group["kind"], figure["caption"]): figure["wide"]
        for group in groups
        for figure in group["figures"]
    }
    assert told == {
        ("mnist", "What by_layers says."): False,
        ("text", "What laws says."): True,
        ("whole study", "What run says."): False,
    }


def test_a_figure_in_an_attribute_is_the_files_text(tmp_path):
    text = "<svg viewBox=\"0 0 5 4\">\n<style>*{fill: #a}</style><text>5 % &amp; 'ä' </text></svg>"
    (tmp_path / "mnist_laws.svg").write_text(text, encoding="utf-8")
    (tmp_path / "laws.rst").write_text("What laws say.\n")
    (group,) = figure_groups([str(tmp_path / "mnist_laws.svg")], [str(tmp_path / "laws.rst")])
    kind, _, source = group["figures"][0]["source"].partition(",")
    assert kind == "data:image/svg+xml" and unquote(source) == text
    assert not set("<>&#\"'\n") & set(source)


def law(name: str, weight: float, machine: str = "h") -> dict:
    return {
        "machine": machine, "model": "mnist", "factor": "layers", "slice": "pooled", "law": name,
        "formula": name, "verdict": "linear", "fate": "named", "weight": weight, "lowest": 4.0,
        "highest": 8.0, "intercept": 1.0, "slope": 0.5, "shape": np.nan,
    }  # fmt: skip


def test_laws_are_drawn_at_every_level_and_never_beyond():
    cells = pd.DataFrame({"machine": "h", "model": "mnist", "layers": [4, 6, 8, 10]})
    laws = pd.DataFrame([law("linear", 0.9), law("log", 0.1), law("linear", 1.0, "imported")])
    linear, log = law_curves(laws, cells)
    assert linear["nearest"] and not log["nearest"]
    assert linear["x"][0] == 4 and linear["x"][-1] == 8
    assert linear["y"][linear["x"].index(6)] == pytest.approx(4.0)
    assert log["y"][0] == pytest.approx(1 + 0.5 * np.log(4), rel=1e-3)


def test_commands_name_the_profile_of_the_results():
    assert write_again("results") == "snakemake results/report.html"
    demo = "snakemake --workflow-profile profiles/demo results/demo/report.html"
    assert write_again("results/demo") == demo
    assert write_again("results/mine") == "snakemake results/mine/report.html"
    assert write_again("my results; x") == "snakemake 'my results; x/report.html'"
    assert time_again("my $x").startswith("rm 'my $x/runs/'{cell}/round*.parquet && ")
    assert time_again("results").startswith("rm results/runs/{cell}/round*.parquet && snakemake ")
