"""What is different in a job that a cluster or cloud runs by a Snakemake of its own."""

import os

SWITCH = "TFSCALE_WARM"


def import_alone(workflow) -> None:
    """Let a job that came alone to its node import TensorFlow by itself: a warm parent (`job`)
    would serve nobody else there. A group of jobs keeps it, and so does what the user has set."""
    if workflow.remote_exec and len(workflow.dag_settings.target_jobs) == 1:
        os.environ.setdefault(SWITCH, "0")
