"""The laws in words: which one time follows along each factor, how sure that is, and its effect."""

import pandas as pd

from tfscale.analysis.law_choice import missed
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import between, p_words, share
from tfscale.units import three

SERIES = ["machine", "model", "factor", "slice"]
UNLIKE = 0.05
"""The p below which slices are said to differ in shape."""
TOO_WIDE = 10.0
"""The factor between an interval's ends from which it does not say how large an effect is."""
OPEN, NONE, UNTESTED = "undetermined: ", "none fits", "not testable: "


def law_sentences(laws: pd.DataFrame) -> list[str]:
    """One sentence a machine, model, factor and slice of the table of `fit_laws`: the largest
    effect first, and last what is not testable."""
    said = []
    for _, rows in laws.groupby(SERIES, sort=False):
        best = best_law(rows)
        untested = str(best["verdict"]).startswith(UNTESTED)
        effect = 0.0 if pd.isna(best["ratio"]) else abs(float(best["ratio"]) - 1)
        said.append((untested, -effect, _sentence(rows, best)))
    return [sentence for *_, sentence in sorted(said, key=lambda row: row[:2])]


def paper_sentences(laws: pd.DataFrame) -> list[str]:
    """The fate of the paper's log-scaling regression, one sentence a row marked `paper`."""
    rows = laws[laws["paper"].astype(bool)].to_dict("records")
    return [
        f"{_who(row)}: the paper's log-scaling regression, time = a + b ln(layers), is "
        f"{_fate(str(row['fate']))}, lack of fit {_misfit(row)}."
        for row in rows
    ]


def _fate(fate: str) -> str:
    if fate == "named":
        return "the law that time follows"
    return fate.removesuffix(", lack of fit")


def best_law(rows: pd.DataFrame) -> pd.Series:
    """The law with the largest weight; the power law where there are no weights."""
    if rows["weight"].notna().any():
        return rows.loc[rows["weight"].astype(float).idxmax()]
    return rows[rows["law"] == "power"].iloc[0]


def _who(row: dict | pd.Series) -> str:
    alone = "" if row["slice"] in ("pooled", "all") else f", {row['slice']}"
    return f"{row['model']} on {row['machine']}{alone}"


def _sentence(rows: pd.DataFrame, best: pd.Series) -> str:
    verdict, name = str(best["verdict"]), AXIS_WORDS[best["factor"]].name
    head = f"{_who(best)}: the law along {name}"
    if verdict.startswith(UNTESTED):
        effect = "" if pd.isna(best["ratio"]) else f"; {effect_words(rows, best, name)}"
        return f"{head} is {verdict}{effect}."
    if verdict.startswith(NONE):
        return f"{head} is none of the nine ({_unfit(best)}); {effect_words(rows, best, name)}."
    if verdict.startswith(OPEN):
        return (
            f"{head} is undetermined: {_rivals(rows, verdict)}; {effect_words(rows, best, name)}."
        )
    if verdict == "constant":
        return (
            f"{head} is constant: it changes the time by less than 10 % from {best['lowest']:g} to "
            f"{best['highest']:g} (equivalence test; Akaike weight {best['weight']:.2f})."
        )
    effect = effect_words(rows, best, name)
    return f"{head} is {verdict}, {best['formula']} ({_support(best)}); {effect}."


def _unfit(best: pd.Series) -> str:
    """Why none fits: slices of more than one shape, or levels that the nearest law misses."""
    misfit = f"nearest: {best['law']}, lack of fit {p_words(best['lack_of_fit_p'])}"
    if pd.isna(best["slices_differ_p"]) or best["slices_differ_p"] >= UNLIKE:
        return misfit
    return (
        f"the {best['slices']} slices differ in shape, {p_words(best['slices_differ_p'])}: its "
        f"effect depends on the other factors; {misfit}"
    )


def _rivals(rows: pd.DataFrame, verdict: str) -> str:
    names = verdict.removeprefix(OPEN).split(" or ")
    weights = rows.set_index("law")["weight"].reindex(names)
    return " or ".join(
        law if pd.isna(weight) else f"{law} (weight {weight:.2f})"
        for law, weight in weights.items()
    )


def _support(row: pd.Series) -> str:
    wins = "" if pd.isna(row["wins"]) else f", wins {share(float(row['wins']))} of bootstraps"
    return (
        f"Akaike weight {row['weight']:.2f}{wins}, {missed(float(row['held_out_error']))}, "
        f"lack of fit: {_misfit(row)}"
    )


def _misfit(row: dict | pd.Series) -> str:
    return "not testable" if pd.isna(row["lack_of_fit_p"]) else p_words(row["lack_of_fit_p"])


def effect_words(rows: pd.DataFrame, best: pd.Series, name: str) -> str:
    """How many times longer a call takes at the highest level, with its interval: by the best law,
    by the power law if that is the constant."""
    row = rows[rows["law"] == "power"].iloc[0] if best["law"] == "constant" else best
    low, high = float(row["ratio_low"]), float(row["ratio_high"])
    vague = ", an interval too wide to say how much" if high > TOO_WIDE * low else ""
    return (
        f"from {name} {row['lowest']:g} to {row['highest']:g} a call takes {three(row['ratio'])} "
        f"times as long {between(low, high)}{vague}"
    )
