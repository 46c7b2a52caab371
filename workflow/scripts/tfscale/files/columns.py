"""Describe the columns of a table, and write no table that differs from its description.

docs/output.md is written from the descriptions.

>>> table = Described(bounded("latency", "a call", "_s"))
>>> table.names, meaning(table.schema.field("latency_s"))
(['latency_s', 'latency_low_s', 'latency_high_s'], 'a call')
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from tfscale.axes import AXES, SHAPES
from tfscale.words import axis_label

Column = tuple[pa.DataType, str]
"""The type of a column and what it holds; the suffix of its name is its unit."""
_KINDS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_STUDYS = {"<axes>": AXES, "<model axes>": SHAPES}
"""Stand for the axes of the study, which are known only when a table is made."""


def text(what: str) -> Column:
    """A column of words."""
    return pa.string(), what


def number(what: str) -> Column:
    """A column of numbers; missing ones are unknown or not testable."""
    return pa.float64(), what


def count(what: str) -> Column:
    """A column of whole numbers; missing ones are unknown or not testable."""
    return pa.int64(), what


def flag(what: str) -> Column:
    """A column of truth values."""
    return pa.bool_(), what


def axes() -> dict[str, Column]:
    """The columns of every axis of the study."""
    return {"<axes>": text("the axes of the study")}


def model_axes() -> dict[str, Column]:
    """The columns of the axes that shape the models of the study."""
    return {"<model axes>": text("the model axes of the study")}


def call_axes(names: Sequence[str]) -> dict[str, Column]:
    """The columns of axes that every study has."""
    return {name: _axis(name) for name in names}


def _axis(name: str) -> Column:
    return _KINDS[AXES[name].kind], f"axis: {axis_label(name)}"


def bounded(name: str, what: str, suffix: str = "") -> dict[str, Column]:
    """A number and the two ends of its interval: `name`, `name_low`, `name_high`, each with the
    unit's `suffix`."""
    return {
        f"{name}{suffix}": number(what),
        f"{name}_low{suffix}": number(f"lower end of the interval of `{name}{suffix}`"),
        f"{name}_high{suffix}": number(f"upper end of the interval of `{name}{suffix}`"),
    }


@dataclass(frozen=True)
class Described:
    """The columns of a table, in order; the study's axes stand where `axes` put them."""

    columns: dict[str, Column]

    @property
    def known(self) -> dict[str, Column]:
        """Every column by name with those of the study's axes."""
        found: dict[str, Column] = {}
        for name, column in self.columns.items():
            found |= (
                {axis: _axis(axis) for axis in _STUDYS[name]} if name in _STUDYS else {name: column}
            )
        return found

    @property
    def names(self) -> list[str]:
        """The names of all columns."""
        return list(self.known)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; what a column holds is its field's metadata `what`."""
        return pa.schema(
            [
                pa.field(name, kind, metadata={"what": what})
                for name, (kind, what) in self.known.items()
            ]
        )


def meaning(field: pa.Field) -> str:
    """What a column holds; raises KeyError where nobody said it."""
    return (field.metadata or {})[b"what"].decode()


def typed(name: str, table: pd.DataFrame | pa.Table, columns: Described) -> pa.Table:
    """The table with the types of its description, ready to be written.

    Raises ValueError that names the columns of both where they differ: then the code that makes
    the table, or its description, has to change.
    """
    schema = columns.schema
    made = list(table.column_names if isinstance(table, pa.Table) else table.columns)
    if made != schema.names:
        raise ValueError(f"the table {name} has {made}, its description {schema.names}")
    if isinstance(table, pa.Table):
        return table.cast(schema)
    return pa.Table.from_pandas(table, schema=schema, preserve_index=False)
