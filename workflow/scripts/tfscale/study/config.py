"""The configuration: typed model, all mistakes at once, the sections that each stage depends on."""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from tfscale.axes import AXES, Cell
from tfscale.errors import StudyError
from tfscale.study.grid import cells, excluded, impossible, subgrids, without_effect
from tfscale.study.wording import branches, dotted, either, quoted, remedy, suggest, unwieldy

MOST_CELLS = 100_000
MOST_CELLS_NAMED = 5


def too_many_cells(config: dict) -> Iterator[str]:
    """Grids of more than MOST_CELLS cells, counted without making them."""
    for key in ("grid", "predict"):
        counts = [prod(len(part[axis]) for axis in AXES) for _, part in _parts(config, key)]
        if sum(counts) > MOST_CELLS:
            longest = [
                f"{axis} has {len(part[axis]):,}"
                for _, part in _parts(config, key)
                for axis in AXES
                if len(part[axis]) > 1
            ]
            yield (
                f"{key}: asks for {sum(counts):,} cells, more than {MOST_CELLS:,}; take values "
                f"out ({', '.join(longest[:MOST_CELLS_NAMED])})"
            )


def cell_mistakes(config: dict) -> Iterator[str]:
    """Cells that cannot exist or that cannot be timed, sub-grids that add none, and mistakes of
    `exclude`; what that takes out is none."""
    entries = config.get("exclude") or []
    whole = cells(config["grid"])
    out = excluded(whole, entries)
    yield from _impossible_cells(config, out)
    yield from _idle_parts(config)
    yield from without_effect(whole, entries)
    inputs = config["evaluation"]["inputs"]
    sizes = {cell["batch_size"] for name, cell in whole.items() if name not in out}
    for batch_size in sorted(size for size in sizes if size > inputs):
        yield (
            f"grid: batch_size {batch_size} is larger than the {inputs} "
            "inputs of a pass (evaluation.inputs)"
        )


def _parts(config: dict, key: str) -> Iterator[tuple[str, dict]]:
    """Every sub-grid under `grid` or `predict`, with its key."""
    if grid := config.get(key):
        for index, part in enumerate(subgrids(grid)):
            yield (f"{key}[{index}]" if isinstance(grid, list) else key), part


def _impossible_cells(config: dict, out: dict[str, str]) -> Iterator[str]:
    """Cells that cannot exist, named, grouped by what is wrong with them."""
    for where, part in [*_parts(config, "grid"), *_parts(config, "predict")]:
        refused: dict[str, list[str]] = {}
        for name, cell in cells(part).items():
            taken_out = name in out and where.startswith("grid")
            if not taken_out and (reason := impossible(cell)):
                refused.setdefault(reason, []).append(name)
        for reason, names in refused.items():
            more = len(names) - MOST_CELLS_NAMED
            tail = f" and {more} more" if more > 0 else ""
            yield f"{where}: {reason}. Cells: {', '.join(names[:MOST_CELLS_NAMED])}{tail}"


def _idle_parts(config: dict) -> Iterator[str]:
    """Sub-grids whose cells are all in the sub-grids before them."""
    known: dict[str, Cell] = {}
    for where, part in _parts(config, "grid"):
        own = cells(part)
        if known and own.keys() <= known.keys():
            count = "its cell is" if len(own) == 1 else f"all {len(own):,} cells of it are"
            yield f"{where}: adds nothing, {count} in the sub-grids before it; take it out"
        known |= own


GONE = {
    "timing.further_rounds": "no longer there; more rounds narrow the intervals: write rounds: 15",
    "timing.visits": "no longer there; write processes",
    "timing.max_visits": "no longer there, the plan is fixed; write processes, or more rounds",
    "timing.precision": "no longer there, the plan is fixed; write more rounds",
    "timing.time_cap_s": "no longer there, the plan is fixed; write fewer rounds",
    "timing.cell_cap_s": "no longer there, the plan is fixed; write fewer rounds",
    "timing.patience_s": "no longer there, no run waits; take the key out",
    "timing.sentinels": "no longer there, the rounds themselves show drift; take the key out",
    "timing.protocol: visits": "'visits' has a new name; write short",
}
"""What to write instead of a key or value that earlier versions had."""
BOUNDS = {
    "minimum": "at least", "maximum": "at most",
    "exclusiveMinimum": "above", "exclusiveMaximum": "below",
}  # fmt: skip


