"""The work model on tables whose costs are known, and on tables that tell little."""

import numpy as np
import pandas as pd
import pytest
from made_study import COSTS, FEW, costs, processes_of, work_cells
from paper_work import INPUT_SIZES, work_of

from tfscale.analysis.statistics import redrawn
from tfscale.analysis.work_model import DRAWS, TERMS, bootstrap, design, fit_groups, fit_work, rates
from tfscale.analysis.work_shares import labels, operation_shares, saturation
from tfscale.study.kinds import KINDS, LAST_CACHE

CONFIDENCE = 0.95


def fitted(cells):
    return fit_groups(cells, np.random.default_rng(0))


def network(model: str, layers: int, conv_size: int, **others) -> dict:
    """The hand count of one of the paper's networks."""
    cell = {"model": model, "layers": layers, "conv_size": conv_size}
    return work_of(cell | {"input_size": INPUT_SIZES[model]} | others, vocabulary=1000)


def test_traffic_is_what_the_shapes_say():
    work = network("mnist", 6, 3)
    assert {kind: work[f"{kind}_bytes"] for kind in KINDS if work[f"{kind}_bytes"]} == {
        "conv_thin": 4 * (28 * 28 + 26 * 26 * 64),
        "conv_spanning": 4 * (25 * 25 * 64 + 23 * 64),
        "reduction": 4 * 64 * (26 * 26 + 25 * 25 + 23 + 1),
    }
    half = network("mnist", 6, 3, precision="bfloat16")
    assert 2 * half["reduction_bytes"] == work["reduction_bytes"]
    assert work["operations"] == 2 * 2 + 1 + 2 + 1


def test_a_kernel_is_read_again_for_every_row_as_far_as_it_outgrows_the_cache():
    wide, kernel = network("text", 10, 8), 4 * 8 * 232 * 64 * 64
    assert wide["conv_spanning_flop"] == 25 * 64 * (2 * 8 * 232 * 64 + 1)
    assert wide["reread_kernel_bytes"] == pytest.approx(25 * kernel**2 / LAST_CACHE, rel=1e-6)
    assert network("text", 10, 8, filters=128)["reread_kernel_bytes"] == 25 * 4 * kernel
    assert network("text", 4, 8)["reread_kernel_bytes"] == 0


def test_the_only_convolution_of_the_smallest_model_is_its_first():
    work = network("text", 4, 3)
    assert [kind for kind in KINDS if "conv" in kind and work[f"{kind}_flop"]] == ["conv_thin"]


def test_an_embedding_reads_rows_and_not_its_table():
    work = network("text", 4, 3)
    assert work["lookup_bytes"] == 4 * 56 + 2 * 4 * 56 * 256
    assert work["read_weight_bytes"] == work["weight_bytes"] - 4 * 1000 * 256


def test_design_counts_per_call_and_per_example():
    cells = work_cells(layers=(6,), conv_size=(3,), batch_size=(1, 4))
    x = dict(zip(TERMS, design(cells).T, strict=True))
    assert x["fixed"].tolist() == [1, 1]
    assert x["weights"][0] == x["weights"][1]
    assert x["conv_thin_flop"][1] == 4 * x["conv_thin_flop"][0] > 0


def test_known_costs_are_found_and_nothing_else():
    found = fit_work(work_cells(noise=0)).costs
    assert found == pytest.approx(costs(**COSTS), rel=1e-6, abs=1e-18)


def test_predictions_are_never_negative():
    cells = work_cells(noise=0.8, seed=3)
    extremes = cells.assign(layers=4, called_batch=1)
    assert (fit_work(cells).predict(extremes) >= 0).all()


def test_rates_stand_for_the_costs_and_their_intervals_hold_them():
    cells = work_cells(noise=0.02)
    both = pd.concat([cells, work_cells(model="text", layers=(4,))], ignore_index=True)
    table = rates(fitted(both), CONFIDENCE)
    assert not table["term"].str.startswith("attention").any()
    table = table[table["model"] == "mnist"].set_index("term")
    square = table.loc["conv_flop"]
    assert square["rate_giga_per_s"] == pytest.approx(200, rel=0.1)
    assert square["rate_low_giga_per_s"] < 200 < square["rate_high_giga_per_s"]
    assert square["verdict"] == "estimated" and square["standard_error_s"] > 0
    assert table.loc["lookup_bytes", "verdict"] == "not testable: these cells have none of it"
    assert table["time_share"].sum() == pytest.approx(1)


