"""The report in a real browser: whole, alone, safe, fast, readable by everyone and on paper."""

import re
from itertools import pairwise

import pandas as pd
import pytest
import report_of
from browser import needs_chromium, opened, outside, serious
from figure_study import FIGURES

from tfscale.analysis.answers import ANSWER, TRUST
from tfscale.console.commands import Call
from tfscale.console.display import Ended, report
from tfscale.study.outputs import FIRST
from tfscale.units import three

pytestmark = needs_chromium

SECTIONS = (
    "Explorer",
    "Figures",
    "Laws and tests",
    "All cells",
    "One cell again",
    "What the models predict",
    "Method",
    "Provenance",
)
HOSTILE = "<script>document.title='owned'</script><!--<img src=x onerror='document.title=1'>"


@pytest.mark.parametrize("width", [1200, 360])
def test_the_page_is_whole_alone_and_fits(path, browser, width):
    page = opened(browser, path, viewport={"width": width, "height": 900})
    assert outside(page) == []
    assert page.faults == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 20)")
    assert page.locator("#answer figure img").count() == 2 * len(FIRST)
    told = page.locator("#figures figure img").count() + page.locator("#figures li").count()
    assert told == 2 * (len(FIGURES) - len(FIRST))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for heading in SECTIONS:
        assert page.get_by_role("heading", name=heading, exact=True, level=2).is_visible()
    assert "Built-in data" in page.locator("#trust").inner_text()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen_has_a_picture_and_the_sentences(path, browser, width, height):
    page = opened(browser, path, closed=True, viewport={"width": width, "height": height})
    seen = [page.locator("#mnist_border img"), page.locator("#answer .headline").first]
    for part in seen:
        box = part.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= height
    said = page.locator("#answer .headline").first.locator("li").all_inner_texts()
    assert 3 <= len(said) <= 5 and said[0].startswith("A call costs ")
    text = page.locator("#answer").inner_text()
    assert not re.search("undetermined|not testable|elasticity|Akaike", text)
    assert page.locator("#trust summary").inner_text().split(":")[0] in ("Green", "Amber", "Red")
    assert page.evaluate("document.documentElement.scrollHeight") <= 4 * height


def test_page_figures_console_and_tables_say_the_same(path, study, browser):
    page = opened(browser, path)
    told = pd.read_parquet(study / "fits/findings.parquet")
    answer = told[told["topic"] == ANSWER]
    for family, rows in answer.groupby("model"):
        shown = page.locator(f".family:has(#{family}_border) .headline li").all_inner_texts()
        assert [line.removesuffix(" evidence") for line in shown] == rows["sentence"].tolist()
        for figure, table in (("border", "borders"), ("drivers", "drivers")):
            alt = page.locator(f"#{family}_{figure} img").get_attribute("alt")
            assert all(said in alt for said in rows.loc[rows["evidence"] == table, "sentence"])
    lines = report(Ended(1, 1, 1), str(study), {}, Call())
    said = [f"  {row.model}: {row.sentence}" for row in answer.itertuples()]
    trust = told.loc[told["topic"] == TRUST, "sentence"].iloc[0]
    assert lines[1:-1] == [*said, f"  {trust}"]
    assert page.locator("#trust summary").inner_text() == trust
    drivers = pd.read_parquet(study / "fits/drivers.parquet")
    strongest = drivers[drivers["model"] == "mnist"].iloc[0]
    ends = ["ratio"] if pd.isna(strongest["depends_on"]) else ["ratio_at_low", "ratio_at_high"]
    numbers = [three(strongest[end]) for end in ends]
    sentence = answer.loc[answer["evidence"] == "drivers", "sentence"].iloc[0]
    row = page.locator("#fit-drivers tbody tr", has_text="mnist").first.inner_text()
    assert all(number in sentence and number in row for number in numbers)
    assert three(strongest["ratio"]) in (study / "figures/mnist_drivers.svg").read_text()


def test_a_tab_shows_its_family(path, browser):
    page = opened(browser, path, closed=True)
    assert not page.locator("#text_border").is_visible()
    page.locator("label[for=show-text]").click()
    assert page.locator("#text_border").is_visible()
    assert not page.locator("#mnist_border").is_visible()


def test_every_sentence_leads_to_its_evidence(path, browser):
    page = opened(browser, path, closed=True)
    for place in {link.get_attribute("href") for link in page.locator("#answer a").all()}:
        assert page.locator(place).count() == 1, place
    link = page.locator("#answer .headline a").first
    evidence = page.locator(link.get_attribute("href"))
    assert not evidence.is_visible()
    link.click()
    evidence.wait_for()
    assert evidence.is_visible() and evidence.bounding_box()["y"] < 800


