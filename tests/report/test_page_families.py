"""The page of a study whose families have different axes, one of them trained."""

import pytest
from browser import needs_chromium, opened
from other_study import FIGURES, shared_study

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return shared_study(tmp_path_factory) / "report.html"


@pytest.fixture
def page(path, browser):
    page = opened(browser, path)
    yield page
    assert page.faults == []
    page.context.close()


def column(page, key: str) -> list[str]:
    """The texts of a column of the explorer's table, from the top."""
    heads = page.locator("#table thead th").evaluate_all("all => all.map(h => h.dataset.key)")
    place = heads.index(key) + 1
    return page.locator(f"#table tbody tr > :nth-child({place})").all_inner_texts()


def test_every_family_has_its_own_and_nothing_of_the_paper_is_there(page):
    said = page.locator("#figures h3").all_inner_texts()
    assert said == [
        "mlp: Perceptrons on vectors",
        "deep: One axis only",
        "fixed: No axis at all",
    ]
    assert page.locator("header .sub").inner_text().endswith("UTC, built-in (generated) data")
    told = page.locator("figure img").count() + page.locator("#figures li").count()
    assert told == sum(map(len, FIGURES.values()))
    text = page.locator("main").inner_text()
    assert "claim" not in text and "layers " not in text.replace("the layers of", "")
    assert "NaN" not in text and "nan" not in text.split()
    details = page.locator("#analysis details", has_text="mlp: the layers of mlp_one")
    rows = details.locator("tbody tr")
    assert rows.count() == 21 and "10 others" in rows.last.inner_text()
    warned = page.locator("#trust").inner_text()
    assert "Not counted in the FLOP and bytes of mlp: a loop of unknown length." in warned
    table = page.locator("#cells table").first
    assert table.locator("tr", has_text="mlp").locator("td").last.inner_text() == "not trained"
    assert table.locator("tr", has_text="deep").locator("td").last.inner_text() == "80.0 %"
    note = page.locator("#untrained").inner_text()
    assert note.startswith("Not trained: mlp, fixed.") and "early exits" in note
    assert page.locator("#predictions h3").all_inner_texts() == ["deep"]
    data = page.locator("#provenance tr", has_text="data").first.inner_text()
    assert "mlp: none; deep: built-in (generated)" in data
    page.locator("#search").fill("mlp")
    page.locator("#table tbody input").first.check()
    headings = page.locator("#picked h5").all_inner_texts()
    assert "Predictions" not in headings and "Structure of mlp_one" in headings
    assert "not trained" in page.locator("#comparison").inner_text()


def test_an_axis_that_a_family_has_not_is_empty_sorts_last_and_filters(page):
    for clicks in (1, 2):
        page.locator("#table thead th[data-key=width] button").click()
        widths = column(page, "width")
        assert len(widths) == 48 and set(widths[36:]) == {""}
        assert widths[0] == {1: "64", 2: "256"}[clicks] and "" not in widths[:36]
    options = page.get_by_label("activation", exact=True).locator("option").all_inner_texts()
    assert options == ["all", "gelu", "relu"]
    page.get_by_label("activation", exact=True).select_option("relu")
    assert set(column(page, "model")) == {"mlp"} and len(column(page, "model")) == 18


def test_the_chart_starts_with_an_axis_of_all_and_says_who_lacks_one(page):
    chart = page.locator("#chart svg[role=img]")
    dots = page.locator("#chart svg [data-mark=dot] path, #chart svg [data-mark=dot] circle")
    assert "against batch size" in chart.get_attribute("aria-label")
    assert dots.count() == 48
    page.get_by_label("coloured by", exact=True).select_option("depth")
    assert dots.count() == 48
    page.get_by_label("against", exact=True).select_option("width")
    assert dots.count() == 36
    assert "12 of the 48 cells lack width" in page.locator("#chart-words").inner_text()
    page.get_by_label("show", exact=True).select_option("test_accuracy")
    assert "No such cell" in page.locator("#chart").inner_text()
