"""The paper's claims on tables whose truth is known, and on tables that can tell little."""

from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from made_study import grid, nominal, processes_of

from tfscale.analysis.claim_tests import (
    alike,
    driven_by,
    faster,
    logarithmic,
    no_difference,
    scatter,
)
from tfscale.analysis.claims import CLAIMS, PRIMARY, _judged, claims, primary_tests
from tfscale.analysis.slices import by_model
from tfscale.analysis.statistics import process_rows
from tfscale.study import settings


def rows(cells: pd.DataFrame) -> pd.DataFrame:
    ((_, _, table),) = by_model(cells)
    return table


def of_layers(law) -> pd.DataFrame:
    return rows(grid(lambda cell: law(cell["layers"])))


def test_what_drives_the_time_is_told_from_what_does_not():
    driven = driven_by(of_layers(lambda x: x**2), 0.05, "layers")
    assert driven["found"] == "supported" and driven["effect_low"] > 0.9
    other = driven_by(rows(grid(lambda cell: cell["batch_size"])), 0.05, "layers")
    assert other["found"] == "rejected" and other["p_value"] < 0.001
    assert driven_by(rows(grid(layers=(4,))), 0.05, "layers").keys() == {"note"}


def test_a_handful_of_scattered_cells_cannot_tell_what_drives_the_time():
    """Eight cells of as many effects: each has a level that no other has."""
    scattered = [
        (4, 1, 3),
        (4, 64, 5),
        (4, 16, 5),
        (6, 16, 5),
        (6, 64, 5),
        (8, 4, 8),
        (10, 1, 5),
        (10, 64, 3),
    ]
    axes = pd.MultiIndex.from_tuples(scattered)
    cells = grid(conv_size=(3, 5, 8)).set_index(["layers", "batch_size", "conv_size"], drop=False)
    few = cells.loc[axes].reset_index(drop=True)
    assert driven_by(rows(few), 0.05, "layers") == {
        "note": "8 cells cannot tell 8 effects of the axes apart"
    }
    assert len(claims(few, 0.95)) == len(claims(cells, 0.95))


@pytest.mark.parametrize(
    ("law", "found"),
    [
        (lambda x: 1 + 3 * np.log(x / 4), "supported"),
        (lambda x: 1 + 3 * (x - 4), "rejected"),
        (lambda x: x**4, "rejected"),
    ],
)
def test_the_log_law_is_told_from_its_rivals(law, found):
    assert logarithmic(of_layers(law), 0.05, "layers")["found"] == found


def test_a_logarithm_that_fits_supports_the_claim():
    table = claims(grid(lambda cell: 1 + 3 * np.log(cell["layers"] / 4)), 0.95)
    (row,) = table[table["claim"] == "C2"].to_dict("records")
    assert row["verdict"] == "supported" and row["p_adjusted"] < 0.05


def test_two_levels_cannot_tell_laws_apart():
    found = logarithmic(rows(grid(layers=(4, 8))), 0.05, "layers")
    assert found == {"note": "2 levels and 24 matched cells cannot tell laws apart"}


def test_scatter_is_that_of_cells_or_of_repeats():
    cells = grid(noise=0)
    processes = rows(
        process_rows(processes_of(cells, lambda cell: cell["layers"] ** 2 / 500), cells)
    )
    found = scatter(rows(cells), 0.05, "layers", ("log seconds", "replicates"), processes)
    assert found["found"] == "supported"
    none = scatter(rows(cells), 0.05, "layers", ("log seconds", "replicates"))
    assert none == {"note": "no row repeats another one"}
    still = scatter(rows(grid(layers=(4,))), 0.05, "layers", ("seconds", "levels"))
    assert still == {"note": "layers does not vary"}


