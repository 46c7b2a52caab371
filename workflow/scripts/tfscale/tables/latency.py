"""The latency of a cell from its processes: median, interval, tails, how well it repeats."""

from collections import defaultdict
from collections.abc import Iterator
from math import pi
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.stats import binom, t

from tfscale.axes import AXES
from tfscale.timing.protocol import median_interval
from tfscale.timing.run_file import RAW

ROWS = 512
"""Processes of a batch."""

REFUSED = "tfscale_refused"
"""In the metadata of the runs: why by name each cell is missing that its runtime cannot take."""


def read_processes(path: str | Path) -> pd.DataFrame:
    """The processes of a runs.parquet, one a row, without raw durations and environments."""
    names = [
        name for name in pq.read_schema(path).names if name not in (*RAW, "environment_record")
    ]
    return pq.read_table(path, columns=names).to_pandas()


def pooled(runs_path: str, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Every group with the timed durations (ns) of all its processes, in ascending order.

    `group` numbers the rows of the file, a process each. A group comes when its last row has been
    read, so that little is held where a group's rows are neighbours.
    """
    left = np.bincount(group)
    waiting: defaultdict[int, list[np.ndarray]] = defaultdict(list)
    for number, timed_ns in zip(group.tolist(), _timed(runs_path), strict=True):
        waiting[number].append(timed_ns)
        left[number] -= 1
        if not left[number]:
            yield number, np.sort(np.concatenate(waiting.pop(number)))


def _timed(runs_path: str) -> Iterator[np.ndarray]:
    """The timed durations (ns) of every row."""
    with pq.ParquetFile(runs_path) as file:
        for batch in file.iter_batches(ROWS, columns=["phase", "durations_ns"]):
            timed = pc.equal(batch.column("phase").flatten(), "timed")
            chosen = timed.to_numpy(zero_copy_only=False)
            values = batch.column("durations_ns").flatten().to_numpy()
            ends = np.cumsum(pc.list_value_length(batch.column("durations_ns")).to_numpy())
            begins = np.concatenate([[0], ends[:-1]])
            for begin, end in zip(begins, ends, strict=True):
                yield values[begin:end][chosen[begin:end]]


NEIGHBOURS = 20
"""Cells of like latency that share one variance: the rounds of one cell alone say too little."""
CONFIDENCE = 0.95


def repeat_half_widths(processes: pd.DataFrame, latency_s: pd.Series) -> np.ndarray:
    """For each cell the factor, as a logarithm, by which its value in another such study differs
    at most (95 %), in the order of `latency_s`; NaN where no cell of its machine has two rounds.

    `processes` has number (the cell's place in `latency_s`), machine, round, latency_s. With $s^2$
    the variance of the logarithms of a cell's latencies over the rounds, pooled over the 20 cells
    of its machine that are next to it by latency, the medians of two studies of R rounds differ
    with variance 2 s^2 m(R), where m(R) is that of a median of R normal values (see
    `_of_a_median`): the half-width is the quantile of Student's t times its root. By how much all
    cells move together from round to round (see `_shared_half_width`) is added as a square: another
    study finds the machine in another state, which the rounds of this one do not average out.
    Changes from day to day it cannot hold.
    """
    keys = ["machine", "number", "round"]
    medians = np.log(processes.groupby(keys, sort=False)["latency_s"].median())
    half_widths = np.full(len(latency_s), np.nan)
    for _, own in medians.groupby(level="machine", sort=False):
        spread = own.groupby(level="number", sort=False).agg(["var", "size"])
        cells = spread.index.to_numpy()
        order = np.argsort(latency_s.to_numpy()[cells], kind="stable")
        widths = _half_widths(spread.iloc[order])
        half_widths[cells[order]] = np.hypot(widths, _shared_half_width(own, spread["var"]))
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
    """Of the cells of one machine by latency, with var and size over their rounds."""
    rounds = ordered["size"].to_numpy(float)
    degrees = rounds - 1
    squares = ordered["var"].fillna(0.0).to_numpy() * degrees
    count = len(ordered)
    window = min(NEIGHBOURS, count)
    first = np.clip(np.arange(count) - window // 2, 0, count - window)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (squares, degrees)]
    pooled_squares, pooled_degrees = (total[first + window] - total[first] for total in sums)
    with np.errstate(invalid="ignore", divide="ignore"):
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


BOUND_CONFIDENCE = 0.99
MEMORY = ("memory_load_bytes", "memory_first_bytes", "memory_warmup_bytes", "memory_timed_bytes")
SIDES = ("first_call_s", "load_s", "unfetched_s", "copy_s")
TAILS = {"p90": 0.9, "p99": 0.99}
KEYS = ["cell", "machine"]


def latencies(processes: pd.DataFrame, runs_path: str, coverage: float) -> pd.DataFrame:
    """A row a cell and machine, in the order in which they come: host, axes, and what its processes
    say of its latency.

    The latency is the median over all processes, disturbed ones too, of a process's latency_s,
    with the sign-test interval that covers at least `coverage`; typical_s that of a process's
    median call. `processes` are the rows of the file `runs_path` without raw durations, which are
    read from it bit by bit.
    """
    number = processes.groupby(KEYS, sort=False).ngroup().to_numpy()
    by_cell = processes.groupby(number)
    calls = by_cell["calls"].sum()
    tails = _tails(runs_path, number, calls.to_numpy())
    middle = by_cell[["latency_s", "p50_s", *SIDES, *MEMORY]].median()
    unsettled = ~processes["settled"].fillna(True).astype(bool)
    numbered = processes[["machine", "round", "latency_s"]].assign(number=number)
    return pd.DataFrame(
        {name: by_cell[name].first() for name in (*KEYS, "host", *AXES)}
        | {
            "rounds": by_cell["round"].nunique(),
            "processes": by_cell.size(),
            "disturbed_processes": by_cell["disturbed"].sum().astype(int),
            "calls": calls,
            "latency_s": middle["latency_s"],
        }
        | pd.DataFrame(_intervals(by_cell["latency_s"], coverage)).to_dict("series")
        | {
            "repeat_half_width": repeat_half_widths(numbered, middle["latency_s"]),
            "typical_s": middle["p50_s"],
            "noise": middle["p50_s"] / middle["latency_s"],
        }
        | tails.to_dict("series")
        | {
            "throughput_per_s": by_cell["batch_size"].first() / middle["latency_s"],
            "unsettled_processes": unsettled.groupby(number).sum(),
            "processes_total_s": by_cell["process_s"].sum(),
        }
        | {name: middle[name] for name in (*SIDES, *MEMORY)}
    )


def _intervals(latencies_s, coverage: float) -> Iterator[dict[str, float]]:
    for _, values in latencies_s:
        interval = median_interval(values.tolist(), coverage)
        yield {
            "latency_low_s": interval.low,
            "latency_high_s": interval.high,
            "half_width": interval.half_width if interval.claimed else float("nan"),
            "coverage": interval.coverage,
        }


def _tails(runs_path: str, group: np.ndarray, calls: np.ndarray) -> pd.DataFrame:
    """A row a group: quantiles of its timed calls with their upper bounds."""
    ranks = {name: bound_rank(calls, level) for name, level in TAILS.items()}
    rows: list[dict[str, float]] = [{} for _ in calls]
    for number, ordered_ns in pooled(runs_path, group):
        ordered_s = ordered_ns / 1e9
        quantiles = np.quantile(ordered_s, list(TAILS.values()))
        for name, quantile in zip(TAILS, quantiles, strict=True):
            bound_s = upper_bound(ordered_s, ranks[name][number])
            rows[number] |= {f"{name}_s": float(quantile), f"{name}_high_s": bound_s}
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
    and Meeker 1991, 5.2).

    >>> bound_rank(np.array([64, 1000]), 0.9).tolist()
    [63, 922]
    """
    return np.asarray(binom.ppf(BOUND_CONFIDENCE, calls, level)).astype(int) + 1
