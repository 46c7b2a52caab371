"""A finished study as the benches see it: its cells, its models and requests for visits."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench import ROOT
from bench.outcome import SkippedError
from tfscale.axes import AXES

NO_STUDY = (
    "no finished study in {}: type `snakemake` first, or `make bench STUDY=folder` with the "
    "folder of one"
)


def project_config() -> dict:
    """config.yaml of the project that the benches belong to."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@dataclass(frozen=True)
class Study:
    """A study's results folder."""

    results: Path

    @classmethod
    def at(cls, path: str | Path) -> "Study":
        """The study in a results folder or in the project around it; raises SkippedError."""
        for results in (Path(path), Path(path) / "results"):
            if (results / "cells.parquet").exists() and (results / "models").is_dir():
                return cls(results.resolve())
        raise SkippedError(NO_STUDY.format(path))

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row a cell, with the FLOP of a call."""
        cells = pd.read_parquet(self.results / "cells.parquet")
        if cells["cell"].duplicated().any():
            raise SkippedError(f"{self.results} holds several machines: benches compare on one")
        flop = cells["flop_per_example"].astype(float) * cells["batch_size"]
        return cells.assign(call_flop=flop).set_index("cell", drop=False).rename_axis(None)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """One row a visit."""
        return pd.read_parquet(self.results / "runs.parquet")

    def pick(self, model: str, rank: float, among: pd.DataFrame | None = None) -> str:
        """The cell of a model at a rank (0 = least, 1 = most) of its work a call.

        Without such a model the choice is made among all cells.
        """
        cells = self.cells if among is None else among
        own = cells[cells["model"] == model]
        ordered = (own if len(own) else cells).sort_values(["call_flop", "cell"])
        return str(ordered["cell"].iloc[round(rank * (len(ordered) - 1))])

    def axes(self, cell: str) -> dict:
        """The axes of a cell as plain values; those younger than the study at their default."""
        row = self.cells.loc[cell]
        return {axis: _plain(row[axis] if axis in row else _default(axis)) for axis in AXES}

    def model_folder(self, cell: str) -> Path:
        """The trained model of a cell: its own, or the one shared by all batch sizes."""
        axes, shared = self.axes(cell), None
        weights = [axis for axis, spec in AXES.items() if spec.trains and axis != "batch_size"]
        for path in sorted((self.results / "models").glob("*/facts.json")):
            facts = json.loads(path.read_text())
            if all(facts.get(axis, _default(axis)) == axes[axis] for axis in weights):
                if facts["batch_size"] == axes["batch_size"]:
                    return path.parent
                shared = path.parent
        if shared is None:
            raise SkippedError(f"{self.results} has no trained model for {cell}")
        return shared

    def facts(self, cell: str) -> dict:
        """What is known of a cell's trained model."""
        return json.loads((self.model_folder(cell) / "facts.json").read_text())

    def arrays(self, cell: str) -> Path:
        """The encoded data of a cell, from the nearest resources folder."""
        axes = self.axes(cell)
        name = f"{self.facts(cell)['data']}/{axes['model']}_input{axes['input_size']}.npz"
        for folder in self.results.parents:
            if (path := folder / "resources" / "encoded" / name).exists():
                return path
        raise SkippedError(f"no resources/encoded/{name} beside {self.results}")

    def protocol(self, **changes: object) -> dict:
        """The project's timing protocol, with changes."""
        config = project_config()
        return config["timing"] | {"passes": config["evaluation"]["passes"]} | changes

    def request(self, cell: str, **changes: object) -> dict:
        """The request of a visit (see tfscale.timing.run) under the protocol with changes."""
        return {
            "name": cell,
            "saved_model": str(self.model_folder(cell) / "saved_model"),
            "arrays": str(self.arrays(cell)),
            "inputs": project_config()["evaluation"]["inputs"],
            "axes": self.axes(cell),
            "protocol": self.protocol(**changes),
        }


def _default(axis: str) -> Any:
    return getattr(AXES[axis], "default", None)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
