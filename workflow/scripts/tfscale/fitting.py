"""From the table of cells to the fitted tables and the findings."""

from pathlib import Path

import pandas as pd

from tfscale.atomic import write_text
from tfscale.correlations import correlations
from tfscale.drift import drift
from tfscale.findings import findings
from tfscale.laws import fit_laws
from tfscale.tables import write_csv, write_parquet


def fit(cells_path: str, visits_path: str, confidence: float, folder: str) -> list[str]:
    """Write laws, correlations, drift (Parquet and CSV) and findings.txt; returns the findings."""
    cells = pd.read_parquet(cells_path)
    laws = fit_laws(cells, confidence)
    tables = {
        "laws": laws,
        "correlations": correlations(cells),
        "drift": drift(pd.read_parquet(visits_path), confidence),
    }
    for name, table in tables.items():
        write_parquet(Path(folder, f"{name}.parquet"), table)
        write_csv(Path(folder, f"{name}.csv"), table)
    sentences = findings(cells, laws)
    write_text(Path(folder, "findings.txt"), "\n".join(sentences) + "\n")
    return sentences
