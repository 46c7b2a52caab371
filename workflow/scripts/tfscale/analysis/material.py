"""What the analysis works on: own and imported tables, the plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfscale.analysis.scatter import outliers, without
from tfscale.analysis.statistics import visit_rows
from tfscale.axes import cell_name, defaults
from tfscale.errors import StudyError
from tfscale.files.checksums import sha256_of
from tfscale.files.parquet import check_import
from tfscale.study.work import work_columns
from tfscale.tables.latency import cells_of, latencies
from tfscale.timing.protocol import calls_per_pass
from tfscale.timing.run_file import RAW

PAPER_COLUMNS = ["Layers", "BatchSize", "ConvSize", "TotalTime", "MeanTime"]
PAPER_BATCH = 32
"""Keras' default: the paper's batch size never reached `predict`, which therefore used this one."""
PAPER_INPUTS = 2000
INPUT_SIZES = {"mnist": 28, "text": 56}
VOCABULARY = {"mnist": 0, "text": 18_765}


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


def imported_cells(path: str, name: str, model: str | None, coverage: float) -> pd.DataFrame:
    """The cells of one entry of `imports`: a CSV file of the paper, or a runs.parquet.

    Raises StudyError that names the file and what is wrong with it.
    """
    if path.endswith(".csv"):
        return paper_cells(path, str(model), name)
    return study_cells(path, name, coverage)


def study_cells(path: str, name: str, coverage: float) -> pd.DataFrame:
    """One row a cell of another study's runs.parquet, with axes, work and latency.

    `machine` is `name`, with the other study's own machine behind it where it has several.
    """
    try:
        names = [name for name in pq.read_schema(path).names if name not in (*RAW, "environment")]
        visits = pq.read_table(path, columns=names).to_pandas()
        if "left_because" not in visits:  # a study of before it was recorded
            visits["left_because"] = None
        timed = latencies(visits, path, coverage)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise StudyError(f"{path}: not the runs.parquet of a study: {error} (imports)") from None
    several = timed["machine"].nunique() > 1
    work = [work_columns(axes, VOCABULARY[axes["model"]]) for axes in cells_of(timed)]
    return pd.concat([timed.drop(columns="host"), pd.DataFrame(work)], axis=1).assign(
        machine=name + " " + timed["machine"] if several else name,
        called_batch=timed["batch_size"],
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
    """`cells` are the study's own and, under machines of other names, the imported ones; `both`
    has a second copy, without its outliers, of every machine that has some. `repeats` are the
    clean visits as rows like cells."""

    own: pd.DataFrame
    cells: pd.DataFrame
    both: pd.DataFrame
    outliers: pd.DataFrame
    visits: pd.DataFrame
    both_visits: pd.DataFrame
    repeats: pd.DataFrame
    imported: tuple[str, ...]
    roofs: pd.DataFrame
    plan: Plan


def gather(
    own: pd.DataFrame, visits: pd.DataFrame, roofs: pd.DataFrame, imports: Collection[dict],
    coverage: float, plan: Plan,
) -> Material:  # fmt: skip
    """The study's tables and those of `imports` (path, name, model), whose names must be free.

    Raises StudyError that names a file or name that cannot be used.
    """
    tables = [
        imported_cells(entry["path"], entry["name"], entry.get("model"), coverage)
        for entry in imports
    ]
    _check_names(own, tables)
    cells = pd.concat([own, *tables], ignore_index=True)
    imported = tuple(dict.fromkeys(name for table in tables for name in table["machine"]))
    flagged = outliers(cells, plan.confidence, imported)
    hosts = own.drop_duplicates("machine")[["machine", "host"]]
    return Material(
        own=own,
        cells=cells,
        both=with_and_without(cells, flagged),
        outliers=flagged,
        visits=visits,
        both_visits=pd.concat([visits, _renamed(visits, flagged)], ignore_index=True),
        repeats=visit_rows(visits, own),
        imported=imported,
        roofs=hosts.merge(roofs, on="host").drop(columns="host"),
        plan=plan,
    )


def with_and_without(cells: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
    """The cells, and those of machines with outliers once more without them, under a machine of
    its own: so both fits are shown."""
    return pd.concat([cells, _renamed(without(cells, flagged), flagged)], ignore_index=True)


def _renamed(rows: pd.DataFrame, flagged: pd.DataFrame) -> pd.DataFrame:
    own = rows[rows["machine"].isin(flagged["machine"])]
    return own.assign(machine=own["machine"] + " without outliers")


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
