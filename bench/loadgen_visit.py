"""Visits with MLCommons LoadGen's timed block: SingleStream, one query = one batch.

LoadGen knows no calibrations, so each slice of the block is a whole LoadGen test between two: both
sides then leave out what a neighbour disturbed, by the same physical sign.
"""

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.loaded_model import LoadedModel, loaded_model
from bench.ratios import Pair, alternated
from tfscale.timing.block import COLD_NS, calm, plan_slices, time_slices, timed_block
from tfscale.timing.calm import Quiet
from tfscale.timing.protocol import NS

MEDIAN = re.compile(r"50\.00 percentile latency \(ns\)\s*:\s*(\d+)")
HEADROOM = 0.5
BLOCKS, BLOCK_S, FEWEST_CALLS = 20, 0.1, 5


def visit(request: dict) -> dict:
    """Return LoadGen's own medians in ns: of its calm slices, and of all."""
    model, protocol = loaded_model(request), request["protocol"]
    plan = plan_slices(model.call_ns, protocol["min_calls"], protocol["min_time_s"])
    quiet = Quiet(None, 0.0, request["axes"]["threads"])
    quiet.settle()
    medians_ns: list[int] = []

    def test(_: int) -> None:
        medians_ns.append(_loadgen_ns(model, plan.shortest_s, plan.calls))

    slices = time_slices(test, NS, replace(plan, calls=1, shortest_s=0.0), quiet)
    kept = calm(slices, quiet.limit_s) or slices
    calm_ns = [ns for ns, each in zip(medians_ns, slices, strict=True) if each in kept]
    return {"median_ns": median(calm_ns), "all_median_ns": median(medians_ns)}


def by_turns(request: dict) -> dict[str, list[Pair]]:
    """Return the medians (s) of short blocks by turns in this one process: ours, LoadGen's."""
    model = loaded_model(request)

    def ours_s() -> float:
        _warm_again(model)
        return median(timed_block(model.call, model.call_ns, BLOCK_S, FEWEST_CALLS)) / NS

    def loadgen_s() -> float:
        return _loadgen_ns(model, BLOCK_S, FEWEST_CALLS) / NS

    return {"pairs_s": alternated(BLOCKS, ours_s, loadgen_s)}


def median_ns(summary: str) -> int:
    """The median in LoadGen's summary."""
    found = MEDIAN.search(summary)
    if not found:
        raise ValueError(f"no median in LoadGen's summary: {summary[-500:]}")
    return int(found[1])


def _warm_again(model: LoadedModel) -> None:
    timed_block(model.call, model.call_ns, COLD_NS / NS, 1)


def _loadgen_ns(model: LoadedModel, shortest_s: float, fewest: int) -> int:
    """The median of one LoadGen test of at least so many seconds and calls."""
    _warm_again(model)
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        _start(model, shortest_s, fewest, folder)
        return median_ns(Path(folder, "mlperf_log_summary.txt").read_text())


def _start(model: LoadedModel, shortest_s: float, fewest: int, folder: str) -> None:
    import mlperf_loadgen as loadgen

    def issue(samples: list) -> None:
        for sample in samples:
            model.call(sample.index)
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])

    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = int(1000 * shortest_s)
    settings.min_query_count = fewest
    settings.single_stream_expected_latency_ns = max(1, int(HEADROOM * model.call_ns))
    logs = loadgen.LogSettings()
    logs.log_output.outdir = folder
    logs.log_output.copy_summary_to_stdout = False
    logs.enable_trace = False
    sut = loadgen.ConstructSUT(issue, lambda: None)
    count = len(model.batches)
    library = loadgen.ConstructQSL(count, count, lambda samples: None, lambda samples: None)
    loadgen.StartTestWithLogSettings(sut, library, settings, logs)
    loadgen.DestroyQSL(library)
    loadgen.DestroySUT(sut)