def schema_mistakes(config: object, schema: dict) -> Iterator[str]:
    """One line for every place where the configuration breaks the schema."""
    for error in _Validator(schema).iter_errors(config):
        yield from _explain(error)


def _whole(checker: object, value: object) -> bool:
    """No float, although JSON's schemas take 2.0 for a whole number: it would get into names."""
    return isinstance(value, int) and not isinstance(value, bool)


def _number(checker: object, value: object) -> bool:
    """Finite: nan passes every bound, and infinity all but one."""
    return _whole(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _unique(validator: Any, wanted: bool, values: object, schema: dict) -> Iterator[Any]:
    """jsonschema's own comparison takes minutes for a long list of values of several types."""
    if wanted and isinstance(values, list):
        twice = [value for value, count in Counter(map(repr, values)).items() if count > 1]
        if twice:
            yield ValidationError(", ".join(twice[:3]))


_Validator = extend(
    Draft202012Validator,
    {"uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _whole, "number": _number}
    ),
)


def _explain(error: Any) -> Iterator[str]:
    """One line a mistake: dotted key, what is wrong, what to do."""
    where, value, rule = dotted(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "oneOf":
            yield from _explain_grid(error)
        case "additionalProperties":
            known = list(error.schema["properties"])
            for key in [key for key in value if key not in known]:
                name = dotted([*error.absolute_path, key])
                yield f"{name}: {GONE.get(name) or f'unknown key{suggest(key, known)}'}"
        case "required":
            for key in [key for key in rule if key not in value]:
                yield f"{dotted([*error.absolute_path, key])}: missing"
        case "enum":
            gone = GONE.get(f"{where}: {value}") if isinstance(value, str) else None
            yield f"{where}: {gone or f'{quoted(value)} is not known{suggest(value, rule)}'}"
        case "type":
            yield f"{where}: {quoted(value)} must be {either(rule)}{remedy(value, rule)}"
        case "uniqueItems":
            yield f"{where}: {quoted(value)} names a value twice: {error.message}"
        case "minItems":
            yield f"{where}: the list is empty; name at least one value"
        case "minLength":
            instead = "write null or leave" if "null" in error.schema["type"] else "leave"
            yield f"{where}: is empty; {instead} the key out"
        case bound:
            yield f"{where}: {quoted(value)} must be {BOUNDS[bound]} {rule}"


def _explain_grid(error: Any) -> Iterator[str]:
    """The mistakes of the alternative that the user meant: a list of sub-grids or one."""
    if not isinstance(error.instance, (dict, list)):
        where = dotted(error.absolute_path)
        yield f"{where}: {quoted(error.instance)} must be one sub-grid or a list of sub-grids"
        return
    kinds = [alternative.get("type", "object") for alternative in error.schema["oneOf"]]
    meant = kinds.index("array" if isinstance(error.instance, list) else "object")
    for inner in error.context or []:
        if inner.schema_path[0] == meant:
            yield from _explain(inner)


SCHEMES = ("http", "https", "file")
REFERENCES = re.compile("<(results|resources)>")
UNUSABLE = re.compile(r"[{}<>\x00-\x1f\x7f]")
WRITTEN = ("results", "logs")
"""Folders that every study writes to; models and resources may be another study's, read only."""


def setting_mistakes(config: dict) -> Iterator[str]:
    """One line for every contradiction and every place that cannot be used."""
    yield from _contradictions(config["training"], config["timing"])
    yield from _folders(config.get("pathvars") or {})
    yield from _imports(config.get("imports") or [])
    yield from _mirror(config["datasets"]["mirror"])


def _contradictions(training: dict, timing: dict) -> Iterator[str]:
    if training["max_steps"] is not None and training["max_steps"] < training["epochs"]:
        yield (
            f"training.max_steps: {training['max_steps']} is less than one step for each of the "
            f"{training['epochs']} epochs (training.epochs)"
        )
    if timing["min_time_s"] >= timing["time_limit_s"]:
        yield (
            f"timing.time_limit_s: every process would fail after {timing['time_limit_s']} s, for "
            f"its timed block alone takes {timing['min_time_s']} s (timing.min_time_s)"
        )


def _folders(pathvars: dict[str, str]) -> Iterator[str]:
    for key, place in pathvars.items():
        where = f"pathvars.{key}"
        refers = key in ("logs", "models")
        rest = REFERENCES.sub("", place) if refers else place
        if UNUSABLE.search(rest):
            yield f"{where}: {quoted(place)} has a character that no folder may have here: {{}}<>"
        elif place.startswith("~") or not place.strip():
            yield f"{where}: {quoted(place)} must be a folder's whole path (~ is not expanded)"
    for key, place in ({"results": "results"} | pathvars).items():
        if key in WRITTEN and not UNUSABLE.search(place) and (refusal := _refusal(Path(place))):
            yield f"pathvars.{key}: {quoted(place)} cannot be written: {refusal}"


def _refusal(folder: Path) -> str | None:
    """Why nothing can be written into a folder that need not be there yet, or None."""
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    except OSError as error:
        return str(error.strerror)
    if not there.is_dir():
        return f"{there} is a file"
    effective = os.access in os.supports_effective_ids
    writable = os.access(there, os.W_OK | os.X_OK, effective_ids=effective)
    return None if writable else f"{there} is read-only for you"


def _imports(entries: list[dict]) -> Iterator[str]:
    names = [entry["name"] for entry in entries]
    for index, entry in enumerate(entries):
        where, path = f"imports[{index}]", entry["path"]
        if path.endswith(".csv") and "model" not in entry:
            yield f"{where}.model: missing; a table of the paper does not say its model"
        if UNUSABLE.search(path):
            yield f"{where}.path: {quoted(path)} has a character that no path may have here: {{}}<>"
        elif problem := _no_file(path):
            yield f"{where}.path: {problem}"
        if entry["name"] in names[:index]:
            yield f"{where}.name: {quoted(entry['name'])} is the name of another import already"


def _no_file(path: str) -> str | None:
    """Why a path is no file, or None."""
    try:
        if Path(path).is_file():
            return None
        if Path(path).is_dir():
            return f"{quoted(path)} is a folder, not a table"
    except OSError as error:
        return f"{quoted(path)} cannot be looked at: {error.strerror}"
    hint = f"; write {Path(path).expanduser()}" if path.startswith("~/") else ""
    return f"there is no {path}{hint}"


def _mirror(mirror: str | None) -> Iterator[str]:
    scheme, found, _ = (mirror or "").partition("://")
    if found and scheme.lower() not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        yield f"datasets.mirror: {quoted(mirror)} must be a folder or begin with {known}"


SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"
MOST_LINES = 100


class ConfigError(StudyError):
    """The configuration has mistakes; the message lists all of them, one line each."""

    @classmethod
    def of(cls, mistakes: list[str]) -> "ConfigError":
        """The error that lists these mistakes."""
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes):,} mistakes"
        lines = [f"  {mistake}" for mistake in mistakes[:MOST_LINES]]
        more = len(mistakes) - MOST_LINES
        lines += [f"  and {more:,} more"] if more > 0 else []
        listed = "\n".join(lines)
        return cls(f"The configuration has {count}:\n{listed}\nSee docs/configuration.md.")


