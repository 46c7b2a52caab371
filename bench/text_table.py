"""Aligned plain-text tables: text to the left, numbers to the right."""

from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The table; cells that are text stand left, all others right with four digits at most."""
    shown = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *shown, strict=True)]
    left = [all(isinstance(row[i], str) for row in rows) for i in range(len(header))]
    lines = [list(header), ["-" * width for width in widths], *shown]
    return "\n".join(_line(line, widths, left) for line in lines)


def _line(cells: list[str], widths: list[int], left: list[bool]) -> str:
    aligned = [
        cell.ljust(width) if to_left else cell.rjust(width)
        for cell, width, to_left in zip(cells, widths, left, strict=True)
    ]
    return ("  " + "  ".join(aligned)).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)
