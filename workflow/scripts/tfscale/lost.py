"""Runs that are lost: their file is damaged, or gone although it had been merged."""

from pathlib import Path

from tfscale.seal import intact


def redo_if_lost(workflow, run: str, merged: str) -> list[str]:
    """An input function that asks for nothing, but has a lost run and all that follows redone.

    Snakemake looks at times only and never for a missing file behind an up-to-date table, so the
    file is added to those that it must remake, as it does itself with incomplete ones.
    """
    path = Path(run)
    lost = not intact(path) if path.exists() else Path(merged).exists()
    if lost:
        workflow.dag.forcefiles.add(run)
    return []
