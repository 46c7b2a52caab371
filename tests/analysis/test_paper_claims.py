"""The verdicts on the paper's own four tables; skipped where these are not at hand."""

import numpy as np
import pandas as pd
import pytest
from made_study import paper_tables

from tfscale.analysis.claims import claims
from tfscale.analysis.drift import run_order
from tfscale.analysis.machines import compare_machines, machine_words
from tfscale.analysis.scatter import outliers

HOSTS = ("acer", "macbook")


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return paper_tables()


@pytest.fixture(scope="module")
def found(cells) -> pd.DataFrame:
    return claims(cells, 0.95, HOSTS)


@pytest.mark.parametrize(
    ("test", "acer", "macbook"),
    [
        ("C1", "supported", "supported"),
        ("C2", "rejected", "undetermined"),
        ("C3 layers in seconds", "supported", "supported"),
        ("C3 layers in per cent", "rejected", "undetermined"),
        ("C3 layers of repeats in per cent", "rejected", "rejected"),
        ("C4 conv_size", "rejected", "rejected"),
        ("C4 batch_size", "not testable", "not testable"),
        ("C5", "rejected", "rejected"),
        ("C6", "rejected", "rejected"),
        ("C7 layers in seconds", "supported", "supported"),
        ("C7 conv_size in seconds", "supported", "undetermined"),
        ("C8 batch_size", "not testable", "not testable"),
    ],
)
def test_the_verdicts_on_the_papers_tables(found, test, acer, macbook):
    verdicts = found.set_index(["test", "machine"])["verdict"]
    assert (verdicts[test, "acer"], verdicts[test, "macbook"]) == (acer, macbook)


def test_the_notes_say_what_layers_stand_for(found):
    notes = found.set_index(["test", "machine"])["note"]
    assert "layers stand for work" in notes["C1", "acer"]
    assert "never reached the model: every call had 32" in notes["C8 batch_size", "acer"]
    assert len(found) == 32


def test_the_intervals_hold_the_effects(found):
    tested = found[found["verdict"] != "not testable"]
    assert (tested["effect_low"] < tested["effect_high"]).all()
    assert tested["effect"].between(tested["effect_low"], tested["effect_high"]).all()


def test_the_outliers_are_exactly_the_two_faulty_rows(cells):
    flagged = outliers(cells, 0.95)
    named = flagged[["machine", "model", "layers", "batch_size", "conv_size"]].values.tolist()
    assert named == [["macbook", "text", 6, 1, 5], ["macbook", "text", 6, 1, 8]]


def test_all_four_tables_drifted(cells):
    drifted = run_order(cells, 0.95, np.random.default_rng(17))
    assert list(drifted["verdict"]) == ["drift"] * 4


def test_the_hosts_differ_by_more_than_one_speed_up(cells):
    compared = compare_machines(cells, 0.95)
    constant = compared[compared["quantity"] == "constant"]
    assert list(constant["verdict"]) == ["rejected", "rejected"]
    assert all("is not constant" in text for text in machine_words(compared))
