"""The answer: a few sentences a family, one line of trust, and what the study cannot say.

The page, the console, the figures' alternative texts and findings.txt take their sentences from
here, and their numbers from the fitted tables that these are about.
"""

from collections.abc import Iterator, Mapping
from math import log

import numpy as np
import pandas as pd

from tfscale.analysis.advice import cost_of
from tfscale.analysis.comparison import mean_words
from tfscale.analysis.drivers import TOO_WIDE
from tfscale.analysis.laws import NONE, OPEN, UNLIKE, UNTESTED, best_law
from tfscale.analysis.material import Plan
from tfscale.analysis.slices import MARGIN, SETTING, shape, usual
from tfscale.analysis.words import level, listed, short_names
from tfscale.axes import COMPARED, FAMILIES
from tfscale.units import bracketed, percent, seconds, three
from tfscale.words import axis_name, counted, p_words, value_words

ANSWER, TRUST, CANNOT_SAY, DETAIL = "answer", "trust", "cannot say", "detail"
"""The topics of findings."""
EVIDENCE = (
    "borders",
    "drivers",
    "saturation",
    "laws",
    "comparison_means",
    "thresholds",
    "claims",
    "predictions",
    "outliers",
)
"""The fitted tables that the answers stand on."""
Tables = Mapping[str, pd.DataFrame]


def answers(
    cells: pd.DataFrame, tables: Tables, plan: Plan, refused: Mapping[str, str]
) -> Iterator[dict]:
    """Rows of the findings about each family of the study's own `cells`: a few sentences, then what
    it cannot say of it; `refused` is why by name each cell is missing that its runtime cannot
    take."""
    several = cells["machine"].nunique() > 1
    for (machine, model), own in cells.groupby(["machine", "model"], sort=False):
        mine = {name: _of(tables[name], machine, model) for name in EVIDENCE}
        on = f"On {machine}: " if several else ""
        said = {
            "borders": border_words(border_row(mine["borders"])),
            "drivers": list(map(driver_words, mine["drivers"].head(1).to_dict("records"))),
            "saturation": batch_words(mine["saturation"]),
            "claims": logarithm_words(mine["laws"], mine["claims"]),
            "laws": law_words(mine["laws"], mine["claims"]),
            "comparison_means": compared_words(mine["comparison_means"]),
            "cost": within_words(own, mine["outliers"], plan.latency_ms, plan.price_per_hour),
            "predictions": sample_words(mine["predictions"]),
        }
        for topic, by_table in ((ANSWER, said), (CANNOT_SAY, _open(mine))):
            for table, sentences in by_table.items():
                for sentence in filter(None, sentences):
                    yield {
                        "topic": topic,
                        "model": str(model),
                        "evidence": table,
                        "sentence": on + sentence,
                    }
    reasons: dict[tuple[str, str], list[str]] = {}
    for cell, why in refused.items():
        family = max((name for name in FAMILIES if cell.startswith(f"{name}_")), key=len)
        reasons.setdefault((family, why.partition(": ")[0]), []).append(why)
    for (family, _), whys in reasons.items():
        what = f"what {counted(len(whys), 'cell')} would take: {whys[0]}"
        yield {"topic": CANNOT_SAY, "model": family, "evidence": "cells", "sentence": what}


def _of(table: pd.DataFrame, machine: object, model: object) -> pd.DataFrame:
    return table[(table["machine"] == machine) & (table["model"] == model)]


def telling(low: float, high: float) -> bool:
    """Whether an interval is narrow enough to say how much: its ends are less than 5-fold apart."""
    return bool(np.isfinite([low, high]).all() and 0 < high < TOO_WIDE * low)


def border_row(borders: pd.DataFrame) -> dict | None:
    """The row of the setting (threads, precision and so on) that most cells have, with what tells
    it from the others as `setting`."""
    if borders.empty:
        return None
    row = borders.loc[borders["cells"].idxmax()].to_dict()
    varied = [axis for axis in SETTING if borders[axis].nunique() > 1]
    return row | {"setting": ", ".join(f"{axis_name(axis)} {level(row[axis])}" for axis in varied)}


