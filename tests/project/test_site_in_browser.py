"""The site of the docs in a real browser, opened from the disk."""

import shutil
import subprocess
import sys

import pytest
from paths import ROOT
from playwright.sync_api import sync_playwright

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PAGES = ["index", "tutorial", "method/work", "method/laws", "configuration", "output", "extending"]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium on this machine: the site is not looked at (apt install chromium)",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-E", str(ROOT / "docs"), str(target)]
    subprocess.run(command, check=True, timeout=300)
    return target


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_the_disk_and_fits(site, browser, name, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    seen, faults = [], []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((site / f"{name}.html").as_uri())
    assert seen and [url for url in seen if not url.startswith(("data:", "file:"))] == []
    assert faults == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_formulas_have_the_height_of_formulas(site, browser):
    page = browser.new_page()
    page.goto((site / "method" / "laws.html").as_uri())
    heights = page.evaluate(
        "[...document.querySelectorAll('math[display=block]')]"
        ".map(m => m.getBoundingClientRect().height)"
    )
    assert heights and all(height > 30 for height in heights)
    page.close()


def test_the_search_finds_a_column_without_a_server(site, browser):
    page = browser.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=elasticity")
    page.locator("#search-results li").first.wait_for(timeout=20_000)
    assert page.locator("#search-results a", has_text="Laws and thresholds").count() >= 1
    page.close()
