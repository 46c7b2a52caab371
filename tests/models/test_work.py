"""The work of models, against TensorFlow's profiler and against counting by hand."""

import json

import keras
import pytest
import tensorflow as tf
from keras import layers
from models_of import built
from paper_work import INPUT_SIZES, work_of
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfscale.models.work import count, walk
from tfscale.study.kinds import KINDS, WORK


def called(model):
    """A model as a function of keyword tensors, and the specifications of its inputs."""
    specs = {one.name: tf.TensorSpec(one.shape, one.dtype) for one in model.inputs}

    def function(**tensors):
        given = [tensors[name] for name in specs]
        return model(given if len(given) > 1 else given[0], training=False)

    return function, specs


def counted(model) -> dict:
    return count(*called(model))


def chain(shape, *chained, dtype="float32"):
    """A model of layers one after the other."""
    tensor = inputs = keras.Input(shape, dtype=dtype, name="x")
    for layer in chained:
        tensor = layer(tensor)
    return keras.Model(inputs, tensor)


def profiled(model) -> int:
    """FLOP of one example by TensorFlow's profiler, on the frozen graph."""
    (one,) = model.inputs
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, *one.shape[1:]), one.dtype)
    )
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    graph = convert_variables_to_constants_v2(traced).graph
    return tf.compat.v1.profiler.profile(graph, cmd="scope", options=options).total_float_ops


PAPER = [("mnist", 4, 3), ("mnist", 8, 5), ("text", 6, 3), ("text", 10, 8)]
BY_HAND = ["conv_thin", "conv", "conv_spanning", "reduction", "lookup"]
BY_HAND += ["weight", "read_weight", "reread_kernel"]


@pytest.mark.parametrize(("name", "number", "conv_size"), PAPER)
def test_the_papers_networks_are_counted_as_by_hand_and_by_the_profiler(name, number, conv_size):
    axes = {"layers": number, "conv_size": conv_size, "input_size": INPUT_SIZES[name]}
    model = built(name, **axes, **({"vocabulary": 500} if name == "text" else {}))
    work, by_hand = counted(model), work_of({"model": name, **axes}, 500)
    for what in BY_HAND:
        assert work[f"{what}_bytes"] == by_hand[f"{what}_bytes"], what
    assert work["weight_bytes"] == 4 * model.count_params()
    assert abs(work["operations"] - by_hand["operations"]) <= 1
    assert work["flop_per_example"] == pytest.approx(profiled(model), rel=0.02)
    assert work["flop_per_example"] == pytest.approx(by_hand["flop_per_example"], rel=0.02)
    assert (work["flop_per_call"], work["not_counted"], work["counted_by"]) == (0, [], "hlo")


@pytest.mark.long
def test_a_mobilenet_is_counted_as_by_the_profiler():
    model = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3))
    work = counted(model)
    assert work["flop_per_example"] == pytest.approx(profiled(model), rel=0.02)
    assert work["weight_bytes"] == 4 * model.count_params()
    assert work["conv_depthwise_flop"] < work["conv_flop"] / 5
    assert work["operations"] == 59  # 52 convolutions, 4 paddings, mean, product, softmax
    assert {row["layer"] for row in work["layers"]} >= {"Conv1_1", "block_16_depthwise_1"}


def test_a_dense_network_is_counted_exactly():
    work = counted(chain((16,), layers.Dense(32, "relu"), layers.Dense(10, "softmax")))
    assert work["matmul_flop"] == (2 * 16 + 1 + 1) * 32 + (2 * 32 + 1) * 10
    assert work["elementwise_flop"] == 5 * 10  # the softmax
    assert work["matmul_bytes"] == 4 * (16 + 32 + 32 + 10)
    assert work["activation_bytes"] == 4 * (16 + 32 + 10 + 10)
    assert work["weight_bytes"] == work["read_weight_bytes"] == 4 * (16 * 32 + 32 + 32 * 10 + 10)
    assert work["operations"] == 3


def test_a_recurrent_network_is_counted_exactly():
    """The body of its loop counts as often as the sequence is long."""
    steps, width, units = 12, 16, 8
    work = counted(chain((steps, width), layers.LSTM(units)))
    products = 2 * (width + units) * 4 * units
    gates = 2 * 4 * units  # the sum of both products, the bias
    states = 5 * units + 4 * units  # sigmoid and tanh; three products and a sum
    assert work["flop_per_example"] == steps * (products + gates + states)
    assert work["matmul_flop"] == steps * (products + gates)
    assert work["not_counted"] == []


