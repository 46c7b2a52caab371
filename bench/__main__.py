"""The driver: `python -m bench [names] [--study a] [--study2 b] [--append]`."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import perf_counter

from bench import ROOT
from bench.outcome import Outcome, SkippedError, text_table
from bench.study import Options, silent
from tfscale.jobs.log import name_snakemake
from tfscale.timing.versions import environment

MODULES = {
    "timing": ("bias", "overhead", "runtimes", "isolation", "loadgen", "protocols", "neighbour"),
    "intervals": ("coverage", "typical", "studies"),
    "predicting": ("prediction", "analysis"),
    "jobs": ("warm", "training", "cost"),
    "wide": ("planning", "merging", "reporting"),
}
BENCHES = {name: module for module, names in MODULES.items() for name in names}
"""The module of each bench, whose function has its name."""
PAGE = ROOT / "docs" / "performance.md"


def parse(arguments: list[str]) -> tuple[list[str], Options, bool]:
    """The chosen benches, their options, and whether to append."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"{', '.join(BENCHES)} (default all)")
    parser.add_argument("--study", default=str(ROOT / "results"), help="a finished study")
    parser.add_argument("--study2", help="another one of the same cells, for the bench `studies`")
    parser.add_argument("--append", action="store_true", help="add rows to docs/performance.md")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in BENCHES]:
        parser.error(f"no bench: {' '.join(unknown)}; benches: {' '.join(BENCHES)}")
    return given.names or list(BENCHES), Options(given.study, given.study2), given.append


def bench_of(name: str) -> Callable[[Options], list[Outcome]]:
    """The function of a bench."""
    return getattr(import_module(f"bench.{BENCHES[name]}"), name)


def run(name: str, options: Options) -> list[Outcome] | None:
    """One bench with its title, command, tables and verdicts; None when it could not run."""
    bench = bench_of(name)
    title = (bench.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")
    print(f"\n== {name}: {title}\n$ {command(name, options)}\n", flush=True)
    start = perf_counter()
    try:
        outcomes = bench(options)
    except (SkippedError, ImportError) as reason:
        print(f"not run: {reason}")
        return None
    print()
    for outcome in outcomes:
        print(outcome.line())
    print(f"({perf_counter() - start:.0f} s)", flush=True)
    return outcomes


def command(name: str, options: Options) -> str:
    """What to type for this bench alone."""
    parts = [sys.executable, "-m", "bench", name, "--study", options.study_path]
    parts += ["--study2", options.second_path] if options.second_path else []
    return shlex.join(parts)


def machine() -> dict[str, str]:
    """Date, commit, processor, cores and TensorFlow."""
    seen = environment()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": seen["git_commit"],
        "machine": seen["cpu_model"] or "unknown",
        "cores": seen["cpu_count"],
        "TensorFlow": seen["version_tensorflow"],
    }


def append(outcomes: list[tuple[str, Outcome]], page: Path = PAGE) -> None:
    """Write the outcomes, each with its bench, under the table of docs/performance.md."""
    described = list(machine().values())
    with page.open("a") as file:
        for bench, each in outcomes:
            cells = [*described, bench, each.name, each.shown, each.target, each.verdict]
            file.write("| " + " | ".join(cell.replace("|", "¦") for cell in cells) + " |\n")


def main(arguments: list[str]) -> None:
    """Run the chosen benches and sum up.

    This process stands for a Snakemake: its warm parent serves the fresh processes of all benches.
    """
    names, options, appends = parse(arguments)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ |= {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2"}
    name_snakemake()
    with silent():
        here = machine()
    print("Machine: " + ", ".join(f"{key} {value}" for key, value in here.items()))
    outcomes: list[tuple[str, Outcome]] = []
    missing = []
    for name in names:
        got = run(name, options)
        missing += [name] if got is None else []
        outcomes += [(name, outcome) for outcome in got or []]
    if outcomes:
        rows = [(name, o.name, o.shown, o.target, o.verdict) for name, o in outcomes]
        print("\n== Summary\n")
        print(text_table(["bench", "figure", "value", "target", "verdict"], rows))
    if missing:
        print(f"\nnot run (see above): {' '.join(missing)}")
    if appends and outcomes:
        append(outcomes)
        print(f"\nappended to {PAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
