"""The nine laws: fits, criteria, verdicts, on tables whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from made_study import SIZES, TRUTHS, paper_table, sweep

from tfscale.analysis import laws
from tfscale.analysis.law_fits import FORMS, Levels, fit, many_errors, predicted, small
from tfscale.analysis.laws import (
    LAWS,
    aicc,
    competing,
    fit_laws,
    held_out_error,
    lack_of_fit,
    missed,
    slices_differ,
    untestable,
    verdict,
    weights,
    winners,
)
from tfscale.analysis.slices import replicates, slice_numbers
from tfscale.analysis.statistics import redrawn


def levels_of(cells: pd.DataFrame, factor="batch_size") -> tuple[Levels, np.ndarray]:
    levels = Levels(cells[factor].to_numpy(float), slice_numbers(cells, factor).to_numpy())
    return levels, np.log(cells["latency_s"].to_numpy())


def of_batch(cells, processes=None, **options) -> pd.DataFrame:
    rows = fit_laws(cells, 0.95, processes, np.random.default_rng(1), **options)
    return rows[rows["factor"] == "batch_size"].set_index("law")


@pytest.mark.parametrize("law", FORMS)
def test_each_law_fits_its_own_truth_and_its_terms_say_so(law):
    cells, _ = sweep(TRUTHS[law], noise=0)
    levels, log_y = levels_of(cells)
    found = fit(FORMS[law], levels, log_y)
    assert np.sqrt(found.rss / len(cells)) < 1e-5
    row = of_batch(cells).loc[law]
    curve = predicted(law, np.array(SIZES, float), row)
    truth = TRUTHS[law](np.array(SIZES, float))
    assert curve == pytest.approx(truth / np.exp(np.log(truth).mean()), rel=1e-4)


@pytest.mark.parametrize("law", FORMS)
def test_a_law_is_named_when_it_is_true(law):
    cells, processes = sweep(TRUTHS[law])
    rows = of_batch(cells, processes)
    assert rows["verdict"].iloc[0] == law, rows["fate"].to_string()
    assert rows.loc[law, "fate"] == "named"
    assert rows.loc[law, "wins"] > 0.5
    assert rows["wins"].sum() == pytest.approx(1)
    assert rows["weight"].sum() == pytest.approx(1)
    assert rows.loc[law, "lack_of_fit_error"] == "processes"


def test_noise_makes_laws_undetermined_and_no_effect_is_not_read_into_it():
    said = []
    for seed in range(6):
        cells, _ = sweep(lambda x: 1 + 0.002 * x, noise=1.0, speeds=(1,), seed=seed)
        said.append(of_batch(cells)["verdict"].iloc[0])
    assert all(verdict.startswith("undetermined: ") for verdict in said)
    assert sum("constant" in verdict for verdict in said) >= 4
    cells, processes = sweep(lambda x: 4 + x, noise=0.3, speeds=(1,))
    assert of_batch(cells, processes)["verdict"].iloc[0].startswith(("undetermined: ", "none fits"))


def test_a_jump_is_no_law():
    cells, processes = sweep(lambda x: (4 + x) * (1 + 2 * (x > 10)))
    rows = of_batch(cells, processes)
    assert rows["verdict"].iloc[0].startswith("none fits (nearest: ")
    assert (rows["lack_of_fit_p"] < 0.001).all()


def test_slices_alone_have_laws_of_their_own():
    cells, processes = sweep(TRUTHS["linear"])
    rows = of_batch(cells, processes, alone=True)
    assert rows["slice"].unique().tolist() == ["layers=4", "layers=6", "layers=8"]
    assert (rows.loc["linear", "verdict"] == "linear").sum() >= 2
    assert rows.loc["power", "slices"].tolist() == [1, 1, 1]
    assert of_batch(cells)["slice"].unique().tolist() == ["pooled"]


def test_few_levels_and_few_cells_are_not_testable():
    cells, processes = sweep(TRUTHS["linear"], sizes=(1, 8))
    rows = of_batch(cells, processes)
    assert set(rows["verdict"]) == {"not testable: 2 levels of 6 cells"}
    assert rows.loc["power", "slope"] > 0 and np.isnan(rows.loc["power", "weight"])
    assert untestable(3, 4, 2) == "4 cells for 2 scales" and untestable(4, 16, 4) == ""


def test_one_cell_and_duplicated_cells_give_tables_without_noise_or_error():
    cells, processes = sweep(TRUTHS["linear"], sizes=(1,), speeds=(1,))
    assert fit_laws(cells, 0.95, processes).empty
    assert list(fit_laws(cells, 0.95, processes).columns) == LAWS.names
    cells, _ = sweep(TRUTHS["linear"], speeds=(1,))
    rng = np.random.default_rng(0)
    twice = pd.concat([cells, cells, cells], ignore_index=True)
    twice["latency_s"] *= np.exp(0.01 * rng.standard_normal(len(twice)))
    rows = of_batch(twice)
    assert rows.loc["linear", "lack_of_fit_error"] == "duplicates"
    assert rows["verdict"].iloc[0] == "linear"


def test_the_criterion_is_the_one_of_the_book():
    n, k, rss = 16, 6, 0.4
    wanted = n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    assert aicc(np.array(rss), FORMS["linear"], n, scales=4) == pytest.approx(wanted)
    assert np.isnan(aicc(np.array(rss), FORMS["quadratic"], 8, scales=4))
    assert weights(np.array([0.0, 2.0, np.nan])) == pytest.approx(
        [0.7311, 0.2689, np.nan], abs=1e-4, nan_ok=True
    )


def test_a_parameter_that_buys_nothing_does_not_compete():
    rss = np.array([5.0, 2, 1, 2, 2, 2, 0.99, 2, 0.5])
    kept = dict(zip(FORMS, competing(rss, 24, 3, 0.95), strict=True))
    assert kept["linear"] and kept["quadratic"]
    assert not kept["power + c"]
    shares = winners(np.tile(rss, (5, 1)), 24, 3, 0.95)
    assert shares[list(FORMS).index("quadratic")] == 1


def test_a_verdict_needs_weight_fit_and_held_out_error():
    table = pd.DataFrame({"aicc": -np.arange(9.0), "lack_of_fit_p": 0.5}, index=list(FORMS))
    table["weight"] = [np.nan, 0.05, 0.95, *[np.nan] * 6]
    table["held_out_error"] = [1, 0.2, 0.1, *[1.0] * 6]
    assert verdict(table, False, 0.95) == "linear"
    worse = table.assign(held_out_error=-table["held_out_error"])
    assert verdict(worse, False, 0.95) == "undetermined: linear or log"
    assert verdict(table.assign(lack_of_fit_p=0.005), False, 0.95) == "none fits (nearest: linear)"


def test_the_lack_of_fit_test_keeps_its_level():
    p_values = []
    for seed in range(120):
        cells, processes = sweep(TRUTHS["linear"], noise=0.03, seed=seed, speeds=(1, 2))
        known = replicates(cells, processes)
        levels, _ = levels_of(cells)
        found = fit(FORMS["linear"], levels, known["mean_log"].to_numpy())
        p_value, source = lack_of_fit(levels, known, found.rss, 1)
        p_values.append(p_value)
    assert source == "processes"
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.11


def test_held_out_the_true_law_misses_least():
    cells, _ = sweep(TRUTHS["linear"], noise=0.01)
    levels, log_y = levels_of(cells)
    errors = {law: held_out_error(form, levels, log_y) for law, form in FORMS.items()}
    assert errors["linear"] < 0.03
    assert errors["linear"] < min(errors["log"], errors["exponential"], errors["constant"]) / 5


def test_bootstrap_errors_are_those_of_the_search():
    cells, processes = sweep(TRUTHS["power + c"], noise=0.02)
    levels, log_y = levels_of(cells)
    for form in FORMS.values():
        own = fit(form, levels, log_y)
        (error,) = many_errors(form, levels, log_y[None], own, 0.02)
        assert error == pytest.approx(own.rss, rel=0.01)
    draws = np.log(redrawn(cells, processes, 50, np.random.default_rng(0)))
    assert draws.shape == (50, len(cells))
    assert np.abs(draws.mean(0) - log_y).max() < 0.05


def test_an_effect_is_small_only_when_it_is_known_to_be():
    for noise, wanted in ((0.01, True), (1.0, False)):
        cells, _ = sweep(TRUTHS["constant"], noise=noise)
        levels, log_y = levels_of(cells)
        assert small(fit(FORMS["power"], levels, log_y), levels, 0.95) is wanted


def test_on_the_papers_tables_batch_size_is_not_testable_and_its_log_law_has_a_fate():
    for model in ("mnist", "text"):
        cells = paper_table(f"{model}-acer")
        laws = fit_laws(cells, 0.95)
        batch = laws[laws["factor"] == "batch_size"]
        assert set(batch["verdict"]) == {
            "not testable: every call had the batch_size 32, whatever the table says"
        }
        (paper,) = laws[laws["paper"]].to_dict("records")
        assert (paper["factor"], paper["law"], paper["slices"]) == ("layers", "log", 3)
        assert paper["lack_of_fit_error"] == "duplicates"
        assert paper["fate"].startswith(("rejected", "possible", "named"))


def test_slices_that_differ_in_shape_are_told_from_those_that_share_one():
    alike, processes = sweep(TRUTHS["linear"])
    assert of_batch(alike, processes)["slices_differ_p"].iloc[0] > 0.01
    slow = alike["layers"] == 8
    unlike = alike.assign(latency_s=np.where(slow, 1e-3, alike["latency_s"]))
    spoilt = processes.assign(
        latency_s=np.where(processes["cell"].str.contains("layers8"), 1e-3, processes.latency_s)
    )
    rows = of_batch(unlike, spoilt)
    assert (rows["slices_differ_p"] < 1e-6).all()
    assert rows["verdict"].iloc[0].startswith("none fits")
    levels, _ = levels_of(alike[alike["layers"] == 4])
    known = replicates(alike[alike["layers"] == 4], processes)
    assert np.isnan(slices_differ(levels, known))


def test_how_far_a_level_is_missed_in_words():
    assert missed(0.1) == "misses a level left out by 10.5 %"
    assert missed(2.0) == "misses a level left out 7.4-fold"
    assert missed(27.0) == "misses a level left out over 1000-fold"
    assert missed(float("nan")) == "no level can be left out"


def test_of_very_many_slices_some_evenly_chosen_ones_get_laws_of_their_own(monkeypatch):
    cells, _ = sweep(TRUTHS["linear"], speeds=range(1, 6))
    assert of_batch(cells, alone=True)["slice"].nunique() == 5
    monkeypatch.setattr(laws, "MOST_ALONE", 3)
    some = of_batch(cells, alone=True)["slice"].unique().tolist()
    assert some == ["layers=4", "layers=8", "layers=12"]