def test_attention_is_counted_exactly():
    length, width, heads, key = 12, 16, 2, 8
    tensor = keras.Input((length, width), name="x")
    work = counted(keras.Model(tensor, layers.MultiHeadAttention(heads, key)(tensor, tensor)))
    projected = length * heads * key
    scores = heads * length * length
    assert work["matmul_flop"] == 3 * projected * (2 * width + 1) + length * width * (
        2 * heads * key + 1
    )
    assert work["attention_flop"] == 2 * scores * 2 * key + scores  # twice, and scaled
    assert work["elementwise_flop"] == 5 * scores  # the softmax
    assert work["operations"] == 7


KIND = {
    "conv_thin": ((8, 8, 3), layers.Conv2D(4, 3)),
    "conv": ((8, 8, 8), layers.Conv2D(4, 3, strides=2, padding="same")),
    "conv_depthwise": ((8, 8, 8), layers.DepthwiseConv2D(3, depth_multiplier=2)),
    "conv_spanning": ((8, 8, 8), layers.Conv2D(4, (3, 8))),
    "matmul": ((8, 8), layers.EinsumDense("abc,cd->adb", (4, 8))),
    "reduction": ((8, 8, 8), layers.GlobalAveragePooling2D()),
    "elementwise": ((8, 8), layers.Activation("relu")),
    "movement": ((8, 8), layers.Permute((2, 1))),
}


@pytest.mark.parametrize("kind", KIND)
def test_the_kind_follows_from_the_shapes(kind):
    shape, layer = KIND[kind]
    work = counted(chain(shape, layer))
    assert [one for one in KINDS if work[f"{one}_bytes"]] == [kind]
    assert work["operations"] == 1


def test_a_kernel_as_wide_as_a_padded_input_does_not_span_it():
    assert counted(chain((8, 8, 8), layers.Conv2D(4, (3, 8), padding="same")))["conv_flop"]


def test_a_transposed_convolution_counts_products_of_what_is_there():
    """Not the zeros between the rows that XLA spells out."""
    work = counted(chain((7, 7, 8), layers.Conv2DTranspose(5, 3, strides=2)))
    assert work["conv_flop"] == 2 * 7 * 7 * 3 * 3 * 8 * 5 + 15 * 15 * 5


def test_bias_normalisation_and_activation_belong_to_what_they_follow():
    work = counted(
        chain((8, 8, 8), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU())
    )
    assert work["operations"] == 1
    assert work["conv_flop"] == work["flop_per_example"] == 6 * 6 * 4 * (2 * 72 + 1 + 2 + 1)
    assert work["conv_bytes"] == 4 * (8 * 8 * 8 + 6 * 6 * 4)
    assert work["flop_per_call"] == 5 * 4  # normalisation's own numbers, whatever the batch


def test_normalisation_reads_its_input_again():
    work = counted(chain((6, 16), layers.LayerNormalization()))
    assert [one for one in KINDS if work[f"{one}_flop"]] == ["reduction", "elementwise"]
    assert work["operations"] == 4  # mean, squares, variance, and the rest


def test_a_function_that_xla_spells_out_is_one_an_element():
    work = counted(chain((64,), layers.Activation("selu"), layers.Activation("softplus")))
    assert (work["flop_per_example"], work["operations"]) == (2 * 64, 1)


def test_a_running_sum_is_one_an_element_and_a_sort_n_log_n():
    spec = {"x": tf.TensorSpec((None, 64))}
    assert count(lambda x: tf.cumsum(x, axis=1), spec)["flop_per_example"] == 64
    assert count(lambda x: tf.math.top_k(x, 3)[0], spec)["reduction_flop"] == 64 * 6


def test_tables_that_are_looked_into_are_not_read():
    work = counted(chain((12,), layers.Embedding(100, 16), dtype="int32"))
    assert (work["weight_bytes"], work["read_weight_bytes"]) == (4 * 1600, 0)
    assert work["lookup_bytes"] == 4 * (12 + 2 * 12 * 16)
    assert work["lookup_flop"] == 0


def two_inputs():
    ids, more = keras.Input((12,), dtype="int32", name="ids"), keras.Input((3,), name="more")
    tensor = layers.GRU(8, return_sequences=True)(layers.Embedding(50, 8)(ids))
    tensor = layers.Concatenate()([layers.GlobalMaxPooling1D()(tensor), more])
    return keras.Model([ids, more], layers.Dense(2, "softmax")(tensor))


class Shifted(layers.Layer):
    """A layer of a user's own: adds a weight that all positions share."""

    def build(self, shape):
        self.shift = self.add_weight(shape=(shape[-1],), name="shift")

    def call(self, inputs):
        return inputs + self.shift


def attentive():
    tensor = inputs = keras.Input((6, 8), name="x")
    tensor = Shifted()(layers.MultiHeadAttention(2, 4)(tensor, tensor))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(tensor)))


MODELS = {"two inputs": two_inputs, "attention": attentive}


