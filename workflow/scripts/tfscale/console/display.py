"""Shows lines and the progress: a bar at the bottom of a terminal, plain lines elsewhere.

Nothing is drawn between events: a clock that ticks would disturb what is timed.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import IO, Protocol

from tfscale.durations import duration, ready_at

PLAIN_STEP, PLAIN_PAUSE_S = 0.05, 300
BAR_WIDTH = 24
MOST_NAMED = 2


@dataclass(frozen=True)
class Progress:
    """How far a study is: jobs done, in all and failed, seconds left by stage, what runs now."""

    done: int
    total: int
    stages_s: Mapping[str, float]
    current: Sequence[str] = ()
    failed: int = 0

    @property
    def left_s(self) -> float:
        """Seconds left in all."""
        return sum(self.stages_s.values())

    @property
    def share(self) -> float:
        """Done of all, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def words(self) -> str:
        """Percentage, jobs, and the time left when something is left."""
        left = f", about {duration(self.left_s)} left (ready at {ready_at(self.left_s)})"
        failed = f", {self.failed} failed" if self.failed else ""
        text = f"{int(100 * self.share)} % ({self.done} of {self.total} jobs{failed})"
        return text + (left if self.done < self.total and self.left_s > 0 else "")

    @property
    def by_stage(self) -> str:
        """The time left of each stage; empty when it is that of one stage."""
        left = [f"{name} {duration(left_s)}" for name, left_s in self.stages_s.items() if left_s]
        return " · ".join(left) if len(left) > 1 else ""

    @property
    def now(self) -> str:
        """What runs now in one line; of many jobs the first are named."""
        more = len(self.current) - MOST_NAMED
        return " · ".join(self.current[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class Display(Protocol):
    """Where the console writes."""

    def line(self, text: str) -> None:
        """Show a line, or several, for good."""

    def progress(self, progress: Progress) -> None:
        """Show how far the study is."""

    def stop(self) -> None:
        """Take the progress away."""


class Plain:
    """For logs: progress is a line now and then, after 5 % or 5 minutes."""

    def __init__(self, terminal: IO[str]):
        """Write to `terminal`."""
        self._terminal = terminal
        self._said, self._when_s = 0.0, monotonic()

    def line(self, text: str) -> None:
        """Print it."""
        print(text, file=self._terminal, flush=True)

    def progress(self, progress: Progress) -> None:
        """Print it when enough has changed since the last time."""
        further = progress.share - self._said
        waited_s = monotonic() - self._when_s
        if further >= PLAIN_STEP or (further > 0 and waited_s > PLAIN_PAUSE_S):
            self._said, self._when_s = progress.share, monotonic()
            stages = f": {progress.by_stage}" if progress.by_stage else ""
            self.line(f"-- {progress.words}{stages}")

    def stop(self) -> None:
        """Nothing stays on a log."""


class Bar:
    """For terminals: a bar with the current job below everything else (Rich)."""

    def __init__(self, terminal: IO[str]):
        """Draw on `terminal`."""
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=terminal)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def line(self, text: str) -> None:
        """Print it above the bar."""
        self._console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def progress(self, progress: Progress) -> None:
        """Draw the bar anew."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        first = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, progress.total), completed=progress.done, width=BAR_WIDTH)
        first.add_row(bar, Text(progress.words, no_wrap=True, overflow="ellipsis"))
        more = [progress.by_stage and f"left: {progress.by_stage}", progress.now]
        texts = [
            Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in more if line
        ]
        self._live.update(Group(first, *texts), refresh=True)

    def stop(self) -> None:
        """Remove the bar and give the cursor back."""
        self._live.stop()


def display_on(terminal: IO[str]) -> Display:
    """A bar on a terminal where Rich is installed (it comes with Keras), else plain lines."""
    if terminal.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        try:
            return Bar(terminal)
        except ImportError:
            pass
    return Plain(terminal)
