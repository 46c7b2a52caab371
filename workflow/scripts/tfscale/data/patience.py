"""Gives up on what takes for ever, in whatever it waits: a connection, a header, a trickle."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StalledError(Exception):
    """Too little came in time."""


@contextmanager
def patience(window_s: float, least_bytes: float) -> Iterator[Callable[[int], None]]:
    """Yield a function that is to be told how many bytes came.

    Raises StalledError in the block when they were fewer than `least_bytes` in any window of
    `window_s` seconds. A time-out of a socket starts again with every byte; this one does not. It
    is an alarm, which only the main thread of a process can have; elsewhere it never comes.
    """
    came = 0

    def heard(count: int) -> None:
        nonlocal came
        came += count

    def look(number: int, frame: object) -> None:
        nonlocal came
        if came < least_bytes:
            raise StalledError(f"only {came:,} bytes in {window_s:g} s")
        came = 0

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, window_s, window_s)
    try:
        yield heard
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
