"""What the rules ask: cells, models, paths, settings and priorities, of a whole study or a partial
one."""

import csv
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from tfscale.axes import FACTORS, FAMILIES, OF_TENSORFLOW, Cell, axes_of, cell_name, defaults
from tfscale.errors import StudyError
from tfscale.files.whole import intact
from tfscale.study.config import (
    ConfigError,
    about,
    check,
    evaluation,
    families_of,
    plain,
    plan,
    predicting,
    protocol,
    recipe,
    shown_settings,
)
from tfscale.study.families import PIPELINE, Family
from tfscale.study.grid import architecture, cells, excluded, trained_model
from tfscale.study.outputs import BOXED, figures_of
from tfscale.study.sample import Sample, sample_of
from tfscale.study.settings import Config


def run_file(results: str, cell: str, number: int) -> str:
    """The file of a cell's run in a round."""
    return f"{results}/runs/{cell}/round{number}.parquet"


def order(names: Iterable[str], seed: int, round_number: int) -> list[str]:
    """The cells in the random order of a round.

    A cell's place follows from a hash of seed, round and name, so that an added cell leaves the
    order of the others as it was.
    """
    return sorted(names, key=lambda name: sha256(f"{seed}/{round_number}/{name}".encode()).digest())


@dataclass(frozen=True)
class Study:
    """One checked configuration."""

    settings: Config

    @classmethod
    def from_config(cls, config: dict) -> "Study":
        """Check the configuration; raises ConfigError with every mistake in it."""
        return cls(check(config))

    @cached_property
    def config(self) -> dict:
        """The configuration as plain data."""
        return plain(self.settings)

    def export_mirror(self) -> None:
        """Hand the mirror to the downloads by the environment: it says where to look, not what
        to fetch, so changing it must rerun nothing."""
        mirror = self.settings.datasets.mirror
        if mirror:
            place = mirror if "://" in mirror else str(Path(mirror).expanduser().absolute())
            os.environ.setdefault("TFSCALE_MIRROR", place)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell that is timed, by name: those of the grid without those that are taken out, or
        that a sample leaves out."""
        left_out = self.unsampled
        return {name: cell for name, cell in self._possible.items() if name not in left_out}

    @property
    def unsampled(self) -> dict[str, Cell]:
        """The cells that a sample leaves out, by name: they are predicted."""
        return self._sample.left_out

    @property
    def sampling(self) -> dict:
        """What the analysis must know of a sample, as `material.Plan` takes it; nothing without
        one."""
        if not self.unsampled:
            return {}
        names = {"unsampled": list(self.unsampled), "checks": self._sample.checks}
        return {"grid": self.config["grid"]} | names

    @cached_property
    def _sample(self) -> Sample:
        settings = self.settings
        return sample_of(self._possible, settings.sample, settings.also, settings.seed)

    @cached_property
    def _possible(self) -> dict[str, Cell]:
        return {name: cell for name, cell in self._grid.items() if name not in self.excluded}

    @cached_property
    def excluded(self) -> dict[str, str]:
        """The cells of the grid that are taken out (`exclude`): the reason by name."""
        return excluded(self._grid, self.config["exclude"])

    @cached_property
    def _grid(self) -> dict[str, Cell]:
        return cells(self.config["grid"])

    @cached_property
    def families(self) -> dict[str, Family]:
        """The families of its cells, of those to be predicted and of imports, by name."""
        return families_of(self.config)[0]

    @property
    def about(self) -> dict[str, dict]:
        """What every process of the study is told of the families, see `axes.adopt`."""
        return about(self.families, self.config)

    def told(self, axes: Cell) -> dict[str, dict]:
        """What a process is told that makes or times this one model: no other family shapes it."""
        family = self.families[axes["model"]]
        return {family.name: {"axes": family.axes, "trained": family.trained}}

    def job_family(self, axes: Cell) -> dict:
        """Where a model comes from: its family's file or folders, axes and inputs, and a digest of
        all that they depend on."""
        family = self.families[axes["model"]]
        return {
            "source": family.source.replace(str(PIPELINE), "<pipeline>"),
            "axes": list(family.axes),
            "inputs": family.inputs,
            "saved": family.saved,
            "digest": family.digest,
        }

    @property
    def calls(self) -> dict[str, list[dict]]:
        """The batch sizes and threads that each model is called with, for the floor."""
        found: dict[str, list[dict]] = {}
        for name, cell in self.cells.items():
            call = {axis: cell[axis] for axis in ("batch_size", "threads")}
            calls = found.setdefault(self.trained_of(name), [])
            if call not in calls:
                calls.append(call)
        return found

    @cached_property
    def shapes(self) -> int:
        """About how many shapes of inputs there are, for the floor's estimate."""
        data = {name: self.encoded(axes) or axes["model"] for name, axes in self.trained.items()}
        found = {(data[name], *call.values()) for name in data for call in self.calls[name]}
        return len(found)

    @property
    def paper_models(self) -> list[str]:
        """The families that are the paper's."""
        return [name for name in self.models if self.families[name].paper is not None]

    @cached_property
    def models(self) -> list[str]:
        """The families of its cells: mnist, text."""
        return list(dict.fromkeys(str(cell["model"]) for cell in self.cells.values()))

    @cached_property
    def trained(self) -> dict[str, Cell]:
        """Every trained model by name, with its axes."""
        batch_size = self.settings.training.batch_size
        found = [trained_model(cell, batch_size) for cell in self.cells.values()]
        return {cell_name(axes): axes for axes in found}

    @property
    def partial(self) -> bool:
        """Whether only what is there is asked for."""
        return False

    @property
    def missing(self) -> dict[str, str]:
        """What a partial report lacks, in words by cell; nothing of a whole study."""
        return {}

    @property
    def rounds(self) -> range:
        """The numbers of the rounds, from 1."""
        return range(1, self.settings.timing.rounds + 1)

    def run_files(self, results: str) -> list[str]:
        """The file of every run that the tables are made from, cell by cell."""
        return [run_file(results, cell, number) for cell in self.cells for number in self.rounds]

    def figures(self, model: str) -> dict[str, str]:
        """The figures of a family: titles by name."""
        if self.families[model].paper is not None:
            return figures_of(BOXED, paper=True)
        own = [cell for cell in self.cells.values() if cell["model"] == model]
        levels = {axis: {cell[axis] for cell in own} for axis in axes_of(model)}
        varying = [axis for axis in FACTORS if len(levels.get(axis, ())) > 1]
        return figures_of(varying, paper=False)

    def figure_names(self, model: str) -> list[str]:
        """The figures of a family as files are named: model_figure."""
        return [f"{model}_{figure}" for figure in self.figures(model)]

    @property
    def all_figure_names(self) -> list[str]:
        """The figures of all families, as files are named."""
        return [name for model in self.models for name in self.figure_names(model)]

    @cached_property
    def predicted(self) -> dict[str, Cell]:
        """The cells of `predict`, and those that a sample leaves out, by name."""
        return cells(self.config["predict"] or []) | self.unsampled

    @cached_property
    def counted(self) -> dict[str, Cell]:
        """The architectures of which no model is made but whose work is counted, by name: those of
        cells that are predicted and of the paper's tables."""
        cells = self.predicted.values()
        wanted = [architecture(cell) | {"precision": cell["precision"]} for cell in cells]
        for entry in self.config["imports"]:
            if entry["path"].endswith(".csv"):
                wanted += paper_architectures(entry["path"], entry["model"])
        made = {_counted_name(axes) for axes in self.trained.values()}
        return {name: axes for axes in wanted if (name := cell_name(axes)) not in made}

    def facts_files(self, models: str) -> list[str]:
        """The facts of every trained model."""
        return [f"{models}/{trained}/facts.json" for trained in self.trained]

    def sums_files(self, models: str) -> list[str]:
        """The checksums of every trained model's files."""
        return [f"{models}/{trained}/SHA256SUMS" for trained in self.trained]

    @property
    def pictures(self) -> list[str]:
        """The encoded data that holds pictures, for the report's predictions."""
        shown = [axes for axes in self.trained.values() if self._dataset(axes) in IMAGES]
        return sorted({str(self.encoded(axes)) for axes in shown})

    def _dataset(self, axes: Cell) -> str | None:
        return self.families[axes["model"]].dataset

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
        return cell_name(trained_model(self.cell(cell), self.settings.training.batch_size))

    @property
    def trained_by_cell(self) -> dict[str, str]:
        """The name of the trained model of every cell."""
        return {cell: self.trained_of(cell) for cell in self.cells}

    def converted(self, cell: str) -> str | None:
        """The folder of the converted model that a cell uses, under the models'; None where its
        runtime loads the SavedModel itself."""
        runtime = self.cell(cell)["runtime"]
        return None if runtime in OF_TENSORFLOW else f"{self.trained_of(cell)}/{runtime}"

    def environment(self, cell: str) -> dict[str, str]:
        """What is said of the environment that a cell is timed in (python or conda); nothing of the
        study's own."""
        entry = self.settings.environments.get(self.cell(cell)["environment"])
        return entry.model_dump(exclude_none=True) if entry else {}

    @property
    def conversions(self) -> list[str]:
        """The runtimes that models are converted for."""
        found = dict.fromkeys(str(cell["runtime"]) for cell in self.cells.values())
        return [name for name in found if name not in OF_TENSORFLOW]

    def encoded(self, axes: Cell) -> str | None:
        """The encoded data of a cell or model, without folder and suffix; None where its family has
        none."""
        family = self.families[axes["model"]]
        if family.dataset:
            return f"{self.settings.datasets.source}/{family.dataset}_input{axes['input_size']}"
        if family.data is None:
            return None
        own = "_".join(f"{axis}{axes[axis]}" for axis in family.data)
        return f"own/{family.name}_{own or 'data'}"

    @property
    def encoded_models(self) -> dict[str, str]:
        """The encoded data of every model that has some."""
        found = {name: self.encoded(axes) for name, axes in self.trained.items()}
        return {name: data for name, data in found.items() if data}

    @cached_property
    def own_data(self) -> dict[str, tuple[str, Cell]]:
        """The data of families that have their own, by name as `encoded` says: the family, and the
        axes that shape it."""
        found = {}
        for axes in self.trained.values():
            if (own := self.families[axes["model"]].data) is not None:
                shaped = {axis: axes[axis] for axis in own}
                found[str(self.encoded(axes))] = axes["model"], shaped
        return found

    def saved_files(self, trained: str) -> list[str]:
        """The files of a SavedModel folder that a model is copied from; none of a model that is
        built."""
        axes = self.model(trained)
        family = self.families[axes["model"]]
        if not family.saved:
            return []
        return sorted(str(file) for file in Path(family.folder(axes)).rglob("*") if file.is_file())

    def recipe(self, trained: str) -> dict:
        """The training settings that shape a model, in their section."""
        trained_too = self.families[self.model(trained)["model"]].trained
        return {"training": recipe(self.config, trained_too)}

    @property
    def train_settings(self) -> dict:
        """The settings that every model depends on, besides its recipe."""
        return {"evaluation": predicting(self.config), "seed": self.settings.seed}

    @property
    def floor_settings(self) -> dict:
        """The settings that the floor and the roofs depend on."""
        return {"calls": self.calls, "protocol": protocol(self.config)}

    @property
    def run_settings(self) -> dict:
        """The settings that every run depends on."""
        return {
            "protocol": protocol(self.config),
            "evaluation": {"inputs": self.settings.evaluation.inputs},
            "seed": self.settings.seed,
        }

    @property
    def untracked_run_settings(self) -> dict:
        """What a run is told that leaves its file as it is: when to give up a process, and the
        passes that its log names."""
        limit_s = self.settings.timing.time_limit_s
        return {"time_limit_s": limit_s, "passes": self.settings.evaluation.passes}

    @property
    def merge_settings(self) -> dict:
        """The settings that the tables of runs and cells depend on."""
        return {
            "trained": self.trained_by_cell,
            "evaluation": evaluation(self.config),
            "coverage": self.settings.timing.coverage,
            "node_class": self.settings.node_class,
        }

    @property
    def fit_settings(self) -> dict:
        """The settings that the fitted tables depend on."""
        return {
            "imports": self.config["imports"],
            "coverage": self.settings.timing.coverage,
            "plan": plan(self.config) | self.sampling,
        }

    @property
    def gate_settings(self) -> dict:
        """What the gate compares (None where nothing is asked), and how sure it must be."""
        compare = self.settings.compare.model_dump() if self.settings.compare else None
        return {"compare": compare, "confidence": self.settings.analysis.confidence}

    @property
    def page_settings(self) -> dict:
        """What the page is told of the study, apart from the commands."""
        return {
            "settings": shown_settings(self.config),
            "trained": self.trained_by_cell,
            "encoded": self.encoded_models,
            "excluded": self.excluded,
            "missing": self.missing,
            "checks": self.sampling.get("checks", []),
        }

    def priority(self, cell: str, number: int) -> int:
        """The priority of a cell's run in a round: round 1 before round 2, the cells of a round in
        its random order; raises StudyError when the study has no such round."""
        if number not in self.rounds:
            count = len(self.rounds)
            raise StudyError(f"the study has {count} rounds (timing.rounds), not {number}")
        return self._timing_order[cell, number]

    def flop(self, axes: Cell) -> float | None:
        """FLOP of an example by the family's own estimate, or None."""
        return self.families[axes["model"]].flop(axes)

    @property
    def machine_priority(self) -> int:
        """The look at the machine and the floor come before all runs and after all training."""
        return len(self._timing_order) + 1

    def training_priority(self, trained: str) -> int:
        """Training goes before timing, the costliest model first so that none is left over."""
        return self.machine_priority + self._training_order[trained]

    @property
    def data_priority(self) -> int:
        """Data goes before all training, so that no model has to be trained after the timing of
        others has begun: rounds are complete blocks."""
        return self.machine_priority + len(self.trained) + 1

    @cached_property
    def _timing_order(self) -> dict[tuple[str, int], int]:
        """Place of every run from the end of the study, the last 1."""
        seed = self.settings.seed
        runs = [
            (name, number) for number in self.rounds for name in order(self.cells, seed, number)
        ]
        return {run: len(runs) - place for place, run in enumerate(runs)}

    @cached_property
    def _training_order(self) -> dict[str, int]:
        """Place of every trained model by cost, the cheapest 1."""
        by_cost = sorted(self.trained, key=lambda name: self.flop(self.trained[name]) or 0)
        return {name: rank for rank, name in enumerate(by_cost, start=1)}


