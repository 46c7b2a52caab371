"""Models of one's own: whatever Keras can save is made, counted and described."""

import json

import keras
import numpy as np
import page_files
import pandas as pd
import pytest
import tensorflow as tf
from models_of import built, made, only_counted

from tfscale.errors import StudyError
from tfscale.models.family import collect
from tfscale.models.inputs import by_name, made_up

LSTM = '''"""LSTMs on sequences."""
INPUTS = {"steps": {"shape": ["length", 3]}}

def build(units: int, length: int = 12):
    import keras
    x = keras.Input((None, 3), name="steps")
    return keras.Model(x, keras.layers.LSTM(units)(x))
'''
TWO = '''"""Two inputs and a layer of one's own."""
INPUTS = {"user": {"high": 50}}

def build(width: int, half: bool = False):
    import keras
    from twofold import Twofold

    user = keras.Input((), dtype="int32", name="user")
    shop = keras.Input((4,), name="shop")
    x = keras.layers.Embedding(50, width)(user)
    x = keras.layers.Concatenate()([x, Twofold(half)(shop)])
    return keras.Model([user, shop], {"score": keras.layers.Dense(1)(x), "all": x})
'''
TWOFOLD = """import keras

class Twofold(keras.layers.Layer):
    def __init__(self, half):
        super().__init__()
        self.factor = 0.5 if half else 2.0

    def call(self, x):
        return self.factor * x
"""
CLASS = """
INPUTS = {"x": {"shape": [6]}}

def build(width: int):
    import keras

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(width)

        def call(self, x):
            return self.dense(x)

    return Own()
"""
CHAIN = """
def build(width: int):
    import keras

    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(width)])
"""


@pytest.fixture
def mine(tmp_path):
    """Writes a family's file, and returns its path."""

    def write(text: str, name: str = "mine") -> str:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return str(path)

    return write


def answers(folder, facts: dict, size: int) -> dict:
    """What the saved model answers to made-up inputs of its description."""
    signature = tf.saved_model.load(str(folder / "saved_model")).signatures["serving_default"]
    (batch,) = made_up(facts["inputs"], size, 1, seed=1)
    return {name: value.numpy() for name, value in signature(**batch).items()}


def test_a_recurrent_model_of_a_free_length_takes_it_from_an_axis(mine, tmp_path):
    facts = made(tmp_path / "m", mine(LSTM), units=5, length=7)
    assert facts["inputs"]["steps"]["shape"] == [None, 7, 3]
    assert facts["parameters"] == 4 * 5 * (3 + 5 + 1)
    assert facts["work"]["matmul_flop"] == 7 * (2 * (3 + 5) * 20 + 2 * 20)
    assert answers(tmp_path / "m", facts, 2)["output_0"].shape == (2, 5)
    assert facts["test_accuracy"] is None and facts["data"] == "none"
    assert pd.read_parquet(tmp_path / "m/predictions.parquet").empty


def test_a_free_dimension_without_an_axis_is_asked_for_before_anything_is_timed(mine, tmp_path):
    with pytest.raises(StudyError) as raised:
        made(tmp_path / "m", mine(LSTM.replace("INPUTS", "OTHER")), units=5)
    said = str(raised.value)
    assert "dimension 1 of the input steps is free" in said
    assert 'INPUTS = {"steps": {"shape": ["length", 3]}}' in said


def test_two_inputs_a_layer_of_ones_own_and_a_dict_of_outputs(mine, tmp_path):
    mine(TWOFOLD, "twofold")
    facts = made(tmp_path / "m", mine(TWO), width=8)
    assert facts["inputs"] == {
        "user": {"high": 50, "shape": [None], "dtype": "int32"},
        "shop": {"shape": [None, 4], "dtype": "float32"},
    }
    found = answers(tmp_path / "m", facts, 3)
    assert found["score"].shape == (3, 1) and found["all"].shape == (3, 12)
    assert facts["work"]["lookup_bytes"] > 0 and facts["work"]["not_counted"] == []


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        (LSTM, {"units": 5, "length": 7}),
        (TWO, {"width": 8}),
        (CLASS, {"width": 2, "precision": "bfloat16"}),
        (CHAIN, {"width": 3}),
        (CHAIN, {"width": 3, "precision": "bfloat16"}),
    ],
)
def test_a_model_that_is_only_counted_has_the_work_of_one_that_is_made(mine, tmp_path, text, axes):
    mine(TWOFOLD, "twofold")
    whole = made(tmp_path / "m", mine(text), **axes)["work"]
    counted = only_counted(tmp_path / "counted.json", mine(text), **axes)
    for work in (whole, counted):  # Keras numbers the layers of a process
        work["layers"] = [(one["kind"], one["flop"], one["bytes"]) for one in work["layers"]]
    assert counted == whole


