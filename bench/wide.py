"""A made-up study of any size: a copy of the project with its configuration, and its files."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from bench import ROOT
from bench.study import project_config
from tfscale.study import study as studies

SIZES = (100, 1000, 10_000)
PARTS = ("Snakefile", "workflow", "profiles", "envs")
LAYERS, CONVS, INPUTS = (4, 6, 8, 10), (3, 4, 5, 6, 8), (28, 40, 56, 80, 112)
ROUNDS, VISITS, MAX_VISITS = 2, 3, 8


@dataclass(frozen=True)
class WideStudy:
    """The folder of a project and the number of cells of its study; nothing in it has run."""

    root: Path
    cells: int

    @property
    def results(self) -> Path:
        """Where its runs and tables lie."""
        return self.root / "results"

    @cached_property
    def config(self) -> dict:
        """Its configuration."""
        return yaml.safe_load((self.root / "config.yaml").read_text())

    @cached_property
    def study(self) -> studies.Study:
        """The study as the rules see it."""
        return studies.Study.from_config(self.config)

    def paths(self, names: list[str]) -> list[str]:
        """Files of the study, from names with <results>, <models> or <resources> in them."""
        places = {
            "<results>": self.results,
            "<models>": self.results / "models",
            "<resources>": self.root / "resources",
        }
        found = []
        for name in names:
            for place, folder in places.items():
                name = name.replace(place, str(folder))
            found.append(name)
        return found


def grid(cells: int) -> dict:
    """A grid of so many cells of mnist (a multiple of 100): layers, convolutions, from 1,000 cells
    on inputs, and as many batch sizes as it takes."""
    inputs = INPUTS if cells >= 1000 else INPUTS[:1]
    architectures = len(LAYERS) * len(CONVS) * len(inputs)
    if cells % architectures:
        raise ValueError(f"{cells} cells are no multiple of {architectures} architectures")
    return {
        "model": ["mnist"],
        "layers": list(LAYERS),
        "batch_size": list(range(1, cells // architectures + 1)),
        "conv_size": list(CONVS),
        "input_size": list(inputs),
    }


def new_study(cells: int) -> WideStudy:
    """The project with a study of so many cells, in a folder that goes away with this process."""
    config = project_config()
    config["grid"] = grid(cells)
    config["datasets"] = {"source": "builtin", "mirror": None}
    config["timing"] |= {
        "rounds": ROUNDS, "further_rounds": 0, "visits": VISITS, "max_visits": MAX_VISITS,
    }  # fmt: skip
    return WideStudy(new_project(config), cells)


def new_project(config: dict) -> Path:
    """A copy of what Snakemake needs of this project, with another configuration."""
    root = Path(tempfile.mkdtemp(prefix="tfscale-bench-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for name in PARTS:
        if (ROOT / name).is_dir():
            without = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=without)
        else:
            shutil.copy(ROOT / name, root / name)
    (root / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return root