def _counted_name(axes: Cell) -> str:
    """The name under which an architecture's work is known."""
    return cell_name(architecture(axes) | {"precision": axes["precision"]})


IMAGES = ("fashion-mnist",)


def paper_architectures(path: str, model: str) -> list[Cell]:
    """The architectures of a table of the paper; rows that are none are the analysis' to refuse."""
    usual = defaults(model) | (FAMILIES[model].paper or {})
    found = []
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            with suppress(KeyError, TypeError, ValueError):
                own = {"layers": int(row["Layers"]), "conv_size": int(row["ConvSize"])}
                found.append(architecture(usual | own | {"model": model}))
    return found


def _named(name: str, known: dict[str, Cell], kind: str) -> Cell:
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else " (grid in config.yaml)"
        raise StudyError(f"the study has no {kind} {name}{hint}")
    return known[name]


MACHINE = (
    "machine.json",
    "floor.parquet",
    "roofs.parquet",
    "checksums/calibrate.sha256",
    "checksums/floor.sha256",
)


def study_of(config: dict, results: str, models: str) -> Study:
    """The study of a configuration or, when it says `partial`, what is there of it in the folders
    `results` and `models`.

    Raises ConfigError with every mistake, or when nothing is there yet.
    """
    study = Study.from_config(config)
    if not study.settings.partial:
        return study
    there = PartialStudy(study.settings, study, results, models)
    if not there.cells:
        nothing = f"there is nothing to report yet, no run under {results}/runs is finished"
        raise ConfigError([f"partial: {nothing}; type the same command without partial=true"])
    return there


