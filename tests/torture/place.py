"""Where the torture happens: a folder of projects, one of them undisturbed, and seeded chance."""

import json
import shutil
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from random import Random
from time import monotonic

from snakemake_project import Project, clone

IMPORT_LATER = ("floor", "measure")
"""Rules that find the libraries imported by training, but not after a kill."""


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
        there = Project(self.root / "undisturbed")
        if (there.root / "results/report.html").exists():  # of an earlier torture in this folder
            return there
        project = self.fresh("undisturbed")
        project.run()
        return project

    @cached_property
    def seconds(self) -> dict[str, float]:
        """How long a job of each rule takes as the first of a run, which has to import its
        libraries: the longest undisturbed, by Snakemake's own records, and the import."""
        took = defaultdict(list)
        for path in (self.undisturbed.root / ".snakemake/metadata").rglob("*"):
            record = json.loads(path.read_text()) if path.is_file() else {}
            if record.get("starttime") and record.get("endtime"):
                rule = record["rule"].partition("_")[0]  # plot_mnist
                took[rule].append(record["endtime"] - record["starttime"])
        imports_s = max(took["train"]) - min(took["train"])
        return {
            rule: max(durations) + (imports_s if rule in IMPORT_LATER else 0)
            for rule, durations in took.items()
        }

    def fresh(self, name: str) -> Project:
        """A clone in which nothing has run."""
        shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / name).mkdir(parents=True)
        return clone(self.root / name)

    def copy(self, name: str) -> Project:
        """A copy of the undisturbed study with all times kept."""
        shutil.rmtree(self.root / name, ignore_errors=True)
        return self.undisturbed.copy_to(self.root / name)
