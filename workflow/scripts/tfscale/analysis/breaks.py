"""The columns of every break and every smooth curve that a sweep is tested for."""

from functools import lru_cache

import numpy as np

PLACES = 121
SHARES = 5
EXPONENTS = np.linspace(-1.0, 3.0, 401)
LEAST_SIDE = 2
"""Levels that each side of a place has at least."""
NOTHING_NEW = 1e-7


Breaks = tuple[list[str], np.ndarray, np.ndarray]


def candidates(x: np.ndarray, places: int = PLACES) -> Breaks:
    """Kind, bounds of the place, and column of every break that leaves two levels on each side.

    Kinds: `slope`, a hinge: what comes after the place has another cost each; `level`: after it
    every time is longer by a constant; `work`: the cost of each is another one for all of them;
    `all`: overhead and work alike are another multiple, for several shares of overhead.
    """
    return _candidates(tuple(x.tolist()), places)


@lru_cache(maxsize=64)
def _candidates(levels: tuple[float, ...], places: int) -> Breaks:
    x = np.array(levels)
    kinds, bounds, columns = [], [], []
    for place in np.geomspace(x[LEAST_SIDE - 1], x[-LEAST_SIDE], places):
        kinds.append("slope")
        bounds.append((place, place))
        columns.append(np.maximum(x - place, 0))
    overheads = np.geomspace(x[0], x[-1], SHARES)
    forms = [("level", np.ones(len(x))), ("work", x), *(("all", x + each) for each in overheads)]
    for before in range(LEAST_SIDE - 1, len(x) - LEAST_SIDE):
        after = np.arange(len(x)) > before
        for kind, form in forms:
            kinds.append(kind)
            bounds.append((x[before], x[before + 1]))
            columns.append(after * form)
    return kinds, np.array(bounds), np.column_stack(columns)


def curves(x: np.ndarray) -> np.ndarray:
    """(x^p - 1) / p for every exponent and ln x at 0 (Box and Cox 1964), columns beside a
    constant that make every a + c x^p; `x` is taken relative to its geometric mean."""
    logs = np.log(x) - np.log(x).mean()
    zero = np.abs(EXPONENTS) < NOTHING_NEW
    exponents = np.where(zero, 1.0, EXPONENTS)
    return np.where(zero, logs[:, None], np.expm1(np.outer(logs, exponents)) / exponents)


def unit_basis(columns: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the columns, rows times `scale`."""
    return np.linalg.qr(columns * scale[:, None])[0]


def beside(basis: np.ndarray, columns: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The unit column of what each of `columns` (rows times `scale`) adds to the basis; 0 where
    it adds nothing. The squared product with a response is what the column explains of it."""
    weighted = columns * scale[:, None]
    weighted = weighted / np.linalg.norm(weighted, axis=0)
    new = weighted - basis @ (basis.T @ weighted)
    length = np.linalg.norm(new, axis=0)
    return np.where(length > NOTHING_NEW, new / np.maximum(length, NOTHING_NEW), 0.0)
