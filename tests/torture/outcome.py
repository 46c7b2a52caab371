"""What became of a fault: survived, or lost and by what."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADER = ("suite", "faults tried", "survived", "lost", "seconds")


@dataclass(frozen=True)
class Outcome:
    """One fault, in words, and the harm that it did; no harm: the study survived it."""

    fault: str
    harm: tuple[str, ...] = ()

    @property
    def survived(self) -> bool:
        """Whether it did no harm."""
        return not self.harm

    @property
    def line(self) -> str:
        """One line, and one more for each harm."""
        mark = "survived" if self.survived else "LOST    "
        return "\n".join([f"{mark}  {self.fault}", *[f"          {harm}" for harm in self.harm]])


def row(suite: str, outcomes: Iterable[Outcome], took_s: float) -> tuple[str, int, int, int, int]:
    """The row of a suite in the table at the end."""
    listed = list(outcomes)
    survived = sum(outcome.survived for outcome in listed)
    return suite, len(listed), survived, len(listed) - survived, round(took_s)


def total(rows: Iterable[tuple]) -> tuple:
    """The last row: the sums of all."""
    columns = list(zip(*rows, strict=True))[1:]
    return ("all", *map(sum, columns))


def markdown(rows: Iterable[tuple]) -> str:
    """The table as the docs show it."""
    lines = [HEADER, ("---", *["---:"] * (len(HEADER) - 1)), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
