"""Reading config files as Snakemake will, and what it would not say.

Snakemake lets the last of two equal keys win, and answers a file that is no section of keys with a
traceback. So the files are looked at before it reads config.yaml.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from tfscale.study.config import ConfigError, check
from tfscale.study.wording import dotted, quoted


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
        update_config(config, given.overwrite_config)
        try:
            check(typed(config, given.config))
        except ConfigError as error:
            found += error.mistakes
    if found:
        raise ConfigError(list(dict.fromkeys(found)))


def read_file(path: str | Path) -> tuple[dict | None, list[str]]:
    """What a file holds (None when it cannot be used) and its mistakes, one line each."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
        content = _loaded(text)
    except OSError as error:
        return None, [f"{path}: cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return None, [f"{path}: is not UTF-8; save the file as UTF-8"]
    except yaml.YAMLError as error:
        return None, [f"{path}: {_in_one_line(error)}"]
    except ValueError as error:  # no date, say
        return None, [f"{path}: {error}"]
    if content is None:
        return None, [f"{path}: is empty"]
    if not isinstance(content, dict):
        return None, [f"{path}: must be a section of keys, not {quoted(content)}"]
    return content, [f"{path}, {mistake}" for mistake in _repeated_keys(root, (), set())]


def _loaded(text: str) -> Any:
    """As Snakemake reads it: JSON, where 1e-05 is a number, before YAML, where it is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def _in_one_line(error: yaml.YAMLError) -> str:
    """A reader's error with its place."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    text = " ".join(str(problem or error).split())
    tab = "; indent with blanks, not with tabs" if "'\\t'" in text else ""
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{text}{tab}"


def _repeated_keys(node: yaml.Node | None, path: tuple, seen: set[int]) -> Iterator[str]:
    """Keys that are named twice in a node or below it; each node is looked at once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _repeated_keys(part, (*path, index), seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[object, int] = {}
        for key, part in node.value:
            inner, line = (*path, key.value), key.start_mark.line + 1
            if (first := lines.setdefault(str(key.value), line)) != line:
                yield f"{dotted(inner)}: named twice, in lines {first} and {line}; keep one of them"
            yield from _repeated_keys(part, inner, seen)


WORDS = {"true": True, "false": False, "null": None, "~": None}


def typed(config: dict, given: Mapping) -> dict:
    """The configuration with the values of `--config` (`given`) as YAML would have read them.

    `--config 'timing={rounds: 3}'` arrives as the text '3' and `partial=true` as 'true'.
    """
    result = dict(config)
    for key, value in given.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            result[key] = typed(below, value)
        elif key in result:
            result[key] = _typed(value)
    return result


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
