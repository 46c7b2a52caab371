"""The order in which jobs run: costly training first, then rounds in random order."""

from collections.abc import Iterable
from hashlib import sha256

from tfscale.axes import Cell
from tfscale.study.grid import cost_flop

FURTHER_SHARE = 0.25
"""So many runs of further rounds time their cell, the others find it precise enough: 255 of 1,026
in a default study on a machine with a calm CPU and busy memory."""


def training_order(trained: dict[str, Cell]) -> dict[str, int]:
    """Rank of every trained model by cost, the cheapest 1."""
    by_cost = sorted(trained, key=lambda name: cost_flop(trained[name]))
    return {name: rank for rank, name in enumerate(by_cost, start=1)}


def timing_order(
    names: list[str], seed: int, rounds: Iterable[int], sentinels: list[str], places: int,
    complete: int,
) -> dict[tuple[str, str, int], int]:  # fmt: skip
    """Place of every run (walk, cell, number) from the end of the study, the last 1.

    The walk "runs" times every cell in every round; "sentinels" times a few cells again, in
    `places` places from the start to the end of the study. Of the runs after the first `complete`
    ones, those of further rounds, a share of FURTHER_SHARE takes time.
    """
    sequence = [("runs", name, number) for number in rounds for name in order(names, seed, number)]
    length = complete + FURTHER_SHARE * (len(sequence) - complete)
    for place in range(places, 0, -1):
        passed = length * (place - 1) / max(places - 1, 1)
        position = round(min(passed, complete) + max(passed - complete, 0) / FURTHER_SHARE)
        sequence[position:position] = [("sentinels", name, place) for name in sentinels]
    return {key: len(sequence) - place for place, key in enumerate(sequence)}


def order(names: list[str], seed: int, round_number: int) -> list[str]:
    """The cells in the random order of a round.

    A cell's place follows from a hash of seed, round and name, so that an added cell leaves the
    order of the others as it was.
    """
    return sorted(names, key=lambda name: sha256(f"{seed}/{round_number}/{name}".encode()).digest())
