"""What the analysis works on: the study's tables, tables from elsewhere, and the plan."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfscale.analysis.imported import imported_cells
from tfscale.analysis.outliers import outliers, without
from tfscale.analysis.repeats import visit_rows
from tfscale.errors import StudyError


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
