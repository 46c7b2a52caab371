"""What is different in a job that a cluster or cloud runs by a Snakemake of its own."""

import os
from pathlib import Path

SWITCH = "TFSCALE_WARM"


def import_alone(workflow) -> None:
    """Let a job that came alone to its node import TensorFlow by itself: a warm parent (`job`)
    would serve nobody else there. A group of jobs keeps it, and so does what the user has set."""
    if workflow.remote_exec and len(workflow.dag_settings.target_jobs) == 1:
        os.environ.setdefault(SWITCH, "0")


def result_in(log: str) -> str:
    """The result line at the end of a run's log: on a cluster it is printed far from the console.

    Empty when the log cannot be seen from here (yet).
    """
    path = Path(log)
    text = path.read_text(encoding="utf-8", errors="replace") if log and path.is_file() else ""
    return text.rstrip().rpartition("\n")[2]
