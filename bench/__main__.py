"""The driver: `python -m bench [names] [study] [second study] [--append]`."""

import argparse
import shlex
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter

from bench import ROOT, record
from bench.options import Options
from bench.outcome import Outcome, SkippedError
from bench.text_table import text_table

BENCHES = (
    "overhead", "loadgen", "isolation", "protocols", "neighbour", "precision", "signs", "studies",
    "coverage", "ramp", "thresholds", "prediction", "analysis", "warm", "training", "planning",
    "merging", "reporting", "cost", "layers",
)  # fmt: skip


def parse(arguments: list[str]) -> tuple[list[str], Options, bool]:
    """The chosen benches, their options and whether to append; other words are studies."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("words", nargs="*", help=f"{', '.join(BENCHES)} (default all); studies")
    parser.add_argument("--study", help="a finished study (default results)")
    parser.add_argument("--study2", help="another one of the same cells, for the bench `studies`")
    parser.add_argument("--append", action="store_true", help="add rows to docs/performance.md")
    given = parser.parse_args(arguments)
    names = [word for word in given.words if word in BENCHES]
    paths = [word for word in given.words if word not in BENCHES]
    if len(paths) > 2 or any("/" not in path and not Path(path).is_dir() for path in paths):
        parser.error(
            f"neither a bench nor a study: {' '.join(paths)}; benches: {' '.join(BENCHES)}"
        )
    study = given.study or (paths[0] if paths else str(ROOT / "results"))
    second = given.study2 or (paths[1] if len(paths) > 1 else None)
    return names or list(BENCHES), Options(study, second), given.append


def run(name: str, options: Options) -> list[Outcome] | None:
    """One bench with its title, command, tables and verdicts; None when it could not run."""
    module = import_module(f"bench.{name}")
    print(f"\n== {name}: {module.TITLE}\n$ {command(name, options)}\n", flush=True)
    start = perf_counter()
    try:
        outcomes = module.bench(options)
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


def main(arguments: list[str]) -> None:
    """Run the chosen benches and sum up."""
    names, options, append = parse(arguments)
    print("Machine: " + ", ".join(f"{key} {value}" for key, value in record.machine().items()))
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
    if append and outcomes:
        record.append(outcomes)
        print(f"\nappended to {record.PAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
