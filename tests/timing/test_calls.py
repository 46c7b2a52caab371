"""The calls that a process times, on small untrained models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfscale.axes import defaults
from tfscale.data.encode import encode
from tfscale.models.networks import build, copy_of
from tfscale.study.architecture import describe
from tfscale.timing import calls

VOCABULARY = 50
SIZE = 14


@pytest.fixture(scope="module", params=["mnist", "text"])
def models(request, tmp_path_factory):
    """SavedModels of one network in both precisions, and two batches of inputs."""
    folder = tmp_path_factory.mktemp(request.param)
    layers = describe(request.param, 6, 3, SIZE, 8)
    keras.utils.set_random_seed(1)
    network = build(layers, VOCABULARY, 0.5)
    for precision in ("float32", "bfloat16"):
        copy = copy_of(network, layers, VOCABULARY, precision)
        copy.export(str(folder / precision), format="tf_saved_model", verbose=False)
    rng = np.random.default_rng(1)
    batches = [
        rng.random((4, SIZE, SIZE, 1), np.float32)
        if request.param == "mnist"
        else rng.integers(0, VOCABULARY, (4, SIZE), np.int32)
        for _ in range(2)
    ]
    return folder, batches


def made(models, **axes) -> calls.Calls:
    folder, batches = models
    axes = defaults() | axes
    model = calls.load(str(folder / axes["precision"]), axes)
    return calls.make_calls(model, axes, batches)


@pytest.mark.parametrize(
    "axes", [{"jit": True}, {"path": "predict"}, {"path": "predict", "jit": True}]
)
def test_every_way_to_call_gives_the_same_probabilities(models, axes):
    plain, other = made(models).fetched, made(models, **axes).fetched
    for index in range(3):
        assert other(index) == pytest.approx(plain(index), abs=1e-5)
    assert np.array_equal(plain(0), plain(2)) and not np.array_equal(plain(0), plain(1))
    assert plain(0).sum(axis=1) == pytest.approx(np.ones(4))


def test_the_parts_of_a_call_make_the_call(models):
    made_calls = made(models)
    assert (made_calls.unfetched(1).numpy() == made_calls.fetched(1)).all()
    assert (made_calls.copy(1).numpy() == models[1][1]).all()
    predicted = made(models, path="predict")
    assert predicted.unfetched is None and predicted.copy is None


def test_jit_is_compiled_by_xla(models):
    folder, batches = models
    model = tf.saved_model.load(str(folder / "float32"))
    signature = model.signatures[calls.SIGNATURE]
    (name,) = signature.structured_input_signature[1]
    compiled = calls._compiled(signature, name, batches[0])
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
    signature = model.signatures[calls.SIGNATURE]
    found = operations(signature.graph.as_graph_def())
    for kind in ("Conv2D", "MaxPool", "MatMul", "BiasAdd", "Relu", "Softmax"):
        assert found[kind] == {precision}, kind
    weights = [variable for variable in model.variables if variable.dtype.is_floating]
    assert {weight.dtype.name for weight in weights} == {precision}
    (given,) = signature.structured_input_signature[1].values()
    (answer,) = signature.structured_outputs.values()
    assert given.dtype == models[1][0].dtype and answer.dtype == tf.float32


def test_bfloat16_predicts_about_what_float32_does(models):
    single, half = (made(models, precision=name).fetched(0) for name in ("float32", "bfloat16"))
    assert half.dtype == np.float32
    assert half == pytest.approx(single, abs=0.03) and not np.array_equal(half, single)


def test_batches_are_distinct_real_inputs(tmp_path):
    encode("text", SIZE, [], 1, 0.1, f"{tmp_path}/a.npz", f"{tmp_path}/a.json")
    for inputs, batch_size, count in ((2000, 4, 8), (64, 16, 4), (64, 64, 1)):
        found = calls.batches(f"{tmp_path}/a.npz", inputs, batch_size)
        assert [batch.shape for batch in found] == [(batch_size, SIZE)] * count
        assert len({batch.tobytes() for batch in found}) == count
