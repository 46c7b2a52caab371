"""What the rounds of a cell have found so far: each run hands it on to the next round."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SoFar:
    """Medians (s) of the clean visits of some rounds, and the seconds that all visits took."""

    medians_s: list[float] = field(default_factory=list)
    spent_s: float = 0.0

    def and_visits(self, rows: Sequence[dict]) -> "SoFar":
        """With the visits of one more run."""
        spent_s = self.spent_s + sum(row["visit_s"] for row in rows)
        return SoFar([*self.medians_s, *clean(rows)], spent_s)


def clean(rows: Sequence[dict]) -> list[float]:
    """The medians (s) of the undisturbed visits."""
    return [row["p50_s"] for row in rows if not row["disturbed"]]
