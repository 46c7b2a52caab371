"""Kill at any time: the whole process group, at random moments of every stage; after every third
kill the power is gone, so that what was not finished is found in any state, or not at all."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from torture.interrupted import STAGES, Interrupted
from torture.outcome import Outcome
from torture.place import Place
from torture.whole import half_made, incomplete

TITLE = "SIGKILL of the whole process group and power cuts at random moments of every stage"
A_STAGE = ("kill", "kill", "power cut")


def faults(place: Place) -> Iterator[Outcome]:
    """Thirty kills of one study, each resumed by the same command, and what came of it."""
    chance = place.chance("kills")
    study = Interrupted(place.fresh("killed ü"), place.seconds, chance)
    for stage in STAGES:
        for fault in A_STAGE:
            killed = study.kill_in(stage)
            if fault == "kill":
                yield killed
                continue
            lost = lose(study.project.root, chance)
            said = f"power cut: {killed.fault}; {lost} files lost or damaged"
            yield Outcome(said, (*killed.harm, *half_made(study.project.root)))
    yield study.finish(place.undisturbed)


def lose(root: Path, chance: Random) -> int:
    """Damage or remove what the file system need not have kept; returns how many files.

    Those are temporary files, outputs of unfinished jobs, and Snakemake's lock files.
    """
    begun = [root / name for name in sorted(incomplete(root))]
    parts = sorted((root / "results").rglob("*.part"))
    locks = sorted((root / ".snakemake/locks").glob("*"))
    found = {file for path in [*begun, *parts, *locks] for file in _files(path)}
    for path in sorted(found):
        _spoil(path, chance)
    for folder in parts:
        if folder.is_dir() and chance.random() < 0.5:
            shutil.rmtree(folder)
    return len(found)


def _files(path: Path) -> list[Path]:
    inside = path.rglob("*") if path.is_dir() else [path]
    return [file for file in inside if file.is_file()]


def _spoil(path: Path, chance: Random) -> None:
    content = path.read_bytes()
    kept = chance.randrange(len(content) + 1)
    match chance.choice(("truncated", "emptied", "zeroed", "gone", "whole")):
        case "truncated":
            path.write_bytes(content[:kept])
        case "emptied":
            path.write_bytes(b"")
        case "zeroed":
            path.write_bytes(content[:kept] + bytes(len(content) - kept))
        case "gone":
            path.unlink()
