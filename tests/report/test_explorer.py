"""The report's explorer in a real browser: filter, sort, compare, chart, copy."""

import pandas as pd
import pytest
from browser import needs_chromium, opened
from report_of import write

pytestmark = needs_chromium
CELLS = [
    "mnist_layers4_batch1_conv3_input28_threads1",
    "mnist_layers6_batch1_conv3_input28_threads1",
    "text_layers4_batch1_conv3_input56_threads1",
]


@pytest.fixture(scope="module")
def cells(study) -> pd.DataFrame:
    """Three of the study's cells, the first without an interval."""
    table = pd.read_parquet(study / "cells.parquet").set_index("cell", drop=False).loc[CELLS]
    table.loc[CELLS[0], "coverage"] = float("nan")
    return table


@pytest.fixture(scope="module")
def small(study, cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    cells.to_parquet(folder / "cells.parquet", index=False)
    return write(study, folder / "report.html", {"cells": str(folder / "cells.parquet")})


@pytest.fixture
def page(small, browser):
    page = opened(browser, small)
    yield page
    assert page.faults == []
    page.context.close()


def names(page) -> list[str]:
    return page.locator("#table tbody th").evaluate_all("all => all.map(name => name.title)")


def test_all_cells_are_there_in_the_order_of_the_study(page):
    assert names(page) == CELLS
    short = page.locator("#table tbody th code").all_inner_texts()
    assert short == ["mnist L4", "mnist L6", CELLS[2]]
    assert "3 of 3 cells" in page.locator("#shown").inner_text()


def test_filters_and_the_search_narrow_table_and_chart(page):
    dots = page.locator("#chart svg [data-mark=dot] path, #chart svg [data-mark=dot] circle")
    assert dots.count() == 3
    page.get_by_label("model", exact=True).select_option("mnist")
    assert names(page) == CELLS[:2]
    assert dots.count() == 2
    page.locator("#search").fill("LAYERS6 mnist")
    assert names(page) == CELLS[1:2]
    page.locator("#search").fill("no such cell")
    assert names(page) == []
    assert "No cell passes" in page.locator("#chart").inner_text()
    page.get_by_role("button", name="Show all").click()
    assert names(page) == CELLS
    page.get_by_label("marks", exact=True).select_option("with")
    assert CELLS[0] in names(page)
    assert "no interval" in page.locator("#table tbody tr").first.inner_text()


def test_a_column_sorts_both_ways_by_keyboard(page, cells):
    latency = cells["latency_s"]
    head = page.locator("#table thead th[data-key=latency_s]")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert names(page) == latency.sort_values().index.tolist()
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert names(page) == latency.sort_values(ascending=False).index.tolist()
    assert head.get_attribute("aria-sort") == "descending"


def test_two_cells_are_compared_and_a_third_takes_the_place_of_the_first(page, cells):
    boxes = page.locator("#table tbody input")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    assert page.locator("#picked article").count() == 1
    boxes.nth(1).check()
    latency = cells["latency_s"]
    ratio = latency[CELLS[1]] / latency[CELLS[0]]
    shown = page.locator("#comparison tbody tr", has_text="latency of a call").locator("td").last
    assert float(shown.inner_text().replace(",", "")) == pytest.approx(ratio, rel=0.01)
    assert "no interval" in page.locator("#comparison caption").inner_text()
    boxes.nth(2).check()
    assert page.locator("#picked h4").all_inner_texts() == CELLS[1:]
    assert not boxes.nth(0).is_checked()


@pytest.mark.parametrize("cell", [CELLS[0], CELLS[2]])
def test_a_picked_cell_shows_processes_structure_and_predictions(page, study, cell):
    page.get_by_label(f"compare {cell}").check()
    article = page.locator("#picked article")
    kind = cell.split("_")[0]
    folder = study / "models" / f"{kind}_one"
    assert article.locator("pre.structure").inner_text() == (folder / "structure.txt").read_text()
    charts = article.get_by_role("img", name=cell)
    assert charts.count() == 2 and all(box.bounding_box()["height"] > 100 for box in charts.all())
    answers = pd.read_parquet(folder / "predictions.parquet")
    items = article.locator(".predictions li")
    for correct, verdict in ((True, "CORRECT"), (False, "WRONG")):
        expected = min(6, int((answers["correct"] == correct).sum()))
        assert items.filter(has_text=verdict).count() == expected
    first = answers[answers["correct"]].iloc[0] if answers["correct"].any() else answers.iloc[0]
    assert f"predicted {first['predicted']}" in items.first.inner_text()
    if kind == "text":
        assert items.first.locator("q").inner_text() == " ".join(first["review"].split())
    else:
        assert items.first.locator("img").evaluate("image => image.naturalWidth") == 28


def test_the_copy_button_copies_the_command_that_times_the_cell_again(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label(f"compare {CELLS[1]}").check()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".again pre").inner_text()
    assert copied.startswith("snakemake results/report.html --forcerun ")
    assert copied.endswith(f" results/runs/{CELLS[1]}/round*.parquet")


def test_the_chart_shows_any_quantity_against_any_axis_with_its_law(page):
    chart = page.locator("#chart svg[role=img]")
    assert chart.get_attribute("aria-label").startswith("latency of a call (s) against layers")
    lines = page.locator("#chart svg [data-mark=line] path")
    assert lines.count() == 1  # the one slice with two levels of layers
    assert "law" in page.locator("#chart-words").inner_text()
    page.get_by_label("law", exact=True).select_option("")
    assert lines.count() == 0
    page.get_by_label("show", exact=True).select_option("throughput_per_s")
    page.get_by_label("against", exact=True).select_option("model")
    assert chart.get_attribute("aria-label").startswith("throughput (examples/s) against model")
