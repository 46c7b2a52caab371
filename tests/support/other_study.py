"""A made-up study of families that are not the paper's: one of four axes, two of them without an
order, that is not trained, one of a single axis that is, and one without any."""

from pathlib import Path

import pandas as pd
from figure_study import write_study
from made_study import work_cells
from once import made_once
from paper_families import PAPER_FAMILIES
from report_of import with_figures, write

from tfscale.axes import adopt
from tfscale.study.kinds import WORK
from tfscale.study.outputs import figures_of

FAMILIES = {
    "mlp": {
        "title": "Perceptrons on vectors.",
        "axes": {
            "width": {"kind": "int"},
            "alpha": {"kind": "float"},
            "activation": {"kind": "str", "default": "relu"},
            "masked": {"kind": "bool", "default": False},
        },
    },
    "deep": {
        "title": "One axis only",
        "axes": {"depth": {"kind": "int"}},
        "trained": True,
    },
    "fixed": {"title": "No axis at all", "axes": {}},
}
LEVELS = {
    "mlp": {"width": (64, 128, 256), "alpha": (0.5, 1.0), "activation": ("gelu", "relu")},
    "deep": {"depth": (2, 4, 8)},
    "fixed": {},
}
FIGURES = {
    "mlp": figures_of(["width", "alpha", "batch_size"], paper=False),
    "deep": figures_of(["depth", "batch_size"], paper=False),
    "fixed": figures_of(["batch_size"], paper=False),
}
COSTS = {
    "fixed": 2e-4,
    "per_operation": 2e-6,
    "matmul_flop": 1e-11,
    "attention_flop": 6e-11,
    "elementwise_flop": 4e-11,
}
"""Seconds a unit of the work model's terms."""


def work_of(cell: dict) -> dict:
    """The work of a made-up network."""
    wide = int(cell.get("width", 256) * cell.get("alpha", 1))
    depth = cell.get("depth", 4)
    flop = {"matmul_flop": 768 * depth * wide**2}
    if cell["model"] == "mlp":
        flop["attention_flop"] = 4096 * depth * wide * (2 if cell["masked"] else 1)
        flop["elementwise_flop"] = 9600 * depth * wide * (2 if cell["activation"] == "gelu" else 1)
    about = {"operations": 3 * depth, "flop_per_example": sum(flop.values())}
    return dict.fromkeys(WORK, 0) | about | flop | {"matmul_bytes": 8 * depth * wide}


def cells_of(family: str, noise: float = 0.01, **levels) -> pd.DataFrame:
    """The cells of a family that take the costs that are planted."""
    levels = {"batch_size": (1, 8, 64)} | LEVELS[family] | levels
    return work_cells(noise, seconds=COSTS, model=family, work=work_of, **levels)


def shared_study(tmp_path_factory) -> Path:
    """The folder of a study of all families of this session, with its page, made once."""
    return made_once(tmp_path_factory, "other_study", _write)


def _write(folder: Path) -> None:
    adopt(FAMILIES)
    cells = pd.concat(map(cells_of, FAMILIES), ignore_index=True)
    with_figures(write_study(folder, cells, work={}), FIGURES)
    write(folder, folder / "report.html")
    adopt(PAPER_FAMILIES)
