"""The answer on top of the page."""

import pandas as pd

from tfscale.report.page import answer

CELLS = pd.DataFrame({"machine": "h", "cell": ["a", "b"], "coverage": [0.96, None]})
SETTING = {"machine": "h", "model": "mnist", "threads": 1, "filters": 64,
           "precision": "float32", "jit": False, "path": "signature"}  # fmt: skip


def fits(**changes) -> dict[str, pd.DataFrame]:
    sweep = {"machine": "h", "model": "mnist", "factor": "batch_size", "slice": "layers=4",
             "x": "batch_size"}  # fmt: skip
    law = {"machine": "h", "model": "mnist", "slice": "pooled", "law": "log", "weight": 0.9}
    claim = {"machine": "h", "family": "primary"}
    tables = {
        "regimes": [SETTING | {"label": "overhead-bound"}],
        "time_shares": [
            SETTING | {"operation": "pool", "time_share": 0.6, "time_share_low": 0.5,
                       "time_share_high": 0.7}
        ],
        "thresholds": [
            sweep | {"verdict": "threshold", "reason": "a jump at 33"},
            sweep | {"verdict": "no threshold", "reason": ""},
            sweep | {"verdict": "not testable", "reason": "4 levels, 6 are needed"},
        ],
        "laws": [
            law | {"factor": "layers", "verdict": "none fits (nearest: log)"},
            law | {"factor": "conv_size", "verdict": "none fits (nearest: log)"},
            law | {"factor": "batch_size", "verdict": "log"},
        ],
        "claims": [
            claim | {"test": "C1", "text": "layers drive", "verdict": "supported"},
            claim | {"test": "C3 layers in seconds", "text": "scatter grows",
                     "verdict": "undetermined"},
            claim | {"test": "C3 layers in per cent", "text": "scatter grows",
                     "verdict": "undetermined"},
            claim | {"test": "C2", "text": "of another", "verdict": "rejected", "machine": "x"},
        ],
    }  # fmt: skip
    return {name: pd.DataFrame(rows) for name, rows in (tables | changes).items()}


def test_the_answer_says_what_is_known_and_what_is_not():
    said = answer(["layers drive it."], CELLS, fits())
    assert said["What drives the time"] == ["layers drive it."]
    assert said["Regimes"] == [
        "mnist: most of the time of all cells goes into the pools, 60 % (50 % to 70 %).",
        "mnist: of 1 cell 1 overhead-bound.",
    ]
    found, none, untested = said["Thresholds"]
    assert found == "mnist, batch size (layers=4): a threshold in batch size, a jump at 33."
    assert none.startswith("None in 1 of 2 sweeps that could show one")
    assert untested.startswith("Not testable in 1 sweep: at least 6 levels")
    assert said["The paper's claims"] == ["Supported: layers drive."]
    assert said["Undetermined"] == [
        "1 of 2 latencies have no interval (too few undisturbed visits).",
        "mnist: none of the nine laws fits along layers and convolution size.",
        "The paper's claims that are undetermined: scatter grows (in seconds, in per cent).",
    ]


def test_a_heading_with_nothing_to_say_is_left_out():
    known = fits(claims=[{"machine": "x", "test": "", "text": "", "verdict": "", "family": ""}])
    assert "The paper's claims" not in answer([], CELLS, known)
    assert "What drives the time" not in answer([], CELLS, known)
