"""From the table of cells to the fitted tables and the findings."""

from pathlib import Path

import pandas as pd

from tfscale import merging
from tfscale.atomic import write_text
from tfscale.correlations import correlations
from tfscale.findings import findings
from tfscale.laws import fit_laws


def fit(cells_path: str, confidence: float, folder: str) -> list[str]:
    """Write laws, correlations (Parquet and CSV) and findings.txt; returns the findings."""
    cells = pd.read_parquet(cells_path)
    laws = fit_laws(cells, confidence)
    for name, table in {"laws": laws, "correlations": correlations(cells)}.items():
        merging.write(Path(folder, f"{name}.parquet"), table)
        write_text(Path(folder, f"{name}.csv"), table.to_csv(index=False))
    sentences = findings(cells, laws)
    write_text(Path(folder, "findings.txt"), "\n".join(sentences) + "\n")
    return sentences
