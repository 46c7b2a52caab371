"""The columns of the tables of laws: type and what each holds."""

from tfscale.files.described import bounded, count, described, flag, number, text

LAWS = described(
    {
        "machine": text("machine; with `without outliers` behind it, the same without them"),
        "model": text("model"),
        "factor": text("axis along which time grows"),
        "slice": text("the other axes' values, or `pooled`: all slices, each on its own scale"),
        "law": text("name of the law"),
        "formula": text("the law, with intercept a, slope b and shape c"),
        "paper": flag("the paper's log-scaling regression"),
        "cells": count("cells of the fit"),
        "slices": count("slices, each with a scale of its own"),
        "levels": count("levels of the factor"),
        "intercept": number("a of the formula, for time relative to its slice's geometric mean"),
        **bounded("slope", "b of the formula; of a power law the elasticity"),
        "shape": number("c of the formula, where it has one"),
        **bounded("ratio", "time at the highest level over that at the lowest"),
        "lowest": number("lowest level (of the batch, that of the calls)"),
        "highest": number("highest level"),
        "p_value": number("F test against no effect of the factor"),
        "r_squared": number("share of the variance of ln time within slices"),
        "slices_differ_p": number("F test that all slices have one shape"),
        "lack_of_fit_p": number("F test that the law misses the levels' means"),
        "lack_of_fit_error": text("where the pure error of the lack of fit comes from"),
        "held_out_error": number("root mean square of ln(time / predicted), a level left out"),
        "aicc": number("corrected Akaike criterion"),
        "delta_aicc": number("AICc over that of the best competing law"),
        "weight": number("Akaike weight among the competing laws"),
        "wins": number("share of the resampled tables in which the law has the lowest AICc"),
        "verdict": text("of the factor: a law, undetermined, none fits, or not testable"),
        "fate": text("of this law: named, possible, set aside or rejected, and why"),
    }
)
"""A row a machine, model, factor and law; of `slice_laws` also a slice."""

ELASTICITIES = described(
    {
        "machine": text("machine"),
        "model": text("model"),
        "factor": text("axis"),
        "slice": text("the other axes' values, or `pooled`"),
        "x_low": number("lower of the two neighbouring levels"),
        "x_high": number("upper of the two neighbouring levels"),
        **bounded("elasticity", "d ln time / d ln factor: per cent of time a per cent of factor"),
        "slices": count("slices that are pooled"),
        "interval": text("where the interval comes from: slices, replicates or none"),
    }
)

CORRELATIONS = described(
    {
        "machine": text("machine"),
        "model": text("model"),
        "factor": text("axis"),
        "pearson": number("Pearson correlation with the time of a pass, as in the paper"),
        "spearman": number("Spearman rank correlation"),
        "pearson_log": number("Pearson correlation of the logarithms"),
    }
)

THRESHOLDS = described(
    {
        "machine": text("machine"),
        "model": text("model"),
        "factor": text("axis of the sweep"),
        "slice": text("the other axes' values"),
        "x": text("what the sweep runs along: batch_size (examples a call) or flop_per_call"),
        "levels": count("levels of the sweep"),
        "noise": number("relative error of a point"),
        "statistic": number("sup-F of the best break against a + b x"),
        "statistic_limit": number("what chance alone lets it reach"),
        "p_value": number("its p, from bootstrap tables"),
        "p_smooth": number("p of what the break gains over the best smooth a + c x^p"),
        "q_value": number("the larger p, corrected for the number of sweeps"),
        "bic_advantage": number("BIC of a x^p or a + c x^p, the better one, over the break's"),
        "kind": text("what changes: slope, level, work (another multiple) or all"),
        "place": number("place of the break, an x"),
        "place_low": number("lower end of the interval of `place`"),
        "place_high": number("upper end of the interval of `place`"),
        "slope_before_s": number("seconds for one more x before the place"),
        "slope_after_s": number("seconds for one more x after it"),
        "jump": number("relative change of time at the place"),
        "change": number("largest relative change at any level after it"),
        "smallest_jump_found": number("smallest jump found 19 times in 20; missing = none"),
        "verdict": text("threshold, no threshold, undetermined or not testable"),
        "reason": text("the reason, in words"),
    }
)

THRESHOLD_PROFILES = described(
    {
        "machine": text("machine"),
        "model": text("model"),
        "factor": text("axis of the sweep"),
        "slice": text("the other axes' values"),
        "x": text("what the sweep runs along: batch_size (examples a call) or flop_per_call"),
        "kind": text("the break that explains most there: slope, level, work or all"),
        "place_low": number("lowest x that the break may have"),
        "place_high": number("highest x that it may have"),
        "gain": number("F of the break against a + b x"),
    }
)

LAW_TABLES = {
    "laws": LAWS,
    "slice_laws": LAWS,
    "elasticities": ELASTICITIES,
    "correlations": CORRELATIONS,
    "thresholds": THRESHOLDS,
    "threshold_profiles": THRESHOLD_PROFILES,
}
"""By the names of `fit_tables`."""
