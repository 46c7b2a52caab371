"""The warnings that a job leaves in its log, for the summary at the end of a study."""

from pathlib import Path

WARNING = "warning: "


def warnings_in(log: str) -> list[str]:
    """The warnings in a log, without their mark; none when there is no such log."""
    path = Path(log)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return [line.removeprefix(WARNING) for line in lines if line.startswith(WARNING)]
