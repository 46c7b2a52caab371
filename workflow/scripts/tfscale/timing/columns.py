"""The columns of a run: name with unit, type, and what each holds."""

import pyarrow as pa

from tfscale.axes import AXES

_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_KINDS = {str: _TEXT, int: pa.int32(), bool: pa.bool_()}
_DESCRIBED = {
    "cell": (_TEXT, "name of the cell"),
    "seed": (_COUNT, "seed of the study"),
    "round": (pa.int32(), "round, from 1; of a sentinel its place in the study"),
    "visit": (pa.int32(), "visit in the run, from 1"),
    "isolation": (_TEXT, "fork or exec"),
    "protocol": (_TEXT, "visits or paper"),
    "host": (_TEXT, "name of the machine"),
    "device": (_TEXT, "CPU or GPU"),
    "started": (pa.timestamp("us", tz="UTC"), "start of the visit"),
    "visit_s": (_NUMBER, "the whole visit, from the start of its process to its answer"),
    "waited_s": (_NUMBER, "waiting for an undisturbed machine, in the visit"),
    "load_s": (_NUMBER, "loading the SavedModel"),
    "first_call_s": (_NUMBER, "the first call"),
    "warmup_calls": (pa.int32(), "calls of the warm-up"),
    "settled": (pa.bool_(), "the warm-up settled; null = too few calls to say"),
    "calls": (pa.int32(), "timed calls"),
    "slices": (pa.int32(), "stretches of the timed block, a calibration before and after each"),
    "slices_left_out": (pa.int32(), "of them not counted, as a calibration was slow"),
    "p05_s": (_NUMBER, "5th percentile of the timed calls"),
    "p50_s": (_NUMBER, "median of the timed calls"),
    "p90_s": (_NUMBER, "90th percentile of the timed calls"),
    "p99_s": (_NUMBER, "99th percentile of the timed calls"),
    "mean_s": (_NUMBER, "mean of the timed calls"),
    "timed_s": (_NUMBER, "sum of the timed calls"),
    "unfetched_s": (_NUMBER, "median call without fetching the output; null = not run"),
    "copy_s": (_NUMBER, "median copy of a batch from host to device; null = not run"),
    "cpu_share": (_NUMBER, "CPU seconds a second of the timed block, all threads"),
    "calibration_before_s": (_NUMBER, "calibration kernel before the slices that count, mean"),
    "calibration_after_s": (_NUMBER, "calibration kernel after them, mean"),
    "calibrations_s": (pa.list_(_NUMBER), "the kernel before and after every slice, in turn"),
    "memory_copy_before_s": (_NUMBER, "copying 64 MiB in memory, before the timed block"),
    "memory_copy_after_s": (_NUMBER, "copying 64 MiB in memory, after the timed block"),
    "disturbed": (pa.bool_(), "left out of the estimate, by physical signs"),
    "disturbed_reason": (_TEXT, "the signs; empty = none"),
    "affinity": (pa.list_(pa.int32()), "CPUs of the visit, by turns if many; empty = not pinned"),
    "load_average": (_NUMBER, "runnable processes over one minute, at the start"),
    "steal_share": (_NUMBER, "share of the CPUs' time taken by other machines; null = unknown"),
    "other_busy_share": (_NUMBER, "share of the CPUs' time used by others; null = unknown"),
    "context_switches_voluntary": (_COUNT, "switches while waiting"),
    "context_switches_involuntary": (_COUNT, "switches because another process had its turn"),
    "os_threads": (pa.int32(), "threads of the process at the end"),
    "memory_load_bytes": (_COUNT, "peak resident memory while loading; null = unknown"),
    "memory_first_bytes": (_COUNT, "peak resident memory of the first call"),
    "memory_warmup_bytes": (_COUNT, "peak resident memory of the warm-up"),
    "memory_timed_bytes": (_COUNT, "peak resident memory of the timed block"),
    "memory_device_bytes": (_COUNT, "peak memory of the GPU; null on a CPU"),
    "phase": (
        pa.list_(_TEXT),
        "first, warmup, rewarmed, left_out, timed, unfetched or copy, a duration",
    ),
    "durations_ns": (pa.list_(_COUNT), "raw durations in ns"),
}  # fmt: skip
"""Every column of a run but its axes: type and what it holds. Suffixes name the units."""

COLUMNS = [
    pa.field("cell", _TEXT, metadata={"what": _DESCRIBED["cell"][1]}),
    *[pa.field(axis, _KINDS[spec.kind]) for axis, spec in AXES.items()],
    *[
        pa.field(name, kind, metadata={"what": what})
        for name, (kind, what) in _DESCRIBED.items()
        if name != "cell"
    ],
]
SCHEMA = pa.schema(COLUMNS)
