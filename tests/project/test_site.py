"""The docs as a site: built strictly, whole on the disk, every link and anchor in place."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
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
        self.formulas = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        self.formulas += tag == "math"
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
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[Path, Page]:
    """Every page of the built site by its path."""
    target = tmp_path_factory.mktemp("site")
    done = build(DOCS, target)
    assert done.returncode == 0, done.stderr
    pages = [path for path in target.rglob("*.html") if "_static" not in path.parts]
    return {path: Page(path) for path in pages}


def test_the_makefile_builds_the_site_with_the_same_strictness():
    assert "sphinx-build -q -E -W --keep-going docs docs/_site" in (ROOT / "Makefile").read_text()


def test_every_page_of_the_docs_is_in_the_site(site):
    wanted = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    (root,) = {path.parent for path in site if path.name == "genindex.html"}
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


def test_formulas_are_drawn_by_the_browser_itself(site):
    formulas = {path.stem: page.formulas for path, page in site.items()}
    for name in ("models", "latency", "laws", "claims", "work", "timing"):
        assert formulas[name] > 0, name


@pytest.mark.parametrize(
    "text, said",
    [
        ("# A\n\n[gone](gone.md)\n", "gone"),
        ("# A\n\n[gone](other.md#gone)\n", "gone"),
        ("# A\n\n$$\\nonsense$$\n", "nonsense"),
    ],
)
def test_a_broken_link_anchor_or_formula_fails_the_build(tmp_path, text, said):
    source = tmp_path / "docs"
    source.mkdir()
    for name in ("conf.py", "mathml.py"):
        (source / name).write_text((DOCS / name).read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (source / "other.md").write_text("# Other\n\nHere.\n")
    (source / "index.md").write_text(f"{text}\n```{{toctree}}\nother\n```\n")
    done = build(source, tmp_path / "site")
    assert done.returncode != 0 and said in done.stderr