def test_no_difference_is_an_equivalence_test():
    equal = no_difference(rows(grid(noise=0.01)), 0.05, "conv_size")
    assert equal["found"] == "supported" and equal["effect_high"] < 1.1
    unequal = rows(grid(lambda cell: cell["conv_size"] ** 0.5))
    assert no_difference(unequal, 0.05, "conv_size")["found"] == "rejected"
    vague = [
        no_difference(rows(grid(noise=0.5, seed=seed)), 0.05, "conv_size")
        for seed in range(100, 110)
    ]
    assert sum(found["p_value"] < 0.05 for found in vague) <= 2
    assert "never reached" in no_difference(rows(nominal(grid())), 0.05, "batch_size")["note"]


def test_faster_means_at_every_number_of_layers():
    quick = faster(rows(grid(lambda cell: 1 - 0.02 * cell["conv_size"])), 0.05, "conv_size", (5, 8))
    assert quick["found"] == "supported" and quick["p_value"] < 0.001
    mixed = grid(
        lambda cell: 1 + 0.02 * cell["conv_size"] * (1 if cell["layers"] < 6 else -1), noise=0.003
    )
    contrary = faster(rows(mixed), 0.05, "conv_size", (5, 8))
    assert contrary["found"] == "rejected" and "slower at some" in contrary["note"]
    assert faster(rows(grid(conv_size=(3,))), 0.05, "conv_size", (5, 8)) == {
        "note": "needs conv size 5 and 8"
    }


def test_equal_correlation_is_told_from_unequal():
    same = {"layers": (4, 6, 8), "conv_size": (4, 6, 8)}
    equal = grid(lambda cell: 5 + cell["layers"] + cell["conv_size"], noise=0.001, **same)
    assert alike(rows(equal), 0.05, "layers", "conv_size")["found"] == "supported"
    unequal = grid(lambda cell: 5 + cell["layers"], noise=0.01, **same)
    assert alike(rows(unequal), 0.05, "layers", "conv_size")["found"] == "rejected"
    assert "note" in alike(rows(grid(conv_size=(3,))), 0.05, "layers", "conv_size")


def test_a_primary_name_is_a_claim_or_one_of_its_tests():
    assert tuple(primary_tests()) == PRIMARY and len(PRIMARY) == 13
    assert primary_tests(["C4", "C1"]) == ["C1", "C4 conv_size", "C4 batch_size"]
    assert primary_tests(["C3 layers in seconds"]) == ["C3 layers in seconds"]
    known = {claim.test for claim in CLAIMS} | {claim.claim for claim in CLAIMS}
    assert set(get_args(settings.CLAIMS)) == known


def study(**how) -> pd.DataFrame:
    return pd.concat([grid(**how), grid(model="text", **how)], ignore_index=True)


def test_every_claim_has_a_row():
    table = claims(study(noise=0.005), 0.95)
    assert list(table["test"]) == [claim.test for claim in CLAIMS]
    verdicts = {"supported", "rejected", "undetermined", "not testable"}
    assert set(table["verdict"]) <= verdicts
    assert table.set_index("test").loc["C8 batch_size", "verdict"] == "supported"
    fewer = claims(study(), 0.95, primary=["C1"]).set_index("test")
    assert fewer.loc["C1", "p_adjusted"] == fewer.loc["C1", "p_value"]
    assert (fewer["family"] == "primary").sum() == 1


def test_holm_for_the_primary_and_benjamini_hochberg_for_the_others():
    p_values = [0.01, 0.04, np.nan, 0.02, 0.9]
    tests = pd.DataFrame({"test": list("abcde"), "p_value": p_values, "found": "supported"})
    table = _judged(tests, ["a", "b", "c"], 0.05).set_index("test")
    assert table["p_adjusted"].tolist()[:2] == [0.02, 0.04]
    assert table["family"].tolist() == ["primary"] * 3 + ["exploratory"] * 2
    assert table.loc["d", "p_adjusted"] == 0.04
    said = ["supported", "supported", "not testable", "supported", "undetermined"]
    assert table["verdict"].tolist() == said


def test_claims_are_seldom_decided_by_noise():
    tables = [claims(study(time=lambda _: 1.0, noise=0.4, seed=seed), 0.95) for seed in range(2)]
    said = pd.concat(tables)
    effects = said[~said["test"].isin(["C1"])]  # that noise is not driven by layers is sound
    assert effects["verdict"].isin(["supported", "rejected"]).mean() <= 0.05


