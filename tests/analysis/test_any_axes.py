"""The whole analysis of a study of two families whose axes nobody here knows."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_study import PLAN, costs, crossed, fitted, processes_of, timed
from paper_families import PAPER_FAMILIES

from tfscale.analysis.comparison import compare
from tfscale.analysis.fit import FITS
from tfscale.analysis.material import study_tables
from tfscale.analysis.slices import by_model, stratum
from tfscale.analysis.work_model import design
from tfscale.axes import FAMILIES, adopt, cell_name, defaults
from tfscale.errors import StudyError
from tfscale.study.grid import architecture
from tfscale.study.kinds import WORK
from tfscale.study.outputs import TABLES
from tfscale.tables.latency import MEMORY, SIDES

DEPTH = {"kind": "int"}
MLP = {"axes": {"depth": DEPTH, "width": {"kind": "int"}}, "title": "Perceptrons"}
ENCODER = {
    "title": "Encoders",
    "axes": {
        "depth": DEPTH,
        "alpha": {"kind": "float"},
        "activation": {"kind": "str", "default": "relu"},
        "masked": {"kind": "bool", "default": False},
    },
}
TWO = {"mlp": MLP, "encoder": ENCODER}
LEVELS = {
    "mlp": {"depth": (2, 4, 8), "width": (64, 128, 256), "batch_size": (1, 8, 64)},
    "encoder": {
        "depth": (2, 4),
        "alpha": (0.25, 0.5, 1.0),
        "activation": ("relu", "gelu"),
        "masked": (False, True),
        "batch_size": (1, 8, 64),
    },
}
COSTS = {
    "fixed": 2e-5,
    "per_operation": 2e-6,
    "matmul_flop": 1e-11,
    "attention_flop": 6e-11,
    "elementwise_flop": 4e-11,
}


def work_of(cell: dict) -> dict:
    """The work of a made-up network."""
    depth = cell["depth"]
    if cell["model"] == "mlp":
        width = cell["width"]
        work = {"matmul": 2 * depth * width**2, "elementwise": depth * width}
    else:
        wide = int(256 * cell["alpha"])
        heavy = 12 if cell["activation"] == "gelu" else 1
        work = {
            "matmul": 24 * depth * 32 * wide**2,
            "attention": depth * 4 * 32**2 * wide * (2 if cell["masked"] else 1),
            "elementwise": depth * 300 * 32 * wide * heavy,
        }
    flop = {f"{kind}_flop": value for kind, value in work.items()}
    size = {"elementwise_bytes": 4 * depth * cell.get("width", 256)}
    about = {"operations": 3 * depth, "flop_per_example": sum(flop.values())}
    return dict.fromkeys(WORK, 0) | about | flop | size | {"weight_bytes": 1, "parameters": 1}


def cells_of(model: str, noise: float = 0.01, **axes) -> pd.DataFrame:
    """The cells of a family with the costs that are planted."""
    levels = LEVELS[model] | axes
    rows = []
    for values in product(*levels.values()):
        cell = defaults(model) | {"model": model} | dict(zip(levels, values, strict=True))
        about = {"cell": cell_name(cell), "machine": "h", "host": "h"}
        rows.append(about | cell | {"called_batch": cell["batch_size"]} | work_of(cell))
    cells = pd.DataFrame(rows)
    off = np.exp(np.random.default_rng(0).normal(0, noise, len(cells)))
    return timed(cells, design(cells) @ costs(**COSTS) * off, test_accuracy=np.nan)


PREDICT = [
    {"model": ["mlp"], "depth": [6, 16], "width": [96], "batch_size": [16], "threads": [1]},
    {
        "model": ["encoder"],
        "depth": [4],
        "alpha": [0.75],
        "activation": ["gelu", "tanh"],
        "masked": [True],
        "batch_size": [32],
        "threads": [1],
    },
]


@pytest.fixture(autouse=True)
def two_families(paper_families):
    adopt(TWO)
    yield
    adopt(PAPER_FAMILIES)  # for what other modules make up before their first test


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Cells of both families, and every fitted table by name."""
    adopt(TWO)
    folder = tmp_path_factory.mktemp("any")
    cells = pd.concat([cells_of(model) for model in TWO], ignore_index=True)
    asked = [{"model": "mlp", "depth": depth, "width": 96} for depth in (6, 16)]
    shape = {"model": "encoder", "depth": 4, "alpha": 0.75, "masked": True}
    asked += [shape | {"activation": name} for name in ("gelu", "tanh")]
    counted = {cell_name(architecture(cell)): work_of(cell) for cell in asked}
    plan = PLAN.__class__(**vars(PLAN) | {"predict": PREDICT})
    fitted(
        folder, (cells, processes_of(cells, noise=0.01)), plan=plan, work=counted, progress=print
    )
    names = [*TABLES, "findings"]
    return cells, {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}


