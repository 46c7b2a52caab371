"""What is said of a job that failed: what, where, why, its log, and how to try it again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

FAILED = "Failed: "
MOST_LINES = 12
UNSAID = "it ended without a message: stopped, or killed for want of memory"
AT_LOG = re.compile(r"\(log: (.+)\)$")
"""The last line that a failing job prints (`log.logged`)."""


@dataclass(frozen=True)
class Failure:
    """A failed job: its name with the stage, the lines of its message, its log, and the retry."""

    name: str
    message: tuple[str, ...]
    log: str
    retry: str

    @property
    def cause(self) -> str:
        """Why it failed, in a sentence."""
        return self.message[0] if self.message else UNSAID

    def block(self, whole: bool = False) -> str:
        """The lines for the console; `whole` with all that the message says."""
        more = [f"        {line}" for line in self.message[1:MOST_LINES]] if whole else []
        lines = [f"FAILED  {self.name}", f"  cause {self.cause}", *more]
        return "\n".join([*lines, f"  log   {self.log or 'none'}", f"  retry {self.retry}"])


def message_in(log: str) -> tuple[str, ...]:
    """The lines of the message that a failed job left at the end of its log (`log.logged`)."""
    path = Path(log)
    text = path.read_text(encoding="utf-8", errors="replace") if log and path.is_file() else ""
    _, found, message = text.rpartition(f"\n{FAILED}")
    return tuple(line for line in message.splitlines() if line.strip()) if found else ()


def messages_in(lines: list[str]) -> dict[str, tuple[str, ...]]:
    """What failing jobs print, by their log: for one that could not write into it (disk full)."""
    found: dict[str, tuple[str, ...]] = {}
    begin = 0
    for place, line in enumerate(lines):
        if at := AT_LOG.match(line):
            found[at[1]] = tuple(lines[begin:place][-MOST_LINES:])
            begin = place + 1
    return found


def retold(failures: Iterable[Failure], heard: Mapping[str, tuple[str, ...]]) -> Iterator[Failure]:
    """The failures; those without a message in their log with what their job was heard to say."""
    for failed in failures:
        yield replace(failed, message=failed.message or heard.get(failed.log, ()))


def without_failures(lines: list[str], logs: Iterable[str]) -> list[str]:
    """What jobs print, without the message and the path of the log of those that failed: the
    block says both."""
    ends = {f"(log: {log})": log for log in logs}
    kept: list[str] = []
    for line in lines:
        if line not in ends:
            kept.append(line)
            continue
        message = list(message_in(ends[line]))
        while message and kept and kept[-1].strip() == message[-1].strip():
            kept.pop()
            message.pop()
    return kept
