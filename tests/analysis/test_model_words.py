"""The sentences about the work model: numbers with intervals, and what cannot be told."""

import numpy as np
import pandas as pd
import pytest
from made_study import FEW, work_cells

from tfscale.analysis.held_out import held_out_tables, held_out_words
from tfscale.analysis.words import groups
from tfscale.analysis.work_model import fit_groups, label_words, rate_words
from tfscale.analysis.work_shares import labels, operation_shares


def roofs(peak: float) -> pd.DataFrame:
    return pd.DataFrame([{"machine": "h", "threads": 1, "peak_gflop_per_s": peak}])


def words(cells, processes=None, roofs=None):
    fitted = fit_groups(cells, np.random.default_rng(0))
    return {
        "rates": rate_words(operation_shares(fitted, 0.95), 0.95, roofs),
        "labels": label_words(labels(fitted)),
        "held out": held_out_words(held_out_tables(cells, processes)[0]),
    }


def test_a_rate_above_the_roof_is_not_called_a_share():
    cells = work_cells()
    low = roofs(1.0)
    assert "above the 1 of one large matrix product" in words(cells, None, low)["rates"][0]


@pytest.mark.parametrize("few", FEW)
def test_few_cells_say_what_cannot_be_told(few):
    said = words(work_cells(**few))
    assert all("not testable" in sentence for sentence in said["labels"])
    assert all("not testable" in sentence for sentence in said["rates"])
    assert not any("nan" in sentence for group in said.values() for sentence in group)


def test_what_the_work_model_misses_is_one_sentence_a_group():
    (sentence,) = held_out_words(held_out_tables(work_cells())[0])
    assert sentence.startswith("mnist: with an architecture left out, the work model misses by ")
    assert sentence.endswith(" of 48 cells within 10 %).")
    (none,) = held_out_words(held_out_tables(work_cells(layers=(4,), conv_size=(3,)))[0])
    assert none.startswith("mnist: held-out errors are not testable: there is no second ")


def test_groups_are_told_apart_by_machine_and_setting():
    one = work_cells(layers=(4,), conv_size=(3,))
    table = pd.concat([one, one.assign(machine="g", threads=2, jit=True)])
    names = [name for name, _ in groups(table)]
    assert names == ["mnist on h", "mnist on g (threads 2) (the call compiled by XLA)"]
