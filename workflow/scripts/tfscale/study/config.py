"""The configuration: all mistakes at once, and the sections that each stage depends on."""

import json
import math
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from math import prod
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from tfscale.axes import AXES
from tfscale.errors import StudyError
from tfscale.study.grid import cells, excluded, impossible, subgrids, without_effect
from tfscale.study.settings import TWICE, Config, Import, Section
from tfscale.study.wording import dotted, quoted, suggest

MOST_LINES = 100
MOST_CELLS = 100_000
MOST_CELLS_NAMED = 5


class ConfigError(StudyError):
    """The configuration has mistakes."""

    def __init__(self, mistakes: list[str]):
        """`mistakes` holds a line for each."""
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes):,} mistakes"
        lines = [f"  {mistake}" for mistake in mistakes[:MOST_LINES]]
        more = len(mistakes) - MOST_LINES
        lines += [f"  and {more:,} more"] if more > 0 else []
        listed = "\n".join(lines)
        super().__init__(f"The configuration has {count}:\n{listed}\nSee docs/configuration.md.")
        self.mistakes = mistakes


def check(config: dict) -> Config:
    """The typed study of a configuration; raises ConfigError with every mistake in it.

    What the values mean together is looked at when each is right by itself, and cells when there
    are not too many of them.
    """
    try:
        settings = Config.model_validate(config)
    except ValidationError as error:
        lines = [_line(part, config) for part in error.errors(include_url=False)]
        raise ConfigError(list(dict.fromkeys(lines))) from None
    found = list(_too_many_cells(config)) or list(_cell_mistakes(config, settings))
    found += [
        *_contradictions(settings),
        *_folders(settings.pathvars.model_dump(exclude_unset=True)),
        *_imports(settings.imports),
        *_mirror(settings.datasets.mirror),
    ]
    if found:
        raise ConfigError(found)
    return settings


GONE = {
    "timing.further_rounds": "no longer there; write more rounds",
    "timing.visits": "no longer there; write processes, the fresh processes a run",
    "timing.max_visits": "no longer there, the plan is fixed; write processes",
    "timing.precision": "no longer there, the plan is fixed; write more rounds to narrow intervals",
    "timing.time_cap_s": "no longer there, the plan is fixed; write fewer rounds to end sooner",
    "timing.cell_cap_s": "no longer there, the plan is fixed; write fewer rounds to end sooner",
    "timing.patience_s": "no longer there, no run waits; take the key out",
    "timing.sentinels": "no longer there, the rounds themselves show drift; take the key out",
    "timing.protocol: visits": "'visits' has a new name; write short",
}
"""What to write instead of a key or value of earlier versions."""
BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
KINDS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a section of keys",
}


def _line(error: Any, config: dict) -> str:
    """One mistake in a line: dotted key, what is wrong, what to do."""
    kind, value, facts = error["type"], error["input"], error.get("ctx", {})
    path = _path_in(config, error["loc"])
    where = dotted(path)
    match kind:
        case "extra_forbidden" | "invalid_key":
            known = _section(path[:-1]).model_fields
            return f"{where}: {GONE.get(where) or 'unknown key' + suggest(path[-1], known)}"
        case "missing":
            return f"{where}: missing"
        case "literal_error":
            choices = re.findall("'(.*?)'", facts["expected"])
            gone = GONE.get(f"{where}: {value}")
            return f"{where}: {gone or f'{quoted(value)} is not known{suggest(value, choices)}'}"
        case "too_short":
            return f"{where}: the list is empty; name at least one value"
        case "string_too_short":
            instead = "write null or leave" if _may_be_null(path) else "leave"
            return f"{where}: is empty; {instead} the key out"
        case _ if kind == TWICE:
            return f"{where}: {quoted(value)} names a value twice: {error['msg']}"
        case _ if kind in KINDS:
            wanted = KINDS[kind] + (" or null" if _may_be_null(path) else "")
            return f"{where}: {quoted(value)} must be {wanted}{_remedy(value, kind)}"
    ((sign, bound),) = facts.items()
    return f"{where}: {quoted(value)} must be {BOUNDS[sign]} {bound:.12g}"


def _path_in(config: Any, place: tuple) -> list:
    """The path as the user wrote it: without the numbers of lists that stand for one value."""
    path: list = []
    for part in place:
        if isinstance(config, list):
            path, config = [*path, part], config[part]
        elif isinstance(config, dict) and (isinstance(part, str) or part in config):
            path, config = [*path, part], config.get(part)
    return path


def _section(path: list) -> type[Section]:
    """The innermost section at a path."""
    section: type[Section] = Config
    for part in path:
        if isinstance(part, str):
            below = _parts(section.model_fields[part].annotation)
            section = next(kind for kind in below if _is_section(kind))
    return section


