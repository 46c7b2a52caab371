"""What the analysis works on: own and imported tables, the plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tfscale.analysis.scatter import outliers
from tfscale.analysis.slices import checked, without_rounds
from tfscale.analysis.statistics import process_rows, run_rows
from tfscale.axes import cell_name, defaults
from tfscale.errors import StudyError
from tfscale.files.checksums import sha256_of
from tfscale.files.parquet import check_import
from tfscale.study.work import work_columns
from tfscale.tables.latency import cells_of, latencies, read_processes
from tfscale.timing.protocol import calls_per_pass

PAPER_COLUMNS = ["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]
PAPER_BATCH = 32
"""Keras' default: the paper's batch size never reached `predict`, which therefore used this one."""
PAPER_INPUTS = 2000
INPUT_SIZES = {"mnist": 28, "text": 56}
VOCABULARY = {"mnist": 0, "text": 18_765}


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


def imported(imports: Collection[dict], coverage: float) -> list[Tables]:
    """The tables of each entry of `imports` (path, name, model): of a CSV file of the paper its
    cells, of another study's runs.parquet its cells and processes.

    Raises StudyError that names the file and what is wrong with it.
    """
    return [
        Tables(paper_cells(entry["path"], str(entry.get("model")), entry["name"]))
        if entry["path"].endswith(".csv")
        else study_tables(entry["path"], entry["name"], coverage)
        for entry in imports
    ]


def study_tables(path: str, name: str, coverage: float) -> Tables:
    """The cells of another study's runs.parquet, with axes, work, latency and the time of the
    paper's 2,000 inputs, and its processes.

    `machine` is `name`, with the other study's own machine behind it where it has several.
    """
    try:
        processes = read_processes(path)
        timed = latencies(processes, path, coverage)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise StudyError(f"{path}: not the runs.parquet of a study: {error} (imports)") from None
    work = [work_columns(axes, VOCABULARY[axes["model"]]) for axes in cells_of(timed)]
    calls = calls_per_pass(PAPER_INPUTS, timed["batch_size"])
    cells = pd.concat([timed.drop(columns="host"), pd.DataFrame(work)], axis=1).assign(
        called_batch=timed["batch_size"], pass_mean_s=timed["latency_s"] * calls
    )
    several = cells["machine"].nunique() > 1
    return Tables(
        *(
            table.assign(machine=name + " " + table["machine"] if several else name)
            for table in (cells, processes)
        )
    )


def paper_cells(path: str, model: str, name: str) -> pd.DataFrame:
    """One row a row of the paper's CSV, with the columns of `cells.parquet` that it can fill.

    `machine` is `name`. batch_size is what the table says, called_batch what the calls really
    had; latency_s is the time of one call, MeanTime over the calls of a pass. Raises StudyError
    that names the file and what is wrong with it.
    """
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
    return pd.DataFrame([_cell(row, model, name) for row in table.to_dict("records")])


def _cell(row: dict, model: str, name: str) -> dict:
    axes = defaults() | {
        "model": model,
        "layers": int(row["Layers"]),
        "batch_size": int(row["BatchSize"]),
        "conv_size": int(row["ConvSize"]),
        "input_size": INPUT_SIZES[model],
    }
    return (
        {"cell": cell_name(axes), "machine": name, "called_batch": PAPER_BATCH}
        | axes
        | work_columns(axes, VOCABULARY[model])
        | {
            "latency_s": row["MeanTime"] / calls_per_pass(PAPER_INPUTS, PAPER_BATCH),
            "pass_mean_s": row["MeanTime"],
        }
    )


@dataclass(frozen=True)
class Plan:
    """The analysis plan of the configuration: coverage of intervals, bootstraps, primary tests,
    the grid to predict, the longest call (ms) and the seed."""

    confidence: float
    bootstrap: int
    primary: Sequence[str]
    predict: dict | list[dict] | None
    latency_ms: float | None
    seed: int

    def rng(self) -> np.random.Generator:
        """Random numbers that depend on the study's seed alone."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Material:
    """The study's `own` cells, and `cells` with the imported ones under machines of other names.

    `processes` are all that there are; `levelled` the same without what all cells of a machine
    share of a round. `repeats` are the levelled ones as rows like cells, one a process; `runs` has
    a row a cell and round as it was, and imported cells without processes as they are.
    """

    own: pd.DataFrame
    cells: pd.DataFrame
    outliers: pd.DataFrame
    processes: pd.DataFrame
    levelled: pd.DataFrame
    repeats: pd.DataFrame
    runs: pd.DataFrame
    imported: tuple[str, ...]
    roofs: pd.DataFrame
    plan: Plan


def gather(own: Tables, others: Sequence[Tables], roofs: pd.DataFrame, plan: Plan) -> Material:
    """The study's tables and the imported ones, whose names must be free.

    Raises StudyError that names cells without a time, or a name that cannot be used.
    """
    _check_names(own.cells, [other.cells for other in others])
    cells = checked(pd.concat([table.cells for table in (own, *others)], ignore_index=True))
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
        cells=cells,
        outliers=outliers(cells, plan.confidence),
        processes=processes,
        levelled=levelled,
        repeats=process_rows(levelled, cells),
        runs=pd.concat([run_rows(process_rows(processes, cells)), bare], ignore_index=True),
        imported=names,
        roofs=hosts.merge(roofs, on="host").drop(columns="host"),
        plan=plan,
    )


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
