"""The output reference, from results/README.md and the schemas of all tables."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from tfscale.analysis.fit import FINDINGS, FITS
from tfscale.axes import CALL_AXES
from tfscale.files.columns import Column, call_axes
from tfscale.study.outputs import TABLES
from tfscale.tables.cells import (
    CELLS,
    FACTS,
    FLOOR,
    PREDICTIONS,
    ROOFS,
    RUN,
    RUN_MACHINE,
    RUNS,
)

README = Path(__file__).parents[1] / "results" / "README.md"
OUTPUT = """# Output

Written by `make docs` from results/README.md and the schemas in
`analysis/` and `tables/cells.py`; do not edit.

Suffixes of columns name units: `_s` seconds, `_bytes`, `_flop`, `_percent`, `_per_s`. A missing
value is unknown, or was not testable. The tables of a study carry these words themselves:

```python
import pyarrow.parquet as pq

for column in pq.read_schema("results/cells.parquet"):
    print(column.name, column.type, column.metadata[b"what"].decode())
```
"""
OWN = [("<axis>", (None, "an axis of the family, for each parameter of its `build`"))]
STUDYS = {
    "<axes>": [*call_axes(["model"]).items(), *OWN, *call_axes(list(CALL_AXES)).items()],
    "<model axes>": OWN,
}
"""What stands in a table for the axes of a study, which every study has others of."""
TYPES = {"bool": "true or false", "double": "number", "string": "text"}


def output() -> str:
    """The page: every file, and every column of every table."""
    readme = README.read_text(encoding="utf-8")
    files = [line for line in readme.splitlines() if line.startswith("|")]
    lines = [OUTPUT, "## All files\n", *files, "", "## Files of a study\n"]
    merged = {name: column for name, column in RUNS.columns.items() if name not in RUN.columns}
    run = "A row is a process; the axes are those of the cell's own family."
    more = "A row is a process of the study. The columns of a run, and:"
    lines += _table("cells.parquet", "A row is a cell on a machine.", CELLS.columns)
    lines += _table("runs/<cell>/round<r>.parquet", run, RUN.columns)
    lines += _table("runs.parquet", more, merged)
    shapes = "A row is a model, for each batch size and number of threads that it is called with."
    lines += _table("floor.parquet", shapes, FLOOR.columns)
    lines += _table("roofs.parquet", "A row is a number of threads.", ROOFS.columns)
    lines += _table("machine.json", "Keys of the file.", RUN_MACHINE.columns)
    model = "models/<trained model>"
    lines += _table(f"{model}/predictions.parquet", "A row is a test input.", PREDICTIONS.columns)
    lines += _table(f"{model}/facts.json", "Keys of the file.", FACTS.columns)
    lines += ["## Fitted tables\n", "Each also lies there as CSV, with the same columns.\n"]
    lines += _table("fits/findings.parquet", "A row is a finding.", FINDINGS.columns)
    for name, (title, row) in TABLES.items():
        same = next(other for other in FITS if FITS[other] is FITS[name])
        words = f"{title}. A row is {row}."
        if same != name:
            lines += [f"### `fits/{name}.parquet`\n", f"{words} The columns of `{same}`.\n"]
        else:
            lines += _table(f"fits/{name}.parquet", words, FITS[name].columns)
    return "\n".join(lines)


def _table(path: str, words: str, columns: dict[str, Column]) -> Iterator[str]:
    yield f"### `{path}`\n"
    yield f"{words}\n"
    yield "| column | type | what |"
    yield "|---|---|---|"
    for name, (kind, what) in _spelt(columns):
        yield f"| `{name}` | {_type(kind)} | {what} |"
    yield ""


def _spelt(columns: dict[str, Column]) -> Iterable:
    for name, column in columns.items():
        yield from STUDYS.get(name, [(name, column)])


def _type(kind: pa.DataType | None) -> str:
    if kind is None:
        return "as annotated"
    if pa.types.is_dictionary(kind):
        return "text"
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_timestamp(kind):
        return "time (UTC)"
    return "whole number" if pa.types.is_integer(kind) else TYPES[str(kind)]
