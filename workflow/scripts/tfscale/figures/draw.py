"""Which function draws which figure; writing them."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib as mpl

from tfscale.figures.errors import held_out, machines, residuals
from tfscale.figures.laws import interaction, laws, thresholds
from tfscale.figures.look import Drawn, FigureData, in_words, read, save, styled
from tfscale.figures.paper import BOXED, box_plot, heatmap, matched
from tfscale.figures.work import roofline, saturation, time_shares, work
from tfscale.files.whole import write_text
from tfscale.study.outputs import FIGURES

Draw = Callable[[FigureData], Drawn]
DRAWN_BY: dict[str, Draw] = {
    "heatmap": heatmap,
    **{f"by_{factor}": partial(box_plot, factor=factor) for factor in BOXED},
    **{f"matched_{factor}": partial(matched, factor=factor) for factor in BOXED},
    "laws": laws,
    "interaction": interaction,
    "saturation": saturation,
    "thresholds": thresholds,
    "work": work,
    "roofline": roofline,
    "time_shares": time_shares,
    "held_out": held_out,
    "residuals": residuals,
    "machines": machines,
}
"""The function of each figure of `FIGURES`, by name."""
BUILTIN = "Trained on built-in data."


def draw(name: str, data: FigureData) -> Drawn:
    """The figure of that name, with the marks that every figure carries."""
    if data.cells.empty:
        return in_words(f"No cell of {data.model} has been timed yet.")
    drawn = DRAWN_BY[name](data)
    notes = []
    if (data.cells["data"] == "builtin").any():
        notes.append(BUILTIN)
    if len(data.machines) > 1 and name != "machines":
        notes.append(f"Drawn for {data.machine}, one of {len(data.machines)} machines.")
    if drawn.filled and notes:
        drawn.figure.text(0.0, 1.01, " ".join(notes), fontsize="small", color="0.35", va="bottom")
    return Drawn(drawn.figure, [*drawn.says, *notes], drawn.filled)


def draw_all(data: FigureData, svg: list[str], png: list[str], words: str) -> None:
    """Write every figure, in the order of `FIGURES`, to its two files, and what each says to
    the JSON file `words`: title, says (sentences), filled."""
    said = {}
    for (name, title), vector, pixels in zip(FIGURES.items(), svg, png, strict=True):
        drawn = draw(name, data)
        save(drawn.figure, vector, pixels, f"{data.model}: {title}", " ".join(drawn.says))
        said[name] = {"title": title, "says": drawn.says, "filled": drawn.filled}
    write_text(words, json.dumps(said, indent=1, ensure_ascii=False))


def plot(model: str, inputs: dict, outputs: dict) -> None:
    """Draw the figures of `model`: from the files of the rule `plot` (cells, runs, roofs, tables)
    to svg and png files in the order of `FIGURES`, and what each says to the JSON file words."""
    mpl.use("agg")
    fits = str(Path(inputs["tables"][0]).parent)
    with styled():
        data = read(model, inputs["cells"], inputs["runs"], inputs["roofs"], fits)
        draw_all(data, outputs["svg"], outputs["png"], outputs["words"])
