"""How well unseen cells are predicted, in words."""

import numpy as np
import pandas as pd

from tfscale.analysis.group_words import digits, groups

MAIN_TEST, MAIN_PREDICTOR = "architecture", "work model"


def held_out_words(table: pd.DataFrame) -> list[str]:
    """Per group: the work model's errors on what it has not seen, beside the best other predictor
    and the noise floor. `table` as from `held_out`."""
    return [_sentence(name, own) for name, own in groups(table)]


def _sentence(name: str, own: pd.DataFrame) -> str:
    ours = own[own["predictor"] == MAIN_PREDICTOR].set_index("test")
    tested = ours[ours["folds"] > 0]
    if tested.empty:
        return f"{name}: held-out errors are {ours['note'].iloc[0]}."
    main = MAIN_TEST if MAIN_TEST in tested.index else tested.index[0]
    row = tested.loc[main]
    head = (
        f"{name}: with {_left_out(main)} left out, the work model misses by "
        f"{digits(row['median_error_percent'])} % (median; {row['within_10_percent']:.0f} % of "
        f"{row['cells']} cells within 10 %)"
    )
    others = own[(own["test"] == main) & (own["predictor"] != MAIN_PREDICTOR)]
    parts = [head]
    if others["median_error_percent"].notna().any():
        best = others.loc[others["median_error_percent"].idxmin()]
        better = best["median_error_percent"] < row["median_error_percent"]
        said = "is better with" if better else "by"
        parts.append(f"a {best['predictor']} {said} {digits(best['median_error_percent'])} %")
    floor = row["noise_floor_percent"]
    parts.append(
        "how far a cell changes when timed again is unknown (one round)"
        if np.isnan(floor)
        else f"a cell itself changes by {digits(floor)} % when timed again"
    )
    rest = [
        f"{_left_out(test)} {digits(error)} %"
        for test, error in tested["median_error_percent"].items()
        if test != main
    ]
    negative = int(tested["negative_predictions"].sum())
    after = f" Left out otherwise: {', '.join(rest)}." if rest else ""
    after += f" {negative} predictions are negative." if negative else ""
    return "; ".join(parts) + "." + after


def _left_out(test: str) -> str:
    return f"an {test}" if test[0] in "aeiou" else f"a {test}"
