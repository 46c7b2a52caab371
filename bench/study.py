"""A finished study as the benches see it: its cells, processes and models; fresh processes."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pandas as pd
import yaml

from bench import ROOT
from bench.outcome import SkippedError
from tfscale.axes import OF_TENSORFLOW, adopt, axes_of, model_axes
from tfscale.errors import StudyError
from tfscale.files.whole import noted
from tfscale.jobs.processes import fresh
from tfscale.study import config as sections
from tfscale.tables.latency import read_processes

LIMIT_S = 1800.0
NO_STUDY = (
    "no finished study in {}: type `snakemake` first, or `make bench STUDY=folder` with the "
    "folder of one"
)


def project_config() -> dict:
    """config.yaml of the project that the benches belong to."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def project_families() -> dict[str, dict]:
    """What a process is told of the families of the project's config.yaml, see `axes.adopt`."""
    config = project_config()
    return sections.about(sections.families_of(config)[0], config)


def in_fresh_process(task: str, arguments: dict, isolation: str = "fork") -> Any:
    """The answer of a task (module:function) in a fresh process, as a run has one; raises
    SkippedError that says why it failed."""
    try:
        with silent():
            return fresh(task, arguments, LIMIT_S, isolation)
    except StudyError as error:
        raise SkippedError(f"{error} ({task})") from None


@contextmanager
def silent() -> Iterator[None]:
    """Leave out what this process and those that it starts print meanwhile."""
    sys.stdout.flush()
    sys.stderr.flush()
    own = [os.dup(number) for number in (1, 2)]
    with TemporaryFile() as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
        try:
            yield
        finally:
            sys.stdout.flush()
            for number, descriptor in zip((1, 2), own, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


@dataclass(frozen=True)
class Study:
    """A study's results folder."""

    results: Path

    @classmethod
    def at(cls, path: str | Path) -> "Study":
        """The study in a results folder or in the project around it, whose families this process
        takes in; raises SkippedError."""
        for results in (Path(path), Path(path) / "results"):
            if (results / "cells.parquet").exists() and (results / "models").is_dir():
                study = cls(results.resolve())
                adopt(study.families)
                return study
        raise SkippedError(NO_STUDY.format(path))

    @cached_property
    def families(self) -> dict[str, dict]:
        """What its runs say of its families, beside those of the project."""
        return project_families() | noted(self.results / "runs.parquet", "tfscale_families")

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell, with the FLOP of a call."""
        cells = pd.read_parquet(self.results / "cells.parquet")
        if cells["cell"].duplicated().any():
            raise SkippedError(f"{self.results} holds several machines: benches compare on one")
        flop = cells["flop_per_example"].astype(float) * cells["batch_size"]
        return cells.assign(call_flop=flop).set_index("cell", drop=False).rename_axis(None)

    @cached_property
    def processes(self) -> pd.DataFrame:
        """One row a process, without raw durations."""
        return read_processes(self.results / "runs.parquet")

    def pick(self, model: str, rank: float, among: pd.DataFrame | None = None) -> str:
        """The cell of a model at a rank (0 = least, 1 = most) of its work a call.

        Without such a model the choice is made among all cells.
        """
        cells = self.cells if among is None else among
        own = cells[cells["model"] == model]
        ordered = (own if len(own) else cells).sort_values(["call_flop", "cell"])
        return str(ordered["cell"].iloc[round(rank * (len(ordered) - 1))])

    def axes(self, cell: str) -> dict:
        """The axes of a cell as plain values."""
        row = self.cells.loc[cell]
        own = {name: axis.kind(row[name]) for name, axis in axes_of(row["model"]).items()}
        return {"model": row["model"]} | own

    def model_folder(self, cell: str) -> Path:
        """The trained model of a cell: its own, or else the one shared by all batch sizes."""
        axes, found = self.axes(cell), {}
        weights = ["model", *model_axes(axes["model"]), "precision"]
        for path in (self.results / "models").glob("*/facts.json"):
            facts = json.loads(path.read_text())
            if all(facts.get(axis) == axes[axis] for axis in weights):
                found[facts.get("batch_size") == axes["batch_size"]] = path.parent
        if not found:
            raise SkippedError(f"{self.results} has no trained model for {cell}")
        return found[max(found)]

    def facts(self, cell: str) -> dict:
        """What is known of the model of a cell."""
        return json.loads((self.model_folder(cell) / "facts.json").read_text())

    def arrays(self, cell: str) -> str | None:
        """The encoded data of a cell's model, from the nearest resources folder; None where its
        family has none."""
        if not (wanted := self.facts(cell)["data_sha256"]):
            return None
        for folder in self.results.parents:
            for manifest in folder.glob("resources/encoded/*/*.json"):
                if json.loads(manifest.read_text())["sha256"] == wanted:
                    return str(manifest.with_suffix(".npz"))
        raise SkippedError(f"no data of {cell} in resources/encoded beside {self.results}")

    def request(self, cell: str, **changes: object) -> dict:
        """The arguments of `tfscale.timing.process:time_cell` for a cell, under the project's
        timing protocol with changes."""
        config = project_config()
        config["timing"] |= changes
        inputs = self.facts(cell)["inputs"]
        runtime = self.axes(cell)["runtime"]
        model = "saved_model" if runtime in OF_TENSORFLOW else runtime
        return {
            "cell": {"axes": self.axes(cell), "inputs": inputs, "seed": config["seed"]},
            "model": str(self.model_folder(cell) / model),
            "arrays": self.arrays(cell),
            "inputs": config["evaluation"]["inputs"],
            "protocol": sections.protocol(config),
        }


@dataclass(frozen=True)
class Options:
    """The folders of the studies; they are opened only by the benches that need them."""

    study_path: str
    second_path: str | None = None

    @cached_property
    def study(self) -> Study:
        """The finished study whose models are timed."""
        return Study.at(self.study_path)

    @cached_property
    def second(self) -> Study:
        """The other one of two whole studies."""
        if not self.second_path:
            raise SkippedError(
                "give two finished studies: make bench ONLY=studies STUDY=a STUDY2=b"
            )
        return Study.at(self.second_path)
