"""The parts of the report's page: what is put into it, before any browser sees it."""

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tfscale.report.explorer import data_block, law_curves
from tfscale.report.tables import figure_groups, fitted_tables
from tfscale.study import outputs


def test_data_cannot_end_its_script():
    hostile = {"</script><!--": ["<script>\u2028 & é"]}
    text = data_block(hostile)
    assert not set("<>&\u2028") & set(text) and "é" in text
    assert json.loads(text) == hostile
    with pytest.raises(ValueError, match="JSON compliant"):
        data_block(float("nan"))


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


@pytest.fixture
def svg(tmp_path):
    """Two figures of mnist, a square one and a wide one whose text needs escapes."""
    figures = {"by_layers": ("500 400", ""), "laws": ("900 300", "5 % &amp; 'ä' #")}
    for name, (view, text) in figures.items():
        markup = f'<svg viewBox="0 0 {view}">\n<text>{text}</text></svg>'
        (tmp_path / f"mnist_{name}.svg").write_text(markup, encoding="utf-8")
    said = {n: {"title": n.title(), "says": [f"Of {n}."], "filled": True} for n in figures}
    (tmp_path / "mnist.json").write_text(json.dumps(said))
    return str(tmp_path / "mnist.json")


def test_figures_find_their_captions_and_their_width(svg):
    square, wide = figure_groups([svg])["mnist"]
    assert (square["id"], square["wide"], wide["wide"]) == ("mnist_by_layers", False, True)
    look_for = outputs.text_of(("laws.rst",)).strip()
    assert (wide["title"], wide["caption"]) == ("Laws", f"{look_for} Of laws.")


def test_a_figure_in_an_attribute_is_the_files_text(svg):
    kind, _, source = figure_groups([svg])["mnist"][1]["source"].partition(",")
    assert kind == "data:image/svg+xml"
    assert unquote(source) == Path(svg).with_name("mnist_laws.svg").read_text(encoding="utf-8")
    assert not set("<>&#\"'\n") & set(source)


def law(name: str, weight: float) -> dict:
    return {
        "machine": "h",
        "model": "mnist",
        "factor": "layers",
        "slice": "pooled",
        "law": name,
        "formula": name,
        "verdict": "linear",
        "fate": "named",
        "weight": weight,
        "lowest": 4.0,
        "highest": 8.0,
        "intercept": 1.0,
        "slope": 0.5,
        "shape": np.nan,
    }


def test_laws_are_drawn_at_every_level_and_never_beyond():
    cells = pd.DataFrame({"machine": "h", "model": "mnist", "layers": [4, 6, 8, 10]})
    laws = pd.DataFrame([law("linear", 0.9), law("log", 0.1)])
    linear, log = law_curves(laws, cells)
    assert linear["nearest"] and not log["nearest"]
    assert linear["x"][0] == 4 and linear["x"][-1] == 8
    assert linear["y"][linear["x"].index(6)] == pytest.approx(4.0)
    assert log["y"][0] == pytest.approx(1 + 0.5 * np.log(4), rel=1e-3)


def test_fitted_tables_have_units_and_say_how_long_they_are(tmp_path):
    for name in outputs.TABLES:
        pd.DataFrame({"x": []}).to_parquet(tmp_path / f"{name}.parquet")
    rows = {"machine": "h", "layers": range(100), "overhead_s": 2e-4, "p_value": 1e-5}
    pd.DataFrame(rows).to_parquet(tmp_path / "saturation.parquet")
    (table,) = fitted_tables(tmp_path, {"saturation": ["Said."]})
    assert (table.title, table.total, len(table.shown.rows)) == (
        "Throughput against batch",
        100,
        60,
    )
    assert table.says == ["Said."]
    assert [head for head, _ in table.shown.heads] == ["layers", "overhead s", "p value"]
    assert table.shown.rows[3] == ("3", "200 µs", "< 0.001")
