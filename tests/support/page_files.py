"""The files that docs/your-own-model.md has its reader write, and what it shows as printed."""

import re
from pathlib import Path

from paths import ROOT

PAGE = (ROOT / "docs/your-own-model.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^( *)```(python|yaml|text)\n(.*?)^\1```", re.S | re.M)
NAMED = re.compile(r"(Add to )?`([\w-]+\.(?:py|yaml))`[^`]*\Z")
"""The last file that stands before a block is what the block holds, or has added."""


def blocks() -> list[tuple[str, str, bool]]:
    """Every file in the page's order: its name, its text, and whether that is added to it."""
    found = []
    for fence in FENCE.finditer(PAGE):
        if fence[2] != "text":
            added, name = NAMED.search(PAGE[: fence.start()]).groups()
            found.append((name, fence[3], bool(added)))
    return found


def files() -> dict[str, str]:
    """Every file by its name, as it stands at the end of the page."""
    found: dict[str, str] = {}
    for name, text, added in blocks():
        found[name] = f"{found[name]}\n{text}" if added else text
    return found


def write(folder: Path, *names: str) -> None:
    """Write these files, without what is added to them later; all of them when none is named."""
    for name, text, added in blocks():
        if not added and (not names or name in names):
            (folder / name).write_text(text, encoding="utf-8")


def whole(text: str) -> str:
    """A block that is added to a file, with that file; any other text as it is."""
    return next((files()[name] for name, block, added in blocks() if added and block == text), text)


def printed() -> list[str]:
    """What the page shows as printed, as patterns: its lines may be broken otherwise."""
    shown = [fence[3] for fence in FENCE.finditer(PAGE) if fence[2] == "text"]
    return [r"\s+".join(map(re.escape, text.split())) for text in shown]