def test_outliers_are_left_out():
    cells = study(noise=0.005)
    cells.loc[20, "pass_mean_s"] *= 30
    table = claims(cells, 0.95).set_index("test")
    assert table.loc["C4 conv_size", "left_out"] == 1
    assert table.loc["C4 conv_size", "verdict"] == "supported"
    assert table.loc["C8 batch_size", "left_out"] == 0


def test_a_machine_without_a_model_cannot_test_its_claims_but_an_import_is_silent():
    both = pd.concat([grid(), grid(machine="paper")], ignore_index=True)
    table = claims(both, 0.95, ["paper"]).set_index(["machine", "test"])
    assert table.loc[("h", "C6"), "note"] == "no cells of text"
    assert table.loc[("h", "C6"), "verdict"] == "not testable"
    assert ("paper", "C6") not in table.index


DEGENERATE = {
    "one cell": grid(layers=(4,), batch_size=(1,), conv_size=(3,)),
    "two cells": grid(layers=(4, 6), batch_size=(1,), conv_size=(3,)),
    "two levels of everything": grid(layers=(4, 10), batch_size=(1, 64), conv_size=(5, 8)),
    "constant times": grid(lambda _: 1.0, noise=0),
    "exact law": grid(noise=0),
    "one level missing in a part": grid().iloc[5:],
    "one convolution size": grid(conv_size=(3,)),
    "duplicated cells": pd.concat([grid(), grid()], ignore_index=True),
    "one cell often": grid().iloc[[0] * 9],
    "half of the cells": grid().sample(frac=0.5, random_state=0),
    "one cell a level": grid(batch_size=(1,), conv_size=(3,)),
    "another index": grid().set_index(pd.Index(range(48)) * 7),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_tables_give_verdicts_that_claim_nothing_they_cannot(name):
    table = claims(DEGENERATE[name], 0.95)
    assert len(table) == len(CLAIMS) and table["note"].str.len().gt(0).all()
    if name in ("one cell", "two cells", "one cell often"):
        assert set(table["verdict"]) == {"not testable"}


def test_no_cells_give_an_empty_table():
    assert claims(grid().iloc[:0], 0.95).empty


def test_one_round_is_enough_for_what_processes_tell():
    cells = study()
    table = claims(cells, 0.95, (), process_rows(processes_of(cells, rounds=1, each=3), cells))
    repeats = table[table["test"].str.contains("repeats")]
    assert (repeats["verdict"] != "not testable").all()


def test_wide_grids_are_no_trouble():
    base = grid(batch_size=(1, 16), conv_size=(3, 5))
    others = product(range(28, 36), (1, 2), (32, 64, 128))
    names = ("input_size", "threads", "filters")
    parts = [base.assign(**dict(zip(names, other, strict=True))) for other in others]
    many = pd.concat(parts, ignore_index=True)
    noise = np.random.default_rng(0).normal(0, 0.02, len(many))
    pass_s = many["pass_mean_s"] * np.exp(noise)
    many = many.assign(cell=many["cell"] + "_" + many.index.astype(str), pass_mean_s=pass_s)
    assert claims(many, 0.95).set_index("test").loc["C1", "verdict"] == "supported"


def test_an_open_verdict_says_how_many_rounds_would_decide_it():
    """Size 8 is slower by 7 %, which five rounds of such noise cannot tell at each depth."""
    cells = grid(lambda cell: 1 + 0.07 * (cell["conv_size"] == 8), noise=0.03, conv_size=(5, 8))
    repeats = process_rows(processes_of(cells, rounds=5, noise=0.06), cells)
    found = claims(cells, 0.95, repeats=repeats, rng=np.random.default_rng(1)).set_index("test")
    needed = found["rounds_needed"].dropna()
    assert (found.loc[needed.index, "verdict"] == "undetermined").all()
    assert needed["C5"] in (10, 20, 40)
    assert len(needed) < (found["verdict"] == "undetermined").sum()
