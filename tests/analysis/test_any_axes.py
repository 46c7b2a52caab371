"""The whole analysis of a study of families whose axes nobody here knows."""

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from made_study import PLAN, costs, crossed, fitted, processes_of, timed
from other_study import COSTS, cells_of, work_of
from other_study import FAMILIES as OTHERS
from paper_families import PAPER_FAMILIES

from tfscale.analysis.comparison import compare
from tfscale.analysis.fit import FITS
from tfscale.analysis.slices import by_model, stratum
from tfscale.analysis.work_model import design
from tfscale.axes import adopt, cell_name
from tfscale.study.grid import architecture
from tfscale.study.grid import cells as grid_cells
from tfscale.study.kinds import WORK
from tfscale.study.outputs import TABLES

TWO = {name: OTHERS[name] for name in ("mlp", "deep")}
MASKED = {"masked": (False, True)}
PREDICT = [
    {"model": ["deep"], "depth": [6, 16], "batch_size": [16]},
    {
        "model": ["mlp"],
        "width": [96],
        "alpha": [0.75],
        "activation": ["gelu", "tanh"],
        "masked": [True],
        "batch_size": [32],
    },
]


@pytest.fixture(autouse=True)
def two_families(paper_families):
    adopt(TWO)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Every fitted table of a study of both families by name."""
    adopt(TWO)
    folder = tmp_path_factory.mktemp("any")
    parts = cells_of("mlp", **MASKED), cells_of("deep", depth=(2, 3, 4, 8))
    cells = pd.concat(parts, ignore_index=True)
    asked = grid_cells(PREDICT).values()
    counted = {cell_name(architecture(cell)): work_of(cell) for cell in asked}
    both = cells, processes_of(cells, noise=0.01)
    fitted(folder, both, plan=replace(PLAN, predict=PREDICT), work=counted)
    names = [*TABLES, "findings"]
    return {name: pd.read_parquet(folder / f"fits/{name}.parquet") for name in names}


def test_every_table_has_the_studys_axes_and_no_other(study):
    for name in FITS:
        assert study[name].columns.tolist() == FITS[name].names, name
        assert not {"layers", "conv_size"} & set(study[name]), name
    regimes = study["regimes"].set_index("model")
    assert regimes.loc["deep", [*OTHERS["mlp"]["axes"]]].isna().all(axis=None)
    assert regimes.loc["mlp", "depth"].isna().all()
    assert set(regimes.loc["mlp", "alpha"]) == {0.5, 1.0}


def test_each_family_has_laws_along_its_own_axes(study):
    for name in ("laws", "elasticities", "equivalence", "spread", "thresholds"):
        factors = study[name].groupby("model")["factor"].agg(set).to_dict()
        assert factors == {
            "mlp": {"width", "alpha", "batch_size"},
            "deep": {"depth", "batch_size"},
        }, name
    laws = study["laws"].set_index(["model", "factor", "law"])
    depth = laws.loc[("deep", "depth", "linear")]
    assert depth["ratio_low"] <= 4 and 3.4 < depth["ratio"] < 4.1
    assert not study["laws"]["paper"].any()
    strata = study["equivalence"].groupby(["model", "factor"])["stratum"].agg(set)
    assert strata["mlp", "alpha"] == {"all", "width 64", "width 128", "width 256"}
    assert strata["mlp", "width"] == {"all", "alpha 0.5", "alpha 1"}


def test_planted_costs_are_found(study):
    work = study["work_model"]
    assert not work["term"].str.contains("conv|lookup|weights|reread").any()
    found = work.set_index(["model", "term"])
    for term in ("matmul_flop", "attention_flop", "elementwise_flop"):
        row = found.loc[("mlp", term)]
        assert row["cost_s"] == pytest.approx(COSTS[term], rel=0.15), term
        assert row["verdict"] == "estimated", term
    none = found.loc[("deep", "attention_flop"), "verdict"]
    assert none == "not testable: these cells have none of it"
    shares = study["time_shares"].groupby("model")
    assert shares["time_share"].sum().to_numpy() == pytest.approx(1)
    assert set(shares.get_group("deep")["operation"]) == {"overhead", "matmul"}


def test_what_is_left_out_is_predicted(study):
    errors = study["held_out"].set_index(["model", "test", "predictor"])["median_error_percent"]
    for model in TWO:
        assert errors[model, "architecture", "work model"] < 3
        assert errors[model, "architecture", "log-log regression"] < 60
    assert study["coverage"]["covered_percent"].between(70, 100).all()
    assert set(study["held_out_cells"]["model"]) == set(TWO)


def test_cells_that_were_not_run_are_predicted(study):
    table = study["predictions"]
    asked = [row.dropna().to_dict() for _, row in table.iterrows()]
    wanted = pd.DataFrame([work_of(cell) for cell in asked])
    truth = design(wanted.assign(called_batch=table["called_batch"])) @ costs(**COSTS)
    assert table["latency_s"].to_numpy() == pytest.approx(truth, rel=0.1)
    assert table["extrapolates"].tolist() == ["", "depth 16 > 8", "", "activation tanh"]
    assert (table["latency_low_s"] < table["latency_s"]).all()
    budget = study["budget"]
    assert set(zip(budget["model"], budget["source"], strict=True)) == set(
        product(TWO, ("measured", "predicted"))
    )


def test_values_without_an_order_are_compared_in_pairs(study):
    found = study["comparison_means"].set_index(["axis", "value"])
    assert set(found.index) == {("activation", "gelu"), ("masked", "True")}
    gelu = found.loc["activation", "gelu"]
    assert gelu["base"] == "relu" and gelu["cells"] == 36 and gelu["ratio"] > 1.1
    assert len(study["comparisons"]) == found["cells"].sum()
    terms = study["anova"].groupby("model")["term"].agg(set)
    assert {"activation", "masked", "alpha", "width x alpha"} <= terms["mlp"]
    assert not {"activation", "masked", "alpha"} & terms["deep"]
    said = study["findings"]["sentence"]
    assert said.str.contains("mlp: activation gelu takes .* as long as activation relu, geo").any()
    assert said.str.contains("mlp: masked True takes .* as long as masked False").any()
    answers = study["findings"].query("topic == 'answer' and model == 'mlp'")["sentence"]
    assert answers.str.startswith("Activation gelu takes ").any()


def test_no_sentence_names_an_axis_that_the_family_has_not(study):
    said = study["findings"]["sentence"]
    assert not said.str.contains(r"\bnan\b|\binf\b|layers|conv|mnist|text|paper").any()
    of_deep = said[said.str.startswith("deep")]
    assert len(of_deep) > 5 and not of_deep.str.contains("width|alpha|activation|masked").any()
    of_mlp = said[said.str.startswith("mlp")]
    assert len(of_mlp) > 5 and not of_mlp.str.contains("depth|attention products on").any()


def test_there_are_no_claims_without_the_papers_networks(study):
    assert study["claims"].empty
    assert "claims" not in set(study["findings"]["evidence"])


def test_a_number_that_may_be_nought_is_a_category_and_a_stratum_may_be_a_text():
    axes = {"style": {"kind": "str"}, "padding": {"kind": "int", "positive": False}}
    adopt({"plain": {"axes": axes}, **PAPER_FAMILIES})
    levels = {"style": "ab", "padding": (0, 1, 2), "batch_size": (1, 8)}
    cells = crossed("plain", lambda cell: dict.fromkeys(WORK, 1), **levels)
    cells = timed(cells, (1 + cells["padding"]) * cells["batch_size"])
    both = pd.concat([timed(crossed(), 1.0), cells], ignore_index=True)
    table = next(table for _, model, table in by_model(both) if model == "plain")
    assert stratum(table) == "style" and stratum(table, "style") == "padding"
    _, means = compare(both, 0.95)
    found = means[means["axis"] == "padding"].set_index("value")["ratio"].to_dict()
    assert found == pytest.approx({"1": 2, "2": 3})