def test_every_table_has_the_studys_axes_and_no_other(study):
    _, tables = study
    for name in FITS:
        assert tables[name].columns.tolist() == FITS[name].names, name
        assert not {"layers", "conv_size"} & set(tables[name]), name
    regimes = tables["regimes"].set_index("model")
    assert regimes.loc["mlp", ["alpha", "activation", "masked"]].isna().all(axis=None)
    assert regimes.loc["encoder", "width"].isna().all()
    assert set(regimes.loc["encoder", "alpha"]) == {0.25, 0.5, 1.0}


def test_each_family_has_laws_along_its_own_axes(study):
    _, tables = study
    for name in ("laws", "elasticities", "equivalence", "spread", "thresholds"):
        factors = tables[name].groupby("model")["factor"].agg(set).to_dict()
        assert factors == {
            "mlp": {"depth", "width", "batch_size"},
            "encoder": {"depth", "alpha", "batch_size"},
        }, name
    laws = tables["laws"].set_index(["model", "factor", "law"])
    depth = laws.loc[("encoder", "depth", "linear")]
    assert depth["ratio_low"] <= 2 and 1.7 < depth["ratio"] < 2.05
    assert not tables["laws"]["paper"].any()
    strata = tables["equivalence"].groupby(["model", "factor"])["stratum"].agg(set)
    assert strata["encoder", "alpha"] == {"all", "depth 2", "depth 4"}
    assert strata["encoder", "depth"] == {"all", "alpha 0.25", "alpha 0.5", "alpha 1"}


def test_planted_costs_are_found(study):
    _, tables = study
    work = tables["work_model"]
    assert not work["term"].str.contains("conv|lookup|weights|reread").any()
    found = work.set_index(["model", "term"])
    for term in ("matmul_flop", "attention_flop", "elementwise_flop"):
        row = found.loc[("encoder", term)]
        assert row["cost_s"] == pytest.approx(COSTS[term], rel=0.15), term
        assert row["verdict"] == "estimated", term
    none = found.loc[("mlp", "attention_flop"), "verdict"]
    assert none == "not testable: these cells have none of it"
    shares = tables["time_shares"].groupby("model")
    assert shares["time_share"].sum().to_numpy() == pytest.approx(1)
    assert set(shares.get_group("mlp")["operation"]) == {"overhead", "matmul", "elementwise"}


def test_what_is_left_out_is_predicted(study):
    _, tables = study
    errors = tables["held_out"].set_index(["model", "test", "predictor"])["median_error_percent"]
    for model in TWO:
        assert errors[model, "architecture", "work model"] < 3
        assert errors[model, "architecture", "log-log regression"] < 60
    assert tables["coverage"]["covered_percent"].between(70, 100).all()
    assert set(tables["held_out_cells"]["model"]) == set(TWO)


def test_cells_that_were_not_run_are_predicted(study):
    _, tables = study
    table = tables["predictions"]
    asked = [row.dropna().to_dict() for _, row in table.iterrows()]
    wanted = pd.DataFrame([work_of(cell) for cell in asked])
    truth = design(wanted.assign(called_batch=table["called_batch"])) @ costs(**COSTS)
    assert table["latency_s"].to_numpy() == pytest.approx(truth, rel=0.1)
    assert table["extrapolates"].tolist() == ["", "depth 16 > 8", "", "activation tanh"]
    assert (table["latency_low_s"] < table["latency_s"]).all()
    budget = tables["budget"]
    assert set(zip(budget["model"], budget["source"], strict=True)) == set(
        product(TWO, ("measured", "predicted"))
    )


def test_values_without_an_order_are_compared_in_pairs(study):
    _, tables = study
    found = tables["comparison_means"].set_index(["axis", "value"])
    assert set(found.index) == {("activation", "gelu"), ("masked", "True")}
    gelu = found.loc["activation", "gelu"]
    assert gelu["base"] == "relu" and gelu["cells"] == 36 and gelu["ratio"] > 1.1
    assert len(tables["comparisons"]) == found["cells"].sum()
    terms = tables["anova"].groupby("model")["term"].agg(set)
    assert {"activation", "masked", "alpha", "depth x alpha"} <= terms["encoder"]
    assert not {"activation", "masked", "alpha"} & terms["mlp"]
    said = tables["findings"]["sentence"]
    assert said.str.contains(
        "encoder: activation gelu takes .* as long as activation relu, geo"
    ).any()
    assert said.str.contains("encoder: masked True takes .* as long as masked False").any()


def test_no_sentence_names_an_axis_that_the_family_has_not(study):
    _, tables = study
    said = tables["findings"]["sentence"]
    assert not said.str.contains(r"\bnan\b|\binf\b|layers|conv|mnist|text|paper").any()
    of_mlp = said[said.str.startswith("mlp")]
    assert len(of_mlp) > 5 and not of_mlp.str.contains("alpha|activation|masked").any()
    of_encoder = said[said.str.startswith("encoder")]
    assert len(of_encoder) > 5 and not of_encoder.str.contains("width|attention products on").any()


