"""When each run of a study comes: rounds over all cells, further rounds over those that are not
precise enough by then, and sentinels that show drift."""

from dataclasses import dataclass
from functools import cached_property

from tfscale.axes import Cell
from tfscale.errors import StudyError
from tfscale.study.priorities import timing_order


@dataclass(frozen=True)
class Schedule:
    """The runs of two walks: `runs` times every cell in every round, `sentinels` a few cells
    again from the start to the end of the study. `timing` is that section of the configuration."""

    cells: dict[str, Cell]
    timing: dict
    seed: int

    @cached_property
    def sentinels(self) -> list[str]:
        """The cells that are timed again and again: the first of each kind of model, so that a
        grid which is extended keeps them."""
        first: dict[str, str] = {}
        for name, cell in self.cells.items():
            first.setdefault(cell["model"], name)
        return list(first.values())

    def numbers(self, walk: str) -> range:
        """The numbers of the rounds of a walk, from 1: complete ones, then further ones."""
        if walk == "sentinels":
            return range(1, self.timing["sentinels"] + 1)
        return range(1, self.timing["rounds"] + self.further + 1)

    @property
    def further(self) -> int:
        """How many further rounds there are: none with the paper's protocol."""
        return 0 if self.timing["protocol"] == "paper" else self.timing.get("further_rounds", 0)

    def files(self, walk: str, results: str) -> list[str]:
        """The file of every run of a walk."""
        return [
            f"{results}/{walk}/{cell}/round{number}.parquet"
            for cell in (self.cells if walk == "runs" else self.sentinels)
            for number in self.numbers(walk)
        ]

    def earlier(self, walk: str, cell: str, number: int, results: str) -> list[str]:
        """The file of the cell's round before, which says what all earlier ones found; none for the
        first round and for a sentinel.

        Raises StudyError when the study has no such round.
        """
        if number not in self.numbers(walk):
            key = "rounds and further_rounds" if walk == "runs" else "sentinels"
            count = len(self.numbers(walk))
            raise StudyError(f"the study has {count} rounds of {walk} (timing.{key}), not {number}")
        if walk != "runs" or number == 1:
            return []
        return [f"{results}/{walk}/{cell}/round{number - 1}.parquet"]

    @property
    def first(self) -> int:
        """The priority of what comes before all runs and after all training."""
        return len(self._order) + 1

    def priority(self, walk: str, cell: str, number: int) -> int:
        """Round 1 before round 2, cells of a round in its random order, sentinels in between."""
        return self._order[walk, cell, number]

    @cached_property
    def _order(self) -> dict[tuple[str, str, int], int]:
        places = len(self.numbers("sentinels"))
        complete = len(self.cells) * self.timing["rounds"]
        return timing_order(
            list(self.cells), self.seed, self.numbers("runs"), self.sentinels, places, complete
        )
