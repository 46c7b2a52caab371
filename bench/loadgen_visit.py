"""A visit whose timed block is MLCommons LoadGen's: SingleStream, one query = one batch."""

import re
import tempfile
from pathlib import Path

from bench.loaded_model import LoadedModel, loaded_model

MEDIAN = re.compile(r"50\.00 percentile latency \(ns\)\s*:\s*(\d+)")
HEADROOM = 0.5


def visit(request: dict) -> dict:
    """Return LoadGen's own median in ns."""
    model, protocol = loaded_model(request), request["protocol"]
    with tempfile.TemporaryDirectory(prefix="tfscale-") as folder:
        _start(model, protocol, folder)
        return {"median_ns": median_ns(Path(folder, "mlperf_log_summary.txt").read_text())}


def median_ns(summary: str) -> int:
    """The median in LoadGen's summary."""
    found = MEDIAN.search(summary)
    if not found:
        raise ValueError(f"no median in LoadGen's summary: {summary[-500:]}")
    return int(found[1])


def _start(model: LoadedModel, protocol: dict, folder: str) -> None:
    import mlperf_loadgen as loadgen

    def issue(samples: list) -> None:
        for sample in samples:
            model.call(sample.index)
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])

    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = int(1000 * protocol["min_time_s"])
    settings.min_query_count = protocol["min_calls"]
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
