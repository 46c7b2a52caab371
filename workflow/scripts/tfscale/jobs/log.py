"""A job's log: everything that it and its libraries print goes to the file of the rule."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tfscale.errors import StudyError
from tfscale.jobs.tether import end_with_snakemake


@contextmanager
def logged(path: str) -> Iterator[IO[str]]:
    """Send file descriptors 1 and 2 (so C++ too) to the log; yield the user's own console.

    An error leaves its traceback in the log and its message as the last line there and on the
    console, and ends the job with status 1. A job ends with the Snakemake that started it.
    """
    end_with_snakemake()
    console = os.fdopen(os.dup(2), "w", buffering=1)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", buffering=1) as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        yield console
    except Exception as error:
        known = isinstance(error, StudyError)
        message = str(error) if known else f"{type(error).__name__}: {error}"
        with suppress(OSError):  # on a full disk the console still says why
            traceback.print_exc()
            print(f"\nFailed: {message}", file=sys.stderr)
        print(f"{message}\n(log: {path})", file=console)
        raise SystemExit(1) from None
