"""Kill at any time: the whole process group, at random moments of every stage."""

from collections.abc import Iterator

from torture.interrupted import STAGES, Interrupted
from torture.outcome import Outcome
from torture.place import Place

TITLE = "SIGKILL of the whole process group at random moments of every stage"
A_STAGE = 5


def faults(place: Place) -> Iterator[Outcome]:
    """Fifty kills of one study, each resumed by the same command, and what came of it."""
    study = Interrupted(place.fresh("killed ü"), place.seconds, place.chance("kills"))
    for stage in STAGES:
        for _ in range(A_STAGE):
            yield study.kill_in(stage)
    yield study.finish(place.undisturbed)
