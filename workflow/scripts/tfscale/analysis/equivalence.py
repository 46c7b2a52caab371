"""Statements that a factor makes no difference: tests of equivalence in matched slices."""

from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import t, ttest_1samp
from statsmodels.stats.weightstats import ttost_paired

from tfscale.analysis.design import PASS, SHAPE, by_model, effective, nominal_batch
from tfscale.analysis.level_pairs import log_ratios
from tfscale.analysis.many_tests import corrected
from tfscale.axes import FACTORS
from tfscale.axis_words import AXIS_WORDS

MARGIN = 0.10
COLUMNS = (
    "machine", "model", "factor", "base", "level", "stratum", "pairs", "ratio", "ratio_low",
    "ratio_high", "p_equivalence", "p_difference", "p_holm", "margin", "verdict",
)  # fmt: skip
ALL = "all"


def equivalence(
    cells: pd.DataFrame, confidence: float, margin: float = MARGIN, time: str = PASS,
    factors: Collection[str] = FACTORS,
) -> pd.DataFrame:  # fmt: skip
    """One row a machine, model, factor, pair of neighbouring levels (and the two ends) and stratum.

    Cells that differ in nothing but the factor are matched; `ratio` is the geometric mean of time
    at `level` over that at `base`. A stratum holds layers (for the factor layers, the convolution
    size) fixed: effects of opposite sign may cancel in all cells together. Pairs of one
    architecture that differ in a batch size which never reached the model are averaged first in
    the stratum `all`. p_equivalence is TOST's (Schuirmann 1987) against 1 / (1 + margin) to
    1 + margin, p_difference the paired t test's, p_holm the same over the rows of the factor; the
    interval has the coverage that goes with TOST, 1 - 2 alpha. Verdict: equivalent, different
    (p_holm < alpha and not equivalent), undetermined, not testable.
    """
    rows = []
    for machine, model, table in by_model(cells, time):
        for factor in [axis for axis in effective(table) if axis in factors]:
            head = {"machine": machine, "model": model, "factor": factor, "margin": margin}
            found = pd.DataFrame(_factor(table, factor, 1 - confidence, margin))
            found["p_holm"] = corrected(found["p_difference"])
            found["verdict"] = [_verdict(row, 1 - confidence) for _, row in found.iterrows()]
            rows += [head | row for row in found.to_dict("records")]
    return pd.DataFrame(rows, columns=COLUMNS)


def no_effect(table: pd.DataFrame) -> pd.DataFrame:
    """One row a machine, model and factor: whether the factor makes no difference anywhere.

    Equivalent when every row is (intersection-union: no correction), different when one is; the
    effect shown is that of the greatest difference.
    """
    rows = []
    for keys, group in table.groupby(["machine", "model", "factor"], sort=False):
        made = group[group["verdict"] != "not testable"]
        said = set(made["verdict"])
        verdict = "undetermined"
        if not said:
            verdict = "not testable"
        elif "different" in said:
            verdict = "different"
        elif said == {"equivalent"}:
            verdict = "equivalent"
        worst = made[made["verdict"] == "different"] if verdict == "different" else made
        sized = worst["ratio"].where(worst["pairs"] > 1)
        place = np.log(sized).abs().idxmax() if sized.notna().any() else group.index[0]
        row = table.loc[place].to_dict() | {"verdict": verdict}
        row["p_equivalence"] = made["p_equivalence"].max() if len(made) else np.nan
        rows.append(dict(zip(("machine", "model", "factor"), keys, strict=True)) | row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _factor(table: pd.DataFrame, factor: str, alpha: float, margin: float) -> list[dict]:
    levels = sorted(table[factor].unique().tolist())
    steps = list(pairwise(levels)) + ([(levels[0], levels[-1])] if len(levels) > 2 else [])
    held = "conv_size" if factor == "layers" else "layers"
    rows = []
    for base, level in steps:
        pairs = log_ratios(table, factor, base, level)
        whole = pairs
        if nominal_batch(table):
            shape = [axis for axis in SHAPE if axis != factor]
            whole = pairs.groupby(shape, as_index=False)[["base_log_s", "level_log_s"]].mean()
        parts = [(ALL, whole)]
        if pairs[held].nunique() > 1:
            parts += [(f"{AXIS_WORDS[held].name} {v}", part) for v, part in pairs.groupby(held)]
        for stratum, part in parts:
            rows.append(
                {"base": base, "level": level, "stratum": stratum, "pairs": len(part)}
                | tost(part["base_log_s"], part["level_log_s"], alpha, margin)
            )
    return rows


def tost(base: pd.Series, level: pd.Series, alpha: float, margin: float) -> dict:
    """Ratio, interval (1 - 2 alpha) and both p-values of paired logarithms of time; NaN with fewer
    than two pairs, and no p-value where all pairs agree exactly."""
    ratio = level.to_numpy() - base.to_numpy()
    found = dict.fromkeys(
        ("ratio", "ratio_low", "ratio_high", "p_equivalence", "p_difference"), np.nan
    )
    if not len(ratio):
        return found
    found["ratio"] = float(np.exp(ratio.mean()))
    if len(ratio) < 2 or np.ptp(ratio) <= 1e-12:
        return found
    bound = np.log1p(margin)
    half = t.ppf(1 - alpha, len(ratio) - 1) * ratio.std(ddof=1) / np.sqrt(len(ratio))
    return found | {
        "ratio_low": float(np.exp(ratio.mean() - half)),
        "ratio_high": float(np.exp(ratio.mean() + half)),
        "p_equivalence": float(ttost_paired(level.to_numpy(), base.to_numpy(), -bound, bound)[0]),
        "p_difference": float(ttest_1samp(ratio, 0).pvalue),
    }


def _verdict(row: pd.Series, alpha: float) -> str:
    if not np.isfinite(row["p_equivalence"]):
        return "not testable"
    if row["p_equivalence"] < alpha:
        return "equivalent"
    return "different" if row["p_holm"] < alpha else "undetermined"
