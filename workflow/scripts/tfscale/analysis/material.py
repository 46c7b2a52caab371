"""What the analysis works on: own and imported tables, the plan."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.analysis.scatter import outliers
from tfscale.analysis.slices import checked, own_axes, without_rounds
from tfscale.analysis.statistics import process_rows, run_rows
from tfscale.axes import AXES, FAMILIES, Cell, Family, adopt, axes_of, cell_name, defaults
from tfscale.errors import StudyError
from tfscale.files.checksums import sha256_of
from tfscale.files.parquet import check_import
from tfscale.study.grid import architecture
from tfscale.study.grid import cells as grid_cells
from tfscale.study.kinds import WORK
from tfscale.tables.latency import latencies, read_processes
from tfscale.timing.protocol import calls_per_pass

PAPER_COLUMNS = ["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]
PAPER_BATCH = 32
"""Keras' default: the paper's batch size never reached `predict`, which therefore used this one."""
PAPER_INPUTS = 2000
WORK_KEY, FAMILIES_KEY = b"tfscale_work", b"tfscale_families"
"""Of the metadata of a runs.parquet: the work of its architectures, and its families."""
Work = Mapping[str, dict]
"""The columns WORK of models by the name of their architecture."""


@dataclass(frozen=True)
class Tables:
    """The cells of a study or of an imported table, and its processes where these are known."""

    cells: pd.DataFrame
    processes: pd.DataFrame | None = None


def check_imports(imports: Collection[dict]) -> list[str]:
    """Check the files of `imports` by their seal and, where the configuration names one, by their
    sha256; returns a sentence for each in which damage could not be noticed.

    Raises StudyError that names every damaged file.
    """
    faults, unjudged = [], []
    for path, expected in {(entry["path"], entry.get("sha256")) for entry in imports}:
        found = sha256_of(path)
        try:
            sealed = not path.endswith(".csv") and check_import(path)
        except StudyError as error:
            faults.append(str(error))
            continue
        if expected and expected.lower() != found:
            faults.append(f"{path}: its sha256 is {found}, not the one that imports names")
        elif not (expected or sealed):
            unjudged.append(
                f"{path} carries no seal, so that damage to it cannot be noticed; to pin it, write "
                f"sha256: {found} beside it (imports)"
            )
    if faults:
        raise StudyError("\n".join(sorted(faults)))
    return sorted(unjudged)


def imported(imports: Collection[dict], coverage: float, work: Work) -> list[Tables]:
    """The tables of each entry of `imports` (path, name, model): of a CSV file of the paper its
    cells with their `work`, of another study's runs.parquet its cells and processes.

    Raises StudyError that names the file and what is wrong with it.
    """
    return [
        Tables(paper_cells(entry["path"], str(entry.get("model")), entry["name"], work))
        if entry["path"].endswith(".csv")
        else study_tables(entry["path"], entry["name"], coverage)
        for entry in imports
    ]


def study_tables(path: str, name: str, coverage: float) -> Tables:
    """The cells of another study's runs.parquet, with axes, work, latency and the time of the
    paper's 2,000 inputs, and its processes. Its families are taken in beside the study's own.

    `machine` is `name`, with the other study's own machine behind it where it has several.
    """
    try:
        about = pq.read_metadata(path).metadata or {}
        if not {WORK_KEY, FAMILIES_KEY} <= set(about):
            raise StudyError(f"{path}: of an earlier version; merge it again there (imports)")
        _take_in(json.loads(about[FAMILIES_KEY]), path)
        processes = read_processes(path)
        processes = processes.reindex(columns=list(dict.fromkeys([*processes, *AXES])))
        timed = latencies(processes, path, coverage)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise StudyError(f"{path}: not the runs.parquet of a study: {error} (imports)") from None
    calls = calls_per_pass(PAPER_INPUTS, timed["batch_size"])
    cells = with_work(timed.drop(columns="host"), json.loads(about[WORK_KEY]), path).assign(
        called_batch=timed["batch_size"], pass_mean_s=timed["latency_s"] * calls
    )
    several = cells["machine"].nunique() > 1
    return Tables(
        *(
            table.assign(machine=name + " " + table["machine"] if several else name)
            for table in (cells, processes)
        )
    )


def _take_in(families: dict[str, dict], path: str) -> None:
    """Adopt another study's families beside those that are known; a family of a known name must
    have the same axes."""
    known = {name: _plain(family) for name, family in FAMILIES.items()}
    for name in set(known) & set(families):
        ours, theirs = (_kinds(own[name]["axes"]) for own in (known, families))
        differ = [axis for axis in ours | theirs if ours.get(axis) != theirs.get(axis)]
        if differ:
            raise StudyError(
                f"{path}: its family {name} is not this study's: they differ in "
                f"{', '.join(differ)} (imports)"
            )
        for axis, spec in families[name]["axes"].items():
            known[name]["axes"][axis]["positive"] &= spec.get("positive", True)
    adopt(known | {name: about for name, about in families.items() if name not in known})


def _kinds(axes: dict[str, dict]) -> dict[str, tuple]:
    """What two studies must agree in of each axis: type, short form and default."""
    return {
        name: (spec["kind"], spec.get("short", name), spec.get("default"))
        for name, spec in axes.items()
    }


def _plain(family: Family) -> dict:
    """A family as `adopt` takes it."""
    fields = ("short", "default", "positive")
    axes = {
        name: {"kind": axis.kind.__name__} | {field: getattr(axis, field) for field in fields}
        for name, axis in family.axes.items()
    }
    about = {"title": family.title, "paper": family.paper, "trained": family.trained}
    return about | {"axes": axes}


def with_work(cells: pd.DataFrame, work: Work, where: str) -> pd.DataFrame:
    """The cells with the work of their models, which `work` holds by architecture and precision;
    StudyError that names `where` the cells come from, and a model whose work is not known."""
    found = pd.Series(index=cells.index, dtype=object)
    for _, table in cells.groupby("model"):
        for index, cell in zip(table.index, own_axes(table).to_dict("records"), strict=True):
            name = cell_name(architecture(cell) | {"precision": cell["precision"]})
            if name not in work:
                raise StudyError(f"{where}: the work of {name} was not counted")
            found[index] = work[name]
    return cells.join(pd.DataFrame(found.tolist(), cells.index, WORK))


def paper_cells(path: str, model: str, name: str, work: Work) -> pd.DataFrame:
    """One row a row of the paper's CSV, with the columns of `cells.parquet` that it can fill.

    `model` is one of the paper's families, `work` that of its architectures; `machine` is `name`.
    batch_size is what the table says, called_batch what the calls really had; latency_s is the time
    of one call, MeanTime over the calls of a pass. Raises StudyError that names the file and what
    is wrong with it.
    """
    if model not in FAMILIES or FAMILIES[model].paper is None:
        raise StudyError(f"{path}: {model} is none of the paper's networks (imports)")
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise StudyError(f"{path}: not a table of the paper: {error} (imports)") from None
    if missing := [column for column in PAPER_COLUMNS if column not in table]:
        raise StudyError(f"{path}: no column {', '.join(missing)} (imports in config.yaml)")
    numbers = table[PAPER_COLUMNS].apply(pd.to_numeric, errors="coerce")
    if table.empty or not (numbers["MeanTime"] > 0).all():
        raise StudyError(f"{path}: MeanTime must be above 0 in every row (imports in config.yaml)")
    sizes = numbers[["Layers", "BatchSize", "ConvSize"]]
    if not ((sizes >= 1) & (sizes % 1 == 0)).all(axis=None):
        raise StudyError(
            f"{path}: Layers, BatchSize and ConvSize must be whole numbers (imports in config.yaml)"
        )
    cells = pd.DataFrame([_cell(row, model, name) for row in table.to_dict("records")])
    return with_work(cells, work, path)


def _cell(row: dict, model: str, name: str) -> dict:
    axes = defaults(model) | (FAMILIES[model].paper or {})
    axes |= {
        "model": model,
        "layers": int(row["Layers"]),
        "batch_size": int(row["BatchSize"]),
        "conv_size": int(row["ConvSize"]),
    }
    return {
        "cell": cell_name(axes),
        "machine": name,
        "called_batch": PAPER_BATCH,
        **axes,
        "latency_s": row["MeanTime"] / calls_per_pass(PAPER_INPUTS, PAPER_BATCH),
        "pass_mean_s": row["MeanTime"],
    }


@dataclass(frozen=True)
class Plan:
    """The analysis plan of the configuration: coverage of intervals, bootstraps, primary tests,
    the grid to predict, the longest call (ms), the seed, the price of an hour; of a sampled study
    its grid, and the names of the cells that are not timed and of those that check the others."""

    confidence: float
    bootstrap: int
    primary: Sequence[str]
    predict: dict | list[dict] | None
    latency_ms: float | None
    seed: int
    price_per_hour: float | None = None
    grid: dict | list[dict] | None = None
    unsampled: Sequence[str] = ()
    checks: Sequence[str] = ()

    @property
    def asked(self) -> dict[str, Cell]:
        """The cells of `predict` by name."""
        return grid_cells(self.predict or [])

    @property
    def left_out(self) -> dict[str, Cell]:
        """The cells that a sample leaves out by name."""
        every = grid_cells(self.grid or [])
        return {name: every[name] for name in self.unsampled}

    def rng(self) -> np.random.Generator:
        """Random numbers that depend on the study's seed alone."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Material:
    """The study's `own` cells, those that only check predictions (`checks`), and `cells` with the
    imported ones under machines of other names.

    `processes` are all that there are; `levelled` the same without what all cells of a machine
    share of a round. `repeats` are the levelled ones as rows like cells, one a process; `runs` has
    a row a cell and round as it was, and imported cells without processes as they are. `work` is
    that of the architectures to predict.
    """

    own: pd.DataFrame
    checks: pd.DataFrame
    cells: pd.DataFrame
    outliers: pd.DataFrame
    processes: pd.DataFrame
    levelled: pd.DataFrame
    repeats: pd.DataFrame
    runs: pd.DataFrame
    imported: tuple[str, ...]
    roofs: pd.DataFrame
    plan: Plan
    work: Work

    @property
    def timed(self) -> pd.DataFrame:
        """The study's own cells and those that only check predictions."""
        return pd.concat([self.own, self.checks], ignore_index=True)


