"""The report in a real browser."""

import shutil
from itertools import pairwise

import pandas as pd
import pytest
import yaml
from playwright.sync_api import sync_playwright

from tfscale.figure_list import FIGURES
from tfscale.report import write_report

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium on this machine: the page is not looked at (apt install chromium)",
)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_is_whole_alone_and_fits(finished, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=True)
    seen, faults = [], []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.goto((finished.root / "results" / "report.html").as_uri())
    assert [url for url in seen if not url.startswith(("data:", "file:"))] == []
    assert faults == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
    assert page.locator("figure img").count() == 2 * len(FIGURES)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for heading in (
        "Findings",
        "Figures",
        "Analysis",
        "Cells",
        "Predictions",
        "Provenance",
    ):
        assert page.get_by_role("heading", name=heading, exact=True).is_visible()
    assert "Built-in data" in page.get_by_role("note").first.inner_text()


def test_headings_are_in_order_and_pictures_have_words(finished, browser):
    page = browser.new_page()
    page.goto((finished.root / "results" / "report.html").as_uri())
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
    assert page.evaluate("[...document.images].every(i => i.alt.length > 20)")


def test_hostile_reviews_stay_text(finished, browser, tmp_path):
    results = finished.root / "results"
    hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
    answers = pd.read_parquet(
        results / "models/text_layers4_batch16_conv3_input14/predictions.parquet"
    )
    answers.assign(review=hostile).to_parquet(tmp_path / "predictions.parquet")
    write_report(
        output=str(tmp_path / "report.html"),
        cells_path=str(results / "cells.parquet"),
        findings_path=str(results / "fits/findings.parquet"),
        visits_path=str(results / "visits.parquet"),
        machine_path=str(results / "machine.json"),
        figures=[],
        captions=[],
        predictions={"text": str(tmp_path / "predictions.parquet")},
        settings={
            "timing": yaml.safe_load((finished.root / "config.yaml").read_text())["timing"],
            "training": {"budget_tflop": None, "max_steps": None, "epochs": 1},
            "evaluation": {"inputs": 64, "passes": 1},
            "analysis": {"confidence": 0.95},
        },
    )
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.title() != "owned"
    assert page.get_by_text(hostile).first.is_visible()
