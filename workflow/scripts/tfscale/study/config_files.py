"""Reading config files as Snakemake will, and what it would not say.

PyYAML lets the second of two equal keys win, reads 010 as 8 and 1:30 as 90, and writes out anchors
and merges until the memory is full. All of that shows in the graph of nodes, before any value is
made of it.

Snakemake reads config.yaml with a reader that lets the last of two equal keys win; anchors can fill
the memory, and a file that is no plain section of keys ends in a traceback. So config.yaml is
looked at before Snakemake reads it. The files of `--configfile` have been read by then.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tfscale.study.config import ConfigError, mistakes
from tfscale.study.wording import branches, dotted, quoted, unwieldy

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
        yield f"{where}: the tag {quoted(node.tag.removeprefix(STANDARD))} is not allowed here"
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
        yield f"{where}: {quoted(node.value)} cannot be read ({_said(error)}); put it in quotes"
        return
    if node.tag in NUMBERS and ODD.match(node.value):
        yield f"{where}: YAML reads {node.value} as {value}; write the number that you mean"


WORDS = {"true": True, "false": False, "null": None, "~": None}


def typed(config: dict, given: Mapping) -> dict:
    """The configuration with the values of `--config` (`given`) as YAML would have read them.

    `--config 'timing={rounds: 3}'` arrives as the text '3' and `partial=true` as 'true'. The
    sections are changed in place, since the rules hold on to them.
    """
    for key, value in given.items():
        below = config.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            typed(below, value)
        elif key in config:
            config[key] = _typed(value)
    return config


def _typed(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _typed(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_typed(inner) for inner in value]
    return _of(value) if isinstance(value, str) else value


def _of(text: str) -> object:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return WORDS.get(text.lower(), text)


MOST_BYTES = 1 << 18
TEMPLATES = "__use_yte__"


def check_files(base: str, given: Any) -> None:
    """Raise ConfigError when config.yaml (`base`) or a file given beside it has mistakes that only
    the files show; all other mistakes of the configuration are listed with them.

    `given` are Snakemake's settings: configfiles, their content with that of `--config`
    (overwrite_config), and that of `--config` alone (config).
    """
    config, found = read_file(base) if Path(base).exists() else ({}, [])
    for path in given.configfiles:
        found += read_file(os.path.relpath(path))[1]
    if config is not None and (found or "pathvars" in config):
        whole = typed(merged(config, given.overwrite_config), given.config)
        found += mistakes(whole)
    if found:
        raise ConfigError.of(list(dict.fromkeys(found)))


def read_file(path: str | Path) -> tuple[dict | None, list[str]]:
    """What a file holds (None when it cannot be used) and its mistakes, one line each."""
    try:
        content, wrong = _read(_text(Path(path)))
        if not isinstance(content, dict):
            raise UnreadableError(f"must be a section of keys, not {quoted(content)}")
    except UnreadableError as error:
        return None, [f"{path}: {error}"]
    if TEMPLATES in content:
        wrong.append(f"{TEMPLATES}: templates run code and are not used here; take the key out")
        del content[TEMPLATES]
    return content, [f"{path}, {mistake}" for mistake in wrong]


def merged(config: dict, over: Mapping) -> dict:
    """A new section in which the values of `over` go over those of `config`, key by key."""
    result = dict(config)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, Mapping):
            value = merged(below if isinstance(below, dict) else {}, value)
        result[key] = value
    return result


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise UnreadableError("is not a file")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise UnreadableError(f"is longer than {MOST_BYTES // 1024} KiB, too long for a study")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def _read(text: str) -> tuple[object, list[str]]:
    """JSON where it is JSON, as Snakemake has it, and YAML otherwise."""
    twice: list[str] = []

    def section(pairs: Iterable[tuple[str, object]]) -> dict:
        pairs = list(pairs)
        counts = Counter(key for key, _ in pairs)
        twice.extend(key for key, count in counts.items() if count > 1)
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=section)
    except (ValueError, RecursionError):
        return read_yaml(text)
    if too_large := unwieldy(content, branches):
        raise UnreadableError(too_large)
    return content, [f"{quoted(key)}: named twice; keep one of them" for key in twice]
