"""What is said of a job that failed: what, where, why, its log, and how to try it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FAILED = "Failed: "
UNSAID = "it ended without a word: killed, perhaps for want of memory"


@dataclass(frozen=True)
class Failure:
    """A failed job: its name with the stage, the first sentence of its message, log and retry."""

    name: str
    cause: str
    log: str
    retry: str

    def block(self) -> str:
        """Four lines for the console."""
        return (
            f"FAILED  {self.name}\n"
            f"  cause {self.cause}\n"
            f"  log   {self.log or 'none'}\n"
            f"  retry {self.retry}"
        )


def message_in(log: str) -> str:
    """The message that a failed job left at the end of its log (`log.logged`); may be empty."""
    path = Path(log)
    if not log or not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return text.rpartition(f"\n{FAILED}")[2].strip() if f"\n{FAILED}" in text else ""


def cause_in(log: str) -> str:
    """Why a job failed, in one line."""
    lines = message_in(log).splitlines()
    return lines[0] if lines else UNSAID


def without_failures(lines: list[str], logs: Iterable[str]) -> list[str]:
    """What jobs print, without the message and the path of the log of those that failed: the
    block says both."""
    ends = {f"(log: {log})": log for log in logs}
    kept: list[str] = []
    for line in lines:
        if line not in ends:
            kept.append(line)
            continue
        message = [text for text in message_in(ends[line]).splitlines() if text.strip()]
        while message and kept and kept[-1].strip() == message[-1].strip():
            kept.pop()
            message.pop()
    return kept