def test_a_class_of_ones_own_needs_its_inputs_described(mine, tmp_path):
    facts = made(tmp_path / "m", mine(CLASS), width=2)
    assert facts["parameters"] == 14
    with pytest.raises(StudyError, match="saving the model fails: ValueError: The model provided"):
        made(tmp_path / "n", mine(CLASS.replace("INPUTS", "OTHER"), "other"), width=2)


def test_a_saved_model_that_is_there_is_copied_as_it_is(tmp_path):
    for width in (2, 4):
        model = built("mlp", layers=1, width=width, input_size=6)
        model.export(str(tmp_path / f"v{width}"), format="tf_saved_model", verbose=False)
    facts = made(tmp_path / "m", {"saved_model": f"{tmp_path}/v{{width}}"}, width=4)
    assert facts["parameters"] == 6 * 4 + 4 + 4 * 10 + 10
    assert facts["work"]["matmul_flop"] > 0
    assert "float32 (None, 6)" in (tmp_path / "m/structure.txt").read_text()


FAILS = {
    "    raise ValueError(f'no {width}')": "build(width=3) fails: ValueError: no 3",
    "    return 5": "build(width=3) returns int, not a Keras model",
    "    import no_such_thing": "build(width=3) fails: ModuleNotFoundError: No module named 'no_su",
}


@pytest.mark.parametrize(("body", "said"), FAILS.items(), ids=list(FAILS.values()))
def test_a_build_that_fails_is_one_line_and_its_traceback_is_in_the_log(
    mine, tmp_path, capsys, body, said
):
    path = mine(f"def build(width: int):\n{body}\n")
    with pytest.raises(StudyError) as raised:
        made(tmp_path / "m", path, width=3)
    assert said in str(raised.value) and path in str(raised.value)
    assert "\n" not in str(raised.value)
    if "fails" in said:
        assert "Traceback" in capsys.readouterr().err


DATA = '''
def build(width: int):
    import keras
    x = keras.Input((2,), name="x")
    hidden = keras.layers.Dense(width, "relu")(x)
    return keras.Model(x, keras.layers.Dense(2)(hidden))


def data(split, seed):
    """Two classes: above and below a line."""
    import numpy as np
    rng = np.random.default_rng([seed, len(split)])
    x = rng.uniform(-1, 1, (400, 2)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype(int)
'''


def test_a_family_with_data_is_trained_and_its_accuracy_known(mine, tmp_path):
    path = mine(DATA)
    files = {"arrays": str(tmp_path / "a.npz"), "manifest": str(tmp_path / "a.json")}
    told = collect({}, {"source": path}, 1, **files)
    assert told == "400 train examples, 400 validation examples, 400 test examples"
    assert json.loads((tmp_path / "a.json").read_text())["labels"] == ["0", "1"]
    facts = made(tmp_path / "m", path, files, width=16)
    assert facts["test_accuracy"] > 0.8  # logits: it is trained for what it answers
    assert facts["data"] == "own" and facts["training_steps"] == 40
    rows = pd.read_parquet(tmp_path / "m/predictions.parquet")
    assert len(rows) == 64 and rows["probability"].between(0.5, 1).all()