def test_settings_are_never_pooled():
    both = pd.concat([work_cells(), work_cells().assign(threads=2, latency_s=1.0)])
    assert len(fitted(both)) == 2
    table = rates(fitted(both), CONFIDENCE)
    assert set(table["threads"]) == {1, 2}


def test_one_batch_size_cannot_tell_a_call_from_its_examples():
    cells = work_cells(batch_size=(32,))
    table = rates(fitted(cells), CONFIDENCE).set_index("term")
    assert table.loc["matmul_flop", "verdict"].endswith("in proportion to fixed")


def test_half_of_the_best_throughput_is_reached_where_it_is():
    cells = work_cells(noise=0.01)
    found = saturation(fitted(cells), cells, CONFIDENCE)
    one = cells.drop_duplicates(["layers", "conv_size"]).assign(called_batch=1)
    each_s = design(one) @ costs(**COSTS | {"fixed": 0})
    truth = COSTS["fixed"] / each_s
    inside = (found["n_half_low_examples"] < truth) & (truth < found["n_half_high_examples"])
    assert inside.mean() > 0.8
    assert found["n_half_examples"].to_numpy() == pytest.approx(truth, rel=0.2)


def test_what_holds_a_cell_up_is_named():
    table = labels(fitted(work_cells())).set_index("cell")
    small = table.loc["mnist_layers4_batch1_conv3_input28_threads1"]
    large = table.loc["mnist_layers10_batch64_conv8_input28_threads1"]
    assert small["label"] == "overhead-bound" and small["overhead_share"] > 0.9
    assert large["label"] == "compute-bound"
    shares = [name for name in table if name.endswith("_bound_share")]
    assert table[shares].sum(axis=1).to_numpy() == pytest.approx(1)


def test_shares_of_the_kinds_of_operation_add_up():
    found = operation_shares(fitted(work_cells()), CONFIDENCE).set_index("operation")
    assert found["time_share"].sum() == pytest.approx(1)
    square = found.loc["conv"]
    assert square["achieved_low_gflop_per_s"] <= square["achieved_gflop_per_s"] * 1.001
    assert square["time_share_low"] < square["time_share"] < square["time_share_high"]


@pytest.mark.parametrize("few", FEW)
def test_few_cells_claim_nothing(few):
    cells = work_cells(**few)
    groups = fitted(cells)
    verdicts = rates(groups, CONFIDENCE)["verdict"]
    assert verdicts.str.startswith("not testable: ").all()
    assert labels(groups)["label"].str.startswith("not testable: ").all()
    assert saturation(groups, cells, CONFIDENCE)["n_half_low_examples"].isna().all()
    assert operation_shares(groups, CONFIDENCE)["time_share"].sum() == pytest.approx(1)


def test_duplicated_cells_change_nothing():
    cells = work_cells()
    twice = pd.concat([cells, cells], ignore_index=True)
    assert fit_work(twice).costs == pytest.approx(fit_work(cells).costs, rel=1e-6, abs=1e-18)


def test_cells_are_redrawn_from_their_processes():
    cells = work_cells(layers=(4,), conv_size=(3,), batch_size=(1, 4))
    drawn = redrawn(cells, processes_of(cells), 20, np.random.default_rng(0))
    assert drawn.shape == (20, 2) and drawn[:, 0].std() > 0
    assert drawn.mean(axis=0) == pytest.approx(cells["latency_s"].to_numpy(), rel=0.1)


def test_the_bootstrap_repeats_with_its_seed():
    cells = work_cells()
    first, second = (bootstrap(cells, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == (DRAWS, len(TERMS)) and (first == second).all()


def test_a_model_that_passes_through_every_cell_claims_nothing():
    groups = fitted(work_cells(layers=(4, 6), conv_size=(3, 5), batch_size=(1, 16)))
    verdicts = rates(groups, CONFIDENCE)["verdict"]
    assert verdicts.str.startswith("not testable: ").all()
