"""The output reference, from results/README.md and the schemas of all tables."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tfscale.analysis.fit import FINDINGS, FITS
from tfscale.files.columns import meaning
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
TYPES = {"bool": "true or false", "double": "number", "string": "text"}


def output() -> str:
    """The page: every file, and every column of every table."""
    readme = README.read_text(encoding="utf-8")
    files = [line for line in readme.splitlines() if line.startswith("|")]
    lines = [OUTPUT, "## All files\n", *files, "", "## Files of a study\n"]
    merged = [field for field in RUNS if field.name not in RUN.names]
    lines += _table("cells.parquet", "A row is a cell on a machine.", CELLS)
    lines += _table("runs/<cell>/round<r>.parquet", "A row is a process.", RUN)
    more = "A row is a process of the study. The columns of a run, and:"
    lines += _table("runs.parquet", more, pa.schema(merged))
    lines += _table("floor.parquet", "A row is a shape of input.", FLOOR)
    lines += _table("roofs.parquet", "A row is a number of threads.", ROOFS)
    lines += _table("machine.json", "Keys of the file.", RUN_MACHINE)
    model = "models/<trained model>"
    lines += _table(f"{model}/predictions.parquet", "A row is a test input.", PREDICTIONS)
    lines += _table(f"{model}/facts.json", "Keys of the file.", FACTS)
    lines += ["## Fitted tables\n", "Each also lies there as CSV, with the same columns.\n"]
    lines += _table("fits/findings.parquet", "A row is a finding.", FINDINGS)
    for name, (title, row) in TABLES.items():
        same = next(other for other in FITS if FITS[other] is FITS[name])
        words = f"{title}. A row is {row}."
        if same != name:
            lines += [f"### `fits/{name}.parquet`\n", f"{words} The columns of `{same}`.\n"]
        else:
            lines += _table(f"fits/{name}.parquet", words, FITS[name])
    return "\n".join(lines)


def _table(path: str, words: str, columns: pa.Schema) -> Iterator[str]:
    yield f"### `{path}`\n"
    yield f"{words}\n"
    yield "| column | type | what |"
    yield "|---|---|---|"
    for field in columns:
        yield f"| `{field.name}` | {_type(field.type)} | {meaning(field)} |"
    yield ""


def _type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return "text"
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_timestamp(kind):
        return "time (UTC)"
    return "whole number" if pa.types.is_integer(kind) else TYPES[str(kind)]
