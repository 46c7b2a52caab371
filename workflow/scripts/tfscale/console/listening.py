"""Listens to what jobs print to the terminal, so that it can be shown beside a progress display.

Jobs are processes that inherit file descriptor 2. It becomes a pipe, whose lines are handed on as
they come, and the real terminal stays open under another number, which jobs do not inherit.
"""

import os
import secrets
import sys
from collections.abc import Callable
from select import select
from threading import Thread
from typing import IO

CHUNK_BYTES = 1 << 16
LONGEST_WAIT_S = 5
REST_S = 0.1
"""How long the rest of a line is waited for, before the lines above it are handed on."""


class Listening:
    """Hands on what is written to file descriptor 2, line by line, from now until `stop`."""

    def __init__(self) -> None:
        """Take descriptor 2 over; `terminal` writes where it went before."""
        sys.stderr.flush()
        self._real = os.dup(2)
        self.terminal: IO[str] = os.fdopen(
            os.dup(self._real), "w", buffering=1, encoding="utf-8", errors="replace"
        )
        self._end = f"end of {secrets.token_hex(8)}".encode()
        self._source, write = os.pipe()
        os.dup2(write, 2)
        os.close(write)
        self._thread: Thread | None = None

    def start(self, heard: Callable[[list[str]], None]) -> None:
        """Hand on the lines; what came at once is handed on together."""
        self._thread = Thread(target=self._listen, args=(heard,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give descriptor 2 back, after all that was written to it has been handed on."""
        if self._real < 0:
            return
        sys.stderr.flush()
        os.write(2, self._end + b"\n")
        os.dup2(self._real, 2)
        os.close(self._real)
        self._real = -1
        if self._thread:
            self._thread.join(LONGEST_WAIT_S)

    def _listen(self, heard: Callable[[list[str]], None]) -> None:
        rest = b""
        while chunk := os.read(self._source, CHUNK_BYTES):
            rest += chunk
            if not rest.endswith(b"\n") and select([self._source], [], [], REST_S)[0]:
                continue  # what is printed at once may come in pieces
            *whole, rest = rest.split(b"\n")
            ends = [place for place, line in enumerate(whole) if line.endswith(self._end)]
            if ends:
                whole = [*whole[: ends[0]], whole[ends[0]].removesuffix(self._end)]
            self._hand_on([line for line in map(_text, whole) if line.strip()], heard)
            if ends:
                os.close(self._source)
                return

    def _hand_on(self, lines: list[str], heard: Callable[[list[str]], None]) -> None:
        """A display that fails must neither stop the jobs nor swallow what they say."""
        try:
            if lines:
                heard(lines)
        except Exception as error:
            print(*lines, f"(the console failed: {error!r})", sep="\n", file=self.terminal)


def _text(line: bytes) -> str:
    """A line as it stands on a terminal: after the last carriage return."""
    return line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
