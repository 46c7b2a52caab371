"""Settings that are right alone and cannot be kept together, and places that cannot be used."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tfscale.study.wording import shown

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
    if timing["protocol"] != "paper" and timing["visits"] > timing["max_visits"]:
        yield (
            f"timing.visits: {timing['visits']} fewest visits of a run are more than its "
            f"{timing['max_visits']} most (timing.max_visits)"
        )
    if timing["min_time_s"] >= timing["time_limit_s"]:
        yield (
            f"timing.time_limit_s: every visit would fail after {timing['time_limit_s']} s, for "
            f"its timed block alone takes {timing['min_time_s']} s (timing.min_time_s)"
        )


def _folders(pathvars: dict[str, str]) -> Iterator[str]:
    for key, place in pathvars.items():
        where = f"pathvars.{key}"
        refers = key in ("logs", "models")
        rest = REFERENCES.sub("", place) if refers else place
        if UNUSABLE.search(rest):
            yield f"{where}: {shown(place)} has a character that no folder may have here: {{}}<>"
        elif place.startswith("~") or not place.strip():
            yield f"{where}: {shown(place)} must be a folder's whole path (~ is not expanded)"
    for key, place in ({"results": "results"} | pathvars).items():
        if key in WRITTEN and not UNUSABLE.search(place) and (refusal := _refusal(Path(place))):
            yield f"pathvars.{key}: {shown(place)} cannot be written: {refusal}"


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
            yield f"{where}.path: {shown(path)} has a character that no path may have here: {{}}<>"
        elif problem := _no_file(path):
            yield f"{where}.path: {problem}"
        if entry["name"] in names[:index]:
            yield f"{where}.name: {shown(entry['name'])} is the name of another import already"


def _no_file(path: str) -> str | None:
    """Why a path is no file, or None."""
    try:
        if Path(path).is_file():
            return None
        if Path(path).is_dir():
            return f"{shown(path)} is a folder, not a table"
    except OSError as error:
        return f"{shown(path)} cannot be looked at: {error.strerror}"
    hint = f"; write {Path(path).expanduser()}" if path.startswith("~/") else ""
    return f"there is no {path}{hint}"


def _mirror(mirror: str | None) -> Iterator[str]:
    scheme, found, _ = (mirror or "").partition("://")
    if found and scheme.lower() not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        yield f"datasets.mirror: {shown(mirror)} must be a folder or begin with {known}"
