"""Everything that the page's scripts read, in one block of data."""

import pandas as pd

from tfscale.report.page_cells import explorer_axes, explorer_columns
from tfscale.report.page_laws import law_curves
from tfscale.report.page_visits import MOST_CELLS, histograms, visit_rows


def explorer_data(
    cells: pd.DataFrame,
    visits: pd.DataFrame,
    runs_path: str,
    laws: pd.DataFrame,
    shown_models: dict[str, dict],
    places: dict[str, str],
) -> dict[str, object]:
    """Cells (as `described`), visits, laws and trained models of the study; `places` has the folder
    of results and the command that times a cell again.

    Above 2,000 cells single visits and histograms are left out: the page stays small, and the
    files have them.
    """
    small = len(cells) <= MOST_CELLS
    return {
        "axes": explorer_axes(cells),
        "cells": explorer_columns(cells),
        "visits": visit_rows(cells, visits) if small else None,
        "histograms": histograms(cells, runs_path) if small else None,
        "laws": law_curves(laws, cells),
        "shapes": shapes_of(cells),
        **shown_models,
        **places,
    }


def shapes_of(cells: pd.DataFrame) -> dict[str, str]:
    """The name of the encoded data that each trained model reads."""
    return {
        row["trained"]: f"{row['model']}_input{row['input_size']}"
        for row in cells[["trained", "model", "input_size"]].to_dict("records")
    }
