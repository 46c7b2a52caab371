"""Groups of cells and amounts in sentences."""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import pandas as pd

from tfscale.analysis.slices import GROUP, SETTING, named
from tfscale.axes import AXES, CALL_AXES, CATEGORIES, model_axes
from tfscale.units import three
from tfscale.words import axis_name, value_words


def groups(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each group of a table with its name: the model, the machine where there are several, and
    the settings that are not the default."""
    for key, own in table.groupby(GROUP, sort=False):
        values = named(key)
        parts = [f"{values['model']}{on_machine(values['machine'], table)}"]
        parts += [_setting(axis, values[axis]) for axis in SETTING]
        yield " ".join(filter(None, parts)), own


def on_machine(machine: str, table: pd.DataFrame) -> str:
    """` on <machine>` where the table has several, nothing otherwise."""
    return f" on {machine}" if table["machine"].nunique() > 1 else ""


def _setting(axis: str, value: int | str | bool) -> str:
    """A value that is not the default, in brackets."""
    if value == AXES[axis].default:
        return ""
    if axis in CATEGORIES:
        return f"({value_words(axis, cast(str | bool, value))})"
    return f"({axis_name(axis)} {value})"


def level(value: float | str | bool) -> str:
    """A value of an axis.

    >>> level(4.0), level(0.35), level("gelu"), level(True)
    ('4', '0.35', 'gelu', 'True')
    """
    if isinstance(value, str | bool | np.bool):
        return str(value)
    return str(int(value)) if value == int(value) else f"{value:g}"


def between(low: float, high: float) -> str:
    """An interval in words; open where one of its ends is unknown.

    >>> between(1, 2), between(1, np.nan), between(np.nan, 1234.5)
    ('1 to 2', 'at least 1', 'at most 1,230')
    """
    if np.isnan(low) and np.isnan(high):
        return "no interval"
    if np.isnan(high):
        return f"at least {three(low)}"
    return f"at most {three(high)}" if np.isnan(low) else f"{three(low)} to {three(high)}"


def listed(parts: list[str]) -> str:
    """Join parts as in a sentence.

    >>> listed(["layers", "batch size", "threads"])
    'layers, batch size and threads'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def short_names(cells: pd.DataFrame) -> pd.Series:
    """The cells of one family by what differs among them, e.g. `L8 B16 C5`: the first letters of an
    axis, as many as tell it from the others, and its level; the whole name where nothing differs.
    """
    short = short_axes(cells)
    if not short:
        return cells["cell"].astype(str)
    names = pd.Series("", index=cells.index)
    for axis, first in short.items():
        named = f"{axis_name(axis)} " if AXES[axis].kind is bool else first
        names += " " + named + cells[axis].map(level)
    return names.str.strip()


def short_axes(cells: pd.DataFrame) -> dict[str, str]:
    """The axes that differ among cells of one family, in the order of names, with their letters;
    none where the value says it all."""
    first, *rest = [*model_axes(cells["model"].iloc[0]), *CALL_AXES]
    order = dict.fromkeys(axis for axis in (first, "batch_size", *rest) if axis in cells)
    varied = [axis for axis in order if cells[axis].nunique() > 1]
    return {axis: "" if axis in CATEGORIES else letters(axis, varied) for axis in varied}


def letters(axis: str, others: Sequence[str]) -> str:
    """The fewest first letters of an axis that none of the others begins with.

    >>> letters("layers", ["layers", "batch_size"]), letters("length", ["length", "layers"])
    ('L', 'Le')
    """
    rest = [other for other in others if other != axis]
    count = next(
        (n for n in range(1, len(axis)) if not any(one.startswith(axis[:n]) for one in rest)),
        len(axis),
    )
    return axis[:count].capitalize()
