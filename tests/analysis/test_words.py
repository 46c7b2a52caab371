"""Laws, elasticities and thresholds in words: sentences from numbers, or what cannot be said."""

import numpy as np
import pandas as pd
import pytest
from made_study import TRUTHS
from made_study import sweep as study
from test_thresholds import TABLES
from test_thresholds import study as swept

from tfscale.analysis.effects import elasticities, elasticity_sentences
from tfscale.analysis.laws import effect_words, fit_laws, law_sentences
from tfscale.analysis.thresholds import threshold_sentences, thresholds


def laws_said(cells, processes=None) -> list[str]:
    return law_sentences(fit_laws(cells, 0.95, processes, np.random.default_rng(0)))


def thresholds_said(cells, processes) -> list[str]:
    return threshold_sentences(thresholds(cells, processes, 0.95, np.random.default_rng(1), TABLES))


def test_a_named_law_comes_with_weight_and_effect():
    cells, processes = study(TRUTHS["linear"])
    first, second = laws_said(cells, processes)
    assert first.startswith(
        "mnist on m: the law along batch size is linear, a + b x (Akaike weight"
    )
    assert "from batch size 1 to 128 a call takes 26." in first and "of bootstraps" in first
    assert second.startswith("mnist on m: the law along layers is ")


@pytest.mark.parametrize(("high", "vague"), [(70, False), (2040, True), (np.nan, False)])
def test_an_interval_that_says_nothing_of_the_size_says_so(high, vague):
    law = {"law": "linear", "lowest": 4, "highest": 6, "ratio": 55.2, "ratio_low": 8.0}
    rows = pd.DataFrame([law | {"ratio_high": high}])
    said = effect_words(rows, rows.iloc[0], "layers")
    assert said.startswith("from layers 4 to 6 a call takes 55.2 times as long (")
    assert said.endswith("), an interval too wide to say how much") == vague


def test_what_is_not_known_is_said_so():
    cells, _ = study(lambda x: 1 + 0.002 * x, noise=1.0, speeds=(1,))
    assert " is undetermined: " in laws_said(cells)[0] and " or " in laws_said(cells)[0]
    few, _ = study(TRUTHS["linear"], sizes=(1, 8))
    assert any(
        "is not testable: 2 levels of 6 cells; from batch" in said for said in laws_said(few)
    )
    nominal, _ = study(TRUTHS["constant"])
    said = laws_said(nominal.assign(called_batch=32))
    assert "is not testable: every call had the batch_size 32" in said[-1]
    jump, processes = study(lambda x: (4 + x) * (1 + 2 * (x > 10)))
    assert any("is none of the nine (nearest: " in said for said in laws_said(jump, processes))
    flat, _ = study(TRUTHS["constant"], seed=1)
    assert any("is constant: it changes the time by less than 10 %" in s for s in laws_said(flat))


def test_elasticities_say_whether_growth_speeds_up():
    cells, processes = study(TRUTHS["linear"], noise=0.01)
    (said,) = [
        s for s in elasticity_sentences(elasticities(cells, 0.95, processes)) if "batch" in s
    ]
    assert said.endswith("the last step costs more in proportion than the first.")
    bare, _ = study(TRUTHS["linear"], speeds=(1,))
    (said,) = elasticity_sentences(elasticities(bare, 0.95))
    assert "(no interval)" in said and said.endswith("undetermined.")
    assert elasticity_sentences(elasticities(bare.iloc[:1], 0.95)) == []


def test_thresholds_found_excluded_and_not_testable():
    cells, processes = swept(lambda b: 10 + b + 20 * (b > 20), speeds=(4, 6))
    said = thresholds_said(cells, processes)
    assert said[0].startswith(
        "mnist on m, batch size (layers=4): a threshold in batch size, between 16 and 32 the time"
    )
    assert said[-1].startswith("mnist on m, layers: a threshold is not testable: 2 levels, 6 are")
    cells, processes = swept(lambda b: 10 + b)
    (said,) = thresholds_said(cells, processes)
    assert said.startswith("mnist on m, batch size: no threshold; a jump of ")
    assert said.endswith("would have been found (19 times in 20).")
    assert (
        threshold_sentences(pd.DataFrame(columns=["machine", "model", "factor", "verdict"])) == []
    )


def test_only_sweeps_that_would_have_found_a_jump_are_counted():
    both = pd.DataFrame(
        {
            "machine": "m",
            "model": "mnist",
            "factor": "batch_size",
            "verdict": "no threshold",
            "smallest_jump_found": [0.3, np.nan],
            "reason": "",
        }
    )
    assert threshold_sentences(both) == [
        "mnist on m, batch size: no threshold in 2 of 2 sweeps; a jump of 30 % would have been "
        "found in 1 of them, in the others a break is below 10 % (19 times in 20)."
    ]
