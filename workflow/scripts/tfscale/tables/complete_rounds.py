"""Tells complete rounds from further ones, which time the noisiest cells only."""

import pandas as pd

LEAST = 0.75
"""Of the cells of the fullest round. In a noisy hour the first further rounds timed 61, 49 and 60 %
of the cells."""


def in_complete_round(rounds: pd.Series) -> pd.Series:
    """For each entry, one a cell and round, whether its round has nearly as many as the
    fullest: disturbances take some cells from a round, precision takes more."""
    timed = rounds.groupby(rounds).transform("size")
    return timed >= LEAST * timed.max()
