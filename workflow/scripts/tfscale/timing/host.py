"""What disturbs the machine (clock, load, battery), with the remedy; the look before the study."""

import json
import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from time import sleep

import numpy as np
import psutil

from tfscale.files.whole import write_text
from tfscale.jobs import limits
from tfscale.jobs.turn import timing_turn
from tfscale.timing.calm import calibrate, in_turn, places, reference
from tfscale.timing.counters import Counters, counters, difference, together, uses
from tfscale.timing.machine import UNKNOWN, cpu_governors, turbo
from tfscale.timing.protocol import NOTICEABLE

SAMPLE_S = 0.2
BUSY_CPUS = 0.2
"""Others' use, in CPUs, from which on the machine counts as busy: 4 ticks of a sample."""
STEAL = 0.02
STEAL_EVER = 0.01
IDLE_LOAD = 0.5
"""Processes by which the load average may exceed the CPUs: earlier processes count in it too."""


def warnings(threads: int, sample_s: float = SAMPLE_S) -> list[str]:
    """One line for each thing that disturbs timing with so many threads, saying what to do.

    Takes `sample_s` seconds, twice that on a busy machine. What the system does not tell (macOS)
    is not warned about.
    """
    before = counters()
    sleep(sample_s)
    return [*_load(before, sample_s), *settings_warnings(threads)]


def settings_warnings(threads: int) -> list[str]:
    """The same of what is set and does not pass: CPUs, pinning, clock, battery."""
    return [*_cpus(threads), *_pinning(), *_clock(), *_battery()]


def allowed_cpus() -> int:
    """How many CPUs this process may use, by affinity and cpuset."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load(before: Counters, sample_s: float) -> list[str]:
    """Others at work since then, or much work in the last minute; time that the machine below
    stole."""
    cpus, seen = os.cpu_count() or 1, difference(before, counters(), ())
    load, ever = seen["load_average"], together(uses().values())
    queue = f", 1-minute load average {load:.1f}" if load is not None else ""
    busy, stolen = (seen["other_busy_share"] or 0) * cpus, seen["steal_share"] or 0
    lines = []
    if busy >= BUSY_CPUS:
        lines.append(
            f"other processes use {busy:.1f} of {cpus} CPUs{queue}{_busiest(sample_s)}: "
            "stop them or wait, or timings will be too long"
        )
    elif load is not None and load > cpus + IDLE_LOAD:
        lines.append(
            f"the machine was busy a moment ago (1-minute load average {load:.1f} on {cpus} "
            "CPUs): make sure that nothing else runs"
        )
    stolen_ever = ever.steal_s / ever.total_s if ever.total_s > 0 else 0.0
    if stolen > STEAL or stolen_ever > STEAL_EVER:
        lines.append(
            "other virtual machines take CPU time from this one "
            f"({100 * stolen:.0f} % now, {100 * stolen_ever:.1f} % since it started): "
            "use a dedicated machine or more rounds"
        )
    return lines


def _busiest(sample_s: float) -> str:
    """Who uses most CPU time now, besides this process; empty when nobody stands out."""
    before = _cpu_seconds()
    sleep(sample_s)
    used = {key: end - before.get(key, end) for key, end in _cpu_seconds().items()}
    (pid, name), most = max(used.items(), key=lambda item: item[1], default=((0, ""), 0.0))
    return f", most by {name} (pid {pid})" if most > 0 else ""


def _cpu_seconds() -> dict[tuple[int, str], float]:
    found = {}
    for process in psutil.process_iter(["name", "cpu_times"]):
        times = process.info["cpu_times"]
        if times and process.pid != os.getpid():
            found[process.pid, process.info["name"] or "?"] = times.user + times.system
    return found


def _cpus(threads: int) -> list[str]:
    """Fewer CPUs than threads, or than there seem to be."""
    allowed, quota = allowed_cpus(), limits.cpu_quota()
    lines = []
    if allowed < threads:
        lines.append(
            f"{allowed} CPUs for {threads} threads: the threads will wait for each other; "
            "ask for more CPUs or lower `threads` in the grid"
        )
    if quota is not None and quota < allowed:
        lines.append(
            f"a control group limits this job to {quota:g} CPUs of {allowed}: a process that uses "
            "more is halted for tens of ms; lift the quota (cpu.max) or give whole CPUs (cpuset)"
        )
    if allowed == 1:
        lines.append("only one CPU: all else that runs disturbs the processes; use two or more")
    return lines


def _pinning() -> list[str]:
    if not hasattr(os, "sched_setaffinity"):
        return ["this system cannot confine a process to CPUs: expect more noise than on Linux"]
    try:
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    except OSError as error:
        return [
            f"processes cannot be confined to CPUs ({error.strerror}): allow sched_setaffinity, "
            "or expect more noise"
        ]
    return []


def _clock() -> list[str]:
    lines, governors = [], cpu_governors()
    if governors not in ("performance", UNKNOWN):
        lines.append(
            f"the clock changes with the load (governor {governors}): "
            "set it by `sudo cpupower frequency-set -g performance`"
        )
    if turbo() == "on":
        lines.append(
            "turbo is on: the clock depends on the temperature and on what other cores do; "
            "for steadier times switch it off, or let the rounds average over it"
        )
    return lines


def _battery() -> list[str]:
    battery = None
    with suppress(AttributeError, OSError, ValueError):  # not on every system
        battery = psutil.sensors_battery()
    if battery is None or battery.power_plugged is not False:
        return []
    return [f"on battery ({battery.percent:.0f} %): the CPUs are slowed down; plug it in"]


CALIBRATIONS = 150


def look(machine_path: str) -> str:
    """Calibrate for about 5 s, write what was seen as JSON, and return it in words.

    The CPUs take turns. The reference is the 20th percentile of the calibrations (s); the spread
    is the 90th percentile over it.
    """
    with timing_turn():
        noticed = warnings(threads=1)
        times_s = [calibrate() for _ in in_turn(places(1), CALIBRATIONS)]
    reference_s = reference(times_s)
    slow_share = float(np.mean(np.array(times_s) > NOTICEABLE * reference_s))
    seen = {
        "host": platform.node(),
        "started": datetime.now(UTC).isoformat(),
        "reference_s": reference_s,
        "spread": float(np.quantile(times_s, 0.9)) / reference_s,
        "slow_share": slow_share,
        "warnings": noticed,
    }
    write_text(machine_path, json.dumps(seen, indent=2) + "\n")
    words = (
        f"machine {seen['host']}: the calibration kernel takes {reference_s * 1e3:.1f} ms, "
        f"and over {NOTICEABLE} times that in {100 * slow_share:.0f} % of {CALIBRATIONS} trials"
    )
    return "\n".join([words, *[f"warning: {line}" for line in noticed]])
