"""(distributed over the modules above: their `columns`)."""

from tfscale.analysis.held_out import WITHIN_PERCENT
from tfscale.analysis.slices import ARCHITECTURE, SETTING
from tfscale.analysis.work_shares import BOUNDS, OPERATIONS
from tfscale.files.columns import axes, bounded, count, described, flag, number, text

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


_GROUP = {"machine": text("machine"), "model": text("model"), **axes(*SETTING)}
_SIZE = {
    "called_batch": count("examples of a call (of the paper's tables 32, whatever they say)"),
    "flop_per_example": count("FLOP of one example"),
    "read_weight_bytes": count("bytes of weights that a call reads"),
}

WORK_MODEL = described(
    {
        **_GROUP,
        "term": text("term of the work model"),
        "bound": text("what it stands for: overhead, compute or memory"),
        "operation": text("kind of operation"),
        "cost_s": number("seconds a unit of `per`; missing = cannot be told"),
        "standard_error_s": number("standard error of `cost_s`, clustered by architecture"),
        "cost_low_s": number("lower end of the interval of `cost_s`, by bootstrap"),
        "cost_high_s": number("upper end of the interval of `cost_s`"),
        "per": text("unit: call, operation, FLOP or byte"),
        **bounded("rate", "10⁹ units a second that the cost stands for", "_giga_per_s"),
        "time_share": number("the term's share of the time of all cells together"),
        "cells": count("cells of the fit"),
        "architectures": count("architectures among them"),
        "verdict": text("estimated, at zero, undetermined, or not testable and why"),
    }
)

TIME_SHARES = described(
    {
        **_GROUP,
        "operation": text("kind of operation"),
        **bounded("time_share", "its share of the time of all cells together"),
        **bounded("achieved", "10⁹ FLOP a second, memory included", "_gflop_per_s"),
    }
)

REGIMES = described(
    {
        "cell": text("cell"),
        **_GROUP,
        **axes(*ARCHITECTURE),
        "called_batch": _SIZE["called_batch"],
        "latency_s": number("latency of the cell"),
        "fitted_s": number("latency by the work model"),
        "relative_residual": number("fitted over measured, less 1"),
        **{f"{kind}_share": number(f"share of the fitted time: {kind}") for kind in OPERATIONS},
        **{f"{kind}_bound_share": number(f"share of the fitted time: {kind}") for kind in BOUNDS},
        "label": text("overhead-, compute- or memory-bound, undetermined, or not testable"),
        "label_support": number("share of the bootstrap studies in which that share is greatest"),
    }
)

SATURATION = described(
    {
        **_GROUP,
        **axes(*ARCHITECTURE),
        "overhead_s": number("seconds of a call whatever its batch"),
        "per_example_s": number("seconds that one more example takes"),
        **bounded("n_half", "batch at half of the best throughput", "_examples"),
        **bounded("b90", "batch at 90 % of the best throughput", "_examples"),
        "most_throughput_per_s": number("examples a second of an endless batch"),
        "least_batch": count("least batch that was run"),
        "greatest_batch": count("greatest batch that was run"),
        "verdict": text("reached, not reached, undetermined or not testable"),
    }
)

HELD_OUT = described(
    {
        **_GROUP,
        "test": text("what is left out: a cell, an architecture, a level, a factor's top level"),
        "predictor": text("work model, law per factor, log-log regression or constant"),
        "folds": count("parts left out in turn"),
        "cells": count("cells left out in all"),
        "median_error_percent": number("median size of predicted / measured - 1"),
        **{
            f"within_{most}_percent": number(f"per cent of the cells missed by at most {most} %")
            for most in WITHIN_PERCENT
        },
        "rmspe_percent": number("root mean square of predicted / measured - 1"),
        "negative_predictions": count("cells with a predicted time below zero"),
        "noise_floor_percent": number("median change of a cell between rounds: none can be better"),
        "note": text("why there is no number"),
    }
)

