"""Time to precision: machine time inside visits against the paper's fixed protocol."""

from math import floor

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, percent, ratio_at_least, ratio_near_one, share_at_least
from bench.study import Study, project_config
from bench.text_table import text_table
from bench.visits import Visits
from tfscale.timing.protocol import calls_per_pass

TITLE = "Time to precision: the study's visits against the paper's protocol on the same cells"
SAMPLES = [("mnist", 0.0), ("mnist", 1.0), ("text", 0.0), ("text", 1.0)]
LONGEST_S, PRECISION, TOLERANCE, LEAST_RATIO, SHARE = 30.0, 0.05, 0.25, 20.0, 0.9


def bench(options: Options) -> list[Outcome]:
    """Measure the paper's protocol on a sample, compute the rest, and compare the totals."""
    study = options.study
    inputs = project_config()["evaluation"]["inputs"]
    passes = study.protocol()["passes"]
    table = precision_table(study.cells, visit_seconds(study.visits), passes, inputs)
    checks = _sample(study, table)
    header = ["model", "cells", "ours s", "paper s", "paper / ours", "half-width ≤ 5 %", "median"]
    groups = [*table.groupby("model"), ("all", table)]
    print(text_table(header, [_summary(str(name), group) for name, group in groups]))
    ratio = table["paper_s"].sum() / table["ours_s"].sum()
    reached = float((table["half_width"] <= PRECISION).mean())
    least_s = least_seconds(table["ours_s"], table["half_width"], _fewest_s(study, table))
    totals = f"{ratio:.2f} ({table['paper_s'].sum():.0f} s / {table['ours_s'].sum():.0f} s)"
    return [
        *checks,
        ratio_at_least("paper / ours, machine time", ratio, LEAST_RATIO, totals),
        share_at_least("cells with half-width ≤ 5 %", reached, SHARE),
        Outcome(
            f"paper / least that {percent(SHARE, 0)} of the cells could cost at this noise",
            f"{table['paper_s'].sum() / least_s:.2f}",
        ),
    ]


def least_seconds(ours_s: pd.Series, half_width: pd.Series, fewest_s: pd.Series) -> float:
    """Seconds of visits, dealt out by an oracle, after which `SHARE` of the cells are precise.

    All one value a cell: the seconds it took, its half-width (missing = it cannot be precise) and
    the seconds of the fewest visits, which every cell gets. An interval narrows with the root of
    its visits. The cells that cost most are left with the fewest.
    """
    wider = half_width.fillna(np.inf).clip(lower=PRECISION) / PRECISION
    more_s = (ours_s * wider**2 - fewest_s).clip(lower=0).sort_values()
    left = floor((1 - SHARE) * len(more_s) + 1e-9)
    return float(fewest_s.sum() + more_s.iloc[: len(more_s) - left].sum())


def _fewest_s(study: Study, table: pd.DataFrame) -> pd.Series:
    """Seconds of the visits that the complete rounds make of every cell."""
    timing = project_config()["timing"]
    made = study.visits.groupby("cell").size().reindex(table["cell"])
    return table["ours_s"] * (timing["rounds"] * timing["visits"] / made).clip(upper=1)


def visit_seconds(visits: pd.DataFrame) -> pd.Series:
    """Seconds of machine time inside the visits, by cell."""
    if "visit_s" in visits:
        return visits.groupby("cell")["visit_s"].sum()
    print("  runs.parquet has no visit_s: taken from loading and calls, without fork and data")
    calls_s = visits["durations_ns"].map(lambda durations: durations.sum() / 1e9)
    return (calls_s + visits["load_s"]).groupby(visits["cell"]).sum()


def precision_table(
    cells: pd.DataFrame, ours_s: pd.Series, passes: int, inputs: int
) -> pd.DataFrame:
    """One row a cell: model, seconds of both protocols, half-width (NaN = no interval)."""
    cells = cells.set_index("cell", drop=False).rename_axis(None)
    calls = passes * cells["batch_size"].map(lambda size: calls_per_pass(inputs, int(size)))
    return pd.DataFrame(
        {
            "cell": cells["cell"],
            "model": cells["model"],
            "ours_s": ours_s.reindex(cells["cell"]).to_numpy(),
            "paper_s": cells["load_s"] + cells["first_call_s"] + calls * cells["latency_s"],
            "half_width": cells["half_width"],
        },
        index=cells["cell"],
    )


def _sample(study: Study, table: pd.DataFrame) -> list[Outcome]:
    """Run the paper's protocol on a few cells and put what it took in the table."""
    cheap = study.cells[table["paper_s"] <= LONGEST_S]
    chosen = list(dict.fromkeys(study.pick(model, rank, cheap) for model, rank in SAMPLES))
    rows, logs = [], []
    with Visits() as visits:
        for cell in chosen:
            computed_s = float(table.loc[cell, "paper_s"])
            measured_s = visits.make(study.request(cell, protocol="paper"))["wall_s"]
            table.loc[cell, "paper_s"] = measured_s
            rows.append((cell, measured_s, computed_s, measured_s / computed_s))
            logs.append(measured_s / computed_s)
    header = ["paper's protocol on", "measured s", "computed s", "measured / computed"]
    print(text_table(header, rows) + "\n")
    typical = float(pd.Series(logs).median())
    return [ratio_near_one("paper's protocol, measured / computed", typical, TOLERANCE)]


def _summary(name: str, group: pd.DataFrame) -> tuple:
    ours_s, paper_s = float(group["ours_s"].sum()), float(group["paper_s"].sum())
    reached = percent(float((group["half_width"] <= PRECISION).mean()))
    middle = percent(float(group["half_width"].median()))
    return name, len(group), ours_s, paper_s, paper_s / ours_s, reached, middle
