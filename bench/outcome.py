"""What a bench ends with: figures, their targets, and whether these were met; tables of text."""

from collections.abc import Sequence
from dataclasses import dataclass


class SkippedError(Exception):
    """A bench lacks something that the user can give; the message says what to type."""


@dataclass(frozen=True)
class Outcome:
    """One figure of a bench. Without a target it only informs."""

    name: str
    shown: str
    target: str = ""
    missed_by: str | None = None

    @property
    def verdict(self) -> str:
        """Met, missed by how much, or nothing when there is no target."""
        if not self.target:
            return ""
        return "met" if self.missed_by is None else f"missed by {self.missed_by}"

    def line(self) -> str:
        """The bench's last line for this figure."""
        head = f"{self.name}: {self.shown}"
        return f"{head}; target {self.target}: {self.verdict}" if self.target else head


def ratio_at_most(name: str, ratio: float, limit: float, shown: str = "") -> Outcome:
    """A ratio that should not exceed a limit."""
    missed = None if ratio <= limit else f"{ratio - limit:.3f}"
    return Outcome(name, shown or f"{ratio:.3f}", f"at most {limit:g}", missed)


def ratio_at_least(name: str, ratio: float, limit: float, shown: str = "") -> Outcome:
    """A ratio that should reach a limit."""
    missed = None if ratio >= limit else f"{limit - ratio:.2f}"
    return Outcome(name, shown or f"{ratio:.2f}", f"at least {limit:g}", missed)


def ratio_near_one(name: str, ratio: float, precision: float, shown: str = "") -> Outcome:
    """A ratio that should be 1 within a precision."""
    off = abs(ratio - 1) - precision
    missed = None if off <= 0 else percent(off)
    return Outcome(name, shown or f"{ratio:.3f}", f"1 ± {precision:g}", missed)


def share_at_least(name: str, share: float, limit: float, shown: str = "") -> Outcome:
    """A share that should reach a limit."""
    missed = None if share >= limit else f"{100 * (limit - share):.1f} points"
    return Outcome(name, shown or percent(share), f"at least {percent(limit, 0)}", missed)


def share_at_most(name: str, share: float, limit: float, shown: str = "") -> Outcome:
    """A share that should not exceed a limit."""
    missed = None if share <= limit else f"{100 * (share - limit):.1f} points"
    return Outcome(name, shown or percent(share), f"at most {percent(limit, 0)}", missed)


def of_limit(name: str, value: float, limit: float, unit: str) -> Outcome:
    """What a share of a limit was used, in the limit's unit."""
    shown = f"{value / limit:.3f} ({value:.3g} {unit})"
    return ratio_at_most(f"{name}, share of {limit:g} {unit}", value / limit, 1, shown)


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage.

    >>> percent(0.0523)
    '5.2 %'
    """
    return f"{100 * share:.{digits}f} %"


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """An aligned table: text stands left, all else right with four digits at most."""
    shown = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *shown, strict=True)]
    left = [all(isinstance(row[i], str) for row in rows) for i in range(len(header))]
    lines = [list(header), ["-" * width for width in widths], *shown]
    return "\n".join(_line(line, widths, left) for line in lines)


def _line(cells: list[str], widths: list[int], left: list[bool]) -> str:
    aligned = [
        cell.ljust(width) if to_left else cell.rjust(width)
        for cell, width, to_left in zip(cells, widths, left, strict=True)
    ]
    return ("  " + "  ".join(aligned)).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)
