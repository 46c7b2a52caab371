"""The data that the scripts read, what may execute, trained models.

The page carries a content security policy: no request leaves it, and only the scripts whose
digests the policy names run, so that text which got in as markup after all would stay dead.
"""

import base64
import hashlib
import io
import json
from collections import defaultdict
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from tfscale.analysis.law_fits import predicted
from tfscale.analysis.laws import best_law
from tfscale.axes import AXES
from tfscale.tables.latency import pooled
from tfscale.words import axis_label, axis_name

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Within JSON these stand in strings only, where an escape means the same: `</script>` and `<!--`
cannot occur."""


def data_block(value: object) -> str:
    """The value as compact JSON for a <script type="application/json">; NaN is refused
    (ValueError): JSON knows none."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.translate(_ESCAPES)


def policy(scripts: list[str]) -> str:
    """The content security policy of a page that runs these inline scripts and nothing else."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def brief(value: float, digits: int = 5) -> float | None:
    """The value to a few significant digits; None where there is no number."""
    return float(f"{value:.{digits}g}") if value is not None and isfinite(value) else None


def coded(values: list) -> dict[str, list]:
    """Texts that repeat (or None): each once, and which one it is in every place."""
    of = list(dict.fromkeys(values))
    place = {text: number for number, text in enumerate(of)}
    return {"of": of, "is": [place[text] for text in values]}


NUMBERS = (
    "latency_s",
    "latency_low_s",
    "latency_high_s",
    "half_width",
    "coverage",
    "typical_s",
    "noise",
    "p90_s",
    "p99_s",
    "p99_high_s",
    "throughput_per_s",
    "first_call_s",
    "load_s",
    "floor_s",
    "pass_mean_s",
    "test_accuracy",
    "memory_timed_bytes",
)
COUNTS = (
    "processes",
    "disturbed_processes",
    "calls",
    "parameters",
    "flop_per_example",
    "training_examples",
)
REPEATED = ("machine", "data", "bound", "trained", "marks")


def explorer_columns(cells: pd.DataFrame) -> dict[str, object]:
    """One list a column, in the order of the cells; None for an axis that a cell's family has not
    and for a number that is unknown."""
    columns: dict[str, object] = {"cell": cells["cell"].tolist(), "short": cells["short"].tolist()}
    for axis, spec in AXES.items():
        levels = _known(cells[axis], spec.kind)
        columns[axis] = coded(levels) if spec.kind is str else levels
    columns |= {name: [brief(value) for value in cells[name]] for name in NUMBERS}
    columns |= {name: _known(cells[name], int) for name in COUNTS}
    words = cells[list(REPEATED)].fillna("none").astype(str)
    return columns | {name: coded(words[name].tolist()) for name in REPEATED}


def _known(values: pd.Series, kind: type) -> list:
    return [None if pd.isna(value) else kind(value) for value in values]


def explorer_axes(cells: pd.DataFrame) -> list[dict[str, object]]:
    """The axes on which the cells differ: key, name, label with unit, whether they are numbers."""
    return [
        {
            "key": axis,
            "name": axis_name(axis),
            "label": axis_label(axis),
            "number": spec.kind in (int, float),
        }
        for axis, spec in AXES.items()
        if cells[axis].nunique() > 1
    ]


MOST_CELLS = 2000
"""Of larger studies the page holds no single processes and no histograms: files of them remain."""
TIMES = ("latency_s", "p50_s", "p90_s", "p99_s")
BINS = 32
INNER = (0.005, 0.995)
"""A histogram spans these quantiles; the calls beyond are counted at its ends."""
CELL = ["machine", "cell"]
Histogram = list[float | list[int] | None]


def process_rows(cells: pd.DataFrame, processes: pd.DataFrame) -> dict[str, object]:
    """For every cell its processes as [round, process, disturbed, unsettled, reason, latency, p50,
    p90, p99], times in µs, `reason` a place in `reasons`."""
    ordered = processes.sort_values(["round", "process"])
    reasons = coded(ordered["disturbed_reason"].fillna("").astype(str).tolist())
    ordered = ordered.assign(
        reason=reasons["is"],
        disturbed=ordered["disturbed"].astype(int),
        unsettled=(~ordered["settled"].fillna(True).astype(bool)).astype(int),
    )
    rows: defaultdict[tuple[str, str], list[list]] = defaultdict(list)
    for row in ordered.to_dict("records"):
        rows[row["machine"], row["cell"]].append(
            [row[name] for name in ("round", "process", "disturbed", "unsettled", "reason")]
            + [brief(1e6 * row[name], 3) for name in TIMES]
        )
    keys = zip(cells["machine"], cells["cell"], strict=True)
    return {"reasons": reasons["of"], "rows": [rows[key] for key in keys]}


def histograms(
    cells: pd.DataFrame, processes: pd.DataFrame, runs_path: str
) -> list[Histogram | None]:
    """For every cell [low µs, high µs, counts] of the timed calls of all its processes, in bins of
    equal ratio; None where nothing was timed. `processes` are the rows of the file `runs_path`."""
    place = pd.MultiIndex.from_frame(cells[CELL])
    found: list[Histogram | None] = [None] * (len(cells) + 1)  # the last one of all other cells
    number = place.get_indexer(pd.MultiIndex.from_frame(processes[CELL])) % len(found)
    for cell, durations_ns in pooled(runs_path, number):
        found[cell] = _histogram(durations_ns / 1e3)
    return found[:-1]


def _histogram(calls_us: np.ndarray) -> Histogram | None:
    if not len(calls_us):
        return None
    low, high = (float(value) for value in np.quantile(calls_us, INNER))
    high = max(high, low * 1.001)
    edges = np.geomspace(low, high, BINS + 1)
    counts, _ = np.histogram(np.clip(calls_us, edges[0], edges[-1]), edges)
    return [brief(low), brief(high), counts.tolist()]


POINTS = 25
KEYS = ["machine", "model", "factor"]


def law_curves(laws: pd.DataFrame, cells: pd.DataFrame) -> list[dict[str, object]]:
    """One dict a machine, model, factor and law of all slices pooled: its relative time at every
    level and between the lowest and the highest that were fitted, never beyond; `nearest` marks
    the law with the largest weight."""
    curves = []
    for _, rows in laws.groupby(KEYS, sort=False):
        nearest = best_law(rows)["law"]
        for row in rows.to_dict("records"):
            x = _levels(row, cells)
            y = [brief(value) for value in predicted(row["law"], x, row)]
            if any(value is not None for value in y):
                curves.append(
                    {key: row[key] for key in KEYS}
                    | {"law": row["law"], "formula": row["formula"]}
                    | {"verdict": str(row["verdict"]), "fate": str(row["fate"])}
                    | {"nearest": bool(row["law"] == nearest)}
                    | {"x": x.tolist(), "y": y}
                )
    return curves


def _levels(row: dict, cells: pd.DataFrame) -> np.ndarray:
    """The levels that cells have, and points between them."""
    own = cells[(cells["machine"] == row["machine"]) & (cells["model"] == row["model"])]
    levels = own[row["factor"]].to_numpy(dtype=float)
    low, high = row["lowest"], row["highest"]
    between = np.geomspace(low, high, POINTS)[1:-1].round(4)
    inside = levels[(levels >= low) & (levels <= high)]
    return np.unique(np.concatenate([inside, between]))


def explorer_data(
    cells: pd.DataFrame, processes: pd.DataFrame, runs_path: str, laws: pd.DataFrame
) -> dict[str, object]:
    """The study's cells (with `marks`, `bound` and `trained`), processes and laws.

    Above 2,000 cells single processes and histograms are left out: the page stays small, and the
    files have them.
    """
    small = int(cells["processes"].notna().sum()) <= MOST_CELLS
    return {
        "axes": explorer_axes(cells),
        "cells": explorer_columns(cells),
        "processes": process_rows(cells, processes) if small else None,
        "histograms": histograms(cells, processes, runs_path) if small else None,
        "laws": law_curves(laws, cells),
    }


POOL = 100
"""Predictions are picked from so many test inputs of a shape: models then share their pictures."""
SHOWN = 6
"""Correct predictions of a model, and as many wrong ones, where there are that many."""
MOST_MODELS = 500
"""Of larger studies the page names the files and holds none of them."""
SIDE = 28
"""Rows and columns of a picture; larger ones are scaled down."""


def trained_models(
    shapes: dict[str, str], structures: list[str], predictions: list[str], images: list[str]
) -> dict[str, dict]:
    """What the page shows of the trained models, by name.

    `shapes` maps a trained model to the name of its encoded data (mnist_input28), or its own name;
    the other three are files: a structure and predictions a model (none of one that was not
    trained), and encoded data with pictures in it. Returns `models` (name: structure, and rows of
    input, predicted, probability, correct), `pools` (shape: labels, and by input its actual label
    with an image or a review) and `shapes`.
    """
    if len(predictions) > MOST_MODELS:
        return {"models": {}, "pools": {}, "shapes": shapes}
    texts = {Path(path).parent.name: Path(path).read_text(encoding="utf-8") for path in structures}
    pictures = {Path(path).stem: _pictures(path) for path in images}
    models, pools = {}, {shape: _Pool() for shape in shapes.values()}
    for path in predictions:
        name = Path(path).parent.name
        if name in shapes:
            shape = shapes[name]
            rows = pools[shape].add(_picked(path), pictures.get(shape))
            models[name] = {"structure": texts.get(name, ""), "rows": rows}
    contents = {shape: pool.content() for shape, pool in pools.items()}
    return {"models": models, "pools": contents, "shapes": shapes}


def samples(shown: dict[str, dict], chosen: dict[str, str]) -> list[dict]:
    """For each family (`chosen`: family to trained model) its rows in words, for the page that is
    read without scripts; `shown` as from `trained_models`."""
    tables = []
    for family, name in chosen.items():
        if name not in shown["models"]:
            continue
        pool = shown["pools"][shown["shapes"][name]]
        rows = [
            {"input": number, "predicted": pool["labels"][guess], "probability": probability}
            | {"correct": bool(correct)}
            | pool["inputs"][str(number)]
            | {"actual": pool["labels"][pool["inputs"][str(number)]["actual"]]}
            for number, guess, probability, correct in shown["models"][name]["rows"]
        ]
        tables.append({"family": family, "trained": name, "rows": rows})
    return tables


class _Pool:
    """Test inputs of one shape that some model's predictions show."""

    def __init__(self) -> None:
        self.labels: dict[str, int] = {}
        self.inputs: dict[str, dict] = {}

    def add(self, table: pd.DataFrame, pictures: np.ndarray | None) -> list[list]:
        """Take in the inputs of the table; returns its rows in short."""
        rows = []
        for row in table.to_dict("records"):
            number, guess = str(row["input"]), self._label(row["predicted"])
            if number not in self.inputs:
                self.inputs[number] = {"actual": self._label(row["actual"])} | _seen(row, pictures)
            rows.append(
                [row["input"], guess, round(float(row["probability"]), 3), int(row["correct"])]
            )
        return rows

    def _label(self, text: str) -> int:
        return self.labels.setdefault(text, len(self.labels))

    def content(self) -> dict:
        """The pool as the page reads it."""
        return {"labels": list(self.labels), "inputs": self.inputs}


def _seen(row: dict, pictures: np.ndarray | None) -> dict[str, str]:
    """The review, the image, or nothing, of a test input."""
    if "review" in row:
        return {"review": row["review"]}
    return {} if pictures is None else {"image": _data_uri(pictures[row["input"]])}


def _picked(path: str) -> pd.DataFrame:
    """Correct ones first, then wrong ones, of the first test inputs."""
    table = pd.read_parquet(path).head(POOL)
    right, wrong = table[table["correct"]], table[~table["correct"]]
    return pd.concat([right.head(SHOWN), wrong.head(SHOWN)])


def _pictures(path: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["x_test"][:POOL]


def _data_uri(picture: np.ndarray) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
