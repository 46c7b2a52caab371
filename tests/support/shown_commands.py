"""Every command that a user is shown: in the docs, on the page, on the console, in messages."""

import ast
import html
import json
import re
from collections.abc import Iterator

from paths import ROOT

MAKE = re.findall(r"^([.a-z][\w./-]*):(?!=)", (ROOT / "Makefile").read_text(), re.M)
STARTS = r"snakemake|make|uv|pip|conda|apt|git|rm|cp|mv|export|cd|sha256sum|sinfo|\."
COMMAND = re.compile(rf"(?:[A-Z_]+=\S+ )*(?:{STARTS})(?: .+)?")
"""A line of code that is a command."""
TARGETS = "|".join(map(re.escape, [*MAKE, "demo"]))
RULES = "all|rules|train|measure|floor"
FOLLOWING = rf"--?[a-z][\w=-]*|[^\s,;:()]*[/=*{{][^\s,;:()]*|'[^']*'|\w+\.\w+|\d+|{RULES}"
"""Words that go on a snakemake command: options, files, settings, numbers, rules."""
IN_PROSE = re.compile(
    rf"(?:\b[A-Z_]+=\S+ )*\b(?:snakemake(?: +(?:{FOLLOWING}))*"
    rf"|make (?:{TARGETS})(?![\w-])"
    r"|conda (?:activate|create|env|install) \w+"
    r"|(?:uv sync|uv pip|pip install|apt install|export) \S+"
    r"|(?:rm|cp|mv) (?:-\w+ )?\S*[/{.]\S*(?: \S*[/{.]\S*)*)"
)
"""A command in a line for people."""


def in_docs() -> dict[str, set[str]]:
    """The commands of README and docs, each with the pages that show it."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("re*s/README.md")]
    shown: dict[str, set[str]] = {}
    for page in pages:
        for command in in_markdown(page.read_text(encoding="utf-8")):
            shown.setdefault(command, set()).add(str(page.relative_to(ROOT)))
    return shown


def in_markdown(text: str) -> Iterator[str]:
    """Lines of indented blocks and of fences in bash or none, and code in a line."""
    fence = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.S | re.M)
    for _, language, block in fence.findall(text):
        yield from _commands(block.splitlines() if language in ("", "bash") else [])
    indented = re.compile(r"^ {4,}(\S.*)$", re.M)
    text = fence.sub("", text)
    yield from _commands(indented.findall(text))
    yield from _commands(re.findall(r"`([^`]+)`", indented.sub("", text)))


def in_page(text: str) -> set[str]:
    """The commands of a report: its code, and the one that the explorer shows for each cell."""
    code = re.findall(r"<(code|pre)[^>]*>(.*?)</\1>", text, re.S)
    lines = [html.unescape(line) for _, block in code for line in block.splitlines()]
    (again,) = re.findall(r'"again": ?("(?:[^"\\]|\\.)*")', text)
    return {*_commands([*lines, json.loads(again)])}


def in_speech(text: str) -> set[str]:
    """The commands in what was printed."""
    return {" ".join(found.split()) for found in IN_PROSE.findall(text)}


def in_messages() -> dict[str, set[str]]:
    """The commands in the texts of the package, each with its modules: {} stands for a value."""
    shown: dict[str, set[str]] = {}
    for path in sorted((ROOT / "workflow").rglob("*.py")):
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            for command in in_speech(text) if " " in text else ():
                shown.setdefault(command, set()).add(str(path.relative_to(ROOT)))
    return shown


def _commands(lines: list[str]) -> Iterator[str]:
    for line in lines:
        command = " ".join(re.sub(r"(^|\s)#.*", "", line).split())
        if COMMAND.fullmatch(command):
            yield command


def _texts(tree: ast.AST) -> Iterator[str]:
    """The texts of a module but its docstrings."""
    inner = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            inner |= set(node.values)
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
            yield node.value
