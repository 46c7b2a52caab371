"""What is wrong with the cells that a configuration asks for."""

from collections.abc import Iterator
from math import prod

from tfscale.axes import AXES, Cell
from tfscale.study.excluding import excluded, without_effect
from tfscale.study.grid import cells, impossible, subgrids

MOST_CELLS = 100_000
MOST_CELLS_NAMED = 5


def too_many_cells(config: dict) -> Iterator[str]:
    """Grids of more than MOST_CELLS cells, counted without making them."""
    for key in ("grid", "predict"):
        counts = [prod(len(part[axis]) for axis in AXES) for _, part in _parts(config, key)]
        if sum(counts) > MOST_CELLS:
            longest = [
                f"{axis} has {len(part[axis]):,}"
                for _, part in _parts(config, key)
                for axis in AXES
                if len(part[axis]) > 1
            ]
            yield (
                f"{key}: asks for {sum(counts):,} cells, more than {MOST_CELLS:,}; take values "
                f"out ({', '.join(longest[:MOST_CELLS_NAMED])})"
            )


def cell_mistakes(config: dict) -> Iterator[str]:
    """Cells that cannot exist or that cannot be timed, sub-grids that add none, and mistakes of
    `exclude`; what that takes out is none."""
    entries = config.get("exclude") or []
    whole = cells(config["grid"])
    out = excluded(whole, entries)
    yield from _impossible_cells(config, out)
    yield from _idle_parts(config)
    yield from without_effect(whole, entries)
    inputs = config["evaluation"]["inputs"]
    sizes = {cell["batch_size"] for name, cell in whole.items() if name not in out}
    for batch_size in sorted(size for size in sizes if size > inputs):
        yield (
            f"grid: batch_size {batch_size} is larger than the {inputs} "
            "inputs of a pass (evaluation.inputs)"
        )


def _parts(config: dict, key: str) -> Iterator[tuple[str, dict]]:
    """Every sub-grid under `grid` or `predict`, with its key."""
    if grid := config.get(key):
        for index, part in enumerate(subgrids(grid)):
            yield (f"{key}[{index}]" if isinstance(grid, list) else key), part


def _impossible_cells(config: dict, out: dict[str, str]) -> Iterator[str]:
    """Cells that cannot exist, named, grouped by what is wrong with them."""
    for where, part in [*_parts(config, "grid"), *_parts(config, "predict")]:
        refused: dict[str, list[str]] = {}
        for name, cell in cells(part).items():
            taken_out = name in out and where.startswith("grid")
            if not taken_out and (reason := impossible(cell)):
                refused.setdefault(reason, []).append(name)
        for reason, names in refused.items():
            more = len(names) - MOST_CELLS_NAMED
            tail = f" and {more} more" if more > 0 else ""
            yield f"{where}: {reason}. Cells: {', '.join(names[:MOST_CELLS_NAMED])}{tail}"


def _idle_parts(config: dict) -> Iterator[str]:
    """Sub-grids whose cells are all in the sub-grids before them."""
    known: dict[str, Cell] = {}
    for where, part in _parts(config, "grid"):
        own = cells(part)
        if known and own.keys() <= known.keys():
            count = "its cell is" if len(own) == 1 else f"all {len(own):,} cells of it are"
            yield f"{where}: adds nothing, {count} in the sub-grids before it; take it out"
        known |= own