def _may_be_null(path: list) -> bool:
    """Whether the key at a path may be null; values in lists may not."""
    if not path or not isinstance(path[-1], str):
        return False
    return type(None) in get_args(_section(path[:-1]).model_fields[path[-1]].annotation)


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def _remedy(value: object, kind: str) -> str:
    """What to type instead of a value of the wrong type, where that can be known."""
    match kind, value:
        case "finite_number", _:
            return "; nan and infinity are no numbers here"
        case "list_type", None:
            return "; write [] for none"
        case "list_type", str() | int() | float():
            return f"; write [{value}]"
        case "string_type", bool() | int() | float() | date():
            return "; put it in quotes"
        case "int_type" | "float_type", str() | float():  # YAML reads 1e-3 as a text
            with suppress(ValueError):
                number = float(value)
                if number.is_integer() or (kind == "float_type" and math.isfinite(number)):
                    return f"; write {number:.12f}".rstrip("0").rstrip(".")
    return ""


def _too_many_cells(config: dict) -> Iterator[str]:
    """Grids of more than MOST_CELLS cells, counted without making them."""
    for key in ("grid", "predict"):
        parts = [part for _, part in _subgrids(config, key)]
        count = sum(prod(len(part[axis]) for axis in AXES) for part in parts)
        if count > MOST_CELLS:
            yield f"{key}: asks for {count:,} cells, more than {MOST_CELLS:,}; take values out"


def _subgrids(config: dict, key: str) -> Iterator[tuple[str, dict]]:
    """Every sub-grid under `grid` or `predict`, with its key."""
    if grid := config.get(key):
        for index, part in enumerate(subgrids(grid)):
            yield (f"{key}[{index}]" if isinstance(grid, list) else key), part


def _cell_mistakes(config: dict, settings: Config) -> Iterator[str]:
    """Cells that cannot exist or that cannot be timed, and mistakes of `exclude`; what that
    takes out is none."""
    entries = plain(settings)["exclude"]
    whole = cells(config["grid"])
    out = excluded(whole, entries)
    yield from _impossible_cells(config, out)
    yield from without_effect(whole, entries)
    inputs = settings.evaluation.inputs
    sizes = {cell["batch_size"] for name, cell in whole.items() if name not in out}
    for batch_size in sorted(size for size in sizes if size > inputs):
        yield (
            f"grid: batch_size {batch_size} is larger than the {inputs} "
            "inputs of a pass (evaluation.inputs)"
        )


def _impossible_cells(config: dict, out: dict[str, str]) -> Iterator[str]:
    """Cells that cannot exist, named, grouped by what is wrong with them."""
    for where, part in [*_subgrids(config, "grid"), *_subgrids(config, "predict")]:
        refused: dict[str, list[str]] = {}
        for name, cell in cells(part).items():
            taken_out = name in out and where.startswith("grid")
            if not taken_out and (reason := impossible(cell)):
                refused.setdefault(reason, []).append(name)
        for reason, names in refused.items():
            more = len(names) - MOST_CELLS_NAMED
            tail = f" and {more} more" if more > 0 else ""
            yield f"{where}: {reason}. Cells: {', '.join(names[:MOST_CELLS_NAMED])}{tail}"


def _contradictions(settings: Config) -> Iterator[str]:
    training, timing = settings.training, settings.timing
    if training.max_steps is not None and training.max_steps < training.epochs:
        yield (
            f"training.max_steps: {training.max_steps} is less than one step for each of the "
            f"{training.epochs} epochs (training.epochs)"
        )
    if timing.min_time_s >= timing.time_limit_s:
        yield (
            f"timing.time_limit_s: every process would fail after {timing.time_limit_s:g} s, for "
            f"its timed block alone takes {timing.min_time_s:g} s (timing.min_time_s)"
        )


REFERENCES = re.compile("<(results|resources)>")
UNUSABLE = re.compile(r"[{}<>\x00-\x1f\x7f]")
PATTERNS = re.compile(r"[][*?\\]")
"""TensorFlow takes these for a pattern, and finds no model in such a folder."""
NO_FOLDER = re.compile(r"[-~]|[\w.+-]*:|\s*$|\.$")
"""What others take for an option, a home or an address, and what is no name."""
WRITTEN = ("results", "logs")
"""Folders that every study writes to; models and resources may be another study's, read only."""
SCHEMES = ("http", "https", "file")


