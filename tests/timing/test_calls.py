"""The calls that a process times, on small untrained models."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from models_of import job_of

from tfscale.axes import defaults
from tfscale.data.encode import encode
from tfscale.errors import StudyError
from tfscale.models.inputs import SIGNATURE, inputs_of
from tfscale.models.make import built, export
from tfscale.runtimes import calls, predict, tensorflow
from tfscale.study.families import builtin

SIZE, BATCH = 14, 4
SMALL = {"layers": 6, "conv_size": 3, "input_size": SIZE, "filters": 8, "dropout": 0.5}


def saved(folder: Path, name: str, entry: str, **axes) -> tuple[dict, dict]:
    """Save the model of a family in both precisions; returns its inputs and the axes of a cell."""
    job, usual = job_of(name, entry)
    cell = usual | axes | {"model": name, "precision": "bfloat16"}
    keras.utils.set_random_seed(1)
    for precision, model in zip(("float32", "bfloat16"), built(job, cell), strict=True):
        export(model, job["source"], str(folder / precision))
    signature = tf.saved_model.load(str(folder / "float32")).signatures[SIGNATURE]
    usual = defaults(name) | axes | {"model": name, "batch_size": BATCH}
    return inputs_of(signature.structured_input_signature[1], job["inputs"], cell), usual


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """SavedModels of one network in both precisions, two batches of inputs, and its cell."""
    folder = tmp_path_factory.mktemp("text")
    inputs, axes = saved(folder, "text", builtin()["text"], **SMALL, vocabulary=50)
    inputs = {name: about | {"high": 50} for name, about in inputs.items()}
    cell = {"axes": axes, "inputs": inputs, "seed": 1}
    return folder, calls.batches(cell, None, 0)[:2], axes


def made(models, **axes) -> calls.Calls:
    folder, batches, usual = models
    axes = usual | axes
    saved_model = str(folder / axes["precision"])
    return calls.module_of(axes["runtime"]).load(saved_model, axes, batches)


WAYS = [{"jit": True}, {"runtime": "predict"}, {"runtime": "predict", "jit": True}]


@pytest.mark.parametrize("axes", WAYS)
def test_every_way_to_call_gives_the_same_probabilities(models, axes):
    plain, other = made(models).fetched, made(models, **axes).fetched
    for index in range(3):
        assert other(index) == pytest.approx(plain(index), abs=1e-5)
    assert np.array_equal(plain(0), plain(2)) and not np.array_equal(plain(0), plain(1))
    assert plain(0).sum(axis=1) == pytest.approx(np.ones(BATCH))


def test_the_parts_of_a_call_make_the_call(models):
    made_calls, batch = made(models), models[1][1]
    (answer,) = made_calls.unfetched(1).values()
    assert (answer.numpy() == made_calls.fetched(1)).all()
    (copied,) = made_calls.copy(1)
    assert (copied.numpy() == batch["x"]).all()
    predicted = made(models, runtime="predict")
    assert predicted.unfetched is None and predicted.copy is None


def test_jit_is_compiled_by_xla(models):
    folder, batches, _ = models
    model = tf.saved_model.load(str(folder / "float32"))
    signature = model.signatures[SIGNATURE]
    compiled = tensorflow._compiled(signature, batches[0])
    assert compiled.function_def.attr["_XlaMustCompile"].b
    assert not signature.function_def.attr["_XlaMustCompile"].b


def operations(graph: tf.compat.v1.GraphDef) -> dict[str, set[str]]:
    """The types in which each kind of operation computes, functions included."""
    found: dict[str, set[str]] = {}
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    for node in nodes:
        if "T" in node.attr:
            found.setdefault(node.op, set()).add(tf.dtypes.as_dtype(node.attr["T"].type).name)
    return found


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_exported_graph_computes_in_its_precision(models, precision):
    model = tf.saved_model.load(str(models[0] / precision))
    signature = model.signatures[SIGNATURE]
    found = operations(signature.graph.as_graph_def())
    for kind in ("Conv2D", "MaxPool", "MatMul", "BiasAdd", "Relu", "Softmax"):
        assert found[kind] == {precision}, kind
    weights = [variable for variable in model.variables if variable.dtype.is_floating]
    assert {weight.dtype.name for weight in weights} == {precision}
    (given,) = signature.structured_input_signature[1].values()
    (answer,) = signature.structured_outputs.values()
    assert given.dtype == models[1][0]["x"].dtype and answer.dtype == tf.float32


def test_bfloat16_predicts_about_what_float32_does(models):
    single, half = (made(models, precision=name).fetched(0) for name in ("float32", "bfloat16"))
    assert half.dtype == np.float32
    assert half == pytest.approx(single, abs=0.03) and not np.array_equal(half, single)


def a_cell(inputs: dict, batch_size: int = BATCH, seed: int = 1) -> dict:
    return {"axes": {"batch_size": batch_size}, "inputs": inputs, "seed": seed}


def test_batches_are_distinct_real_inputs(tmp_path):
    arrays = f"{tmp_path}/a.npz"
    encode("movie-reviews", SIZE, [], 1, 0.1, arrays, f"{tmp_path}/a.json")
    inputs = {"x": {"shape": [None, SIZE], "dtype": "int32"}}
    for most, batch_size, count in ((2000, 4, 8), (64, 16, 4), (64, 64, 1)):
        found = [batch["x"] for batch in calls.batches(a_cell(inputs, batch_size), arrays, most)]
        assert [batch.shape for batch in found] == [(batch_size, SIZE)] * count
        assert len({batch.tobytes() for batch in found}) == count
    with pytest.raises(StudyError, match="batch_size 65 is larger than the 64 test inputs of"):
        calls.batches(a_cell(inputs, 65), arrays, 64)
    two = inputs | {"mask": {"shape": [None, SIZE], "dtype": "bool"}}
    with pytest.raises(StudyError, match="the model takes x, mask, but its data has x"):
        calls.batches(a_cell(two), arrays, 64)


TWO_INPUTS = '''"""Two inputs and two outputs."""

INPUTS = {"ids": {"low": 3, "high": 7}, "x": {"low": -2.0, "high": -1.0}}

def build(width: int):
    import keras
    ids = keras.Input((5,), dtype="int32", name="ids")
    x = keras.Input((3,), name="x")
    seen = keras.layers.Flatten()(keras.layers.Embedding(7, width)(ids))
    both = keras.layers.Concatenate()([seen, keras.layers.Dense(width)(x)])
    outputs = {"sum": keras.layers.Dense(1)(both), "all": keras.layers.Dense(2)(both)}
    return keras.Model({"ids": ids, "x": x}, outputs)
'''


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The same of a model of two inputs and two outputs."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "two.py").write_text(TWO_INPUTS)
    inputs, axes = saved(folder, "mine", str(folder / "two.py"), width=4)
    batches = calls.batches({"axes": axes, "inputs": inputs, "seed": 1}, None, 0)
    return folder, batches, axes


def by_hand(two, index: int) -> dict[str, np.ndarray]:
    """What the signature says to a batch, by the names of its outputs."""
    model = tf.saved_model.load(str(two[0] / "float32"))
    batch = {name: tf.constant(part) for name, part in two[1][index].items()}
    return {name: part.numpy() for name, part in model.signatures[SIGNATURE](**batch).items()}


@pytest.mark.parametrize("axes", [{}, {"jit": True}, {"precision": "bfloat16"}])
def test_all_outputs_of_a_call_are_fetched(two, axes):
    whole, off = made(two, **axes), 0.05 if "precision" in axes else 1e-5
    for index in (0, 1, calls.MOST_BATCHES):
        expected = by_hand(two, index % calls.MOST_BATCHES)
        found = whole.fetched(index)
        assert all(type(part) is np.ndarray for part in found)
        unfetched = {name: part.numpy() for name, part in sorted(whole.unfetched(index).items())}
        assert [part.shape for part in found] == [part.shape for part in unfetched.values()]
        for name, part in unfetched.items():
            assert part == pytest.approx(expected[name], abs=off)
        for part, other in zip(found, unfetched.values(), strict=True):
            assert np.array_equal(part, other)
    copied = [part.numpy() for part in whole.copy(1)]
    assert all(map(np.array_equal, copied, two[1][1].values()))


def test_predict_takes_two_inputs_and_gives_all_outputs(two):
    predicted = made(two, runtime="predict").fetched
    for index in (0, 1):
        found, expected = predicted(index), by_hand(two, index)
        assert set(found) == set(expected)
        for name, part in expected.items():
            assert type(found[name]) is np.ndarray
            assert found[name] == pytest.approx(part, abs=1e-5)


class Odd(tf.Module):
    """A model by hand: a truth value an example, one number for all, a text an example."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.bool, name="flags"),
            tf.TensorSpec([], tf.float32, name="scale"),
            tf.TensorSpec([None], tf.string, name="words"),
            tf.TensorSpec([None, 2], tf.int64, name="picked"),
        ]
    )
    def serve(self, flags, scale, words, picked):
        """Numbers of all four."""
        chosen = tf.cast(tf.reduce_sum(picked, axis=1), tf.float32)
        length = tf.cast(tf.strings.length(words), tf.float32)
        return {"out": scale * tf.reduce_sum(tf.cast(flags, tf.float32), 1) + length + chosen}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The folder of such a model, and its inputs."""
    folder = str(tmp_path_factory.mktemp("odd"))
    module = Odd()
    tf.saved_model.save(module, folder, signatures={SIGNATURE: module.serve})
    signature = tf.saved_model.load(folder).signatures[SIGNATURE]
    bounds = {"picked": {"values": [10, 1000]}}
    return folder, inputs_of(signature.structured_input_signature[1], bounds, {})


def test_a_call_takes_them_all(odd):
    folder, inputs = odd
    axes = {"runtime": "tensorflow", "jit": False, "batch_size": BATCH}
    batches = calls.batches(a_cell(inputs), None, 0)
    whole = tensorflow.load(folder, axes, batches)
    for index in (0, 5):
        batch = batches[index]
        expected = batch["scale"] * batch["flags"].sum(axis=1) + 6 + batch["picked"].sum(axis=1)
        assert whole.fetched(index) == pytest.approx(expected)
    assert [part.dtype for part in whole.copy(0)] == [inputs[name]["dtype"] for name in batches[0]]


def test_a_large_batch_comes_alone():
    inputs = {"x": {"shape": [None, 2**20], "dtype": "bool"}}
    assert len(calls.batches(a_cell(inputs, 40), None, 0)) == 1


class Texts(tf.Module):
    """The length of a text, and whether it was marked."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="words"),
            tf.TensorSpec([None], tf.bool, name="mark"),
        ]
    )
    def serve(self, words, mark):
        """Two outputs."""
        return {"length": tf.strings.length(words), "other": tf.logical_not(mark)}


def test_predict_takes_texts_and_truth_values_and_names_what_it_cannot(tmp_path, odd):
    module, axes = Texts(), {"runtime": "predict", "jit": False, "batch_size": BATCH}
    tf.saved_model.save(module, str(tmp_path), signatures={SIGNATURE: module.serve})
    inputs = {
        "words": {"shape": [None], "dtype": "string"},
        "mark": {"shape": [None], "dtype": "bool"},
    }
    batches = calls.batches(a_cell(inputs), None, 0)
    found = predict.load(str(tmp_path), axes, batches).fetched(1)
    assert found["length"].tolist() == [6] * BATCH
    assert found["other"].tolist() == (~batches[1]["mark"]).tolist()
    batches = calls.batches(a_cell(odd[1]), None, 0)
    with pytest.raises(StudyError, match="takes batches only, and scale is one number for all"):
        predict.load(odd[0], axes, batches)
