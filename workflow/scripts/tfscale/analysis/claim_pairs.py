"""The tests of the paper's claims about two levels of a factor: pairs of cells that match."""

import numpy as np
import pandas as pd
from scipy.stats import t, ttest_1samp

from tfscale.analysis.claim_tests import FEWEST, Found
from tfscale.analysis.design import SHAPE, nominal_batch
from tfscale.analysis.equivalence import equivalence, no_effect
from tfscale.analysis.level_pairs import any_difference, log_ratios
from tfscale.analysis.many_tests import corrected
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import p_words
from tfscale.units import percent


def no_difference(table: pd.DataFrame, alpha: float, factor: str, margin: float) -> Found:
    """Whether a factor makes no difference in any stratum: equivalence in matched slices.

    Supported when TOST stands in every stratum. Rejected when the levels differ (`any_difference`)
    and the greatest ratio's interval lies beyond the margin.
    """
    if factor == "batch_size" and nominal_batch(table):
        return {
            "note": "the batch size never reached the model: "
            f"every call had {table['called_batch'].iloc[0]} examples"
        }
    tests = equivalence(table, 1 - alpha, margin, factors=[factor])
    if tests.empty:
        return {"note": f"{AXIS_WORDS[factor].name} does not vary"}
    row = no_effect(tests).iloc[0]
    if row["verdict"] == "not testable":
        return {"note": "too few matched pairs that scatter"}
    different = any_difference(table, factor)
    if not np.isfinite(different):
        different = tests["p_holm"].min()
    beyond = row["ratio_low"] > 1 + margin or row["ratio_high"] < 1 / (1 + margin)
    rejects = row["verdict"] != "equivalent" and beyond
    found = "supported" if row["verdict"] == "equivalent" else "undetermined"
    return {
        "effect": row["ratio"], "effect_low": row["ratio_low"], "effect_high": row["ratio_high"],
        "p_value": different if rejects else row["p_equivalence"],
        "found": "rejected" if rejects else found,
        "note": f"greatest ratio, {row['base']:g} to {row['level']:g} at {row['stratum']}; "
        f"equivalence at {percent(margin)} {p_words(row['p_equivalence'])}",
    }  # fmt: skip


def faster(table: pd.DataFrame, alpha: float, factor: str, base: float, level: float) -> Found:
    """Whether `level` is faster than `base` in general: on average over the architectures, and
    slower at no number of layers (paired t tests with Holm over those)."""
    if not {base, level} <= set(table[factor]):
        return {"note": f"needs {AXIS_WORDS[factor].name} {base:g} and {level:g}"}
    pairs = log_ratios(table, factor, base, level)
    pairs["ratio"] = pairs["level_log_s"] - pairs["base_log_s"]
    shape = [axis for axis in SHAPE if axis != factor]
    whole = pairs.groupby(shape)["ratio"].mean() if nominal_batch(table) else pairs["ratio"]
    if len(whole) < FEWEST or np.ptp(whole) <= 1e-12:
        return {"note": f"{len(whole)} matched pairs that differ"}
    strata = pairs.groupby("layers")["ratio"]
    scattered = strata.agg(lambda part: len(part) > 1 and np.ptp(part) > 1e-12).astype(bool)
    slower = strata.agg(
        lambda part: (
            ttest_1samp(part, 0, alternative="greater").pvalue
            if len(part) > 1 and np.ptp(part) > 1e-12
            else np.nan
        )
    )
    worst = np.nanmin(corrected(slower)) if scattered.any() else np.nan
    on_average = float(ttest_1samp(whole, 0, alternative="less").pvalue)
    margin = t.ppf(1 - alpha / 2, len(whole) - 1) * whole.std() / np.sqrt(len(whole))
    effect, low, high = np.exp([whole.mean(), whole.mean() - margin, whole.mean() + margin])
    contrary = worst < alpha
    said = ", ".join(f"{np.exp(value):.3g} at {depth}" for depth, value in strata.mean().items())
    return {
        "effect": effect, "effect_low": low, "effect_high": high,
        "p_value": worst if contrary else on_average,
        "found": "rejected" if contrary else "supported",
        "note": f"ratio by layers: {said}" + ("; slower at some" if contrary else ""),
    }  # fmt: skip
