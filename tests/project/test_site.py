"""The docs as a site: built strictly, whole on the disk, every link and anchor in place, and read
in a real browser from there."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from browser import browser as browser
from browser import needs_chromium, opened, outside
from once import made_once
from paths import ROOT

DOCS = ROOT / "docs"
FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser fetches by itself. A link of these kinds is only followed on a click."""
NAVIGATION = {"index", "search", "genindex", "next", "prev", "top", "canonical"}


class Page(HTMLParser):
    """The ids, the links and what is fetched, of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        address = found.get(FETCHED.get(tag, ""))
        if address and found.get("rel") not in NAVIGATION:
            self.fetched.append(address)


def build(source: Path, target: Path) -> subprocess.CompletedProcess:
    """What `make docs` calls."""
    flags = ["-q", "-E", "-W", "--keep-going"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *flags, str(source), str(target)],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The folder of the built site."""

    def make(folder: Path) -> None:
        done = build(DOCS, folder)
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "site", make)


@pytest.fixture(scope="module")
def site(root) -> dict[Path, Page]:
    """Every page of the built site by its path."""
    pages = [path for path in root.rglob("*.html") if "_static" not in path.parts]
    return {path: Page(path) for path in pages}


def test_every_page_of_the_docs_is_in_the_site(root, site):
    wanted = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    assert wanted <= {path.relative_to(root).with_suffix("") for path in site}


def test_every_link_and_anchor_of_the_site_holds(site):
    followed = 0
    for path, page in site.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target.exists(), f"{path.name}: {link}"
            if anchor and target in site:
                assert unquote(anchor) in site[target].ids, f"{path.name}: {link}"
                followed += 1
    assert followed > 100


def test_the_site_fetches_nothing_from_elsewhere(site):
    for path, page in site.items():
        assert page.fetched, path
        for address in page.fetched:
            parts = urlsplit(address)
            assert not parts.scheme and not parts.netloc, f"{path.name}: {address}"
            assert (path.parent / unquote(parts.path)).exists(), f"{path.name}: {address}"


def test_a_broken_link_anchor_or_formula_fails_the_build(tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    for name in ("conf.py", "mathml.py"):
        (source / name).write_text((DOCS / name).read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (source / "other.md").write_text("# Other\n\nHere.\n")
    wrong = "[a](gone.md), [b](other.md#astray)\n\n$$\\nonsense$$\n"
    (source / "index.md").write_text(f"# A\n\n{wrong}\n```{{toctree}}\nother\n```\n")
    done = build(source, tmp_path / "site")
    assert done.returncode != 0
    assert all(said in done.stderr for said in ("gone.md", "astray", "nonsense"))


@needs_chromium
@pytest.mark.parametrize(
    ("name", "width"), [("index", 1200), ("method/work", 360), ("configuration", 360)]
)
def test_a_page_opens_from_the_disk_and_fits(root, browser, name, width):
    page = opened(browser, root / f"{name}.html", viewport={"width": width, "height": 900})
    assert page.requests and outside(page) == []
    assert page.faults == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 100)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


@needs_chromium
def test_formulas_have_the_height_of_formulas_and_the_search_needs_no_server(root, browser):
    page = opened(browser, root / "method" / "laws.html")
    heights = page.evaluate(
        "[...document.querySelectorAll('math[display=block]')]"
        ".map(m => m.getBoundingClientRect().height)"
    )
    assert heights and all(height > 30 for height in heights)
    page.goto(f"{(root / 'search.html').as_uri()}?q=elasticity")
    page.locator("#search-results li").first.wait_for()
    assert page.locator("#search-results a", has_text="Laws and thresholds").count() >= 1
    page.context.close()
