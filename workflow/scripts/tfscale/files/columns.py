"""A table's schema with the meaning of each column; conform a frame to it.

The modules that make the tables hold them, docs/reference writes docs/output.md from them, and
`typed` refuses to write a table that says anything else.
"""

import pandas as pd
import pyarrow as pa

from tfscale.axes import AXES
from tfscale.words import AXIS_WORDS

Column = tuple[pa.DataType, str]
"""The type of a column and what it holds; the suffix of its name is its unit."""
_KINDS = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}


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


def axes(*names: str) -> dict[str, Column]:
    """The columns of these axes; of all without a name."""
    chosen = names or tuple(AXES)
    return {name: (_KINDS[AXES[name].kind], f"axis: {AXIS_WORDS[name].label}") for name in chosen}


def bounded(name: str, what: str, suffix: str = "") -> dict[str, Column]:
    """A number and the two ends of its interval: `name`, `name_low`, `name_high`, each with the
    unit's `suffix`."""
    return {
        f"{name}{suffix}": number(what),
        f"{name}_low{suffix}": number(f"lower end of the interval of `{name}{suffix}`"),
        f"{name}_high{suffix}": number(f"upper end of the interval of `{name}{suffix}`"),
    }


def described(columns: dict[str, Column]) -> pa.Schema:
    """The schema of a table; what a column holds is its field's metadata `what`."""
    return pa.schema(
        [pa.field(name, kind, metadata={"what": what}) for name, (kind, what) in columns.items()]
    )


def meaning(field: pa.Field) -> str:
    """What a column holds; raises KeyError where nobody said it."""
    return (field.metadata or {})[b"what"].decode()


def typed(name: str, table: pd.DataFrame | pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the types of its schema, ready to be written.

    Raises ValueError that names the columns in which the two differ: then the code that makes the
    table, or its schema beside it, has to change.
    """
    made = list(table.column_names if isinstance(table, pa.Table) else table.columns)
    if made != schema.names:
        new, gone = set(made) - set(schema.names), set(schema.names) - set(made)
        parts = [f"not described: {', '.join(sorted(new))}"] if new else []
        parts += [f"described but not there: {', '.join(sorted(gone))}"] if gone else []
        why = "; ".join(parts) or f"another order: {', '.join(made)}"
        raise ValueError(
            f"the table {name} differs from its schema, beside the code that makes it: {why}"
        )
    if isinstance(table, pa.Table):
        return table.cast(schema)
    return pa.Table.from_pandas(table, schema=schema, preserve_index=False)
