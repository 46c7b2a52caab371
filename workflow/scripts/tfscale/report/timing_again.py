"""The commands that the page shows: to write it again, and to time one cell again."""

from pathlib import Path
from shlex import quote

PROFILES = Path(__file__).parents[4] / "profiles"
CELL = "{cell}"
"""Stands for the cell's name in the command of `time_again`."""


def write_again(results: str) -> str:
    """What to type in a shell for the study whose results lie in this folder; studies of a
    profile (say results/demo) name it."""
    profile = Path(results).name
    named = Path(results).parent.name == "results" and (PROFILES / profile).is_dir()
    option = f"--workflow-profile profiles/{profile} " if named else ""
    return f"snakemake {option}{quote(f'{results}/report.html')}"


def time_again(results: str) -> str:
    """What times a cell again and renews the report; {cell} stands for its name."""
    return f"rm {quote(f'{results}/runs/')}{CELL}/round*.parquet && {write_again(results)}"
