"""Fresh visits for the benches, one after the other, from a parent like the rule measure's."""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median

from bench import ROOT, SCRIPTS
from bench.outcome import SkippedError

VISIT = "tfscale.timing.visit:visit"
LIMIT_S = 1800.0


def parent_environment(threads: int) -> dict[str, str]:
    """What must be set before TensorFlow is imported in a process that will fork (measure.py)."""
    return os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MKL_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(SCRIPTS)]),
    }


class Visits:
    """A parent process; use as a context."""

    def __init__(self, threads: int = 1) -> None:
        """Prepare a parent of visits with so many threads."""
        self._threads = threads

    def __enter__(self) -> "Visits":
        receiver, sender = os.pipe()
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.parent", str(sender)],
            stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, text=True, bufsize=1,
            pass_fds=[sender], env=parent_environment(self._threads), cwd=ROOT,
        )  # fmt: skip
        os.close(sender)
        self._answers = os.fdopen(receiver)
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        self._answers.close()
        self._log.close()

    def make(self, request: dict, task: str = VISIT, how: str = "fork") -> dict:
        """The answer of a visit with its wall_s; raises SkippedError saying why it failed."""
        order = {"how": how, "task": task, "request": request, "limit_s": LIMIT_S}
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._log.seek(0)
            raise SkippedError(f"the parent of the visits died: {self._log.read()[-2000:]}")
        got = json.loads(line)
        if "error" in got:
            raise SkippedError(f"{got['error']} ({task})")
        return got["answer"] | {"wall_s": got["wall_s"]}

    def median_s(self, request: dict, how: str = "fork") -> float:
        """The median latency of one ordinary visit."""
        return median_of(self.make(request, how=how))


def timed_s(answer: dict, phases: tuple[str, ...] = ("timed",)) -> list[float]:
    """The calls of a visit in these phases, in seconds."""
    both = zip(answer["phases"], answer["durations_ns"], strict=True)
    return [duration / 1e9 for phase, duration in both if phase in phases]


def median_of(answer: dict) -> float:
    """The median timed call of a visit in seconds."""
    return median(timed_s(answer))
