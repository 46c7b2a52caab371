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

from tfscale.axes import CALL_AXES, OF_TENSORFLOW, SHAPES, Cell, adopt
from tfscale.axes import KINDS as AXIS_KINDS
from tfscale.errors import StudyError
from tfscale.study.families import NAME, Family, FamilyError, builtin, family_of
from tfscale.study.grid import cells, excluded, subgrids, without_effect
from tfscale.study.settings import TWICE, Config, Import, Section, config_model
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
    families, found = families_of(config)
    try:
        settings = config_model().model_validate(config)
    except ValidationError as error:
        parts = [part for part in error.errors(include_url=False) if not (found and _axis(part))]
        lines = [_line(part, config) for part in parts]
        raise ConfigError(list(dict.fromkeys([*found, *lines]))) from None
    found += [] if found else _axes_of_models(config, families)
    if not found:
        found += list(_too_many_cells(config)) or list(_cell_mistakes(config, settings, families))
    found += [
        *_contradictions(settings),
        *_folders(settings.pathvars.model_dump(exclude_unset=True)),
        *_imports(settings.imports, families),
        *_mirror(settings.datasets.mirror),
        *_environments(config, settings),
    ]
    if found:
        raise ConfigError(found)
    return settings


def _axis(error: Any) -> bool:
    """Whether it is about an unknown key that may be an axis: of a family that cannot be read none
    is known."""
    return error["type"] == "extra_forbidden" and error["loc"][0] in ("grid", "predict", "exclude")


def families_of(config: dict) -> tuple[dict[str, Family], list[str]]:
    """The families that the study's cells and imports are of, and a line for each mistake in them.

    This process takes them in (see `axes.adopt`).
    """
    asked = [(where, name) for where, part in _subgrids(config) for name in part.get("model") or []]
    imports = config.get("imports")
    for entry in imports if isinstance(imports, list) else []:
        if isinstance(entry, dict) and entry.get("model"):
            asked.append(("imports", entry["model"]))
    own = config.get("families")
    known = builtin() | (own if isinstance(own, dict) else {})
    families: dict[str, Family] = {}
    found = []
    for where, name in dict.fromkeys((where, n) for where, n in asked if isinstance(n, str)):
        if name not in known:
            found.append(f"{where}.model: {quoted(name)} is not known{suggest(name, known)}")
        elif name not in families:
            try:
                families[name] = _family(name, known[name])
            except FamilyError as error:
                found += [f"families.{name}: {line}" for line in str(error).split("\n")]
    found += _unlike_kinds(families)
    adopt(about(families, config))
    return families, list(dict.fromkeys(found))


def _subgrids(config: dict) -> Iterator[tuple[str, dict]]:
    """Every sub-grid under `grid` or `predict` that is one, with its key; its models as a list."""
    for key in ("grid", "predict"):
        parts = config.get(key)
        listed = isinstance(parts, list)
        for index, part in enumerate(parts if isinstance(parts, list) else [parts]):
            if isinstance(part, dict):
                models = part.get("model")
                models = models if isinstance(models, list) else [models]
                yield (f"{key}[{index}]" if listed else key), part | {"model": models}


def about(families: dict[str, Family], config: dict) -> dict[str, dict]:
    """What every process is told of the families (see `axes.adopt`). A number of 0 or below has no
    law on logarithmic axes: the values of such an axis are compared in pairs."""
    grids = [part for _, part in _subgrids(config)]
    told = {}
    for name, family in families.items():
        axes = {}
        for axis, spec in family.axes.items():
            levels = [part.get(axis) for part in grids if name in part["model"]]
            values = [
                spec.get("default", 1),
                *(v for one in levels if isinstance(one, list) for v in one),
            ]
            numbers = [value for value in values if isinstance(value, int | float)]
            axes[axis] = spec | ({} if all(value > 0 for value in numbers) else {"positive": False})
        told[name] = family.about | {"axes": axes}
    return told


def _family(name: str, entry: Any) -> Family:
    if not NAME.fullmatch(name):
        raise FamilyError("the name must be a word: it is the first part of a cell's name")
    if isinstance(entry, str) or (isinstance(entry, dict) and "saved_model" in entry):
        return family_of(name, entry)
    raise FamilyError(f"{quoted(entry)} must be a Python file, or {{saved_model: a folder}}")