def test_a_sequential_is_trained_and_served_in_bfloat16(tmp_path):
    page_files.write(tmp_path, "ring.py")
    path, files = str(tmp_path / "ring.py"), {"arrays": str(tmp_path / "a.npz")}
    files["manifest"] = str(tmp_path / "a.json")
    collect({}, {"source": path}, 1, **files)
    facts = made(tmp_path / "m", path, files, depth=1, precision="bfloat16")
    assert facts["test_accuracy"] > 0.7
    assert facts["work"]["weight_bytes"] == 2 * facts["parameters"]


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("x", "must return (x, y)"),
        ("(x, y[:-1])", "returns 399 labels for inputs of another number"),
        ("(x, y + 0.5)", "must return one whole number from 0 a label"),
    ],
)
def test_data_that_cannot_be_used_is_named(mine, tmp_path, gives, said):
    path = mine(
        DATA.replace(
            "return x, (x.sum(axis=1) > 0).astype(int)",
            f"y = (x.sum(axis=1) > 0).astype(int)\n    return {gives}",
        )
    )
    with pytest.raises(StudyError) as raised:
        collect({}, {"source": path}, 1, str(tmp_path / "a.npz"), str(tmp_path / "a.json"))
    assert said in str(raised.value)


def test_made_up_inputs_keep_their_bounds_and_are_the_same_for_a_seed():
    inputs = {
        "ids": {"shape": [None, 5], "dtype": "int32", "low": 3, "high": 7},
        "x": {"shape": [8, 3], "dtype": "float32", "low": -2.0, "high": -1.0},
        "picked": {"shape": [None, 2], "dtype": "int64", "values": [10, 1000]},
        "flag": {"shape": [None], "dtype": "bool"},
        "scale": {"shape": [], "dtype": "float32"},
        "words": {"shape": [None], "dtype": "string"},
        "labels": {"shape": [None, 1], "dtype": "string", "values": ["a", "b"]},
    }
    batches = made_up(inputs, 8, 20, seed=3)
    assert len({batch["x"].tobytes() for batch in batches}) == 20
    found = {name: np.stack([batch[name] for batch in batches]) for name in inputs}
    for name, about in inputs.items():
        assert found[name].shape[1:] == tuple(size or 8 for size in about["shape"]), name
        assert about["dtype"] in (found[name].dtype.name, "string"), name
    assert set(found["ids"].ravel()) == {3, 4, 5, 6}
    assert -2 <= found["x"].min() < -1.9 and -1.1 < found["x"].max() <= -1
    assert set(found["picked"].ravel()) == {10, 1000} and set(found["flag"].ravel()) == {0, 1}
    assert len(set(found["scale"])) == 20 and (found["scale"] >= 0).all()
    assert (found["scale"] < 1).all() and set(found["words"].ravel()) == {b"a text"}
    assert set(found["labels"].ravel()) == {"a", "b"}
    again, other = (made_up(inputs, 8, 20, seed=seed)[3] for seed in (3, 4))
    assert all(np.array_equal(again[name], batches[3][name]) for name in inputs)
    assert not np.array_equal(other["ids"], batches[3]["ids"])
    with pytest.raises(StudyError, match=r"takes batches of 8 and no others: write batch_size: \["):
        made_up(inputs, 16, 8, seed=3)
    with pytest.raises(StudyError, match="no values can be made up for the input x of complex64"):
        made_up({"x": {"shape": [None], "dtype": "complex64"}}, 8, 8, seed=3)


def test_examples_must_have_the_names_of_the_inputs():
    inputs = {name: {"shape": [None, 2], "dtype": "float32"} for name in ("a", "b")}
    x = {"a": np.zeros((3, 2)), "c": np.zeros((3, 2))}
    with pytest.raises(StudyError, match="the model takes a, b, but its data has a, c"):
        by_name(inputs, x)
    assert by_name(inputs, {"a": np.zeros((3, 2), int), "b": x["a"]})["a"].dtype == np.float32


def test_the_papers_networks_have_the_published_numbers_of_parameters():
    counts = {
        ("mnist", 4): 10_250,
        ("mnist", 6): 312_714,
        ("mnist", 8): 312_778,
        ("mnist", 10): 312_842,
        ("text", 4): 4_857_346,
        ("text", 6): 7_917_698,
    }
    for (name, number), parameters in counts.items():
        size = 28 if name == "mnist" else 56
        model = built(name, layers=number, conv_size=3, input_size=size)
        assert model.count_params() == parameters
        keras.backend.clear_session()
