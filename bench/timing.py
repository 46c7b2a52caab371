"""Is the meter right? Known times, a bare loop, other ways to time the same calls, a neighbour."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from bench.outcome import (
    Outcome,
    SkippedError,
    percent,
    ratio_at_most,
    ratio_near_one,
    share_at_least,
    share_at_most,
    text_table,
)
from bench.ratios import alternated, medians, ratio_of_pairs
from bench.study import Options, Study, in_fresh_process, project_config, silent
from tfscale.axes import OF_TENSORFLOW
from tfscale.errors import StudyError
from tfscale.study import config as sections
from tfscale.tables.merge import signs
from tfscale.timing import run_file
from tfscale.timing.run import run

CELLS = [("mnist", 0.0), ("mnist", 0.5), ("text", 0.25)]
TIME_CELL = "tfscale.timing.process:time_cell"
PAIRS, PRECISION = 8, 0.05

SPINS_S, MOST_BIAS = [1e-4, 1e-3, 1e-2, 1e-1], 0.01


def bias(options: Options) -> list[Outcome]:
    """Calls that spin for a known time, timed as those of a cell."""
    protocol = sections.protocol(project_config())
    arguments = {"spins_s": SPINS_S, "protocol": protocol}
    found_s = in_fresh_process("bench.inside:spins", arguments)
    rows = [
        (1e3 * known, 1e3 * found, found / known)
        for known, found in zip(SPINS_S, found_s, strict=True)
    ]
    print(text_table(["known ms", "latency_s ms", "ratio"], rows))
    worst = max(abs(ratio - 1) for *_, ratio in rows)
    shown = percent(worst, 2)
    return [share_at_most("largest bias of latency_s", worst, MOST_BIAS, shown)]


BLOCKS, PROCESSES, BLOCK_S, MOST_OVERHEAD = 30, 3, 0.05, 1.02


def overhead(options: Options) -> list[Outcome]:
    """The timed block over a bare loop of the smallest cell, fastest blocks of calls, by turns in
    one pinned process."""
    cell = options.study.pick("mnist", 0)
    arguments = {"request": options.study.request(cell), "count": BLOCKS, "block_s": BLOCK_S}
    pairs, rows = [], []
    for number in range(1, PROCESSES + 1):
        own = in_fresh_process("bench.inside:overhead", arguments)
        pairs += own
        harness_s, bare_s = medians(own)
        rows.append((str(number), 1e6 * harness_s, 1e6 * bare_s, str(ratio_of_pairs(own))))
    print(f"  {cell}, {BLOCKS} pairs of blocks a process")
    print(text_table(["process", "harness µs", "bare µs", "ratio (interval, coverage)"], rows))
    ratio = ratio_of_pairs(pairs)
    return [ratio_at_most("harness / bare", ratio.value, MOST_OVERHEAD, str(ratio))]


def runtimes(options: Options) -> list[Outcome]:
    """The timed block of other runtimes over a bare loop of the same runtime, by turns."""
    study, rows, outcomes = options.study, [], []
    others = study.cells[~study.cells["runtime"].isin(OF_TENSORFLOW)]
    if others.empty:
        raise SkippedError("no cell of the study has another runtime")
    for runtime, cells in others.groupby("runtime"):
        pairs = []
        for model, own in cells.groupby("model"):
            cell = study.pick(str(model), 0, own)
            arguments = {"request": study.request(cell), "count": BLOCKS, "block_s": BLOCK_S}
            pairs += (here := in_fresh_process("bench.inside:overhead", arguments))
            harness_s, bare_s = medians(here)
            rows.append((cell, 1e6 * harness_s, 1e6 * bare_s, str(ratio_of_pairs(here))))
        ratio = ratio_of_pairs(pairs)
        name = f"{runtime}: harness / bare"
        outcomes.append(ratio_at_most(name, ratio.value, MOST_OVERHEAD, str(ratio)))
    print(text_table(["cell", "harness µs", "bare µs", "ratio (interval, coverage)"], rows))
    return outcomes


def isolation(options: Options) -> list[Outcome]:
    """Forked against newly started processes, by turns, on three cells."""
    study = options.study

    def ways(cell: str) -> list[Callable[[], dict]]:
        timed = partial(in_fresh_process, TIME_CELL, study.request(cell))
        return [partial(timed, "fork"), partial(timed, "exec")]

    return by_turns("fork / exec", [study.pick(*cell) for cell in CELLS], ways)


LONGEST_S = 8.0
PROTOCOL_CELLS = [("mnist", 0.0), ("mnist", 1.0), ("text", 1.0)]


def protocols(options: Options) -> list[Outcome]:
    """The paper's protocol (all passes of all inputs) against short processes, by turns, on three
    cells whose passes take at most 8 s."""
    study = options.study
    quick = study.cells[study.cells["passes_total_s"] <= LONGEST_S]
    if quick.empty:
        raise SkippedError(f"the passes of every cell take over {LONGEST_S:g} s")

    def ways(cell: str) -> list[Callable[[], dict]]:
        requests = [study.request(cell, protocol=name) for name in ("paper", "short")]
        return [partial(in_fresh_process, TIME_CELL, request) for request in requests]

    cells = [study.pick(*cell, quick) for cell in PROTOCOL_CELLS]
    return by_turns("paper / short", cells, ways)


def by_turns(
    what: str, cells: list[str], ways: Callable[[str], list[Callable[[], dict]]]
) -> list[Outcome]:
    """Processes of each cell in the two `ways` to time it: the ratio of their latencies."""
    outcomes, rows = [], []
    for cell in dict.fromkeys(cells):
        made = alternated(PAIRS, *ways(cell))
        names = ("latency_s", "p50_s", "mean_s")
        pairs = [[(a[name], b[name]) for a, b in made] for name in names]
        ratio, *others = map(ratio_of_pairs, pairs)
        latencies_us = [1e6 * seconds for seconds in medians(pairs[0])]
        rows.append((cell, *latencies_us, str(ratio), *map(str, others)))
        outcomes.append(ratio_near_one(f"{what}, {cell}", ratio.value, PRECISION, str(ratio)))
    sides = [f"{side} µs" for side in what.split(" / ")]
    print(text_table(["cell", *sides, "ratio of latency_s", "of medians", "of means"], rows))
    return outcomes


TURNS, TURN_S, FLOOR_S = 20, 0.1, 30e-6


def loadgen(options: Options) -> list[Outcome]:
    """Blocks of ours and of MLCommons LoadGen, the reference load generator, by turns in one
    process."""
    if not find_spec("mlperf_loadgen"):
        raise SkippedError("mlcommons-loadgen is not installed: use `make bench`")
    outcomes, rows = [], []
    for model, rank in CELLS:
        cell = options.study.pick(model, rank)
        arguments = {"request": options.study.request(cell), "count": TURNS, "block_s": TURN_S}
        pairs = []
        for _ in range(PROCESSES):
            pairs += in_fresh_process("bench.inside:loadgen", arguments)
        ours_s, theirs_s = medians(pairs)
        rows.append((cell, 1e6 * ours_s, 1e6 * theirs_s, str(ratio_of_pairs(pairs))))
        outcomes.append(agreement(f"tfscale / LoadGen, {cell}", ours_s, theirs_s))
    print(text_table(["cell", "tfscale µs", "LoadGen µs", "ratio (interval, coverage)"], rows))
    return outcomes


def agreement(name: str, ours_s: float, theirs_s: float) -> Outcome:
    """Whether two medians differ by at most 5 %, or 30 µs where that is more."""
    over_s = abs(ours_s - theirs_s) - max(PRECISION * theirs_s, FLOOR_S)
    shown = f"{ours_s / theirs_s:.3f} ({1e6 * (ours_s - theirs_s):+.1f} µs)"
    target = f"within max({percent(PRECISION, 0)}, {1e6 * FLOOR_S:.0f} µs)"
    return Outcome(name, shown, target, f"{1e6 * over_s:.0f} µs" if over_s > 0 else None)


RUNS, RUN_PROCESSES, MARKED, FALSE_ALARMS = 4, 5, 0.9, 0.1
BUSY = """
import os
os.sched_setaffinity(0, [{cpu}])
while os.getppid() == {parent}:
    for _ in range(10**6):
        pass
