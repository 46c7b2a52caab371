"""A real Chromium for the tests of the report, and pages that remember what went wrong."""

import shutil
from pathlib import Path

import pytest
from paths import ROOT
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = ROOT / "tests" / "vendor" / "axe.min.js"

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium on this machine: the page is not looked at (apt install chromium)",
)


PATIENCE_MS = 180_000
"""A busy machine is no fault of the page."""


@pytest.fixture(scope="module")
def browser():
    """One browser for the tests of a file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def opened(browser: Browser, path: Path, closed: bool = False, **options) -> Page:
    """The page in a context of its own, its closed parts opened unless it is to stay `closed`;
    `page.requests` and `page.faults` fill as it lives."""
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.requests, page.faults = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(path.as_uri())
    if not closed:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    return page


def outside(page: Page) -> list[str]:
    """The requests that left the page."""
    return [url for url in page.requests if not url.startswith(("data:", "file:"))]


def serious(page: Page, rule: str | None = None) -> list[str]:
    """What axe-core finds that is serious or critical, by all its rules or a single one; of a table
    the first rows, which stand for the rest."""
    page.evaluate(AXE.read_text())
    asked = {"resultTypes": ["violations"]} | ({"runOnly": [rule]} if rule else {})
    where = {"exclude": [["tbody tr:nth-child(n+4)"]]}
    found = page.evaluate("([where, asked]) => axe.run(where, asked)", [where, asked])
    return [
        f"{issue['id']}: {issue['nodes'][0]['html'][:200]} ({len(issue['nodes'])} places)"
        for issue in found["violations"]
        if issue["impact"] in ("serious", "critical")
    ]