def _unlike_kinds(families: dict[str, Family]) -> Iterator[str]:
    """Axes of one name that are numbers in one family and none in another: a table has one column
    for both."""
    first: dict[str, tuple[str, str]] = {}
    for family in families.values():
        for axis, spec in family.axes.items():
            name, kind = first.setdefault(axis, (family.name, spec["kind"]))
            if kind != spec["kind"] and {kind, spec["kind"]} != {"int", "float"}:
                yield (
                    f"families.{family.name}: its axis {axis} is {spec['kind']}, but {kind} in "
                    f"{name}; rename one of them"
                )


def _axes_of_models(config: dict, families: dict[str, Family]) -> Iterator[str]:
    """Axes that a model of a sub-grid has not, that are missing, or whose values it cannot take."""
    for where, part in _subgrids(config):
        for name in [name for name in part["model"] if name in families]:
            axes = families[name].axes
            for axis in [axis for axis in part if axis in SHAPES and axis not in axes]:
                yield f"{where}.{axis}: {name} has no such axis{suggest(axis, axes)}"
            for axis, spec in axes.items():
                if axis in part:
                    yield from _values(f"{where}.{axis}", part[axis], spec["kind"])
                elif "default" not in spec:
                    yield f"{where}.{axis}: missing; every sub-grid of {name} must name it"
            others = [one for one in part.get("runtime", []) if one not in OF_TENSORFLOW]
            if others and True in part.get("jit", []):
                yield f"{where}.jit: XLA compiles no call of {others[0]}; write two sub-grids"
            if families[name].saved and part.get("precision", ["float32"]) != ["float32"]:
                yield f"{where}.precision: the SavedModels of {name} are as they are"


VALUE = re.compile(r"[A-Za-z0-9.+-]+")


def _values(where: str, values: list, kind: str) -> Iterator[str]:
    for value in values:
        if kind == "str" and not VALUE.fullmatch(value):
            yield f"{where}: {quoted(value)} stands in names of files: use letters, digits, . + -"
        elif kind == "int" and not isinstance(value, AXIS_KINDS["int"]):
            yield f"{where}: {quoted(value)} must be a whole number"


