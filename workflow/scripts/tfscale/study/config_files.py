"""Reads the files of a configuration as Snakemake will, and finds what it would not say.

Snakemake reads config.yaml with a reader that lets the last of two equal keys win; anchors can fill
the memory, and a file that is no plain section of keys ends in a traceback. So config.yaml is
looked at before Snakemake reads it. The files of `--configfile` have been read by then.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tfscale.study.config import ConfigError, mistakes
from tfscale.study.tree import branches, unwieldy
from tfscale.study.typed import typed
from tfscale.study.wording import shown
from tfscale.study.yaml_mistakes import UnreadableError, read_yaml

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
            raise UnreadableError(f"must be a section of keys, not {shown(content)}")
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
    return content, [f"{shown(key)}: named twice; keep one of them" for key in twice]
