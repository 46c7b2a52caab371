"""The driver: `python -m torture [suites] [--seed 17] [--minutes 30] [--keep folder]`."""

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from time import monotonic
from traceback import format_exc

from background import end_all

from torture.outcome import HEADER, Outcome, markdown, row, total
from torture.place import Place

SUITES = ("kills", "orphans", "failing", "two_studies")
"""Modules of this package, in the order in which they run."""
BEFORE = "the undisturbed study"
NOTHING_LOST, LOST, UNFINISHED = 0, 1, 2


def parse(arguments: list[str]) -> argparse.Namespace:
    """The suites, the seed and the limits."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"{', '.join(SUITES)} (default all)")
    parser.add_argument("--seed", type=int, default=17, help="of the moments and the damage")
    parser.add_argument("--minutes", type=float, default=30, help="no new fault after these")
    parser.add_argument("--keep", metavar="FOLDER", help="work in this folder and keep it")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.suites) - set(SUITES)):
        parser.error(f"no such suite: {' '.join(unknown)}; suites: {' '.join(SUITES)}")
    return given


def main(arguments: list[str]) -> int:
    """Run the chosen suites; the exit status is 1 when a fault did harm, 2 when time ran out."""
    if sys.platform != "linux":
        sys.exit("the torture finds and strikes processes by /proc: it runs on Linux only")
    given = parse(arguments)
    os.environ["TFSCALE_TIMING_LOCK"] = "0"
    os.environ.pop("PYTHONPATH", None)  # a study finds its own modules
    if given.keep:
        Path(given.keep).mkdir(parents=True, exist_ok=True)
    made = nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory(prefix="torture-")
    with made as folder:
        place = Place(Path(folder).resolve(), given.seed, given.minutes * 60)
        print(f"seed {given.seed}, at most {given.minutes:g} minutes, in {folder}", flush=True)
        rows, unfinished = torture(place, given.suites or list(SUITES))
    print(f"\n{markdown([*rows, total(rows)])}")
    lost = total(rows)[HEADER.index("lost")]
    if unfinished:
        print(f"\nout of time: {', '.join(unfinished)} (--minutes, or name fewer suites)")
    return LOST if lost else UNFINISHED if unfinished else NOTHING_LOST


def torture(place: Place, suites: list[str]) -> tuple[list[tuple], list[str]]:
    """A row a suite, and the suites that were not tried to their end for want of time."""
    rows, unfinished = [], []
    began = monotonic()
    print(f"\n== {BEFORE}", flush=True)
    place.seconds  # noqa: B018 made before the first fault, so that no suite's time has it
    print(f"took {monotonic() - began:.0f} s", flush=True)
    for name in suites:
        outcomes, whole, took_s = _suite(place, name)
        end_all(place.root)  # what a suite that broke off has left
        rows.append(row(name, outcomes, took_s))
        unfinished += [] if whole else [name]
    return rows, unfinished


def _suite(place: Place, name: str) -> tuple[list[Outcome], bool, float]:
    """The outcomes of a suite, whether all of it was tried, and its seconds."""
    module = import_module(f"torture.{name}")
    print(f"\n== {name}: {module.TITLE}", flush=True)
    began, outcomes, tried = monotonic(), [], module.faults(place)
    while place.left_s > 0:
        try:
            outcome = next(tried, None)
        except Exception:  # what breaks a suite is harm too
            outcome = Outcome(f"{name} broke off", tuple(format_exc().splitlines()))
        if outcome is None:
            return outcomes, True, monotonic() - began
        outcomes.append(outcome)
        print(outcome.line, flush=True)
    return outcomes, False, monotonic() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
