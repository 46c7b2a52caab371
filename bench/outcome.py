"""What a bench ends with: a figure, its target, and whether it was met; never an assertion."""

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


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage."""
    return f"{100 * share:.{digits}f} %"
