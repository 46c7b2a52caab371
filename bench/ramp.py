"""A machine that slows down by 10 % over a study: the drift test fires, ratios stand."""

import numpy as np
import pandas as pd

from bench.options import Options
from bench.outcome import Outcome, share_at_least
from bench.text_table import text_table
from tfscale.analysis.drift import drift

TITLE = "A ramp of 10 % over a synthetic study: does the drift test fire, do ratios stand?"
CELLS, ROUNDS, VISITS, HOURS, NOISE = 48, 2, 3, 0.6, 0.02
RAMP, PRECISION, STUDIES, CONFIDENCE = 0.1, 0.05, 40, 0.95


def bench(options: Options) -> list[Outcome]:
    """Share of ramped studies in which drift shows, of steady ones in which not, and of ratios."""
    rng = np.random.default_rng(17)
    rows, shares = [], {}
    for name, ramp in {"steady": 0.0, "10 % ramp": RAMP}.items():
        tables = [synthetic(rng, ramp) for _ in range(STUDIES)]
        fits = [fitted(table) for table in tables]
        fired = float(np.mean([low > 0 or high < 0 for _, low, high in fits]))
        stood = float(np.mean([np.mean(ratio_errors(table) <= PRECISION) for table in tables]))
        slope = float(np.median([slope for slope, _, _ in fits]))
        rows.append((name, np.log1p(ramp) / HOURS, slope, 100 * fired, 100 * stood))
        shares[name] = fired, stood
    header = ["study", "true slope /h", "fitted /h", "drift found %", "ratios within 5 %, %"]
    print(text_table(header, rows))
    return [
        share_at_least("ramps found", shares["10 % ramp"][0], 0.95),
        share_at_least("steady studies left alone", 1 - shares["steady"][0], 0.9),
        share_at_least("ratios that stand under the ramp", shares["10 % ramp"][1], 0.95),
    ]


def fitted(visits: pd.DataFrame) -> tuple[float, float, float]:
    """Slope of log latency an hour with its interval; the only place with `drift`."""
    fits = drift(visits, CONFIDENCE).set_index("term").loc["per_hour"]
    return np.log(fits["effect"]), np.log(fits["effect_low"]), np.log(fits["effect_high"])


def synthetic(rng: np.random.Generator, ramp: float) -> pd.DataFrame:
    """The visits of a study in random order, with true latencies in `true_s`."""
    true_s = np.exp(rng.uniform(np.log(3e-4), np.log(3.0), CELLS))
    rows = []
    for round_number in range(1, ROUNDS + 1):
        for cell in rng.permutation(CELLS):
            rows += [(f"cell{cell}", round_number, visit + 1, cell) for visit in range(VISITS)]
    table = pd.DataFrame(rows, columns=["cell", "round", "visit", "number"])
    share = np.arange(len(table)) / (len(table) - 1)
    begin = pd.Timestamp("2026-01-01", tz="UTC")
    table["started"] = begin + pd.to_timedelta(share * HOURS * 3600, unit="s")
    table["order_index"] = table.index // VISITS
    table["machine"], table["disturbed"], table["sentinel"] = "synthetic", False, False
    table["true_s"] = true_s[table.pop("number")]
    noise = np.exp(NOISE * rng.normal(size=len(table)))
    table["p50_s"] = table["true_s"] * (1 + ramp * share) * noise
    return table


def ratio_errors(visits: pd.DataFrame) -> np.ndarray:
    """|ln| error of each cell's latency against the study's typical one."""
    by_cell = visits.groupby("cell")
    errors = np.log(by_cell["p50_s"].median() / by_cell["true_s"].first()).to_numpy()
    return np.abs(errors - np.median(errors))
