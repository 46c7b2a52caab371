"""How fast a study goes: estimated first, then by what was measured of each stage."""

from collections.abc import Iterable
from dataclasses import dataclass

STAGES = {
    "download": "data", "encode": "data", "train": "train", "calibrate": "machine",
    "floor": "machine", "measure": "time",
}  # fmt: skip
"""Every other rule belongs to the analysis."""
ANALYSIS = "analyse"
ALONE = ("machine", "time")
"""Stages whose jobs have the machine for themselves."""


@dataclass(frozen=True)
class Task:
    """A job: its rule, kind (of model, or "further" of a run that may have nothing to do; may be
    empty), name for people, and estimated seconds."""

    rule: str
    kind: str
    name: str
    estimate_s: float

    @property
    def stage(self) -> str:
        """data, train, machine, time or analyse."""
        return stage_of(self.rule)


class Pace:
    """The tasks of a Snakemake run by job number, and what is known of their durations.

    What is left is kept as a sum a rule and kind of model: it is asked for at every job, of which
    there may be ten thousands.
    """

    def __init__(self, tasks: dict[int, Task], slots: int = 1, spread: bool = False):
        """`slots` jobs of other stages than timing run at once; with `spread` (a cluster) timing
        too."""
        self.tasks = tasks
        self._open = dict(tasks)
        self._slots, self._spread = max(1, slots), spread
        self._known: dict[tuple[str, str], tuple[float, float, int]] = {}
        self._left: dict[tuple[str, str], tuple[float, int]] = {}
        for task in tasks.values():
            self._add(task, 1)

    def learn(self, task: Task, took_s: float) -> None:
        """Take in that a task of this or an earlier Snakemake run took so many seconds."""
        for key in ((task.rule, task.kind), (task.rule, "")):
            took, estimated, count = self._known.get(key, (0.0, 0.0, 0))
            self._known[key] = (took + took_s, estimated + task.estimate_s, count + 1)
            if not task.kind:
                break

    def ended(self, job: int, took_s: float | None) -> None:
        """A job is over; `took_s` is None when it failed, which says nothing of the others."""
        task = self._open.pop(job, None)
        if task:
            self._add(task, -1)
        if task and took_s is not None:
            self.learn(task, took_s)

    @property
    def measured(self) -> bool:
        """Whether any duration of training or timing is known by measurement."""
        return any(rule in ("train", "measure") for rule, _ in self._known)

    def left_s(self, stage: str | None = None) -> float:
        """Seconds that the open tasks will take, of one stage or of all."""
        return sum(
            self._expected_s(key, estimated_s, count) / (self._slots if self._shares(key[0]) else 1)
            for key, (estimated_s, count) in self._left.items()
            if count and stage in (None, stage_of(key[0]))
        )

    def count(self, stage: str) -> int:
        """Open tasks of a stage."""
        return sum(count for (rule, _), (_, count) in self._left.items() if stage_of(rule) == stage)

    def _add(self, task: Task, times: int) -> None:
        estimated_s, count = self._left.get((task.rule, task.kind), (0.0, 0))
        self._left[task.rule, task.kind] = estimated_s + times * task.estimate_s, count + times

    def _shares(self, rule: str) -> bool:
        return self._spread or stage_of(rule) not in ALONE

    def _expected_s(self, key: tuple[str, str], estimated_s: float, count: int) -> float:
        """The estimate of `count` tasks times what such tasks took over what was estimated for
        them; a typical estimate itself counts like one more task."""
        known = self._known.get(key) or self._known.get((key[0], ""))
        if not known:
            return estimated_s
        took_s, guessed_s, tasks = known
        typical_s = guessed_s / tasks
        if not typical_s:
            return count * took_s / tasks
        return estimated_s * (took_s + typical_s) / (guessed_s + typical_s)


def stage_of(rule: str) -> str:
    """data, train, machine, time or analyse."""
    return STAGES.get(rule, ANALYSIS)


def stages_of(tasks: Iterable[Task]) -> list[str]:
    """The stages that occur, in the order in which they come."""
    order = [*dict.fromkeys(STAGES.values()), ANALYSIS]
    found = {task.stage for task in tasks}
    return [stage for stage in order if stage in found]
