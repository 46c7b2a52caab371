"""The answer on top of the page."""

import pandas as pd

from tfscale.report.page import TABLES, answer

CELLS = pd.DataFrame({"machine": "h", "cell": ["a", "b"], "coverage": [0.96, None]})
SETTING = {
    "machine": "h",
    "model": "mnist",
    "threads": 1,
    "filters": 64,
    "precision": "float32",
    "jit": False,
    "path": "signature",
}
SWEEP = {"machine": "h", "model": "mnist", "factor": "batch_size", "slice": "layers=4"}
CLAIM = {"machine": "h", "family": "primary"}
TOLD = {
    "regimes": [SETTING | {"label": "overhead-bound"}],
    "thresholds": [
        SWEEP | {"verdict": "threshold", "reason": "a jump at 33"},
        SWEEP | {"verdict": "no threshold", "reason": ""},
        SWEEP | {"verdict": "not testable", "reason": "4 levels, 6 are needed"},
    ],
    "claims": [
        CLAIM | {"text": "layers drive", "verdict": "supported"},
        CLAIM | {"text": "scatter grows", "verdict": "undetermined"},
        CLAIM | {"text": "of another", "verdict": "rejected", "machine": "x"},
    ],
}


def fits(**changes) -> dict[str, pd.DataFrame]:
    others = {name: [{"machine": "h"}] for name in TABLES}
    return {name: pd.DataFrame(rows) for name, rows in (others | TOLD | changes).items()}


def test_the_answer_says_what_is_known_and_counts_what_is_not():
    assert answer(["layers drive it."], CELLS, fits()) == {
        "What drives the time": ["layers drive it."],
        "What bounds it": ["mnist: of 1 cell 1 overhead-bound."],
        "Thresholds": ["mnist, along batch size (layers=4): a jump at 33."],
        "The paper's claims": ["Supported: layers drive."],
        "Undetermined": [
            "1 of 2 latencies have no interval.",
            "1 of 3 sweeps for a threshold: not testable.",
            "1 of 2 tests of a claim: undetermined.",
        ],
    }


def test_a_heading_with_nothing_to_say_is_left_out():
    known = fits(claims=[{"machine": "x", "text": "", "verdict": "", "family": ""}])
    assert "The paper's claims" not in answer([], CELLS, known)
    assert "What drives the time" not in answer([], CELLS, known)
