"""What two CPUs of this machine give at once: kernels alone and side by side."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import monotonic

from bench import ROOT
from bench.visits import parent_environment

SECONDS, TURNS = 1.5, 3


def efficiencies(cpus: list[int]) -> dict[str, float]:
    """Time alone over time side by side, of the calibration kernel and of a copy of memory.

    1 where each CPU is as fast beside the other: no program scales better than this on them.
    """
    alone, together = [], []
    for _ in range(TURNS):
        for cpu in cpus:
            alone += _medians_s([cpu])
        together += _medians_s(cpus)
    return {
        what: median(each[what] for each in alone) / median(each[what] for each in together)
        for what in alone[0]
    }


def _medians_s(cpus: list[int]) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "bench.both_cpus"]
    running = [
        subprocess.Popen(
            [*command, str(cpu)], env=parent_environment(1), cwd=ROOT, stdout=subprocess.PIPE
        )
        for cpu in cpus
    ]
    return [json.loads(process.communicate()[0]) for process in running]


def _median_s(task: Callable[[], float]) -> float:
    times, end = [], monotonic() + SECONDS
    while monotonic() < end:
        times.append(task())
    return median(times)


def main(cpu: int) -> None:
    """Print the medians (s) on one CPU as JSON."""
    from tfscale.timing.calm import calibrate, copy_time

    os.sched_setaffinity(0, [cpu])
    tasks = {"calibration kernel": calibrate, "copy of memory": copy_time}
    print(json.dumps({what: _median_s(task) for what, task in tasks.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
