"""What the rules ask of a study: its cells, its models, their paths and their order."""

import os
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from tfscale.axes import Cell, cell_name
from tfscale.data.sources import raw_files
from tfscale.errors import StudyError
from tfscale.study import config as configuration
from tfscale.study.excluding import excluded
from tfscale.study.figure_list import FIGURES
from tfscale.study.grid import cells, trained_model
from tfscale.study.priorities import training_order
from tfscale.study.schedule import Schedule


@dataclass(frozen=True)
class Study:
    """One checked configuration."""

    config: dict

    @classmethod
    def from_config(cls, config: dict) -> "Study":
        """Check the configuration; raises ConfigError with every mistake in it."""
        configuration.check(config)
        return cls(config)

    def export_mirror(self) -> None:
        """Hand the mirror to the downloads by the environment: it says where to look, not what
        to fetch, so changing it must rerun nothing."""
        mirror = self.config["datasets"]["mirror"]
        if mirror and "TFSCALE_MIRROR" not in os.environ:
            local = "://" not in mirror
            os.environ["TFSCALE_MIRROR"] = (
                str(Path(mirror).expanduser().absolute()) if local else mirror
            )

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell by name, without those that are taken out."""
        whole = cells(self.config["grid"])
        return {name: cell for name, cell in whole.items() if name not in self.excluded}

    @cached_property
    def excluded(self) -> dict[str, str]:
        """The cells of the grid that are taken out (`exclude`): the reason by name."""
        return excluded(cells(self.config["grid"]), self.config.get("exclude") or [])

    @cached_property
    def models(self) -> list[str]:
        """The kinds of model in the study: mnist, text."""
        return list(dict.fromkeys(str(cell["model"]) for cell in self.cells.values()))

    @cached_property
    def trained(self) -> dict[str, Cell]:
        """Every trained model by name, with its axes."""
        batch_size = self.config["training"]["batch_size"]
        found = [trained_model(cell, batch_size) for cell in self.cells.values()]
        return {cell_name(axes): axes for axes in found}

    @cached_property
    def schedule(self) -> Schedule:
        """When each run comes."""
        return Schedule(self.cells, self.config["timing"], self.config["seed"])

    @property
    def partial(self) -> bool:
        """Whether only what is there is asked for."""
        return False

    @property
    def missing(self) -> dict[str, str]:
        """What a partial report lacks, in words by cell; nothing of a whole study."""
        return {}

    def run_files(self, walk: str, results: str) -> list[str]:
        """The files of the walk's runs that the tables are made from."""
        return self.schedule.files(walk, results)

    @property
    def figures(self) -> list[str]:
        """Every figure as model_figure."""
        return [f"{model}_{figure}" for model in self.models for figure in FIGURES]

    @cached_property
    def shapes(self) -> list[Cell]:
        """Every shape of input that the study has, for the floor."""
        axes = ("model", "input_size", "batch_size", "threads")
        found = {tuple(cell[axis] for axis in axes) for cell in self.cells.values()}
        return [dict(zip(axes, shape, strict=True)) for shape in sorted(found)]

    def facts_files(self, models: str) -> list[str]:
        """The facts of every trained model."""
        return [f"{models}/{trained}/facts.json" for trained in self.trained]

    def sums_files(self, models: str) -> list[str]:
        """The checksums of every trained model's files."""
        return [f"{models}/{trained}/SHA256SUMS" for trained in self.trained]

    @property
    def pictures(self) -> list[str]:
        """The encoded data that holds pictures, for the report's predictions."""
        images = [axes for axes in self.trained.values() if axes["model"] == "mnist"]
        return sorted({self.encoded(axes) for axes in images})

    def cell(self, name: str) -> Cell:
        """The axes of a cell; raises StudyError when the study has no such cell."""
        if name in self.excluded:
            reason = self.excluded[name]
            raise StudyError(f"{name} is taken out: {reason} (exclude in config.yaml)")
        return _named(name, self.cells, "cell")

    def model(self, name: str) -> Cell:
        """The axes of a trained model; raises StudyError when the study has no such model."""
        return _named(name, self.trained, "trained model")

    def trained_of(self, cell: str) -> str:
        """The name of the trained model that a cell uses."""
        return cell_name(trained_model(self.cell(cell), self.config["training"]["batch_size"]))

    def encoded(self, axes: Cell) -> str:
        """The encoded data of a cell or model, without folder and suffix."""
        return f"{self.config['datasets']['source']}/{axes['model']}_input{axes['input_size']}"

    def raw_files(self, model: str, source: str, folder: str) -> list[str]:
        """The downloads that a model's data needs; none for the built-in data."""
        return raw_files(model, folder) if source == "real" else []

    @property
    def data_priority(self) -> int:
        """Data goes before all training, so that no model has to be trained after the timing of
        others has begun: rounds are complete blocks."""
        return self.schedule.first + len(self.trained) + 1

    def training_priority(self, trained: str) -> int:
        """Training goes before timing, the costliest model first so that none is left over."""
        return self.schedule.first + self._training_order[trained]

    @cached_property
    def _training_order(self) -> dict[str, int]:
        return training_order(self.trained)


def _named(name: str, known: dict[str, Cell], kind: str) -> Cell:
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else " (grid in config.yaml)"
        raise StudyError(f"the study has no {kind} {name}{hint}")
    return known[name]
