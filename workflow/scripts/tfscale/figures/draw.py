"""Which function draws which figure; writing them."""

import json
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

from tfscale.analysis.slices import usual
from tfscale.axes import COMPARED
from tfscale.figures.answer import batches, border, drivers
from tfscale.figures.errors import held_out, machines, residuals
from tfscale.figures.laws import interaction, laws, thresholds
from tfscale.figures.look import Drawn, FigureData, in_words, read, save, styled
from tfscale.figures.paper import box_plot, heatmap, matched
from tfscale.figures.work import front, roofline, time_shares
from tfscale.files.whole import write_text
from tfscale.study.outputs import FIRST
from tfscale.words import axis_name

Draw = Callable[[FigureData], Drawn]
DRAWN_BY: dict[str, Draw] = {
    "border": border,
    "drivers": drivers,
    "batches": batches,
    "heatmap": heatmap,
    "laws": laws,
    "interaction": interaction,
    "thresholds": thresholds,
    "front": front,
    "roofline": roofline,
    "time_shares": time_shares,
    "held_out": held_out,
    "residuals": residuals,
    "machines": machines,
}
"""The function of each figure that a family has once."""
OF_FACTOR: dict[str, Callable[[FigureData, str], Drawn]] = {"by": box_plot, "matched": matched}
"""The function of each figure that it has for several factors (`matched_layers`)."""
BUILTIN = "Trained on built-in data."


def draw(name: str, data: FigureData) -> Drawn:
    """The figure of that name, with the marks that every figure carries."""
    if data.cells.empty:
        return in_words(f"No cell of {data.model} has been timed yet.")
    kind, _, factor = name.partition("_")
    drawn = DRAWN_BY[name](data) if name in DRAWN_BY else OF_FACTOR[kind](data, factor)
    notes = []
    if (data.cells["data"] == "builtin").any():
        notes.append(BUILTIN)
    if len(data.machines) > 1 and name != "machines":
        notes.append(f"Drawn for {data.machine}, one of {len(data.machines)} machines.")
    if name in FIRST:
        for axis in COMPARED:
            if (several := data.cells[axis].nunique()) > 1:
                one = usual(data.cells, [axis])[axis].iloc[0]
                notes.append(f"Drawn for {one}, one of {several} {axis_name(axis)}s.")
    if drawn.filled and notes:
        drawn.figure.text(0.0, 1.01, " ".join(notes), fontsize="small", color="0.35", va="bottom")
    return Drawn(drawn.figure, [*drawn.says, *notes], drawn.filled)


def draw_all(data: FigureData, figures: dict[str, str], outputs: dict) -> None:
    """Write every figure, in the order of `figures`, to its two files, and what each says to
    the JSON file words: title, says (sentences), filled."""
    said = {}
    files = zip(figures.items(), outputs["svg"], outputs["png"], strict=True)
    for (name, title), vector, pixels in files:
        drawn = draw(name, data)
        save(drawn.figure, vector, pixels, f"{data.model}: {title}", " ".join(drawn.says))
        said[name] = {"title": title, "says": drawn.says, "filled": drawn.filled}
    write_text(outputs["words"], json.dumps(said, indent=1, ensure_ascii=False))


def plot(model: str, figures: dict[str, str], inputs: dict, outputs: dict) -> None:
    """Draw the `figures` (name to title) of a family: from the files of the rule `plot` (cells,
    runs, roofs, tables) to svg and png files in their order, and what each says to the JSON file
    words."""
    mpl.use("agg")
    fits = str(Path(inputs["tables"][0]).parent)
    with styled():
        data = read(model, inputs["cells"], inputs["runs"], inputs["roofs"], fits)
        draw_all(data, figures, outputs)
