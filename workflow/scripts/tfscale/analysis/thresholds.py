"""The places past which time grows otherwise than before, one sweep along one factor a row.

A threshold is claimed when a break beats a + b x by the sup-F test, beats every smooth a + c x^p
by a bootstrap of its own and by more than 2 in BIC, and changes the time by 10 % or more.
"""

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from tfscale.analysis.broken import Broken, best_break
from tfscale.analysis.detectable import smallest_jump
from tfscale.analysis.regimes import Sweep, null_gains, place_interval
from tfscale.analysis.slicing import checked
from tfscale.analysis.sweeps import sweep_of, sweep_rows
from tfscale.units import percent, three

FACTORS = ("batch_size", "layers", "conv_size", "input_size")
FEWEST_LEVELS = 6
TABLES = 999
DECISIVE = 2.0
LEAST_CHANGE = 0.1
COLUMNS = (
    "machine", "model", "factor", "slice", "x", "levels", "noise", "statistic", "statistic_limit",
    "p_value", "p_smooth", "q_value", "bic_advantage", "kind", "place", "place_low", "place_high",
    "slope_before_s", "slope_after_s", "jump", "change", "smallest_jump_found", "verdict", "reason",
)  # fmt: skip


def thresholds(
    cells: pd.DataFrame,
    visits: pd.DataFrame | None,
    confidence: float,
    rng: np.random.Generator,
    tables: int = TABLES,
) -> pd.DataFrame:
    """One row a machine, model, factor and slice in which the factor varies.

    `x` is what the sweep runs along: batch_size (examples a call) or flop_per_call. `noise` is the
    relative error of a point. `statistic` is sup-F of a break against a + b x, `statistic_limit`
    what chance alone lets it reach at that confidence and `p_value` its p, `p_smooth` that of what
    the break gains over the best a + c x^p, all from `tables` bootstrap tables; `bic_advantage` is
    over a x^p and a + c x^p; `q_value` corrects the larger p for the number of sweeps (Benjamini
    and Hochberg 1995), and a break that does not survive it is undetermined. `place` is an x, with
    its interval. Slopes are seconds for one more x. `jump` is the relative change of time at the
    place itself, `change` the largest one at any level after it. `smallest_jump_found` is the
    smallest sudden relative change
    that such a sweep finds in 19 of 20 cases; NaN if it misses even a tripling, or has a threshold.
    Verdicts: threshold, no threshold, undetermined, not testable. Raises StudyError on latencies
    that are no times.
    """
    rows = []
    for (machine, model), table in checked(cells).groupby(["machine", "model"], sort=False):
        for factor in FACTORS:
            x = "batch_size" if factor == "batch_size" else "flop_per_call"
            for name, part in sweep_rows(table, visits, factor):
                head = {"machine": machine, "model": model, "factor": factor, "slice": name, "x": x}
                rows.append(head | _tested(part, confidence, rng, tables))
    found = pd.DataFrame(rows, columns=COLUMNS)
    tested = found["p_value"].notna()
    if tested.any():
        worst = found.loc[tested, ["p_value", "p_smooth"]].astype(float).max(axis=1)
        found.loc[tested, "q_value"] = multipletests(worst, method="fdr_bh")[1]
        chance = (found["verdict"] == "threshold") & (found["q_value"] > 1 - confidence)
        found.loc[chance, "reason"] += f"; one of {tested.sum()} sweeps may show that by chance"
        found.loc[chance, "verdict"] = "undetermined"
    return found


def _tested(rows: pd.DataFrame, confidence: float, rng: np.random.Generator, tables: int) -> dict:
    levels = rows["x"].nunique()
    if levels >= FEWEST_LEVELS:
        return threshold(sweep_of(rows), confidence, rng, tables)
    reason = f"{levels} levels, {FEWEST_LEVELS} are needed"
    if levels == 1:
        reason = (
            f"every call was the same (x = {three(rows['x'].iloc[0])}), whatever the table says"
        )
    return {"levels": levels, "verdict": "not testable", "reason": reason}


def threshold(
    sweep: Sweep, confidence: float, rng: np.random.Generator, tables: int = TABLES
) -> dict:
    """All that a sweep of six points or more says of a threshold: columns levels to reason of
    `thresholds`, but q_value."""
    gains = [float(gain) for gain in sweep.gains(sweep.response, sweep.noise)]
    nulls = null_gains(sweep, tables, rng)
    line_p, curve_p = (
        float((1 + (null >= gain).sum()) / (tables + 1))
        for null, gain in zip(nulls, gains, strict=True)
    )
    advantage = float(sweep.advantage(sweep.response))
    found, place = best_break(sweep), place_interval(sweep, confidence)
    bent, broken = line_p <= 1 - confidence, max(line_p, curve_p) <= 1 - confidence
    smallest = float("nan")
    if broken and advantage > DECISIVE:
        verdict, reason = _broken(found, *place, sweep.noise_level())
    else:
        limits = tuple(float(np.quantile(null, confidence)) for null in nulls)
        smallest = smallest_jump(sweep, limits, DECISIVE, rng)
        verdict, reason = _smooth(bent, advantage, smallest)
    return {
        "levels": sweep.count, "noise": sweep.noise_level(), "statistic": gains[0],
        "statistic_limit": float(np.quantile(nulls[0], confidence)),
        "p_value": line_p, "p_smooth": curve_p, "bic_advantage": advantage, "kind": found.kind,
        "place": found.place, "place_low": place[0], "place_high": place[1],
        "slope_before_s": found.slope_before_s, "slope_after_s": found.slope_after_s,
        "jump": found.jump, "change": found.change, "smallest_jump_found": smallest,
        "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _broken(found: Broken, low: float, high: float, noise: float) -> tuple[str, str]:
    """Verdict and reason where a break beats all smooth forms."""
    if found.change < LEAST_CHANGE <= noise:
        return "undetermined", f"a break within a noise of {percent(noise)}"
    if found.change < LEAST_CHANGE:
        return (
            "no threshold",
            f"a break of {percent(found.change, 1)}, less than {percent(LEAST_CHANGE)}",
        )
    return "threshold", f"between {three(low)} and {three(high)} {found.words()}"


def _smooth(bent: bool, advantage: float, smallest: float) -> tuple[str, str]:
    """Verdict and reason where none does: `bent` if one beats overhead + work."""
    if np.isnan(smallest):
        missed, verdict = "even a tripling would often have been missed", "undetermined"
    else:
        missed = f"a sudden {percent(smallest)} would have been found 19 times in 20"
        verdict = "no threshold"
    if bent and advantage > -DECISIVE:
        return "undetermined", f"a threshold or a smooth curve; {missed}"
    return verdict, f"{'a smooth curve' if bent else 'overhead + work'} explains it; {missed}"
