"""How the time of a pass goes with each factor: the paper's Pearson matrix, and two more."""

import numpy as np
import pandas as pd

from tfscale.axes import FACTORS

TIME = "pass_mean_s"


def varying(cells: pd.DataFrame) -> list[str]:
    """The factors that have more than one level in these cells."""
    return [factor for factor in FACTORS if cells[factor].nunique() > 1]


def pearson_matrix(cells: pd.DataFrame) -> pd.DataFrame:
    """The paper's heat map: Pearson correlations of the varying factors and the pass time."""
    return cells[[*varying(cells), TIME]].corr()


def correlations(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a model and factor: Pearson, Spearman, and Pearson of the logarithms."""
    rows = []
    for (machine, model), table in cells.groupby(["machine", "model"], sort=False):
        for factor in varying(table):
            pair = table[[factor, TIME]].astype(float)
            rows.append(
                {
                    "machine": machine,
                    "model": model,
                    "factor": factor,
                    "pearson": pair.corr().iloc[0, 1],
                    "spearman": pair.corr(method="spearman").iloc[0, 1],
                    "pearson_log": np.log(pair).corr().iloc[0, 1],
                }
            )
    columns = ["machine", "model", "factor", "pearson", "spearman", "pearson_log"]
    return pd.DataFrame(rows, columns=columns)