def border_words(row: Mapping | None) -> list[str]:
    """What a call costs before any work, and from how much work on that takes longer; nothing where
    the cells are too few to say."""
    if row is None or not telling(row["overhead_low_s"], row["overhead_high_s"]):
        return []
    cost = bracketed(row["overhead_s"], row["overhead_low_s"], row["overhead_high_s"], "s")
    cost += f" at {row['setting']}" if row["setting"] else ""
    if row["verdict"] == "below":
        return [f"A call costs {cost} before any work; even the smallest is mostly work."]
    if row["verdict"] == "above":
        return [f"A call costs {cost} before any work; even the largest is mostly overhead."]
    if not telling(row["border_low_flop"], row["border_high_flop"]):
        return [f"A call costs {cost} before any work."]
    ends = row["border_low_flop"], row["border_high_flop"]
    place = bracketed(row["border_flop"], *ends, "FLOP")
    return [f"A call costs {cost} before any work; from {place} on time grows with work."]


BY_PREDICTION = ", by prediction"
"""Said of what stands on cells that a sample leaves out."""


def driver_words(row: Mapping) -> str:
    """How many times as long a call takes along an axis; empty where the cells are too few to
    say."""
    name = axis_name(row["factor"])
    end = f"{BY_PREDICTION if row['predicted'] else ''}."
    head = f"From {name} {level(row['lowest'])} to {level(row['highest'])} a call takes"
    if telling(row["ratio_low"], row["ratio_high"]):
        if row["ratio_low"] > 1 - MARGIN and row["ratio_high"] < 1 + MARGIN:
            return f"{head} the same time within {percent(MARGIN)}{end}"
        low, high = three(row["ratio_low"]), three(row["ratio_high"])
        return f"{head} {three(row['ratio'])} times as long ({low} to {high}){end}"
    if pd.isna(row["ratio_low"]):
        return f"{head} {three(row['ratio'])} times as long (no interval){end}"
    if pd.isna(row["depends_on"]) or not row["depends_on"]:
        return ""
    at_low = f"{axis_name(row['depends_on'])} {level(row['at_low'])}"
    return (
        f"{head} {three(row['ratio_at_low'])} times as long at {at_low}, "
        f"{three(row['ratio_at_high'])} times at {level(row['at_high'])}{end}"
    )


MOST_NAMED = 3
SWEEP = 4
"""Batch sizes from which on an architecture tells where a larger batch stops paying."""


def swept(saturation: pd.DataFrame, fewest: int = SWEEP) -> pd.DataFrame:
    """The architectures of the usual setting with the most batch sizes, at least `fewest`, that
    differ in one axis alone: the first that varies, in its order."""
    rows = usual(saturation[saturation["batches"] >= fewest])
    rows = rows[rows["batches"] == rows["batches"].max()]
    varied = [axis for axis in shape(rows) if rows[axis].nunique() > 1]
    if not varied:
        return rows.head(1)
    first, *others = varied
    if others:
        combination = rows.groupby(others).ngroup()
        rows = rows[combination == combination.mode()[0]]
    return rows.sort_values(first)


def batch_words(saturation: pd.DataFrame) -> list[str]:
    """From which batch on a larger one gains less than 10 % of throughput, by architecture; nothing
    where none has 4 batch sizes."""
    rows = swept(saturation)
    if rows.empty:
        return []
    axes = [axis for axis in shape(rows) if rows[axis].nunique() > 1][:1]
    others = [axis for axis in shape(rows) if axis not in axes and saturation[axis].nunique() > 1]
    fixed = listed([f"{axis_name(axis)} {level(rows[axis].iloc[0])}" for axis in others])
    at = f" ({fixed})" if fixed else ""
    at += BY_PREDICTION if rows["predicted"].any() else ""
    most, enough = rows["greatest_batch"].max(), rows[rows["enough_batch"].notna()]
    if enough.empty:
        return [f"Throughput still gains at batch {most}, the largest here{at}."]
    if len(enough) > MOST_NAMED:
        enough = enough.iloc[[0, -1]]
    parts = [
        f"{batch:.0f}{_where(same, axes)}"
        for batch, same in enough.groupby("enough_batch", sort=False)
    ]
    gaining = rows[rows["enough_batch"].isna()]
    if len(gaining):
        parts.append(f"none up to {most}{_where(gaining, axes)}")
    return [f"Enough is batch {', '.join(parts)}{at}."]


