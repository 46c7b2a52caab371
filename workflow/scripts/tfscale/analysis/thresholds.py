"""Thresholds, their profiles, power, sentences, columns.

A threshold is claimed when a break beats a + b x by the sup-F test, beats every smooth a + c x^p
by a bootstrap of its own and by more than 2 in BIC, and changes the time by 10 % or more.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import false_discovery_control

from tfscale.analysis.slices import OWN, split, varying
from tfscale.analysis.sweeps import (
    LEAST_SIDE,
    Sweep,
    beside,
    candidates,
    null_gains,
    place_interval,
    sweep_of,
    sweep_rows,
)
from tfscale.analysis.words import on_machine
from tfscale.files.columns import Described, count, number, text
from tfscale.units import percent, three
from tfscale.words import axis_name, counted, p_words, share

NEXT_TO_NOTHING = 1e-6
"""What a time at or below zero, by the line before the place, counts as, relative to the real."""


@dataclass(frozen=True)
class Broken:
    """The line before a place and the line after it; slopes are seconds for one more x.

    `jump` is the relative change of the time at the place against the line before it, `change`
    the largest relative difference at any level from what that line would have given there, `drop`
    by how much the time itself falls below that of the last level before the place.
    """

    kind: str
    place: float
    slope_before_s: float
    slope_after_s: float
    jump: float
    change: float
    drop: float

    def words(self) -> str:
        """What changes there."""
        ratio = self.slope_after_s / self.slope_before_s if self.slope_before_s > 0 else np.nan
        more = f", each further one costs {ratio:.3g} times as much" if ratio >= 0 else ""
        if self.kind == "slope":
            return f"the slope changes{more or ' (it falls at first)'}"
        jump = f"the time jumps by {percent(self.jump)}"
        if self.jump < 0:
            jump = f"a call takes {percent(-self.jump)} less than the growth before lets expect"
        return jump if self.kind == "level" else jump + more


def best_break(sweep: Sweep) -> Broken:
    """The break with the least relative error, whether or not it is worth claiming."""
    kinds, bounds, columns = candidates(sweep.x)
    best = int(np.argmin(sweep.break_errors(sweep.response)))
    low, high = bounds[best]
    place, column, x = float(np.sqrt(low * high)), columns[:, best], sweep.x
    design = np.column_stack([np.ones(sweep.count), x, column])
    fit = sm.WLS(sweep.y, design, weights=sweep.scale**2).fit()
    overhead, slope, extra = (float(value) for value in fit.params)
    rise = (column[-1] - column[-2]) / (x[-1] - x[-2])
    at_place = column[-1] - rise * (x[-1] - place)
    before = np.maximum(overhead + slope * x, NEXT_TO_NOTHING * sweep.y)
    later = x > place
    return Broken(
        kind=kinds[best],
        place=place,
        slope_before_s=slope,
        slope_after_s=slope + extra * float(rise),
        jump=float(extra * at_place / (overhead + slope * place)),
        change=float(np.abs(extra * column / before).max()),
        drop=float(1 - fit.fittedvalues[later].min() / fit.fittedvalues[~later][-1]),
    )


JUMPS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
DRAWS = 200
POWER = 0.95


def power_of(
    sweep: Sweep,
    jump: float,
    limits: tuple[float, ...],
    advantage: float,
    rng: np.random.Generator,
) -> float:
    """Share of simulated sweeps in which all times past a random place are (1 + jump) times as
    long, and in which the break passes both limits of its gains and that of its BIC."""
    gaps = np.arange(LEAST_SIDE, sweep.count - LEAST_SIDE + 1)
    after = np.arange(sweep.count) >= rng.choice(gaps, DRAWS)[:, None]
    smooth = np.maximum(sweep.fitted_curve(), np.finfo(float).tiny)
    errors = np.exp(sweep.noise_level() * sweep.spread * rng.standard_normal((DRAWS, sweep.count)))
    times = smooth * (1 + jump * after) * errors
    line, curve = sweep.gains(times * sweep.scale, sweep.noise)
    wins = sweep.advantage(times * sweep.scale) > advantage
    return float(((line > limits[0]) & (curve > limits[1]) & wins).mean())


def smallest_jump(
    sweep: Sweep, limits: tuple[float, ...], advantage: float, rng: np.random.Generator
) -> float:
    """The first of JUMPS that is found in POWER of the cases; NaN if none is."""
    for jump in JUMPS:
        if power_of(sweep, jump, limits, advantage, rng) >= POWER:
            return jump
    return float("nan")


FEWEST_LEVELS = 6
TABLES = 999
DECISIVE = 2.0
LEAST_CHANGE = 0.1
THRESHOLDS = Described(
    {
        **OWN,
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


def thresholds(
    cells: pd.DataFrame,
    processes: pd.DataFrame | None,
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
    for (machine, model), table in split(cells):
        for factor in varying(table):
            x = "batch_size" if factor == "batch_size" else "flop_per_call"
            for name, part in sweep_rows(table, processes, factor):
                head = {"machine": machine, "model": model, "factor": factor, "slice": name, "x": x}
                rows.append(head | _tested(part, factor, confidence, rng, tables))
    found = pd.DataFrame(rows, columns=THRESHOLDS.names)
    tested = found["p_value"].notna()
    if tested.any():
        worst = found.loc[tested, ["p_value", "p_smooth"]].astype(float).max(axis=1)
        found.loc[tested, "q_value"] = false_discovery_control(worst)
        chance = (found["verdict"] == "threshold") & (found["q_value"] > 1 - confidence)
        found.loc[chance, "reason"] += f"; one of {tested.sum()} sweeps may show that by chance"
        found.loc[chance, "verdict"] = "undetermined"
    return found


def _tested(
    rows: pd.DataFrame, factor: str, confidence: float, rng: np.random.Generator, tables: int
) -> dict:
    levels = rows["x"].nunique()
    if levels >= FEWEST_LEVELS:
        return threshold(sweep_of(rows), confidence, rng, tables)
    reason = f"{levels} levels, {FEWEST_LEVELS} are needed"
    if levels == 1 and factor == "batch_size":
        x = three(rows["x"].iloc[0])
        reason = f"every call was the same (x = {x}), whatever the table says"
    elif levels == 1:
        reason = "the FLOP of a call do not change along it"
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
        "levels": sweep.count,
        "noise": sweep.noise_level(),
        "statistic": gains[0],
        "statistic_limit": float(np.quantile(nulls[0], confidence)),
        "p_value": line_p,
        "p_smooth": curve_p,
        "bic_advantage": advantage,
        **vars(found),
        "place_low": place[0],
        "place_high": place[1],
        "smallest_jump_found": smallest,
        "verdict": verdict,
        "reason": reason,
    }


def _broken(found: Broken, low: float, high: float, noise: float) -> tuple[str, str]:
    """Verdict and reason where a break beats all smooth forms.

    More work takes no less time: where the time itself falls, the calls before the place were
    slow, by another kernel or by a disturbed machine, and this is no place where scaling stops.
    """
    where = f"between {three(low)} and {three(high)}"
    if found.change < LEAST_CHANGE <= noise:
        return "undetermined", f"a break within a noise of {percent(noise)}"
    if found.change < LEAST_CHANGE:
        size = f"{percent(found.change, 1)}, less than {percent(LEAST_CHANGE)}"
        return "no threshold", f"a break of {size}"
    if found.drop > max(LEAST_CHANGE, noise):
        why = "a slower kernel or a disturbed machine before it; time these cells again"
        return "undetermined", f"{where} the time falls by {percent(found.drop)}: {why}"
    return "threshold", f"{where} {found.words()}"


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


PLACES = 61
THRESHOLD_PROFILES = Described(
    {
        **OWN,
        "factor": text("axis of the sweep"),
        "slice": text("the other axes' values"),
        "x": text("what the sweep runs along: batch_size (examples a call) or flop_per_call"),
        "kind": text("the break that explains most there: slope, level, work or all"),
        "place_low": number("lowest x that the break may have"),
        "place_high": number("highest x that it may have"),
        "gain": number("F of the break against a + b x"),
    }
)


def threshold_profiles(cells: pd.DataFrame, processes: pd.DataFrame | None) -> pd.DataFrame:
    """One row a sweep of six levels or more and place: the kind of break that explains most there,
    and its `gain` (the F statistic against a + b x, whose greatest is `thresholds.statistic`).

    `x` as in `thresholds`; a hinge has one place, a break between two levels lies anywhere from
    `place_low` to `place_high`. Raises StudyError on latencies that are no times.
    """
    parts = [pd.DataFrame(columns=THRESHOLD_PROFILES.names)]
    for (machine, model), table in split(cells):
        for factor in varying(table):
            x = "batch_size" if factor == "batch_size" else "flop_per_call"
            for name, rows in sweep_rows(table, processes, factor):
                if rows["x"].nunique() >= FEWEST_LEVELS:
                    head = {"machine": machine, "model": model, "factor": factor, "slice": name}
                    parts.append(
                        profile(sweep_of(rows)).assign(**head, x=x)[THRESHOLD_PROFILES.names]
                    )
    return pd.concat(parts[1:] or parts, ignore_index=True)


def profile(sweep: Sweep, places: int = PLACES) -> pd.DataFrame:
    """kind, place_low, place_high and gain of the best break at each place of a sweep."""
    kinds, bounds, columns = candidates(sweep.x, places)
    explained = (sweep.response @ beside(sweep.line, columns, sweep.scale)) ** 2
    least = float(sweep.break_errors(sweep.response).min())
    variance = max(least / (sweep.count - 4), np.square(sweep.noise))
    gain = np.minimum(explained, sweep.line_error(sweep.response) - least) / variance
    table = pd.DataFrame(
        {"kind": kinds, "place_low": bounds[:, 0], "place_high": bounds[:, 1], "gain": gain}
    )
    best = table.groupby(["place_low", "place_high"])["gain"].idxmax()
    return table.loc[best].reset_index(drop=True)


def threshold_sentences(table: pd.DataFrame) -> list[str]:
    """Say where the table of `thresholds` has one, and of which machine and model it has none."""
    found = table[table["verdict"] == "threshold"]
    said = [_found(row, on_machine(row["machine"], table)) for row in found.to_dict("records")]
    for (machine, model), rows in table.groupby(["machine", "model"], sort=False):
        if not (rows["verdict"] == "threshold").any():
            tested = f"{rows['p_value'].notna().sum()} of {counted(len(rows), 'sweep')}"
            where = on_machine(str(machine), table)
            said.append(f"{model}{where}: no threshold was found ({tested} testable).")
    return said


def _found(row: dict, where: str) -> str:
    alone = "" if row["slice"] == "all" else f" ({row['slice']})"
    unit = "batch size" if row["x"] == "batch_size" else "FLOP a call"
    return (
        f"{row['model']}{where}, {axis_name(row['factor'])}{alone}: a threshold "
        f"in {unit}, {row['reason']}, at most {share(row['change'])} off what came before "
        f"({p_words(row['p_value'])} against overhead + work, {p_words(row['p_smooth'])} against "
        f"every smooth curve, {row['bic_advantage']:.1f} better in BIC, q = {row['q_value']:.2g})."
    )