def test_an_explorer_that_is_opened_has_its_chart(path, browser):
    page = opened(browser, path, closed=True)
    page.get_by_role("link", name="Explorer").click()
    assert page.locator("#chart svg").last.bounding_box()["width"] > 700


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_would_find_it(path, browser, scheme):
    page = opened(browser, path, color_scheme=scheme)
    for box in page.locator("#table tbody input").all()[:2]:
        box.check()
    if scheme == "dark":
        assert serious(page, rule="color-contrast") == []
        return
    script = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])"
    levels = page.evaluate(script)
    assert levels[0] == 1 and max(levels) == 5 and all(b - a <= 1 for a, b in pairwise(levels))
    assert page.evaluate("[...document.images].every(i => i.alt.length > 20)")
    assert serious(page) == []
    page.evaluate("document.querySelector('#figures img').removeAttribute('alt')")
    assert any(issue.startswith("image-alt") for issue in serious(page, rule="image-alt"))


def test_all_but_the_explorer_reads_without_scripts(path, browser):
    page = opened(browser, path, closed=True, java_script_enabled=False)
    for heading in SECTIONS:
        shown = page.get_by_role("heading", name=heading, exact=True, level=2)
        assert shown.count() == (heading != "Explorer")
    assert page.locator("#mnist_border img").is_visible()
    page.get_by_role("heading", name="Figures").click()
    assert page.locator("#figures img").first.is_visible()


def test_the_page_prints_on_a4(path, browser):
    page = opened(browser, path, closed=True, viewport={"width": 688, "height": 1000})
    page.emulate_media(media="print")
    assert not page.locator("#explorer").is_visible()
    assert (
        page.locator("#text_border").is_visible() and page.locator("#cells table").last.is_visible()
    )
    boxes = [figure.bounding_box() for figure in page.locator("#figures figure").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 688 for box in boxes)
    assert all(box["height"] < 1000 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    printed = page.pdf(format="A4", print_background=True)
    assert printed.startswith(b"%PDF") and 1 < printed.count(b"/Type /Page\n") < 90


def test_hostile_texts_stay_text(study, browser, tmp_path):
    folder = tmp_path / "text_one"
    folder.mkdir()
    answers = pd.read_parquet(study / "models" / folder.name / "predictions.parquet")
    answers.assign(review=HOSTILE).to_parquet(folder / "predictions.parquet")
    (folder / "structure.txt").write_text(HOSTILE)
    files = {
        "predictions": [str(folder / "predictions.parquet")],
        "structures": [str(folder / "structure.txt")],
    }
    settings = report_of.SETTINGS | {"predict": HOSTILE}
    written = report_of.write(study, tmp_path / "report.html", files, settings=settings)
    page = opened(browser, written)
    page.locator("#search").fill("text")
    page.locator("#table tbody input").first.check()
    assert page.title().startswith("tfscale")
    assert page.faults == []
    assert page.locator("#picked q").first.inner_text() == HOSTILE
    assert page.locator("#picked pre.structure").inner_text() == HOSTILE
    assert page.locator("#predictions td.long").first.inner_text() == HOSTILE
    assert page.locator("img[src=x]").count() == 0


def test_a_script_that_got_in_would_not_run(path, browser, tmp_path):
    markup = path.read_text(encoding="utf-8")
    bad = "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x.png'>"
    (tmp_path / "bad.html").write_text(markup.replace("<main>", f"<main>{bad}"), encoding="utf-8")
    page = opened(browser, tmp_path / "bad.html")
    assert page.title() != "owned"
    assert len(page.faults) == 2 and all("Content Security Policy" in said for said in page.faults)


@pytest.mark.long
def test_a_large_study_stays_small_and_works(study, browser, tmp_path):
    written = report_of.write_many(study, tmp_path, 10_000)
    assert written.stat().st_size < 10e6
    page = opened(browser, written)
    page.locator("#table tbody tr").first.wait_for()
    page.locator("#chart svg").last.wait_for()
    assert page.faults == []
    assert "10000 of 10000 cells" in page.locator("#shown").inner_text()
    page.locator("#table tbody input").first.check()
    assert page.locator("#picked article").count() == 1
    assert "holds no single processes" in page.locator("#picked").inner_text()
