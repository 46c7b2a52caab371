"""What is different in a job that a cluster or cloud runs by a Snakemake of its own."""

import os
from itertools import takewhile
from pathlib import Path

SWITCH = "TFSCALE_WARM"
TARGETS = "--target-jobs"


def import_alone(workflow, words: list[str]) -> None:
    """Let a job that came alone to its node import TensorFlow by itself: a warm parent (`job`)
    would serve nobody else there. A group of jobs keeps it, and so does what the user has set.

    `words` are this Snakemake's arguments: its settings are not yet complete when it reads rules.
    """
    if workflow.remote_exec and TARGETS in words:
        targets = takewhile(
            lambda word: not word.startswith("--"), words[words.index(TARGETS) + 1 :]
        )
        if len(list(targets)) == 1:
            os.environ.setdefault(SWITCH, "0")


def result_in(log: str) -> str:
    """The result line at the end of a run's log: on a cluster it is printed far from the console.

    Empty when the log cannot be seen from here (yet).
    """
    path = Path(log)
    text = path.read_text(encoding="utf-8", errors="replace") if log and path.is_file() else ""
    return text.rstrip().rpartition("\n")[2]