@dataclass(frozen=True)
class PartialStudy(Study):
    """The cells that have a run and a trained model; everything else follows from them."""

    whole: Study
    results: str
    models_folder: str

    @property
    def partial(self) -> bool:
        """Whether only what is there is asked for."""
        return True

    @property
    def lacks_machine(self) -> bool:
        """Whether the machine, the floor or the roofs are still to be looked at."""
        return any(not Path(self.results, name).exists() for name in MACHINE)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """The cells with at least one intact run."""
        return {
            name: cell
            for name, cell in self.whole.cells.items()
            if self._timed[name] and self._is_trained(name)
        }

    def run_files(self, results: str) -> list[str]:
        """The intact runs of the cells that are there."""
        return [run_file(results, cell, n) for cell in self.cells for n in self._timed[cell]]

    @cached_property
    def missing(self) -> dict[str, str]:
        """What a partial report lacks, in words by cell."""
        said = {}
        for cell, timed in self._timed.items():
            lost = [str(number) for number in self.rounds if number not in timed]
            if cell not in self.cells:
                trained = self._is_trained(cell)
                said[cell] = "not timed" if trained else "its model is not trained"
            elif lost:
                which = f"round{'s' if len(lost) > 1 else ''} {', '.join(lost)}"
                said[cell] = f"{which} of {len(self.rounds)} not timed"
        return said

    @cached_property
    def _timed(self) -> dict[str, list[int]]:
        """The rounds of each cell of the whole study whose run is there and intact."""

        def is_intact(cell: str, number: int) -> bool:
            path = Path(run_file(self.results, cell, number))
            return path.exists() and intact(path)

        return {cell: [n for n in self.rounds if is_intact(cell, n)] for cell in self.whole.cells}

    def _is_trained(self, cell: str) -> bool:
        folder = Path(self.models_folder, self.whole.trained_of(cell))
        return all((folder / name).exists() for name in ("facts.json", "SHA256SUMS"))
