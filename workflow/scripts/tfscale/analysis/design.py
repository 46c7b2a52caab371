"""What varies in a table of cells, and the models of its cell means that the tests share."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from tfscale.axes import CATEGORIES, FACTORS
from tfscale.errors import StudyError

SHAPE = ["layers", "conv_size", "input_size", "filters"]
"""The axes that shape a model: its architecture."""
PASS = "pass_mean_s"
FEWEST_FREE = 5
MOST_COLUMNS = 600
NAMED = 3


def by_model(cells: pd.DataFrame, time: str = PASS) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each machine's rows of each model in the order of the table, with two more columns.

    `time_s` is the column `time` (seconds), `log_s` its logarithm. Raises StudyError that names
    the first cells whose time is no positive number.
    """
    if missing := [name for name in ("machine", "model", "cell", time) if name not in cells]:
        raise StudyError(f"the table of cells has no column {', '.join(missing)}")
    seconds = positive(cells, time)
    table = cells.assign(time_s=seconds, log_s=np.log(seconds))
    for (machine, model), group in table.groupby(["machine", "model"], sort=False):
        yield str(machine), str(model), group.reset_index(drop=True)


def positive(cells: pd.DataFrame, column: str) -> pd.Series:
    """A column as floats; StudyError names the first cells where it is no positive number."""
    numbers = pd.to_numeric(cells[column], errors="coerce").astype(float)
    wrong = cells.loc[~(np.isfinite(numbers) & (numbers > 0)), "cell"].unique().tolist()
    if wrong:
        more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise StudyError(f"no positive {column} in {', '.join(map(str, wrong[:NAMED]))}{more}")
    return numbers


def nominal_batch(table: pd.DataFrame) -> bool:
    """Whether the batch size of the table never reached the model: it varies, the calls' did not.

    Then rows that differ only in it are replicates of one architecture.
    """
    if "called_batch" not in table:
        return False
    return table["batch_size"].nunique() > 1 and table["called_batch"].nunique() == 1


def effective(table: pd.DataFrame) -> list[str]:
    """The axes with an order that have more than one level here and reached the model."""
    unreached = ["batch_size"] if nominal_batch(table) else []
    return [axis for axis in FACTORS if axis not in unreached and table[axis].nunique() > 1]


def values(table: pd.DataFrame) -> list[str]:
    """The axes without an order that have more than one value here."""
    return [axis for axis in CATEGORIES if axis in table and table[axis].nunique() > 1]


def architecture(table: pd.DataFrame) -> pd.Series:
    """The number of each row's architecture."""
    return table.groupby(SHAPE, sort=False).ngroup()


def repeated(table: pd.DataFrame) -> pd.Series:
    """The number of each row's group of repeats: no axis that reached the model differs in it."""
    told = effective(table) + values(table)
    return table.groupby(told, sort=False).ngroup() if told else pd.Series(0, table.index)


def level_design(table: pd.DataFrame) -> str | None:
    """The right-hand side of a formula for the means of the cells, None where no row is left over.

    Free levels of every effective axis with all two-way interactions; against batch size and
    threads, which scale everything, an interaction is a slope in their logarithm. Where that
    leaves too few residual degrees of freedom, free levels alone.
    """
    axes = effective(table) + values(table)
    plain = [f"C({axis})" for axis in axes]
    scaling = [axis for axis in ("batch_size", "threads") if axis in axes]
    rest = [axis for axis in axes if axis not in scaling]
    crossed = [f"C({a}):C({b})" for n, a in enumerate(rest) for b in rest[n + 1 :]]
    crossed += [f"C({a}):np.log({b})" for a in rest for b in scaling]
    levels = {axis: table[axis].nunique() - 1 for axis in axes}
    main = 1 + sum(levels.values())
    pairs = sum(levels[a] * levels[b] for n, a in enumerate(rest) for b in rest[n + 1 :])
    pairs += sum(levels[a] for a in rest) * len(scaling)
    for columns, terms in ((main + pairs, plain + crossed), (main, plain)):
        if len(table) - columns >= FEWEST_FREE and columns <= MOST_COLUMNS:
            return " + ".join(terms) or "1"
    return None


def level_matrix(table: pd.DataFrame) -> pd.DataFrame | None:
    """The columns of `level_design`, without those that are sums of others."""
    right = level_design(table)
    if right is None:
        return None
    design = smf.ols(f"log_s ~ {right}", table)
    x = pd.DataFrame(design.exog, table.index, design.exog_names)
    return independent(x)


def independent(x: pd.DataFrame) -> pd.DataFrame:
    """The columns that are no sums of columns before them, as missing combinations of levels leave
    them."""
    triangle = np.zeros(x.shape[1])
    diagonal = np.abs(np.diag(np.linalg.qr(x.to_numpy(), mode="r")))
    triangle[: len(diagonal)] = diagonal
    return x.loc[:, triangle > 1e-8 * max(triangle.max(initial=0), 1)]
