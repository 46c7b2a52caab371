"""From the tables of a study to the fitted tables and the findings."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pandas as pd

from tfscale.analysis.columns_fits import FINDINGS, FITS
from tfscale.analysis.findings import findings
from tfscale.analysis.imported import check_imports
from tfscale.analysis.material import Plan, gather
from tfscale.analysis.parts import PARTS
from tfscale.analysis.warned import WARNING
from tfscale.files.atomic import write_text
from tfscale.files.described import typed
from tfscale.files.tables import write_csv, write_parquet
from tfscale.study.fit_tables import TABLES


def fit(
    cells_path: str, visits_path: str, roofs_path: str, imports: list[dict], coverage: float,
    plan: Plan, folder: str, progress: Callable[[str], object] = print,
) -> pd.DataFrame:  # fmt: skip
    """Write every table of `fit_tables` (Parquet, and CSV for people) and the findings; returns
    those. `progress` is told of each part that is done. Raises StudyError on input that cannot be
    analysed."""
    for line in check_imports(imports):
        progress(f"{WARNING}{line}")
    material = gather(
        pd.read_parquet(cells_path), pd.read_parquet(visits_path), pd.read_parquet(roofs_path),
        imports, coverage, plan,
    )  # fmt: skip
    tables: dict[str, pd.DataFrame] = {}
    said: dict[str, list[str]] = {}
    for number, part in enumerate(PARTS, start=1):
        start = monotonic()
        made = part(material, tables)
        tables |= made.tables
        said |= made.sentences
        progress(f"fit {number} of {len(PARTS)}: {part.__name__}, {monotonic() - start:.1f} s")
    for name in TABLES:
        write_parquet(Path(folder, f"{name}.parquet"), typed(name, tables[name], FITS[name]))
        write_csv(Path(folder, f"{name}.csv"), tables[name])
    sentences = findings(material.own, tables["laws"], said)
    write_parquet(Path(folder, "findings.parquet"), typed("findings", sentences, FINDINGS))
    write_text(Path(folder, "findings.txt"), "\n".join(sentences["sentence"]) + "\n")
    return sentences
