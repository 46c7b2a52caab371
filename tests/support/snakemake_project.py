"""Calls the real Snakemake in a project's folder as a user does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from paths import ROOT

CELLS = [
    "mnist_layers4_batch1_conv3_input28_threads1",
    "mnist_layers6_batch1_conv3_input28_threads1",
    "text_layers4_batch4_conv3_input14_threads1",
]
PLOTTED = {"plot_mnist": 1, "plot_text": 1, "report": 1, "all": 1}
AFTER_TIMING = {"merge": 1, "fit": 1} | PLOTTED


class Project:
    """A folder with the pipeline in it."""

    first_run: str

    def __init__(self, root: Path):
        self.root = root

    def call(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run snakemake with these arguments; both outputs are in stdout."""
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    def run(self, *arguments: str) -> str:
        """Run snakemake, which must end well; returns what it printed."""
        done = self.call(*arguments)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def plan(self, *arguments: str) -> dict[str, int]:
        """The number of jobs of each rule that a dry run announces."""
        printed = self.run("-n", *arguments)
        assert "\ntfscale\n" not in printed, "a dry run is Snakemake's own"
        if "Nothing to be done" in printed:
            return {}
        table = printed.split("Job stats:", 1)[1].split("total", 1)[0]
        return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}

    def configure(self, **sections) -> None:
        """Change config.yaml: a section's keys, or a whole value."""
        path = self.root / "config.yaml"
        config = yaml.safe_load(path.read_text())
        for key, value in sections.items():
            config[key] = config.get(key, {}) | value if isinstance(value, dict) else value
        path.write_text(yaml.safe_dump(config))

    def append(self, name: str, text: str) -> None:
        """Add a line to a file."""
        path = self.root / name
        path.write_text(f"{path.read_text()}{text}\n")

    def copy_to(self, target: Path) -> "Project":
        """A copy with all times kept, to be changed."""
        shutil.copytree(self.root, target, copy_function=shutil.copy2)
        return Project(target)

    def run_file(self, cell: str, round_number: int = 1) -> Path:
        """The file of a run."""
        return self.root / f"results/runs/{cell}/round{round_number}.parquet"

    def times(self, pattern: str) -> dict[str, int]:
        """Modification times (ns) of the files under results that match."""
        found = (self.root / "results").glob(pattern)
        return {str(path.relative_to(self.root)): path.stat().st_mtime_ns for path in found}


def clone(target: Path) -> Project:
    """The project's files as a user would clone them, with the tiny study as config.yaml."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    shutil.copyfile(ROOT / "tests" / "tiny.yaml", target / "config.yaml")
    return Project(target)