def test_there_are_no_claims_without_the_papers_networks(study):
    _, tables = study
    assert tables["claims"].empty
    assert "claims" not in set(tables["findings"]["evidence"])


def test_a_number_that_may_be_nought_is_a_category_and_a_stratum_may_be_a_text():
    axes = {"style": {"kind": "str"}, "padding": {"kind": "int", "positive": False}}
    adopt({"plain": {"axes": axes}, **PAPER_FAMILIES})
    cells = pd.DataFrame(
        [
            defaults("plain")
            | {"machine": "h", "cell": f"{style}{padding}{batch}", "model": "plain"}
            | {"style": style, "padding": padding, "batch_size": batch, "called_batch": batch}
            | {"latency_s": (1 + padding) * batch, "pass_mean_s": 1.0}
            for style, padding, batch in product("ab", (0, 1, 2), (1, 8))
        ]
    )
    both = pd.concat([crossed().assign(latency_s=1.0, pass_mean_s=1.0), cells], ignore_index=True)
    table = next(table for _, model, table in by_model(both) if model == "plain")
    assert stratum(table) == "style" and stratum(table, "style") == "padding"
    _, means = compare(both, 0.95)
    found = means[means["axis"] == "padding"].set_index("value")["ratio"].to_dict()
    assert found == pytest.approx({"1": 2, "2": 3})


def runs_of_another(path, families: dict | None, work: dict) -> str:
    """The runs.parquet of a study of encoders, its processes at the latencies of its cells."""
    cells = cells_of("encoder", noise=0).assign(host="far", machine="far")
    known = ["cell", *LEVELS["encoder"], "threads", "precision", "jit", "runtime", "environment"]
    runs = processes_of(cells, rounds=3).drop(columns=["batch_size"])
    runs = runs.merge(cells[known], on="cell").assign(calls=3, settled=True, process_s=1.0)
    runs = runs.assign(**dict.fromkeys((*SIDES, *MEMORY), 1.0))
    runs["phase"] = [["timed"] * 3] * len(runs)
    runs["durations_ns"] = [[int(1e9 * value)] * 3 for value in runs["latency_s"]]
    about = {"tfscale_work": json.dumps(work)}
    if families is not None:
        about["tfscale_families"] = json.dumps(families)
    table = pa.Table.from_pandas(runs, preserve_index=False).replace_schema_metadata(about)
    pq.write_table(table, path)
    return str(path)


def counted() -> dict:
    names = ("model", *LEVELS["encoder"], "threads")
    cells = cells_of("encoder")[list(names)].to_dict("records")
    return {cell_name(architecture(cell)): work_of(cell) for cell in cells}


def test_the_families_of_an_imported_study_are_taken_in_beside(tmp_path):
    work = counted()
    path = runs_of_another(tmp_path / "runs.parquet", {"encoder": ENCODER}, work)
    adopt(PAPER_FAMILIES)
    found = study_tables(path, "far", 0.9)
    assert list(FAMILIES) == ["mnist", "text", "encoder"]
    assert FAMILIES["mnist"].paper == {"input_size": 28}
    assert len(found.cells) == 72 and set(WORK) <= set(found.cells)
    one = found.cells.set_index("cell").loc["encoder_depth2_batch1_alpha0.25_threads1"]
    assert one["matmul_flop"] == work["encoder_depth2_alpha0.25"]["matmul_flop"]
    assert pd.isna(one["layers"])


def test_a_family_of_the_same_name_must_have_the_same_axes(tmp_path):
    other = {"encoder": {"axes": ENCODER["axes"] | {"alpha": {"kind": "int"}, "heads": DEPTH}}}
    path = runs_of_another(tmp_path / "runs.parquet", other, counted())
    with pytest.raises(StudyError, match=r"runs.parquet: its family encoder .* in alpha, heads "):
        study_tables(path, "far", 0.9)
    free = {"encoder": {"axes": ENCODER["axes"] | {"depth": DEPTH | {"positive": False}}}}
    study_tables(runs_of_another(tmp_path / "runs.parquet", free, counted()), "far", 0.9)
    assert not FAMILIES["encoder"].axes["depth"].positive and FAMILIES["mlp"].axes["depth"].positive


def test_runs_without_their_families_and_work_that_was_not_counted_are_refused(tmp_path):
    path = runs_of_another(tmp_path / "runs.parquet", None, counted())
    with pytest.raises(StudyError, match=r"of an earlier version; merge it again there"):
        study_tables(path, "far", 0.9)
    path = runs_of_another(tmp_path / "runs.parquet", TWO, {})
    with pytest.raises(StudyError, match=r"runs.parquet: the work of encoder_.* was not"):
        study_tables(path, "far", 0.9)
