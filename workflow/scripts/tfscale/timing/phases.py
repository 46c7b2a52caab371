"""The peak memory of each phase of a visit."""

from collections.abc import Callable
from typing import TypeVar

from tfscale.jobs.memory import peak_bytes, reset_peak

T = TypeVar("T")


class Phases:
    """Runs the phases of a visit and keeps the peak resident memory (bytes) of each."""

    def __init__(self) -> None:
        """No phase has run: what never runs has no peak."""
        self.peaks: dict[str, int | None] = {}

    def peak(self, phase: str, task: Callable[[], T]) -> T:
        """The result of a task; its peak goes into the column of the phase."""
        reset_peak()
        result = task()
        self.peaks[f"memory_{phase}_bytes"] = peak_bytes()
        return result