def _where(rows: pd.DataFrame, axes: list[str]) -> str:
    """Of which architectures: ` at layers 4 and 8`; nothing where there is but one."""
    levels = [f"{axis_name(axis)} {listed([*map(level, rows[axis].unique())])}" for axis in axes]
    return f" at {listed(levels)}" if levels else ""


def logarithm_words(laws: pd.DataFrame, claims: pd.DataFrame) -> list[str]:
    """The verdict on the paper's claim of a logarithm, where there is one."""
    known = claims[(claims["claim"] == "C2") & claims["verdict"].isin(LOGARITHM)]
    return [
        f"Time {LOGARITHM[claim['verdict']]} in layers ({p_words(claim['p_adjusted'])})."
        for claim in known.to_dict("records")
        if (laws["factor"] == "layers").any()
    ]


def law_words(laws: pd.DataFrame, claims: pd.DataFrame) -> list[str]:
    """The law along the family's first axis, or that there is none. Nothing where that is not
    known, or the claim of a logarithm says it."""
    if logarithm_words(laws, claims):
        return []
    for factor, rows in laws.groupby("factor", sort=False):
        best, name = best_law(rows), axis_name(str(factor))
        if factor != next(iter(FAMILIES[best["model"]].axes), None):
            continue
        if best["verdict"] in LAW_WORDS:
            return [f"Time {LAW_WORDS[best['verdict']]} {name}."]
        if str(best["verdict"]).startswith(NONE) and best["slices_differ_p"] < UNLIKE:
            why = f"its growth depends on the other axes, {p_words(best['slices_differ_p'])}"
            near = "a logarithm" if best["law"] == "log" else f"the law {best['law']}"
            return [f"Time has no one law along {name} ({near} comes nearest): {why}."]
    return []


LOGARITHM = {"supported": "is logarithmic", "rejected": "is not logarithmic"}
LAW_WORDS = {
    "constant": "does not change with",
    "log": "grows with the logarithm of",
    "linear": "grows linearly with",
    "n log n": "grows as n log n with",
    "x²": "grows with the square of",
    "power": "grows as a power of",
    "power + c": "grows as a constant and a power of",
    "exponential": "grows exponentially with",
    "quadratic": "grows as a quadratic function of",
}
"""What each law says of the time."""


def compared_words(means: pd.DataFrame) -> list[str]:
    """What the other values of each axis without an order take, the fastest first."""
    said = []
    for axis, rows in means.groupby("axis"):
        first, *others = rows.sort_values("ratio").to_dict("records")
        rest = [f"{value_words(str(axis), row['value'])} {three(row['ratio'])}" for row in others]
        more = f" Others: {', '.join(rest)}." if rest else ""
        sentence = mean_words(first)
        if axis not in COMPARED:  # those are names
            sentence = sentence[0].upper() + sentence[1:]
        said.append(f"{sentence}{more}")
    return said


def within_words(
    cells: pd.DataFrame,
    outliers: pd.DataFrame,
    latency_ms: float | None,
    price_per_hour: float | None = None,
) -> list[str]:
    """The cell of the highest throughput within the longest call that was asked for (none asked:
    nothing), whether it is an outlier, and with a price what a million examples cost there."""
    if latency_ms is None:
        return []
    within = cells[cells["latency_s"] <= latency_ms / 1000]
    if within.empty:
        return [f"No timed call takes less than {latency_ms:g} ms."]
    best = within.loc[within["throughput_per_s"].idxmax()]
    per_s = best["throughput_per_s"]
    cost = f", a million for {three(cost_of(per_s, price_per_hour))}" if price_per_hour else ""
    doubt = " (an outlier)" if best["cell"] in set(outliers["cell"]) else ""
    return [
        f"Within {latency_ms:g} ms a call, {short_names(cells)[best.name]}{doubt} has the highest "
        f"throughput: {three(per_s)} examples a second ({seconds(best['latency_s'])} a call){cost}."
    ]


