"""Rules without any library: the interval of a median, how many calls, what is disturbed, what may
differ between runs that are pooled."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, comb, isnan, log, log2, nan


@dataclass(frozen=True)
class Interval:
    """Bounds and their exact coverage; NaN coverage where no interval can be claimed."""

    low: float
    high: float
    coverage: float

    @property
    def claimed(self) -> bool:
        """Whether there were values enough for an interval; else the bounds are their range."""
        return not isnan(self.coverage)

    @property
    def half_width(self) -> float:
        """Half of the log-length: 0.05 is about plus or minus 5 %. Of a mere range, too."""
        return log(self.high / self.low) / 2


def fewest_for_interval(confidence: float) -> int:
    """The fewest values whose range covers the median often enough: 1 - 2 / 2^V >= confidence."""
    return ceil(1 - log2(1 - confidence))


def median_interval(values: Iterable[float], confidence: float) -> Interval:
    """Order statistics k and V - k + 1 of V positive values, k the largest that covers enough.

    Coverage is 1 - 2 sum_{i<k} C(V, i) / 2^V (David and Nagaraja, Order Statistics, 7.1). With
    too few values the bounds are the range and the coverage is NaN.
    """
    ordered = sorted(float(value) for value in values)
    rank, tail = _rank(len(ordered), confidence)
    if rank == 0:
        return Interval(ordered[0], ordered[-1], nan)
    return Interval(ordered[rank - 1], ordered[-rank], 1 - 2 * tail / 2 ** len(ordered))


def _rank(count: int, confidence: float) -> tuple[int, int]:
    """k, 0 where there is none, and the sum of C(V, i) over i < k."""
    tail, rank = 0, 0
    while 2 * (tail + comb(count, rank)) <= (1 - confidence) * 2**count and 2 * rank + 2 <= count:
        tail += comb(count, rank)
        rank += 1
    return rank, tail


def calls_per_pass(inputs: int, batch_size: int) -> int:
    """Calls that predict every input once; the last batch of a pass is filled up."""
    return -(-inputs // batch_size)


NS = 1_000_000_000
LONG_NS, SLOW_NS, VERY_SLOW_NS = NS // 100, 3 * NS // 100, 6 * NS // 10
FEW_CALLS = {NS: 2, 3 * NS // 10: 3, SLOW_NS: 5}
"""Calls that are timed of those that take longer: the fastest of them is the latency."""


def calls_wanted(call_ns: float, min_calls: int) -> int:
    """The fewest timed calls of a process.

    >>> [calls_wanted(seconds * NS, 10) for seconds in (0.001, 0.1, 0.5, 2)]
    [10, 5, 3, 2]
    """
    few = next((few for longer_ns, few in FEW_CALLS.items() if call_ns > longer_ns), min_calls)
    return min(few, min_calls)


SLOWER = 1.2
"""Of a process: the kernel varies by 5 % on an undisturbed CPU and its clock drifts by as much and
more; a neighbour on the same core makes it 1.3 to 1.5."""
NOTICEABLE = 1.1
"""Of a single calibration before a study, where many are looked at within seconds."""
LEAST_CPU_SHARE = 0.95
MOST_STEAL = 0.01


def disturbance(process: dict, reference_s: float) -> str:
    """The signs that a process was disturbed, in words; empty for a clean one.

    `process` has calibration_before_s, calibration_after_s, cpu_share, steal_share, threads and
    device; `reference_s` is the undisturbed time of the calibration kernel, which may take 1.2
    times as long. The share of CPU time counts for cells of one thread on the CPU only, whose
    thread should never wait.
    """
    signs = []
    slowest = max(process["calibration_before_s"], process["calibration_after_s"]) / reference_s
    if slowest > SLOWER:
        signs.append(f"calibration {slowest:.2f} times the reference")
    share = process["cpu_share"]
    if process["device"] == "CPU" and process["threads"] == 1 and share < LEAST_CPU_SHARE:
        signs.append(f"CPU share {share:.2f}")
    if (process["steal_share"] or 0) > MOST_STEAL:
        signs.append(f"steal {100 * process['steal_share']:.1f} %")
    return ", ".join(signs)


SET_BY_JOB = (
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
    "VECLIB_MAXIMUM_THREADS",
)
"""By the job from the axis threads, or by Snakemake from the cores: not the user's environment."""
VARIABLE = "variable_"
VARIES = {
    "affinity",
    "clock_mhz",
    "git_commit",
    "limits",
    "load_average",
    "memory_available_bytes",
    "memory_bytes",
    "memory_limit_bytes",
    "nice",
    "cpuset",
    "uptime_s",
    *[f"{VARIABLE}{name}" for name in SET_BY_JOB],
}
"""Keys that may differ between rows of one environment; a virtual machine's memory is one, and
which of the CPUs a scheduler gave (how many is not)."""