HELD_OUT_CELLS = described(
    {
        "cell": text("cell that was left out"),
        **_GROUP,
        **axes(*ARCHITECTURE),
        "called_batch": _SIZE["called_batch"],
        "test": text("what was left out with it: its architecture, or a factor's top level"),
        "fold": text("the part that was left out"),
        "predictor": text("predictor: the work model"),
        "measured_s": number("latency of the cell"),
        "predicted_s": number("what the others let expect"),
    }
)

COVERAGE = described(
    {
        **_GROUP,
        "asked_percent": number("coverage asked of a prediction's interval"),
        "covered_percent": number("cells of architectures left out that it held"),
        "cells": count("cells"),
        "architectures": count("architectures left out in turn"),
        "note": text("why there is no number"),
    }
)

PREDICTIONS = described(
    {
        "machine": text("machine"),
        "cell": text("cell of `predict`"),
        **axes(),
        **_SIZE,
        **bounded("latency", "predicted seconds a call", "_s"),
        "coverage": number("coverage of the interval; missing = no interval"),
        "measured_s": number("latency of the cell, if it was run after all"),
        "extrapolates": text("axes beyond what was run; empty = none"),
        "note": text("why there is no prediction or no interval"),
    }
)

BUDGET = described(
    {
        "machine": text("machine"),
        "source": text("measured or predicted"),
        "largest_by": text("measure of size: FLOP or weights"),
        "budget_s": number("longest call allowed (`budget.latency_ms`)"),
        "cell": text("largest model within it; missing = none"),
        **axes(),
        **_SIZE,
        **bounded("latency", "seconds a call", "_s"),
        "verdict": text("within, undetermined, extrapolated, no interval, or none within it"),
    }
)

WORK_TABLES = {
    "work_model": WORK_MODEL,
    "time_shares": TIME_SHARES,
    "regimes": REGIMES,
    "saturation": SATURATION,
    "held_out": HELD_OUT,
    "held_out_cells": HELD_OUT_CELLS,
    "coverage": COVERAGE,
    "predictions": PREDICTIONS,
    "budget": BUDGET,
}
"""By the names of `fit_tables`."""


OWN = {"machine": text("machine"), "model": text("model")}

ANOVA = described(
    {
        **OWN,
        "term": text("an axis, its square (`layers^2`) or a product (`layers x conv_size`)"),
        "cells": count("cells of the fit"),
        "degrees": count("degrees of freedom of the term"),
        "sum_of_squares": number("type-II sum of squares of ln time"),
        "f_value": number("F with HC3 covariance"),
        "p_value": number("p of that F"),
        "omega_squared": number("share of the variance of ln time (ω²)"),
        "omega_low": number("lower end of the interval of `omega_squared`"),
        "omega_high": number("upper end of the interval of `omega_squared`"),
        "p_clustered": number("p with covariance clustered by architecture"),
        "architectures": count("architectures among the cells"),
        "verdict": text("explains, undetermined, or not testable"),
    }
)

EQUIVALENCE = described(
    {
        **OWN,
        "factor": text("axis"),
        "base": count("level that is compared with"),
        "level": count("level that is compared"),
        "stratum": text("matched cells: those of one number of layers and the like, or `all`"),
        "pairs": count("matched pairs"),
        **bounded("ratio", "geometric mean of the time at `level` over that at `base`"),
        "p_equivalence": number("p of the two one-sided tests (TOST)"),
        "p_difference": number("p of the paired t test"),
        "p_holm": number("the same, corrected over the rows of the factor (Holm)"),
        "margin": number("difference that counts as none, as a share"),
        "verdict": text("equivalent, different, undetermined or not testable"),
    }
)

SPREAD = described(
    {
        **OWN,
        "factor": text("axis"),
        "basis": text("what scatters: levels (all cells of one) or replicates (repeats)"),
        "scale": text("seconds or log seconds"),
        "cells": count("rows that scatter"),
        "levels": count("levels of the factor"),
        "lowest": count("lowest level"),
        "highest": count("highest level"),
        **bounded("ratio", "mean distance from the median, highest level over lowest"),
        "brown_forsythe_p": number("p of Brown-Forsythe over all levels"),
        "breusch_pagan_p": number("p of Breusch-Pagan (Koenker) along ln factor"),
        "verdict": text("grows, shrinks, differs, undetermined or not testable"),
    }
)