GONE = {
    "timing.further_rounds": "no longer there; write more rounds",
    "timing.visits": "no longer there; write processes, the fresh processes a run",
    "timing.max_visits": "no longer there, the plan is fixed; write processes",
    "timing.precision": "no longer there, the plan is fixed; write more rounds to narrow intervals",
    "timing.time_cap_s": "no longer there, the plan is fixed; write fewer rounds to end sooner",
    "timing.cell_cap_s": "no longer there, the plan is fixed; write fewer rounds to end sooner",
    "timing.patience_s": "no longer there, no run waits; take the key out",
    "timing.sentinels": "no longer there, the rounds themselves show drift; take the key out",
    "grid.path": "no longer there; write runtime, tensorflow in place of signature",
    "training.dropout": "an axis of mnist and text now; write dropout: [0.75] in their sub-grids",
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
            gone = GONE.get(re.sub(r"\[\d+\]", "", where))
            return f"{where}: {gone or 'unknown key' + suggest(path[-1], known)}"
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
    section: type[Section] = config_model()
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
        parts = subgrids(config.get(key) or [])
        count = sum(prod(map(len, part.values())) for part in parts)
        if count > MOST_CELLS:
            yield f"{key}: asks for {count:,} cells, more than {MOST_CELLS:,}; take values out"


def _cell_mistakes(config: dict, settings: Config, families: dict[str, Family]) -> Iterator[str]:
    """Cells that cannot exist or that cannot be timed, and mistakes of `exclude`; what that
    takes out is none."""
    entries = plain(settings)["exclude"]
    whole = cells(config["grid"])
    out = excluded(whole, entries)
    yield from _impossible_cells(config, out, families)
    yield from without_effect(whole, entries)
    possible = [name for name in whole if name not in out]
    for name in settings.also:
        if name not in possible:
            yield f"also: the grid has no cell {quoted(name)}{suggest(name, possible)}"
    models = {str(whole[name]["model"]) for name in possible}
    if isinstance(settings.sample, dict):
        for name in sorted(set(settings.sample) - models):
            yield f"sample.{name}: the grid has no cell of it{suggest(name, models)}"
    inputs = settings.evaluation.inputs
    sizes = {cell["batch_size"] for name, cell in whole.items() if name not in out}
    for batch_size in sorted(size for size in sizes if size > inputs):
        yield (
            f"grid: batch_size {batch_size} is larger than the {inputs} "
            "inputs of a pass (evaluation.inputs)"
        )


def _impossible_cells(
    config: dict, out: dict[str, str], families: dict[str, Family]
) -> Iterator[str]:
    """Cells that cannot exist, named, grouped by what is wrong with them."""
    for where, part in _subgrids(config):
        refused: dict[str, list[str]] = {}
        for name, cell in cells(part).items():
            taken_out = name in out and where.startswith("grid")
            if not taken_out and (reason := _impossible(families[cell["model"]], cell)):
                refused.setdefault(reason, []).append(name)
        for reason, names in refused.items():
            more = len(names) - MOST_CELLS_NAMED
            tail = f" and {more} more" if more > 0 else ""
            yield f"{where}: {reason}. Cells: {', '.join(names[:MOST_CELLS_NAMED])}{tail}"


def _impossible(family: Family, cell: Cell) -> str | None:
    try:
        if reason := family.impossible(cell):
            return reason
        family.flop(cell)  # the plan will ask for it: what it raises is a mistake, too
        return None
    except FamilyError as error:
        return str(error)


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


def _imports(entries: list[Import], families: dict[str, Family]) -> Iterator[str]:
    names = [entry.name for entry in entries]
    for index, entry in enumerate(entries):
        where = f"imports[{index}]"
        if entry.path.endswith(".csv") and entry.model is None:
            yield f"{where}.model: missing; a table of the paper does not say its model"
        if entry.model in families and families[entry.model].paper is None:
            yield f"{where}.model: {entry.model} is none of the paper's models: mnist, text"
        if UNUSABLE.search(entry.path):
            path = quoted(entry.path)
            yield f"{where}.path: {path} has a character that no path may have here: {{}}<>"
        elif not Path(entry.path).is_file():
            kind = "a folder, not a table" if Path(entry.path).is_dir() else "not there"
            home = "; write the whole path for ~" if entry.path.startswith("~") else ""
            yield f"{where}.path: {quoted(entry.path)} is {kind}{home}"
        if entry.name in names[:index]:
            yield f"{where}.name: {quoted(entry.name)} is the name of another import already"


def _environments(config: dict, settings: Config) -> Iterator[str]:
    """Environments that are not there, and values of `compare` that no cell has."""
    known = [CALL_AXES["environment"].default, *settings.environments]
    for name, entry in settings.environments.items():
        where = f"environments.{name}"
        if not NAME.fullmatch(name):
            yield f"{where}: {quoted(name)} stands in names of cells: it must be a word"
        if entry.python and not (Path(entry.python).is_file() and os.access(entry.python, os.X_OK)):
            yield f"{where}.python: {quoted(entry.python)} is no interpreter that can be run"
        if entry.conda and not Path(entry.conda).is_file():
            yield f"{where}.conda: {quoted(entry.conda)} is not there"
        if entry.python and entry.conda:
            yield f"{where}: name python or conda, not both"
    for where, part in _subgrids(config):
        for name in part.get("environment", []):
            if name not in known:
                hint = suggest(name, known)
                yield f"{where}.environment: {quoted(name)} is not under environments{hint}"
    if compare := settings.compare:
        levels = {value for part in settings.grid for value in getattr(part, compare.of)}
        for key in ("base", "new"):
            if (value := getattr(compare, key)) not in levels:
                hint = suggest(value, sorted(levels))
                yield f"compare.{key}: no cell has {compare.of} {quoted(value)}{hint}"


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


RECIPE = ("epochs", "learning_rate", "budget_tflop", "max_steps")


def recipe(config: dict, trained: bool = True) -> dict:
    """The training settings that shape the weights of a model whose axes are given; none of one
    that is not `trained`."""
    training = config["training"]
    if not trained:
        return {"deterministic": False}
    return {key: training[key] for key in RECIPE} | {
        "deterministic": training.get("deterministic", False)
    }


def protocol(config: dict) -> dict:
    """The timing settings that a run depends on: neither how many rounds there are, nor how sure
    an interval is, nor when a process is given up; the passes only where they are timed."""
    timing, left_out = config["timing"], {"rounds", "coverage", "time_limit_s"}
    settings = {key: timing[key] for key in sorted(timing.keys() - left_out)}
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
    return (
        dict(sorted(config["analysis"].items()))
        | {
            "predict": config["predict"],
            "latency_ms": config["budget"]["latency_ms"],
            "seed": config["seed"],
        }
        | ({"price_per_hour": price} if (price := config["budget"].get("price_per_hour")) else {})
    )


def shown_settings(config: dict) -> dict:
    """What the report shows: a whole config.yaml of the study, without what is asked of this call
    alone (partial) and where this machine looks for data (the mirror), which reruns nothing."""
    settings = {key: value for key, value in config.items() if key != "partial"}
    settings["datasets"] = config["datasets"] | {"mirror": None}
    return json.loads(json.dumps(settings, sort_keys=True))