"""


def neighbour(options: Options) -> list[Outcome]:
    """A busy loop on the CPU of a run, which marks its processes; by turns with runs without it."""
    study, tables = options.study, []
    for model, rank in CELLS[:2]:
        cell = study.pick(model, rank)
        for number in range(1, RUNS + 1):
            for beside in (False, True):
                with busy_loop(beside):
                    tables.append(rows_of_run(study, cell, number).assign(beside=beside))
    table = judged(pd.concat(tables, ignore_index=True))
    header = ["cell", "neighbour", "processes", "marked", "latency µs", "typical µs", "signs"]
    groups = table.groupby(["cell", "beside"])
    print(text_table(header, [_line(key, part) for key, part in groups]))
    beside, alone = (table.loc[table["beside"] == is_so, "disturbed"].mean() for is_so in (1, 0))
    return [
        share_at_least("processes beside the neighbour marked", float(beside), MARKED),
        share_at_most("processes without it marked", float(alone), FALSE_ALARMS),
    ]


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """The processes with their signs of disturbance against the calibrations of all, as `merge`
    judges them."""
    found = signs(table.assign(host="this"))
    return table.assign(disturbed_reason=found, disturbed=list(map(bool, found)))


def rows_of_run(study: Study, cell: str, number: int) -> pd.DataFrame:
    """The processes of one run, timed as the rule `measure` does."""
    request, config = study.request(cell, processes=RUN_PROCESSES), project_config()
    folder = study.model_folder(cell)
    inputs = {
        "facts": str(folder / "facts.json"),
        "model": request["model"],
        "predictions": str(folder / "predictions.parquet"),
        "arrays": request["arrays"] or [],
    }
    axes = request["cell"]["axes"]
    families = {axes["model"]: study.families[axes["model"]]}
    settings = {"axes": axes, "families": families, "protocol": request["protocol"]}
    settings |= {"seed": config["seed"], "evaluation": config["evaluation"]}
    settings |= {"passes": 1, "time_limit_s": config["timing"]["time_limit_s"]}
    with tempfile.TemporaryDirectory(prefix="tfscale-") as temporary:
        path = Path(temporary, cell, f"round{number}.parquet")
        path.parent.mkdir()
        try:
            with silent():
                run(cell, number, inputs, settings, str(path))
        except StudyError as error:
            raise SkippedError(f"a run failed: {error}") from None
        return run_file.read(str(path))[0].drop_columns(run_file.RAW).to_pandas()


@contextmanager
def busy_loop(beside: bool) -> Iterator[subprocess.Popen | None]:
    """A process that keeps the CPU of one-thread cells busy (`calm.pin` takes the last one)."""
    if not beside:
        yield None
        return
    code = BUSY.format(cpu=max(os.sched_getaffinity(0)), parent=os.getpid())
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _line(key: tuple, part: pd.DataFrame) -> tuple:
    reasons = part.loc[part["disturbed"], "disturbed_reason"].value_counts().head(3)
    shown = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
    marked = f"{int(part['disturbed'].sum())} of {len(part)}"
    latency_us, typical_us = (1e6 * float(part[name].median()) for name in ("latency_s", "p50_s"))
    beside = "yes" if key[1] else "no"
    return str(key[0]), beside, len(part), marked, latency_us, typical_us, shown