def gather(
    own: Tables, others: Sequence[Tables], roofs: pd.DataFrame, plan: Plan, work: Work
) -> Material:
    """The study's tables and the imported ones, whose names must be free.

    Raises StudyError that names cells without a time, or a name that cannot be used.
    """
    _check_names(own.cells, [other.cells for other in others])
    every = checked(pd.concat([table.cells for table in (own, *others)], ignore_index=True))
    kept_back = every["cell"].isin(plan.checks) & every["machine"].isin(own.cells["machine"])
    cells, checks = every[~kept_back].reset_index(drop=True), every[kept_back]
    processes = pd.concat(
        [table.processes for table in (own, *others) if table.processes is not None],
        ignore_index=True,
    )
    levelled = without_rounds(processes)
    names = tuple(dict.fromkeys(name for other in others for name in other.cells["machine"]))
    hosts = own.cells.drop_duplicates("machine")[["machine", "host"]]
    bare = cells[~cells["machine"].isin(processes["machine"])]
    return Material(
        own=cells[~cells["machine"].isin(names)],
        checks=checks,
        cells=cells,
        outliers=outliers(cells, plan.confidence),
        processes=processes,
        levelled=levelled,
        repeats=process_rows(levelled, cells),
        runs=pd.concat([run_rows(process_rows(processes, cells)), bare], ignore_index=True),
        imported=names,
        roofs=hosts.merge(roofs, on="host").drop(columns="host"),
        plan=plan,
        work=work,
    )


def cells_of(table: pd.DataFrame) -> dict[str, Cell]:
    """The cells of a table by name, with the axes that their families have."""
    found: dict[str, Cell] = {}
    for model, rows in table.groupby("model"):
        known = ["model", *axes_of(str(model))]
        found |= dict(zip(rows["cell"], own_axes(rows)[known].to_dict("records"), strict=True))
    return found


def work_of(cells: pd.DataFrame) -> Work:
    """The work of the study's own architectures by name."""
    own = cells.drop_duplicates("cell").set_index("cell")[list(WORK)].to_dict("index")
    return {
        cell_name(architecture(cell) | {"precision": cell["precision"]}): own[name]
        for name, cell in cells_of(cells).items()
    }


def _check_names(own: pd.DataFrame, tables: list[pd.DataFrame]) -> None:
    """A name stands for one machine: tables of one name must be of different models."""
    taken: set[tuple[str, str]] = set()
    for table in tables:
        pairs = set(zip(table["machine"], table["model"], strict=True))
        names = {name for name, _ in pairs & taken}
        names |= set(own["machine"]) & set(table["machine"])
        if names:
            raise StudyError(
                f"imports: {sorted(names)[0]} already is the name of a machine with such cells; "
                "take another name"
            )
        taken |= pairs
