"""The latency of a cell: median, interval, tails, repeatability, reference speed."""

from collections import defaultdict
from collections.abc import Iterator
from math import pi

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.stats import binom, t

from tfscale.axes import AXES, Cell
from tfscale.timing.calm import reference
from tfscale.timing.protocol import median_interval

ROWS = 512
"""Visits of a batch."""


RAW = ("phase", "durations_ns", "environment")
"""The columns of runs.parquet that take most of its bytes."""


def read_processes(path: str) -> pd.DataFrame:
    """The processes of a runs.parquet, a row each, without raw durations and environments."""
    names = [name for name in pq.read_schema(path).names if name not in RAW]
    return pd.read_parquet(path, columns=names)


def pooled(runs_path: str, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Every group with the timed durations (ns) of all its visits, in ascending order.

    `group` numbers the rows of the file, a visit each; a row of -1 is left out. A group comes when
    its last row has been read, so that little is held where a group's rows are neighbours.
    """
    left = np.bincount(group[group >= 0])
    waiting: defaultdict[int, list[np.ndarray]] = defaultdict(list)
    for number, timed_ns in _timed(runs_path, group):
        waiting[number].append(timed_ns)
        left[number] -= 1
        if not left[number]:
            yield number, np.sort(np.concatenate(waiting.pop(number)))


def _timed(runs_path: str, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The group and the timed durations of every row that is in one."""
    start = 0
    with pq.ParquetFile(runs_path) as file:
        for batch in file.iter_batches(ROWS, columns=["phase", "durations_ns"]):
            timed = pc.equal(batch.column("phase").flatten(), "timed")
            chosen = timed.to_numpy(zero_copy_only=False)
            values = batch.column("durations_ns").flatten().to_numpy()
            ends = np.cumsum(pc.list_value_length(batch.column("durations_ns")).to_numpy())
            begins = np.concatenate([[0], ends[:-1]])
            numbers = group[start : start + batch.num_rows]
            start += batch.num_rows
            for number, begin, end in zip(numbers, begins, ends, strict=True):
                if number >= 0:
                    yield int(number), values[begin:end][chosen[begin:end]]


LEAST = 0.75
"""Of the cells of the fullest round. In a noisy hour the first further rounds timed 61, 49 and 60 %
of the cells."""


def in_complete_round(rounds: pd.Series) -> pd.Series:
    """For each entry, one a cell and round, whether its round has nearly as many as the
    fullest: disturbances take some cells from a round, precision takes more."""
    timed = rounds.groupby(rounds).transform("size")
    return timed >= LEAST * timed.max()


NEIGHBOURS = 20
"""Cells of like latency that share one variance: two rounds of one cell alone say too little."""
CONFIDENCE = 0.95


def repeat_half_widths(used: pd.DataFrame, latency_s: pd.Series) -> np.ndarray:
    """For each cell the factor, as a logarithm, by which its value in another such study differs
    at most (95 %), in the order of `latency_s`; NaN where no cell of its machine has two rounds.

    `used` has a row a visit: `number` (the cell's place in `latency_s`), machine, round, p50_s.
    With $s^2$ the variance of the logarithms of a cell's medians over the complete rounds (the
    further ones are of noisy cells only, which would count more often than others), pooled over
    the 20 cells of its machine that are next to it by latency, the medians of two studies of R
    rounds differ with variance 2 s^2 m(R), where m(R) is that of a median of R normal values (see
    `_of_a_median`): the half-width is the quantile of Student's t times its root. By how much all
    cells move together from round to round (see `_shared_half_width`) is added as a square: another
    study finds the machine in another state, which the rounds of this one do not average out.
    Changes from day to day it cannot hold.
    """
    medians = np.log(used.groupby(["machine", "number", "round"], sort=False)["p50_s"].median())
    half_widths = np.full(len(latency_s), np.nan)
    for _, own in medians.groupby(level="machine", sort=False):
        rounds = own.groupby(level="number", sort=False).size()
        cells = rounds.index.to_numpy()
        complete = own[in_complete_round(own.index.to_frame()["round"]).to_numpy()]
        spread = complete.groupby(level="number").agg(["var", "size"]).reindex(cells)
        order = np.argsort(latency_s.to_numpy()[cells], kind="stable")
        widths = _half_widths(spread.assign(rounds=rounds).iloc[order])
        half_widths[cells[order]] = np.hypot(widths, _shared_half_width(complete, spread["var"]))
    return half_widths


def _shared_half_width(medians: pd.Series, variance: pd.Series) -> float:
    """By how much two states of the machine that all its cells share differ at most (95 %).

    A round's state is the median over cells of how far each is from its mean over the rounds. From
    its variance over the rounds goes what the cells' own would leave: that of a median of so many.
    """
    by_round = medians.droplevel("machine").unstack("round")
    state = by_round.sub(by_round.mean(axis=1), axis=0).median()
    own = _of_a_median(np.array(float(len(variance)))) * variance.mean()
    if len(state) < 2 or not state.var() > own:
        return 0.0
    return float(_quantile(len(state) - 1) * np.sqrt(2 * (state.var() - own)))


def _quantile(degrees: np.ndarray | float) -> np.ndarray:
    return t.ppf((1 + CONFIDENCE) / 2, degrees)


def _half_widths(ordered: pd.DataFrame) -> np.ndarray:
    """Of the cells of one machine, in the order of their latencies: var and size over the complete
    rounds, and the number of all rounds of each."""
    degrees = (ordered["size"].fillna(1.0) - 1).to_numpy(float)
    squares = ordered["var"].fillna(0.0).to_numpy() * degrees
    count = len(ordered)
    window = min(NEIGHBOURS, count)
    first = np.clip(np.arange(count) - window // 2, 0, count - window)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (squares, degrees)]
    pooled_squares, pooled_degrees = (total[first + window] - total[first] for total in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        rounds = ordered["rounds"].to_numpy(float)
        variance = 2 * _of_a_median(rounds) * pooled_squares / pooled_degrees
    known = pooled_degrees > 0
    quantile = _quantile(np.where(known, pooled_degrees, 1))
    return np.where(known, quantile * np.sqrt(variance), np.nan)


def _of_a_median(count: np.ndarray) -> np.ndarray:
    """The variance of the median of `count` normal values of variance 1.

    Of two it is that of their mean. Beyond, pi / (2 n + pi - 2): within 2 % for odd n, up to a
    seventh too much for even n (against 400,000 simulated medians each).
    """
    return np.where(count <= 2, 1 / count, pi / (2 * count + pi - 2))


BOTH = ["calibration_before_s", "calibration_after_s"]


def references(visits: pd.DataFrame) -> pd.Series:
    """For each visit the undisturbed calibration (s) of its machine in this study."""
    calm_s = {
        machine: reference(rows[BOTH].to_numpy().ravel())
        for machine, rows in visits.groupby("machine", sort=False)
    }
    return visits["machine"].map(calm_s).astype(float)


def at_reference_speed(visits: pd.DataFrame) -> pd.Series:
    """The median (s) of each visit times the undisturbed calibration of its machine over the mean
    of its own two: a ratio estimator with the calibration as covariate (Cochran 1977, 6.2).

    It takes out what clock and neighbours do to all work alike, and is right as far as a call is
    slowed down as the kernel is. It stands beside the latency and never replaces it.
    """
    return visits["p50_s"] * references(visits) / visits[BOTH].mean(axis=1)


BOUND_CONFIDENCE = 0.99
MEMORY = ("memory_load_bytes", "memory_first_bytes", "memory_warmup_bytes", "memory_timed_bytes")
SIDES = ("first_call_s", "load_s", "unfetched_s", "copy_s")
TAILS = {"p90": 0.9, "p99": 0.99}
KEYS = ["cell", "machine"]


def latencies(visits: pd.DataFrame, runs_path: str, coverage: float) -> pd.DataFrame:
    """A row a cell and machine, in the order in which they come: host, axes, and what its visits
    say of its latency. Sentinels are left out.

    The estimate is the median over clean visits of a visit's median, with the sign-test interval
    that covers at least `coverage`. A cell whose visits were all disturbed is estimated from all
    of them, and its number of clean visits says so. `visits` are the rows of the file `runs_path`
    without raw durations, which are read from it bit by bit.
    """
    places = np.flatnonzero(~visits["sentinel"].to_numpy(dtype=bool))
    own = visits.iloc[places]
    number = own.groupby(KEYS, sort=False).ngroup().to_numpy()
    clean = ~own["disturbed"].to_numpy(dtype=bool)
    used = clean | (np.bincount(number, clean)[number] == 0)
    group = np.full(len(visits), -1)
    group[places[used]] = number[used]
    by_cell, typical = own.groupby(number), own[used].groupby(number[used])
    calls = typical["calls"].sum().to_numpy()
    tails = _tails(runs_path, group, calls)
    adjusted = at_reference_speed(own)[used].groupby(number[used])
    middle = typical[["p50_s", "p05_s", *SIDES, *MEMORY]].median()
    settled = own["settled"].fillna(True).astype(bool)
    ended = own.assign(number=number).sort_values("round", kind="stable").groupby("number")
    last = ended[["stop_reason", "left_because"]].last().astype("string")
    reason = last["left_because"].str.removesuffix(" before").fillna(last["stop_reason"])
    return pd.DataFrame(
        {name: by_cell[name].first() for name in (*KEYS, "host", *AXES)}
        | {
            "rounds": by_cell["round"].nunique(),
            "visits": by_cell.size(),
            "clean_visits": np.bincount(number, clean).astype(int),
            "calls": calls,
            "latency_s": middle["p50_s"],
        }
        | pd.DataFrame(_intervals(typical["p50_s"], coverage)).to_dict("series")
        | {
            "repeat_half_width": repeat_half_widths(
                own.assign(number=number)[used], middle["p50_s"]
            ),
            "latency_at_reference_s": adjusted.median(),
            "half_width_at_reference": [
                interval["half_width"] for interval in _intervals(adjusted, coverage)
            ],
            "reference_s": references(own).groupby(number).first(),
            "undisturbed_s": middle["p05_s"],
            "noise_index": middle["p50_s"] / middle["p05_s"],
        }
        | tails.drop(columns="timed_s").to_dict("series")
        | {
            "throughput_per_s": by_cell["batch_size"].first() * calls / tails["timed_s"],
            "unsettled_visits": (~settled).groupby(number).sum(),
            "visits_total_s": by_cell["visit_s"].sum(),
            "stop_reason": reason,
        }
        | {name: middle[name] for name in (*SIDES, *MEMORY)}
    )


def cells_of(table: pd.DataFrame) -> list[Cell]:
    """The axes of every row, in Python's own integers: the FLOP of a large network exceed the
    tables' int32."""
    return table[list(AXES)].to_dict("records")


def _intervals(medians, coverage: float) -> Iterator[dict[str, float]]:
    for _, values in medians:
        interval = median_interval(values.tolist(), coverage)
        yield {
            "latency_low_s": interval.low,
            "latency_high_s": interval.high,
            "half_width": interval.half_width if interval.claimed else float("nan"),
            "coverage": interval.coverage,
        }


def _tails(runs_path: str, group: np.ndarray, calls: np.ndarray) -> pd.DataFrame:
    """A row a group: quantiles of its timed calls with their upper bounds, and their sum."""
    ranks = {name: bound_rank(calls, level) for name, level in TAILS.items()}
    rows: list[dict[str, float]] = [{} for _ in calls]
    for number, ordered_ns in pooled(runs_path, group):
        ordered_s = ordered_ns / 1e9
        quantiles = np.quantile(ordered_s, list(TAILS.values()))
        for name, quantile in zip(TAILS, quantiles, strict=True):
            bound_s = upper_bound(ordered_s, ranks[name][number])
            rows[number] |= {f"{name}_s": float(quantile), f"{name}_high_s": bound_s}
        rows[number]["timed_s"] = float(ordered_s.sum())
    return pd.DataFrame(rows)


def upper_bound(ordered_s: np.ndarray, rank: int) -> float:
    """The distribution-free upper bound (99 %, one-sided) of a quantile, from sorted durations.

    It is the order statistic of `bound_rank`; NaN when that would be the largest of all: below 64
    calls for p90 and 662 for p99. It takes calls for independent, as one client sees them that
    waits for every answer.
    """
    return float(ordered_s[rank - 1]) if rank < len(ordered_s) else float("nan")


def bound_rank(calls: np.ndarray, level: float) -> np.ndarray:
    """The smallest r with P(Binomial(calls, level) < r) >= 0.99, for each number of calls (Hahn
    and Meeker 1991, 5.2)."""
    return np.asarray(binom.ppf(BOUND_CONFIDENCE, calls, level)).astype(int) + 1