@pytest.mark.parametrize("name", MODELS)
def test_amounts_of_any_batch_follow_from_those_of_two(name):
    function, specs = called(MODELS[name]())
    work = count(function, specs)
    for batch in (1, 8):
        direct = walk(function, specs, batch)
        amounts = direct.amounts()
        for column in (f"{kind}_{what}" for what in ("flop", "bytes") for kind in KINDS):
            if batch > 1 or column != "movement_bytes":  # one example needs no transposition
                assert amounts[column] == batch * work[column], (batch, column)
        assert amounts["weight_bytes"] == work["weight_bytes"]
        assert amounts["read_weight_bytes"] == work["read_weight_bytes"]
        fixed = {
            one: tf.TensorSpec((batch, *spec.shape[1:]), spec.dtype) for one, spec in specs.items()
        }
        whole = count(function, fixed)["flop_per_call"]
        assert whole == work["flop_per_call"] + batch * work["flop_per_example"]


@pytest.mark.parametrize("name", MODELS)
def test_columns_are_whole_numbers_and_layers_add_up_to_them(name):
    work = counted(MODELS[name]())
    assert tuple(work) == (*WORK, "layers", "not_counted", "counted_by")
    assert all(type(work[column]) is int for column in WORK)
    assert json.loads(json.dumps(work)) == work
    assert work["not_counted"] == []
    for what in ("flop", "bytes"):
        for kind in KINDS:
            rows = [row[what] for row in work["layers"] if row["kind"] == kind]
            assert sum(rows) == work[f"{kind}_{what}"]
    assert work["flop_per_example"] == sum(work[f"{kind}_flop"] for kind in KINDS)


def test_a_saved_model_is_counted_as_the_model(tmp_path):
    model = two_inputs()
    model.export(str(tmp_path), format="tf_saved_model", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path))
    signature = loaded.signatures["serving_default"]
    assert count(signature, called(model)[1]) == counted(model)


@pytest.mark.parametrize(
    ("function", "missing"),
    [
        (
            lambda x: tf.while_loop(
                lambda now: tf.reduce_max(now) > 1, lambda now: [now / 2], [x], name="halve"
            )[0],
            "loop of unknown length, its body counted once: halve",
        ),
        (lambda x: tf.abs(tf.signal.rfft(x)), "no rule for fft: rfft"),
        (
            lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.exp(x), lambda: x, name="if"),
            "which branch is taken, all are counted: if",
        ),
        (lambda x: tf.matmul(x, x, transpose_b=True), "work that grows faster than the batch"),
    ],
)
def test_what_is_not_counted_is_named(function, missing):
    work = count(function, {"x": tf.TensorSpec((None, 64))})
    assert work["not_counted"] == [missing]
    assert work["flop_per_example"] > 0


def test_a_model_of_texts_is_counted_by_tensorflows_statistics():
    texts = layers.TextVectorization(8, output_sequence_length=6, vocabulary=["good", "bad"])
    pool = layers.GlobalAveragePooling1D()
    work = counted(
        chain((1,), texts, layers.Embedding(8, 4), pool, layers.Dense(3), dtype="string")
    )
    assert work["counted_by"] == "graph"
    (missing,) = work["not_counted"]
    assert missing.startswith("bytes, layers, loops, tables: XLA cannot take the model (")
    assert work["matmul_flop"] == 2 * 4 * 3
    assert work["reduction_flop"] == 6 * 4
    assert work["weight_bytes"] == 4 * (8 * 4 + 4 * 3 + 3)


def test_a_product_without_statistics_is_named():
    texts, table = keras.Input((1,), dtype="string", name="x"), layers.Embedding(8, 4)
    tensor = table(layers.StringLookup(vocabulary=["good", "bad"])(texts))
    model = keras.Model(texts, layers.MultiHeadAttention(1, 4)(tensor, tensor))
    assert any(
        text.startswith("no statistics of Einsum: ") for text in counted(model)["not_counted"]
    )


def test_a_layer_that_is_called_twice_counts_twice():
    dense, first, second = layers.Dense(4, "relu"), keras.Input((8,)), keras.Input((8,))
    work = counted(keras.Model([first, second], [dense(first), dense(second)]))
    assert (work["operations"], work["matmul_flop"]) == (2, 2 * 4 * (2 * 8 + 1 + 1))
    assert work["weight_bytes"] == 4 * (8 * 4 + 4)


def test_copies_that_tensorflow_writes_are_movement():
    work = counted(chain((6, 6, 8), layers.UpSampling2D(2)))
    assert work["movement_bytes"] == 4 * 8 * (6 * 6 + 2 * 12 * 6 + 12 * 12)
    assert work["flop_per_example"] == 0


def test_a_resized_image_is_no_product_of_matrices():
    work = counted(chain((6, 6, 8), layers.Resizing(12, 12)))
    assert work["elementwise_flop"] == work["flop_per_example"] == 2 * 9 * 12 * 12 * 8
    assert work["operations"] == 1