@cache
def schema() -> dict:
    """The closed JSON schema of config.yaml."""
    return yaml.safe_load(SCHEMA.read_text())


def check(config: object) -> None:
    """Raise ConfigError when the study has any mistake."""
    if found := mistakes(config):
        raise ConfigError.of(found)


def mistakes(config: object) -> list[str]:
    """Every mistake of a study, one line each.

    What the values mean together is looked at when each is right by itself, and cells when there
    are not too many of them.
    """
    if too_large := unwieldy(config, branches):
        return [f"config: {too_large}"]
    found = list(dict.fromkeys(schema_mistakes(config, schema())))
    if found or not isinstance(config, dict):
        return found
    found = list(too_many_cells(config)) or list(cell_mistakes(config))
    return [*found, *setting_mistakes(config)]


RECIPE = ("epochs", "learning_rate", "dropout", "budget_tflop", "max_steps")


def recipe(config: dict) -> dict:
    """The training settings that shape the weights of a model whose axes are given; what is off
    is left out, so that models of before it could be switched on stay as they are."""
    training = config["training"]
    extra = {"deterministic": True} if training.get("deterministic") else {}
    return {key: training[key] for key in RECIPE} | extra


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
    """What the report shows: all but the places of files and what is asked of this call alone."""
    settings = {key: value for key, value in config.items() if key not in ("pathvars", "partial")}
    settings["datasets"] = {"source": config["datasets"]["source"]}
    return json.loads(json.dumps(settings, sort_keys=True))
