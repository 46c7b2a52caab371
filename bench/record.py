"""docs/performance.md: one row a figure, with the machine that it was seen on."""

from datetime import UTC, datetime
from pathlib import Path

from bench import ROOT
from bench.outcome import Outcome

PAGE = ROOT / "docs" / "performance.md"


def machine() -> dict[str, str]:
    """Date, commit, processor, cores and TensorFlow."""
    from tfscale.timing.machine import environment

    record = environment()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": record["git_commit"],
        "machine": record["cpu_model"] or "unknown",
        "cores": record["cpu_count"],
        "TensorFlow": record["version_tensorflow"],
    }


def append(outcomes: list[tuple[str, Outcome]], page: Path = PAGE) -> None:
    """Write the outcomes, each with its bench, under the table of the page."""
    description = list(machine().values())
    lines = [
        [*description, bench, outcome.name, outcome.shown, outcome.target, outcome.verdict]
        for bench, outcome in outcomes
    ]
    text = "".join(
        "| " + " | ".join(cell.replace("|", "¦") for cell in line) + " |\n" for line in lines
    )
    with page.open("a") as file:
        file.write(text)
