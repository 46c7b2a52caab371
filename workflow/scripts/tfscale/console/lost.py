"""Files that are lost: a job's output that is damaged, or gone although it had been used."""

import sys
from pathlib import Path

from tfscale.files.checksums import faults_of
from tfscale.files.seal import intact


def redo_if_lost(workflow, run: str, merged: str) -> list[str]:
    """An input function that asks for nothing, but has a lost run and all that follows redone.

    Snakemake looks at times only and never for a missing file behind an up-to-date table, so the
    file is added to those that it must remake, as it does itself with incomplete ones.
    """
    path = Path(run)
    if path.exists() and not intact(path):
        _redo(workflow, run, [f"{run} is damaged"])
    elif not path.exists() and Path(merged).exists():
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


def _redo(workflow, file: str, faults: list[str]) -> None:
    if file not in workflow.dag.forcefiles and workflow.is_main_process:
        print("\n".join(f"{fault}: it is made again" for fault in faults), file=sys.stderr)
    workflow.dag.forcefiles.add(file)
