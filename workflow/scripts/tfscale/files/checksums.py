"""Keep checksums of what a job wrote beside it, so that a changed file is never used.

The lines are those of `sha256sum -c`, names relative to the file itself. The first line, which
`sha256sum` takes for a comment, holds the version of what was written and a checksum of the other
lines and of the name of the file and its folder, so that it fits nowhere else.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tfscale.errors import StudyError
from tfscale.files.whole import write_text

VERSION = "1"
"""Of all outputs together. Raise it when the columns or the meaning of one change: then results
of an older version are refused, also where `snakemake --touch` says that they are up to date."""
HEAD = "# tfscale outputs"
MADE = "# made by "
AGAIN = "and type the same command again"
DAMAGED = "is damaged or belongs elsewhere"


def made(code: dict, settings: dict) -> str:
    """Two digests that stand for the code and the settings of a job."""
    texts = (json.dumps(part, sort_keys=True) for part in (code, settings))
    return " ".join(hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts)


def made_by(sums: str) -> str:
    """What `sums` says of the code and the settings behind its files (see `made`); empty where it
    says nothing."""
    lines = Path(sums).read_text(encoding="utf-8", errors="replace").splitlines()[:2]
    return next((line.removeprefix(MADE) for line in lines if line.startswith(MADE)), "")


def write(outputs: Iterable[str], sums: str, made_by: str = "") -> None:
    """Write the checksums of all `outputs` (files, and folders with all that is in them) but
    `sums` itself, and how they were made (see `made`)."""
    folder = Path(sums).parent
    files = sorted({file for path in outputs if path != sums for file in _files(path)})
    text = "".join(f"{sha256_of(file)}  {os.path.relpath(file, folder)}\n" for file in files)
    text = f"{MADE}{made_by}\n{text}" if made_by else text
    write_text(sums, f"{_head(VERSION, Path(sums), text)}\n{text}")


def check(inputs: Iterable[str], sums: str | Iterable[str]) -> None:
    """Raise StudyError that names each of the `inputs` (files or folders) which has changed since
    it was written, as far as one of `sums` (one path or several) lists it."""
    several = [sums] if isinstance(sums, str) else dict.fromkeys(sums)
    wanted = {os.path.normpath(path) for path in inputs}
    faults = [fault for one in several for fault in faults_of(one, wanted)]
    if faults:
        raise StudyError("\n".join(f"{fault} {AGAIN}" for fault in faults))


def faults_of(sums: str, wanted: Collection[str] | None = None) -> list[str]:
    """What is wrong with the files that `sums` lists (with those of them in `wanted`) or with
    `sums` itself: a line each, which says what to delete."""
    try:
        known = listed(sums)
    except OSError:
        return [f"{sums} cannot be read: delete it"]
    except ValueError as error:
        return [f"{sums} {error}: delete it"]
    wanted = set(known) if wanted is None else set(wanted)
    folders = {path for path in wanted if Path(path).is_dir() and _holds(path, known)}
    added = {file for folder in folders for file in _files(folder)} - set(known)
    changed = {
        path
        for path, digest in known.items()
        if _within(path, wanted) and sha256_of(path) != digest
    }
    return [_fault(path, folders) for path in sorted(changed | added)]


def _fault(path: str, folders: set[str]) -> str:
    """A folder is made as a whole, so it is deleted as a whole."""
    whole = next((folder for folder in folders if _within(path, {folder})), "it")
    state = "has changed since it was written" if Path(path).exists() else "is gone"
    return f"{path} {state}: delete {whole}"


def listed(sums: str) -> dict[str, str]:
    """The checksum of each file by its path; raises OSError when there is nothing to read, and
    ValueError that says what is wrong with `sums`."""
    path = Path(sums)
    try:
        head, _, text = path.read_bytes().decode().partition("\n")
    except UnicodeDecodeError:
        raise ValueError(DAMAGED) from None
    version = head.removeprefix(HEAD).split()[:1]
    if not version or head != _head(version[0], path, text):
        raise ValueError(DAMAGED)
    if version[0] != VERSION:
        raise ValueError("is of another version of tfscale")
    lines = [line.split("  ", 1) for line in text.splitlines() if not line.startswith(MADE)]
    return {os.path.normpath(path.parent / name): digest for digest, name in lines}


def _head(version: str, sums: Path, text: str) -> str:
    place = "/".join(sums.absolute().parts[-2:])
    digest = hashlib.sha256(f"{version}\n{place}\n{text}".encode()).hexdigest()
    return f"{HEAD} {version} {digest}"


def _files(path: str) -> Iterator[str]:
    """The file, or all files of a folder but hidden ones (Snakemake leaves one there)."""
    if not Path(path).is_dir():
        yield path
        return
    for file in Path(path).rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            yield str(file)


def _holds(folder: str, files: Iterable[str]) -> bool:
    return any(_within(file, {folder}) for file in files)


def _within(path: str, places: set[str]) -> bool:
    """Whether the path, or a folder that it lies in, is one of the places."""
    return path in places or any(str(parent) in places for parent in Path(path).parents)


def sha256_of(path: str) -> str:
    """The checksum of a file's content; empty where there is nothing to read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
