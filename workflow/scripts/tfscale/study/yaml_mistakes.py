"""What a YAML file says that would be passed over in silence, or stop its reader with a traceback.

PyYAML lets the second of two equal keys win, reads 010 as 8 and 1:30 as 90, and writes out anchors
and merges until the memory is full. All of that shows in the graph of nodes, before any value is
made of it.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tfscale.study.tree import unwieldy
from tfscale.study.wording import dotted, shown

STANDARD = "tag:yaml.org,2002:"
MERGE = f"{STANDARD}merge"
NUMBERS = {f"{STANDARD}int", f"{STANDARD}float"}
ODD = re.compile(r"[-+]?(0[0-7_]+|\d[\d_]*(:[0-5]?\d)+(\.\d*)?)$")
MOST_DIGITS = 40


class UnreadableError(Exception):
    """A file cannot be used at all; the message says why and where."""


def read_yaml(text: str) -> tuple[object, list[str]]:
    """What a YAML text holds, and one line for every mistake that does not keep it from being
    read; raises UnreadableError."""
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None
    except yaml.YAMLError as error:
        raise UnreadableError(_said(error)) from None
    if root is None:
        raise UnreadableError("is empty")
    if too_large := unwieldy(root, _parts):
        raise UnreadableError(too_large)
    mistakes = list(_mistakes(loader, root, (), set()))
    try:
        return loader.construct_document(root), mistakes
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise UnreadableError("; ".join(mistakes) or _said(error)) from None


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _said(error: Exception) -> str:
    """A reader's error in one line, with its place."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    text = " ".join(str(problem or error).split())
    tab = "; indent with blanks, not with tabs" if "'\\t'" in text else ""
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{text}{tab}"


def _mistakes(loader: Any, node: yaml.Node, path: tuple, seen: set[int]) -> Iterator[str]:
    """The mistakes of a node and all below it, each node once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    where = f"{dotted(path)} (line {node.start_mark.line + 1})"
    if not node.tag.startswith(STANDARD) or node.tag.startswith(f"{STANDARD}python/"):
        yield f"{where}: the tag {shown(node.tag.removeprefix(STANDARD))} is not allowed here"
    elif isinstance(node, yaml.ScalarNode):
        yield from _scalar_mistakes(loader, node, where)
    elif isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _mistakes(loader, part, (*path, index), seen)
    elif isinstance(node, yaml.MappingNode):
        yield from _repeated_keys(node, path)
        for key, part in node.value:
            inner = path if key.tag == MERGE else (*path, key.value)
            yield from _mistakes(loader, part, inner, seen)


def _repeated_keys(node: yaml.MappingNode, path: tuple) -> Iterator[str]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            yield f"{dotted(path)} (line {line}): a key must be one word, not a list or section"
        elif (known := (key.tag, key.value)) in lines:
            name = dotted((*path, key.value))
            yield f"{name}: named twice, in lines {lines[known]} and {line}; keep one of them"
        else:
            lines[known] = line


def _scalar_mistakes(loader: Any, node: yaml.ScalarNode, where: str) -> Iterator[str]:
    if node.tag in NUMBERS and len(node.value) > MOST_DIGITS:
        yield f"{where}: a number of {len(node.value):,} digits"
        return
    try:
        value = loader.construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        yield f"{where}: {shown(node.value)} cannot be read ({_said(error)}); put it in quotes"
        return
    if node.tag in NUMBERS and ODD.match(node.value):
        yield f"{where}: YAML reads {node.value} as {value}; write the number that you mean"
