"""Which files are made again (damaged, lost, or copies that other code made) and which stay."""

import json
import os
import sys
from collections.abc import Iterable
from functools import cache
from itertools import zip_longest
from pathlib import Path
from time import time_ns

from snakemake.io import IOFile
from snakemake.settings.types import RerunTrigger

from tfscale.files.checksums import faults_of, made, made_by
from tfscale.files.whole import intact, noted


def redo_if_lost(workflow, run: str) -> list[str]:
    """An input function that asks for nothing, but has a damaged or lost run redone, with all that
    follows.

    Snakemake looks at times only and never for a missing file behind an up-to-date table, so the
    file is added to those that it must remake, as it does itself with incomplete ones.
    """
    path = Path(run)
    if path.exists():
        if not intact(path):
            _redo(workflow, run, [f"{run} is damaged"])
    elif path.parents[2].joinpath("runs.parquet").exists():
        workflow.dag.forcefiles.add(run)
    return []


def redo_if_changed(workflow, sums: str) -> list[str]:
    """An input function that asks for nothing, but has a job redone, with all that follows, when
    a file that it wrote has changed since then or is gone; `sums` are its checksums."""
    if workflow.is_main_process and Path(sums).exists():
        faults = [fault.rpartition(": ")[0] for fault in faults_of(sums)]
        if faults:
            _redo(workflow, sums, faults)
    return []


def redo_if_other(workflow, rule: str, file: str, shaped: dict | None = None) -> list[str]:
    """An input function that asks for nothing, but has a job redone, with all that follows, when
    its `file` (a list of checksums, or a run) is a copy that other code or settings made;
    `shaped` are those of this one job (see `checksums.made`).

    Digests stand for code and environments: Snakemake must not go by the time of a script, which
    is new in every clone. It takes no settings when it reads the rules, so they are set here.
    """
    workflow.dag_settings.rerun_triggers -= {RerunTrigger.CODE, RerunTrigger.SOFTWARE_ENV}
    if what := other(workflow, rule, file, shaped):
        _say_other(rule, what)
        workflow.dag.forcefiles.add(file)
    return []


def other(workflow, rule: str, file: str, shaped: dict | None = None) -> str:
    """What differs between the making of a copied `file` and its rule: code, settings or both;
    empty where nothing does, where Snakemake itself knows, and of a damaged run."""
    run = file.endswith(".parquet")
    if not _copied(workflow, file) or (run and not intact(Path(file))):
        return ""
    params = workflow.get_rule(rule).params
    there = (_record(file).get("made", "") if run else made_by(file)).split()
    here = made(params.code, params.settings | (shaped or {})).split()
    names = zip_longest(("code", "settings"), there[:2], here)
    return " and ".join(name for name, one, another in names if one != another)


def keep_model(workflow, folder: str, manifest: str | None, shaped: dict) -> list[str]:
    """An input function that asks for nothing, but has a copied model made again when other code,
    settings or another family made it, and never because of the times of a copy."""
    sums = f"{folder}/SHA256SUMS"
    redo_if_other(workflow, "train", sums, shaped)
    if manifest and sums not in workflow.dag.forcefiles and _copied(workflow, sums):
        files = [*Path(folder).glob("*"), Path(folder, "saved_model/.snakemake_timestamp")]
        if facts_in(f"{folder}/facts.json").get("data_sha256") == facts_in(manifest).get("sha256"):
            _renew(files, manifest)
    return []


def keep_run(workflow, run: str, folder: str, shaped: dict, told: Iterable[str] = ()) -> list[str]:
    """The same for a copied run of the model in `folder`; `told` is what its conversion says."""
    redo_if_other(workflow, "measure", run, shaped)
    if run not in workflow.dag.forcefiles and _copied(workflow, run):
        facts, timed = f"{folder}/facts.json", _record(run).get("saved_model_sha256")
        if facts_in(facts).get("saved_model_sha256") == timed:
            _renew([Path(run)], facts, f"{folder}/predictions.parquet", *told)
    return []


def facts_in(path: str) -> dict:
    """What a JSON file holds; nothing where there is none (a damaged one is found by its job)."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _copied(workflow, file: str) -> bool:
    """Whether Snakemake did not make the file here: it has no record of it, or of another time."""
    if not workflow.is_main_process or not Path(file).exists():
        return False
    record = workflow.persistence.metadata(IOFile(file))
    return not record or record.endtime != Path(file).stat().st_mtime


def _record(run: str) -> dict:
    return noted(Path(run), "tfscale_record")


def _renew(files: Iterable[Path], *sources: str) -> None:
    """Give the files the time of now when one is older than what it was made of: copies lose the
    order of their times, and the content says that nothing else changed."""
    there = [file for file in files if file.exists()]
    times = [Path(source).stat().st_mtime_ns for source in sources if Path(source).exists()]
    if min(file.stat().st_mtime_ns for file in there) < max(times, default=0):
        latest = max(time_ns(), *times)
        for file in there:
            os.utime(file, ns=(latest, latest))


@cache
def _say_other(rule: str, what: str) -> None:
    print(f"{rule}: other {what} made what is there, so it is made again", file=sys.stderr)


def _redo(workflow, file: str, faults: list[str]) -> None:
    if file not in workflow.dag.forcefiles and workflow.is_main_process:
        print("\n".join(f"{fault}: it is made again" for fault in faults), file=sys.stderr)
    workflow.dag.forcefiles.add(file)
