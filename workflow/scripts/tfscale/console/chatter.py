"""Which lines of Snakemake the console leaves out, because it says the same in its own way."""

OWN = (
    "Select jobs", "Execute ", "Complete log", "Elapsed time", "Removing output files of failed",
    "Shutting down", "Exiting because a job execution failed",
)  # fmt: skip
"""How lines begin that are about Snakemake's own work."""
OF_FAILURES = ("returned non-zero exit status", "At least one job did not complete")
"""Parts of what is said of failed jobs, whose own message is in their log."""
STOPPED = "Terminating processes on user request"


def worth_saying(text: str) -> bool:
    """Whether a line that is no event of its own belongs on the console; unknown ones do."""
    return bool(text) and not text.startswith(OWN) and not any(part in text for part in OF_FAILURES)
