"""Writes the checksums that results of an earlier version lack: `python -m tfscale.console.vouch`.

Only for results that their owner knows to be sound: from then on changes are noticed, whatever
was wrong before stays. Checksums that are there already are left alone.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from tfscale.files.checksums import write

MODEL = ("saved_model", "facts.json", "structure.txt", "history.csv", "predictions.parquet")


def vouch(results: str, models: str, resources: str) -> list[str]:
    """Write what is missing for encoded data, trained models, the machine and the floor; returns
    the paths written. Tables, figures and the report are cheap: they are made again."""
    written = []
    for sums, outputs in _jobs(Path(results), Path(models), Path(resources)):
        if not sums.exists() and all(path.exists() for path in outputs):
            sums.parent.mkdir(parents=True, exist_ok=True)
            write([str(path) for path in outputs], str(sums))
            written.append(str(sums))
    return written


def _jobs(results: Path, models: Path, resources: Path) -> Iterator[tuple[Path, list[Path]]]:
    for manifest in sorted(resources.glob("encoded/*/*.json")):
        arrays = manifest.with_suffix(".npz")
        yield manifest.with_suffix(".sha256"), [arrays, manifest]
    for facts in sorted(models.glob("*/facts.json")):
        yield facts.with_name("SHA256SUMS"), [facts.with_name(name) for name in MODEL]
    yield results / "checksums" / "calibrate.sha256", [results / "machine.json"]
    bounds = [results / name for name in ("floor.parquet", "roofs.parquet")]
    yield results / "checksums" / "floor.sha256", bounds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tfscale.console.vouch", description=__doc__)
    parser.add_argument("--results", default="results", help="folder of results (results)")
    parser.add_argument("--models", help="folder of trained models (models in that of results)")
    parser.add_argument("--resources", default="resources", help="encoded data (resources)")
    asked = parser.parse_args()
    models = asked.models or f"{asked.results}/models"
    for path in vouch(asked.results, models, asked.resources) or ["nothing is missing"]:
        print(path)
