"""Where a process runs."""

import os
from threading import Event, Thread

import pytest

from tfscale.timing.calm import TASKS, pin_to


@pytest.mark.skipif(not TASKS.exists(), reason="this system does not list its threads")
def test_pinning_takes_every_thread_along():
    stop = Event()
    others = [Thread(target=stop.wait) for _ in range(2)]
    for other in others:
        other.start()
    allowed = sorted(os.sched_getaffinity(0))
    tasks = [int(task.name) for task in TASKS.iterdir()]
    try:
        for cpu in allowed[0], allowed[-1]:
            pin_to([cpu])
            assert all(os.sched_getaffinity(task) == {cpu} for task in tasks)
    finally:
        pin_to(allowed)
        stop.set()