def sample_words(predictions: pd.DataFrame) -> list[str]:
    """How far the predictions of a sampled study miss the cells that no fit used; nothing of a
    study without a sample."""
    known = predictions[predictions["latency_s"].notna()]
    checks, others = known[known["why"] == "check"], int((known["why"] == "sample").sum())
    if checks.empty:
        return []
    missed = percent((checks["latency_s"] / checks["measured_s"] - 1).abs().median(), 1)
    inside = checks["measured_s"].between(checks["latency_low_s"], checks["latency_high_s"]).sum()
    held = f"{inside} lie in their interval" if checks["coverage"].any() else "none has an interval"
    return [
        f"{others:,} more cells are predicted; {len(checks)} that no fit used are missed by "
        f"{missed} (median), {held}."
    ]


def _open(mine: Tables) -> dict[str, list[str]]:
    """What the tables leave open, by table."""
    row = border_row(mine["borders"])
    said: dict[str, list[str]] = {name: [] for name in EVIDENCE}
    if row is None or not telling(row["overhead_low_s"], row["overhead_high_s"]):
        said["borders"] = ["what a call costs before any work: too few cells"]
    elif row["verdict"] not in ("below", "above") and not telling(
        row["border_low_flop"], row["border_high_flop"]
    ):
        said["borders"] = ["from how much work on that outweighs overhead: too few cells"]
    said["drivers"] = [
        f"how much longer a call takes along {axis_name(row['factor'])}: too few cells"
        for row in mine["drivers"].to_dict("records")
        if not driver_words(row)
    ]
    if swept(mine["saturation"]).empty:
        said["saturation"] = [f"which batch is enough: no architecture has {SWEEP} batch sizes"]
    for factor, rows in mine["laws"].groupby("factor", sort=False):
        verdict = str(best_law(rows)["verdict"])
        if verdict.startswith((OPEN, UNTESTED)):
            why = verdict.removeprefix(OPEN).removeprefix(UNTESTED)
            said["laws"].append(f"the law along {axis_name(str(factor))}: {why}")
    for table, what in LEFT_OPEN.items():
        verdicts = mine[table]["verdict"].astype(str)
        if count := int(verdicts.str.startswith(("undetermined", "not testable")).sum()):
            said[table] = [what.format(count, len(verdicts))]
    return said


LEFT_OPEN = {
    "thresholds": "whether there is a threshold along {} of {} sweeps",
    "claims": "{} of the {} tests of the paper's claims",
}


AMBER, RED = 0.05, 0.25
"""Half-widths and drifts from which on a study is to be read with care, or not at all."""


def trust(cells: pd.DataFrame, processes: pd.DataFrame, drift: pd.DataFrame) -> str:
    """Whether to trust the study (green, amber or red), and why: rounds, half-width, disturbed
    processes, drift."""
    known = cells["half_width"].dropna()
    width = float(known.median()) if len(known) else float("inf")
    if len(known) < len(cells) / 2:
        width = float("inf")
    certain = drift[(drift["total_low"] > 1) | (drift["total_high"] < 1)]["total"]
    total = max(certain, key=lambda total: abs(log(total)), default=1.0)
    drifted = abs(log(total))
    disturbed = float(processes["disturbed"].mean())
    worst = max(width, drifted, AMBER if disturbed > 0.5 else 0.0)
    colour = "Green" if worst < AMBER else ("Amber" if worst < RED else "Red")
    good = (
        f"half of the latencies within ± {percent(width, 1)}"
        if np.isfinite(width)
        else "most latencies have no interval"
    )
    steady = "no drift over 5 %" if len(drift) else "drift unknown"
    moved = f"times drifted by the factor {total:.2f}" if drifted > AMBER else steady
    return (
        f"{colour}: {counted(int(cells['rounds'].max()), 'round')}, {good}, "
        f"{percent(disturbed)} of processes disturbed, {moved}."
    )
