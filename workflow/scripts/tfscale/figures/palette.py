"""Colours, markers and dashes: one a level and one a name, the same in every figure.

The colour maps rise evenly in lightness, so that levels keep their order in grey and for the
colour-blind; names get the colours of Okabe and Ito (2008). Markers, dashes and hatches tell them
apart without any colour.
"""

from dataclasses import dataclass
from typing import Literal

import matplotlib as mpl
import pandas as pd

from tfscale.axes import FACTORS

Dash = Literal["-"] | tuple[float, tuple[float, ...]]
"""A line style: solid, or an offset and the lengths of dashes and gaps."""
MAPS = {"layers": "viridis", "conv_size": "plasma"}
OTHER_MAP = "cividis"
LIGHTEST = 0.82
"""The share of a colour map that is dark enough on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES: tuple[Dash, ...] = (
    "-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2)), (0, (9, 2, 3, 2)), (0, (1, 4)),
)  # fmt: skip
HATCHES = ("", "///", "\\\\\\", "xxx", "---", "|||", "+++", "/-")
NAMES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MODELS = {"mnist": NAMES[0], "text": NAMES[1]}

Colour = tuple[float, float, float, float]


@dataclass(frozen=True)
class Palette:
    """The looks of the levels of a study, ranked over all of its models."""

    levels: dict[str, tuple[float, ...]]

    @classmethod
    def of(cls, cells: pd.DataFrame) -> "Palette":
        """The palette of all cells of a study."""
        known = [factor for factor in FACTORS if factor in cells]
        return cls({factor: tuple(sorted(cells[factor].unique().tolist())) for factor in known})

    def colour(self, factor: str, level: float) -> Colour:
        """Dark for the lowest level, light for the highest."""
        most = max(len(self.levels[factor]) - 1, 1)
        share = LIGHTEST * self._rank(factor, level) / most
        return mpl.colormaps[MAPS.get(factor, OTHER_MAP)](share)

    def marker(self, factor: str, level: float) -> str:
        """A marker; from the ninth level on they come again."""
        return MARKERS[self._rank(factor, level) % len(MARKERS)]

    def dash(self, factor: str, level: float) -> Dash:
        """A line style; from the tenth level on they come again."""
        return DASHES[self._rank(factor, level) % len(DASHES)]

    def _rank(self, factor: str, level: float) -> int:
        return self.levels[factor].index(level)


def named(place: int) -> tuple[str, str, Dash]:
    """Colour, marker and dash of the name in that place of a list (a machine, a law)."""
    return NAMES[place % len(NAMES)], MARKERS[place % len(MARKERS)], DASHES[place % len(DASHES)]
