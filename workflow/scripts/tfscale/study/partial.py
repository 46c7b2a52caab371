"""A partial study: what is there of it, so that a report can be made before all is done."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tfscale.axes import Cell
from tfscale.files.seal import intact
from tfscale.study.config import ConfigError
from tfscale.study.schedule import Schedule
from tfscale.study.study import Study

TYPED = {"true": True, "false": False}
"""Snakemake reads only `True` and `False` of its command line as truth values."""
MACHINE = (
    "machine.json", "floor.parquet", "roofs.parquet",
    "checksums/calibrate.sha256", "checksums/floor.sha256",
)  # fmt: skip


def study_of(config: dict, results: str, models: str) -> Study:
    """The study of a configuration or, when it says `partial`, what is there of it in the folders
    `results` and `models`.

    Raises ConfigError with every mistake, or when nothing is there yet.
    """
    asked = config.get("partial", False)
    config = config | {"partial": TYPED.get(str(asked).lower(), asked)}
    study = Study.from_config(config)
    if not config["partial"]:
        return study
    there = PartialStudy(config, results, models)
    if not there.cells:
        raise ConfigError(
            f"partial: there is nothing to report yet, no run under {results}/runs is finished; "
            "type the same command without partial=true"
        )
    return there


@dataclass(frozen=True)
class PartialStudy(Study):
    """The cells that have a run and a trained model; everything else follows from them."""

    results_folder: str
    models_folder: str

    @property
    def partial(self) -> bool:
        """Whether only what is there is asked for."""
        return True

    @property
    def lacks_machine(self) -> bool:
        """Whether the machine, the floor or the roofs are still to be looked at."""
        return any(not Path(self.results_folder, name).exists() for name in MACHINE)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """The cells with at least one intact run."""
        return {
            name: cell
            for name, cell in self._whole.cells.items()
            if any(self._rounds[name].values()) and self._is_trained(name)
        }

    @cached_property
    def schedule(self) -> Schedule:
        """When each run of the whole study comes."""
        return self._whole.schedule

    def run_files(self, walk: str, results: str) -> list[str]:
        """The intact runs of the cells that are there."""
        named = self.schedule.files(walk, results)
        found = self.schedule.files(walk, self.results_folder)
        return [
            name
            for name, path in zip(named, found, strict=True)
            if Path(path).parent.name in self.cells and _is_intact(path)
        ]

    @cached_property
    def missing(self) -> dict[str, str]:
        """What a partial report lacks, in words by cell."""
        said = {}
        for cell, rounds in self._rounds.items():
            complete = list(rounds.items())[: self.config["timing"]["rounds"]]
            lost = [str(number) for number, there in complete if not there]
            if cell not in self.cells:
                trained = self._is_trained(cell)
                said[cell] = "not timed" if trained else "its model is not trained"
            elif lost:
                which = f"round{'s' if len(lost) > 1 else ''} {', '.join(lost)}"
                said[cell] = f"{which} of {len(complete)} not timed"
            elif not all(rounds.values()):
                said[cell] = "further rounds not made"
        return said

    @cached_property
    def _whole(self) -> Study:
        return Study(self.config)

    @cached_property
    def _rounds(self) -> dict[str, dict[int, bool]]:
        """Whether each round of each cell of the whole study is there."""
        files = iter(self.schedule.files("runs", self.results_folder))
        numbers = self.schedule.numbers("runs")
        return {
            cell: {number: _is_intact(next(files)) for number in numbers}
            for cell in self._whole.cells
        }

    def _is_trained(self, cell: str) -> bool:
        folder = Path(self.models_folder, self._whole.trained_of(cell))
        return all((folder / name).exists() for name in ("facts.json", "SHA256SUMS"))


def _is_intact(path: str) -> bool:
    return Path(path).exists() and intact(Path(path))
