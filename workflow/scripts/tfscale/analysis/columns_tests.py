"""The columns of the tables of tests: type and what each holds."""

from tfscale.files.described import bounded, count, described, flag, number, text

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
