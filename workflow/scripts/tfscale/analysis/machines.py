"""Machine against machine."""

from itertools import combinations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import t

from tfscale.analysis.slices import architecture, by_model
from tfscale.axes import AXES
from tfscale.files.columns import Described, bounded, count, flag, number, text
from tfscale.words import p_words, times


def common(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The cells of both, one row each, and whether one side was interpolated.

    Cells match by their axes, with the batch size that a call really had (`called_batch`): axes,
    called_batch, work_flop, log_first and log_second (mean ln time). Where no cells match
    and every call of one table had the same batch, the other table's architectures are
    interpolated there: linearly in ln time and ln batch, between their own batches only.
    """
    axes = [axis for axis in AXES if axis != "batch_size" and axis in first and axis in second]
    keys = [*axes, "called_batch"]
    sides = [
        table[table["work_flop"] > 0].groupby(keys, as_index=False)[["log_s", "work_flop"]].mean()
        for table in (first, second)
    ]
    both = _joined(sides, keys)
    if len(both):
        return both, False
    for side, other in ((0, 1), (1, 0)):
        batches = sides[side]["called_batch"].unique()
        if len(batches) == 1:
            sides[other] = _at(sides[other], axes, batches[0])
            return _joined(sides, keys), True
    return both, False


def _joined(sides: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    both = sides[0].merge(sides[1], on=keys, suffixes=("_first", "_second"))
    names = {
        "log_s_first": "log_first",
        "log_s_second": "log_second",
        "work_flop_first": "work_flop",
    }
    both = both.rename(columns=names).drop(columns="work_flop_second")
    return both.assign(batch_size=both["called_batch"])


def _at(table: pd.DataFrame, axes: list[str], batch: int) -> pd.DataFrame:
    """The architectures whose batches lie on both sides of one, interpolated there."""
    rows = []
    for keys, group in table.groupby(axes):
        group = group.sort_values("called_batch")
        called = group["called_batch"].astype(float)
        if called.iloc[0] <= batch <= called.iloc[-1]:
            log_s = np.interp(np.log(batch), np.log(called), group["log_s"])
            work = group["work_flop"].iloc[0] / called.iloc[0] * batch
            rows.append([*keys, batch, log_s, work])
    return pd.DataFrame(rows, columns=[*axes, "called_batch", "log_s", "work_flop"])


MACHINES = Described(
    {
        "model": text("model"),
        "machine": text("machine"),
        "base": text("machine that it is compared with"),
        "quantity": text(
            "overhead_s, flop_per_s, time, time at the least or most work, or constant"
        ),
        "cells": count("cells that both have"),
        "interpolated": flag("one side was interpolated at the other's only batch size"),
        "of_machine": number("value on `machine`: s, or FLOP a second"),
        "of_base": number("value on `base`"),
        **bounded("ratio", "`machine` over `base`"),
        "p_value": number("p of a ratio of 1; of `constant` that the ratio is one"),
        "verdict": text("larger, smaller, undetermined; constant: rejected; or not testable"),
    }
)
FEWEST = 6


def compare_machines(cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row a model, pair of machines and quantity, on the cells that both machines have
    (`common`: one side may be interpolated at the other's only batch size).

    `overhead_s` and `flop_per_s` are those of time = overhead + work / rate, work = called_batch x
    flop_per_example, by least squares of relative errors on each machine; the others come from ln
    (time on `machine` / time on `base`): its mean (`time`) and its value at the least and the most
    work. Covariances are clustered by architecture. `constant`'s p tests that the ratio has
    neither slope nor curvature in ln work: one speed-up says it all only where that stands.
    Verdicts: larger, smaller, undetermined; constant: rejected, undetermined; not testable.
    """
    models: dict[str, list[tuple[str, pd.DataFrame]]] = {}
    for machine, model, table in by_model(cells, "latency_s"):
        table = table.assign(work_flop=table["called_batch"] * table["flop_per_example"])
        models.setdefault(model, []).append((machine, table))
    rows = []
    for model, tables in models.items():
        for (base, first), (machine, second) in combinations(tables, 2):
            head = {"model": model, "machine": machine, "base": base}
            rows += [head | row for row in _pair(first, second, 1 - confidence)]
    return pd.DataFrame(rows, columns=MACHINES.names)


def _pair(first: pd.DataFrame, second: pd.DataFrame, alpha: float) -> list[dict]:
    both, interpolated = common(first, second)
    shapes = architecture(both) if len(both) else pd.Series(dtype=int)
    head = {"cells": len(both), "interpolated": interpolated}
    if len(both) < FEWEST or shapes.nunique() < 3 or both["work_flop"].nunique() < 3:
        why = f"not testable: {len(both)} common cells of {shapes.nunique()} architectures"
        return [head | {"quantity": "none", "verdict": why}]
    rows = _rates(both, shapes, alpha)
    y = both["log_second"] - both["log_first"]
    x = np.log(both["work_flop"]) - np.log(both["work_flop"]).mean()
    fit = _clustered(y, pd.DataFrame({"one": 1.0, "slope": x}), shapes)
    rows.append(_ratio("time", fit, [1, 0], alpha))
    for name, place in (("least", x.min()), ("most", x.max())):
        rows.append(_ratio(f"time at the {name} work", fit, [1, place], alpha))
    rows.append(_constant(y, x, shapes, alpha))
    return [head | row for row in rows]


def _clustered(y: pd.Series, x: pd.DataFrame, clusters: pd.Series):
    return sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)