def _folders(pathvars: dict[str, str]) -> Iterator[str]:
    for key, place in pathvars.items():
        where = f"pathvars.{key}"
        refers = key in ("logs", "models")
        rest = REFERENCES.sub("", place) if refers else place
        if UNUSABLE.search(rest) or PATTERNS.search(rest):
            signs = "{}<>[]*?\\"
            yield f"{where}: {quoted(place)} has a character that no folder may have here: {signs}"
        elif not rest.isascii() and (encoding := sys.getfilesystemencoding()) != "utf-8":
            yield (
                f"{where}: {quoted(place)} would be two folders: this locale ({encoding}) writes "
                "its letters otherwise than TensorFlow; put PYTHONUTF8=1 before the command"
            )
        elif NO_FOLDER.match(place):
            yield f"{where}: {quoted(place)} must be a folder's whole path (no ~, no address)"
        elif place != (normal := os.path.normpath(place)):
            yield f"{where}: {quoted(place)} must be written {normal}, as commands name it"
    for key, place in ({"results": "results"} | pathvars).items():
        refusal = None if UNUSABLE.search(place) else _refusal(Path(place), key in WRITTEN)
        if refusal:
            yield f"pathvars.{key}: {quoted(place)} cannot be used: {refusal}"


def _refusal(folder: Path, written: bool) -> str | None:
    """Why a folder that need not be there yet cannot be used (be `written` to), or None."""
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    except OSError as error:
        return str(error.strerror)
    if not there.is_dir():
        return f"{there} is a file"
    effective = os.access in os.supports_effective_ids
    writable = not written or os.access(there, os.W_OK | os.X_OK, effective_ids=effective)
    return None if writable else f"{there} is read-only for you"


def _imports(entries: list[Import]) -> Iterator[str]:
    names = [entry.name for entry in entries]
    for index, entry in enumerate(entries):
        where = f"imports[{index}]"
        if entry.path.endswith(".csv") and entry.model is None:
            yield f"{where}.model: missing; a table of the paper does not say its model"
        if UNUSABLE.search(entry.path):
            path = quoted(entry.path)
            yield f"{where}.path: {path} has a character that no path may have here: {{}}<>"
        elif not Path(entry.path).is_file():
            kind = "a folder, not a table" if Path(entry.path).is_dir() else "not there"
            home = "; write the whole path for ~" if entry.path.startswith("~") else ""
            yield f"{where}.path: {quoted(entry.path)} is {kind}{home}"
        if entry.name in names[:index]:
            yield f"{where}.name: {quoted(entry.name)} is the name of another import already"


def _mirror(mirror: str | None) -> Iterator[str]:
    scheme, found, _ = (mirror or "").partition("://")
    if found and scheme.lower() not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        yield f"datasets.mirror: {quoted(mirror)} must be a folder or begin with {known}"


def plain(settings: Config) -> dict:
    """The study as plain data, for the rules: what the user wrote, and the defaults of sections
    that were left out."""
    left_out = settings.model_dump(exclude=settings.model_fields_set)
    return left_out | settings.model_dump(exclude_unset=True)


RECIPE = ("epochs", "learning_rate", "dropout", "budget_tflop", "max_steps")


def recipe(config: dict) -> dict:
    """The training settings that shape the weights of a model whose axes are given."""
    training = config["training"]
    return {key: training[key] for key in RECIPE} | {
        "deterministic": training.get("deterministic", False)
    }


def protocol(config: dict) -> dict:
    """The timing settings that a run depends on: not how many rounds there are, and the passes
    only where they are really timed."""
    settings = {key: value for key, value in sorted(config["timing"].items()) if key != "rounds"}
    if settings["protocol"] == "paper":
        settings["passes"] = config["evaluation"]["passes"]
    return settings


def evaluation(config: dict) -> dict:
    """The inputs and passes."""
    return {key: config["evaluation"][key] for key in ("inputs", "passes")}


def predicting(config: dict) -> dict:
    """What the predictions beside a model depend on: the inputs of a pass and the budget."""
    return {key: config["evaluation"][key] for key in ("inputs", "budget_tflop")}


def plan(config: dict) -> dict:
    """The analysis plan, as `material.Plan` takes it."""
    return dict(sorted(config["analysis"].items())) | {
        "predict": config["predict"],
        "latency_ms": config["budget"]["latency_ms"],
        "seed": config["seed"],
    }


def shown_settings(config: dict) -> dict:
    """What the report shows: a whole config.yaml of the study, without what is asked of this call
    alone (partial) and where this machine looks for data (the mirror), which reruns nothing."""
    settings = {key: value for key, value in config.items() if key != "partial"}
    settings["datasets"] = config["datasets"] | {"mirror": None}
    return json.loads(json.dumps(settings, sort_keys=True))
