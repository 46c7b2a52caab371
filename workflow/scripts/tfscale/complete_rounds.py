"""Tells complete rounds from further ones, which time the noisiest cells only."""

import pandas as pd


def in_complete_round(rounds: pd.Series) -> pd.Series:
    """For each entry, one a cell and round, whether its round has at least half as many as the
    fullest: disturbances take some cells from a round, precision takes most."""
    timed = rounds.groupby(rounds).transform("size")
    return timed >= timed.max() / 2