def _ratio(quantity: str, fit, contrast, alpha: float) -> dict:
    test = fit.t_test(np.asarray(contrast, dtype=float))
    low, high = np.exp(test.conf_int(alpha=alpha)[0])
    return {
        "quantity": quantity,
        "ratio": float(np.exp(test.effect[0])),
        "ratio_low": float(low),
        "ratio_high": float(high),
        "p_value": float(test.pvalue),
        "verdict": _verdict(low, high),
    }


def _verdict(low: float, high: float) -> str:
    return "larger" if low > 1 else "smaller" if high < 1 else "undetermined"


def _constant(y: pd.Series, x: pd.Series, shapes: pd.Series, alpha: float) -> dict:
    curve = pd.DataFrame({"one": 1.0, "slope": x, "curve": x**2 - (x**2).mean()})
    if np.ptp(y) <= 1e-12:
        return {"quantity": "constant", "verdict": "undetermined"}
    p_value = float(_clustered(y, curve, shapes).f_test(np.eye(3)[1:]).pvalue)
    verdict = "rejected" if p_value < alpha else "undetermined"
    return {"quantity": "constant", "p_value": p_value, "verdict": verdict}


def _rates(both: pd.DataFrame, shapes: pd.Series, alpha: float) -> list[dict]:
    """Overhead and rate of either machine and their ratio; no ratio where one is not above 0."""
    fits = []
    for column in ("log_first", "log_second"):
        seconds = np.exp(both[column])
        design = pd.DataFrame({"overhead_s": 1 / seconds, "slope": both["work_flop"] / seconds})
        fits.append(_clustered(pd.Series(1.0, both.index), design, shapes))
    rows = []
    for quantity, term, power in (("overhead_s", "overhead_s", 1), ("flop_per_s", "slope", -1)):
        base, machine = (fit.params[term] for fit in fits)
        found = {"quantity": quantity, "verdict": "not testable: not above 0 on both machines"}
        if base > 0 and machine > 0:
            error = np.hypot(*[fit.bse[term] / fit.params[term] for fit in fits])
            margin = t.ppf(1 - alpha / 2, shapes.nunique() - 1) * error
            ratio = (machine / base) ** power
            low, high = ratio * np.exp(-margin), ratio * np.exp(margin)
            found |= {
                "ratio": ratio,
                "ratio_low": low,
                "ratio_high": high,
                "verdict": _verdict(low, high),
            }
        values = [value**power if value > 0 else np.nan for value in (machine, base)]
        rows.append(found | dict(zip(("of_machine", "of_base"), values, strict=True)))
    return rows


RATES = {"overhead_s": "overhead a call", "flop_per_s": "FLOP a second"}


def machine_words(table: pd.DataFrame) -> list[str]:
    """A sentence for every model and pair of machines; never one speed-up alone."""
    sentences = []
    for (model, machine, base), group in table.groupby(["model", "machine", "base"], sort=False):
        by = group.set_index("quantity")
        if "time" not in by.index:
            sentences.append(f"{model}, {machine} against {base}: {by['verdict'].iloc[0]}.")
            continue
        size = {
            name: times(*by.loc[name, ["ratio", "ratio_low", "ratio_high"]]) for name in by.index
        }
        rates = ", ".join(f"{RATES[name]} {size[name]}" for name in RATES if name in size)
        constant = by.loc["constant"]
        fixed = "is not constant" if constant["verdict"] == "rejected" else "may be constant"
        what = "architectures (interpolated)" if by["interpolated"].iloc[0] else "cells"
        sentences.append(
            f"{model}, {machine} against {base} on {by['cells'].iloc[0]} common {what}: {rates}; "
            f"time {size['time at the least work']} at the least work and "
            f"{size['time at the most work']} at the most; the ratio {fixed} "
            f"({p_words(constant['p_value'])})."
        )
    return sentences