OUTLIERS = described(
    {
        **OWN,
        "cell": text("flagged cell"),
        "layers": count("axis: layers"),
        "batch_size": count("axis: batch size"),
        "conv_size": count("axis: convolution size"),
        "row": count("place of the cell among all cells, from 0"),
        "time_s": number("time of a pass"),
        "expected_s": number("what the other cells let expect"),
        **bounded("ratio", "time over expected"),
        "t_value": number("t of the cell's own shift"),
        "p_value": number("p of the shift"),
        "p_bonferroni": number("the same, corrected for all cells of the table"),
        "cells": count("cells of the table"),
        "command": text("what times it again"),
    }
)

DRIFT = described(
    {
        "machine": text("machine"),
        "term": text("per_hour, or a round against round 1 (`round_2`)"),
        **bounded("effect", "ratio of times an hour, or of the round to round 1"),
        **bounded("total", "with the other terms: by the round, or over the whole study"),
        "p_value": number("p of no drift"),
        "span_h": number("hours from the first run to the last"),
        "runs": count("runs of the fit"),
    }
)

RUN_ORDER = described(
    {
        **OWN,
        "cells": count("rows"),
        "lags": count("lags of Ljung-Box"),
        "at_layers": count("number of layers with the clearest slope"),
        **bounded("effect", "time of its last row over that of its first"),
        "order_p": number("F test of all slopes in a row's place"),
        "ljung_box": number("Ljung-Box statistic of what repeats leave"),
        "ljung_box_p": number("its p among simulated white noise"),
        "p_holm": number("smaller p of the two after Holm"),
        "verdict": text("drift, undetermined or not testable"),
    }
)

MACHINES = described(
    {
        "model": text("model"),
        "machine": text("machine"),
        "base": text("machine that it is compared with"),
        "quantity": text("overhead_s, flop_per_s, time, how it changes, or constant"),
        "cells": count("cells that both have"),
        "interpolated": flag("one side was interpolated at the other's only batch size"),
        "of_machine": number("value on `machine`: s, or FLOP a second"),
        "of_base": number("value on `base`"),
        **bounded("ratio", "`machine` over `base`"),
        "p_value": number("p of a ratio of 1; of `constant` that the ratio is one"),
        "verdict": text("larger, smaller, undetermined; constant: rejected; or not testable"),
    }
)

TEST_TABLES = {
    "anova": ANOVA,
    "equivalence": EQUIVALENCE,
    "spread": SPREAD,
    "outliers": OUTLIERS,
    "drift": DRIFT,
    "run_order": RUN_ORDER,
    "machines": MACHINES,
}
"""By the names of `fit_tables`."""


CLAIMS = described(
    {
        "claim": text("the paper's claim, C1 to C8"),
        "test": text("the claim or a part of it, as `analysis.primary` names it"),
        "text": text("the claim in words"),
        **OWN,
        "method": text("the test"),
        "effect_of": text("what the effect is"),
        **bounded("effect", "size of the effect"),
        "p_value": number("p of the test"),
        "family": text("primary or exploratory"),
        "p_adjusted": number("p corrected by Holm (primary) or Benjamini-Hochberg"),
        "verdict": text("supported, rejected, undetermined or not testable"),
        "note": text("why, or what would be said with the outliers"),
        "cells": count("cells of the test"),
        "left_out": count("outliers left out"),
    }
)

EXPLORATORY = described(
    {
        **OWN,
        "test": text("name of the test"),
        "p_value": number("p of the test"),
        "family": text("exploratory"),
        "method": text("correction: fdr_bh (Benjamini-Hochberg)"),
        "tests": count("tests that are corrected together"),
        "p_adjusted": number("corrected p"),
        "verdict": text("found, undetermined or not testable"),
    }
)

CLAIM_TABLES = {"claims": CLAIMS, "exploratory": EXPLORATORY}
"""By the names of `fit_tables`."""


FITS = LAW_TABLES | WORK_TABLES | TEST_TABLES | CLAIM_TABLES
"""By the names of `fit_tables`."""

FINDINGS = described(
    {
        "topic": text("topic of the finding"),
        "sentence": text("the finding, the most interesting first"),
    }
)
