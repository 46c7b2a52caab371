"""The figures as the page shows them: inlined, with their captions, grouped by kind of model."""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

WIDE = 1.9
"""A figure of a larger ratio of width to height takes the whole width of the page."""
PLAIN = " !$()*+,-./:;=?@[]^_`{|}~"
"""What stands for itself in an attribute's data URI: a figure takes 7 % more than its file, by
base64 33 %."""
_VIEW = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')


def figure_groups(figures: list[str], captions: list[str]) -> list[dict]:
    """One dict a kind of model (`whole study` where a figure has none): its figures with id,
    title, source (a data URI: identifiers inside SVGs cannot clash that way), caption (what to look
    for, then what the numbers say) and whether wide.

    `figures` are SVG files named model_figure.svg with model.json, what they say, beside them;
    `captions` are text files named figure.rst.
    """
    words = {Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in captions}
    groups: dict[str, list[dict]] = {}
    for path in figures:
        kind, name = _parts(Path(path).stem, words)
        own = _words(Path(path).with_name(f"{kind}.json")).get(name, {})
        plain = name.replace("_", " ")
        text = Path(path).read_text(encoding="utf-8")
        groups.setdefault(kind, []).append(
            {
                "id": Path(path).stem,
                "source": f"data:image/svg+xml,{quote(text, safe=PLAIN)}",
                "title": own.get("title", plain),
                "caption": " ".join([words.get(name, plain), *own.get("says", [])]),
                "wide": _ratio(text) > WIDE,
            }
        )
    return [{"kind": kind, "figures": found} for kind, found in groups.items()]


@cache
def _words(path: Path) -> dict[str, dict]:
    """What the plot job said of each figure of a model (`figures.draw_all`); nothing without."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _parts(stem: str, words: dict[str, str]) -> tuple[str, str]:
    """The kind of model and the name of the figure, which may itself have underscores."""
    for name in sorted(words, key=len, reverse=True):
        if stem == name:
            return "whole study", name
        if stem.endswith(f"_{name}"):
            return stem.removesuffix(f"_{name}"), name
    kind, _, name = stem.partition("_")
    return kind, name or kind


def _ratio(svg: str) -> float:
    found = _VIEW.search(svg)
    return float(found[1]) / float(found[2]) if found else 1.0
