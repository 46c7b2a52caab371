"""Where the torture happens: a folder of projects, one of them undisturbed, and seeded chance."""

import json
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from random import Random
from statistics import median
from time import monotonic

from snakemake_project import Project, clone


class Place:
    """The folder `root` (deleted by who made it), a seed and the time that there is."""

    def __init__(self, root: Path, seed: int, limit_s: float):
        self.root, self.seed = root, seed
        self._end = monotonic() + limit_s

    @property
    def left_s(self) -> float:
        """Seconds until the torture has to end."""
        return self._end - monotonic()

    def chance(self, name: str) -> Random:
        """Random numbers that depend on the seed and a name alone."""
        return Random(f"{self.seed}/{name}")

    @cached_property
    def undisturbed(self) -> Project:
        """The tiny study, run from nothing without any fault."""
        project = self.fresh("undisturbed")
        project.run()
        return project

    @cached_property
    def seconds(self) -> dict[str, float]:
        """How long a job of each rule took undisturbed, by Snakemake's own records."""
        took = defaultdict(list)
        for path in (self.undisturbed.root / ".snakemake/metadata").rglob("*"):
            record = json.loads(path.read_text()) if path.is_file() else {}
            if record.get("starttime") and record.get("endtime"):
                took[record["rule"]].append(record["endtime"] - record["starttime"])
        return {rule: median(durations) for rule, durations in took.items()}

    def fresh(self, name: str) -> Project:
        """A clone in which nothing has run."""
        (self.root / name).mkdir(parents=True)
        return clone(self.root / name)

    def copy(self, name: str) -> Project:
        """A copy of the undisturbed study with all times kept."""
        return self.undisturbed.copy_to(self.root / name)
