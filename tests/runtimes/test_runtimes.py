"""Every runtime gives what the SavedModel gives; what it cannot take is said, and threads count."""

import json
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from tfscale.errors import StudyError
from tfscale.models.saved import digest
from tfscale.runtimes.calls import module_of
from tfscale.runtimes.convert import convert
from tfscale.timing.counters import thread_times, working_threads
from tfscale.timing.process import _check_threads

CONVERTED = ("onnxruntime", "litert", "openvino")
AXES = {"threads": 1, "jit": False}
SIZE = 8


def convolutional() -> keras.Model:
    x = keras.Input((12, 12, 1), name="x")
    y = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu")(x))
    return keras.Model(x, keras.layers.Dense(5, activation="softmax")(y))


def of_two_inputs() -> keras.Model:
    """Inputs whose order is not that of their names, one of them tokens, and two outputs."""
    first, second = keras.Input((4,), dtype="int32", name="b"), keras.Input((6,), name="a")
    seen = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(50, 8)(first))
    y = keras.layers.Concatenate()([seen, second])
    outputs = {"z": keras.layers.Dense(3)(y), "q": keras.layers.Dense(2)(y)}
    return keras.Model({"b": first, "a": second}, outputs)


def recurrent() -> keras.Model:
    x = keras.Input((6, 3), name="x")
    return keras.Model(x, keras.layers.Dense(2)(keras.layers.LSTM(4)(x)))


SERVED = [(model, one) for model in (convolutional, of_two_inputs) for one in CONVERTED]
SERVED.append((recurrent, "onnxruntime"))


def batch_of(model: keras.Model, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        one.name: rng.integers(0, 50, (SIZE, *one.shape[1:])).astype("int32")
        if one.dtype == "int32"
        else rng.random((SIZE, *one.shape[1:])).astype("float32")
        for one in model.inputs
    }


@pytest.fixture(scope="module")
def saved(request, tmp_path_factory):
    model = request.param()
    folder = tmp_path_factory.mktemp(request.param.__name__)
    model.export(str(folder / "saved_model"), verbose=False)
    return model, folder


def outputs_of(runtime: str, place: Path, batches: list) -> list[list[np.ndarray]]:
    calls = module_of(runtime).load(str(place), AXES, batches)
    found = [calls.fetched(index) for index in range(len(batches) + 1)]
    return [one if isinstance(one, list) else [one] for one in found]


@pytest.mark.parametrize(("saved", "runtime"), SERVED, indirect=["saved"])
def test_a_runtime_gives_what_the_saved_model_gives(saved, runtime):
    model, folder = saved
    batches = [batch_of(model, seed) for seed in range(2)]
    place = folder / runtime
    place.mkdir()
    module_of(runtime).convert(str(folder / "saved_model"), str(place), batches[0])
    ours = outputs_of("tensorflow", folder / "saved_model", batches)
    theirs = outputs_of(runtime, place, batches)
    for one, other in zip(ours, theirs, strict=True):
        assert [part.shape for part in other] == [part.shape for part in one]
        for first, second in zip(one, other, strict=True):
            assert second == pytest.approx(first, abs=1e-5)
    assert all((first == third).all() for first, third in zip(theirs[0], theirs[2], strict=True))
    assert not np.array_equal(theirs[0][0], theirs[1][0])


@pytest.fixture
def a_model(tmp_path, request):
    """The files of the rule convert, of a model that is made up."""
    model = request.param()
    folder = tmp_path / "one_width1_float32"
    model.export(str(folder / "saved_model"), verbose=False)
    shape = {name.name: {"shape": list(name.shape), "dtype": name.dtype} for name in model.inputs}
    facts = {"model": "one", "width": 1, "precision": "float32", "inputs": shape}
    facts["saved_model_sha256"] = digest(folder / "saved_model")
    (folder / "facts.json").write_text(json.dumps(facts))
    inputs = {"facts": str(folder / "facts.json"), "saved_model": str(folder / "saved_model")}
    outputs = {"model": str(folder / "other"), "told": str(folder / "other.json")}
    return inputs | {"arrays": []}, outputs


def converted(a_model, runtime: str, monkeypatch) -> tuple[str, dict]:
    monkeypatch.setattr("tfscale.runtimes.convert.set_threads", lambda threads: None)
    monkeypatch.setattr(
        "tfscale.runtimes.convert.read_facts", lambda path: json.loads(Path(path).read_text())
    )
    inputs, outputs = a_model
    axes = {"model": "one", "width": 1, "precision": "float32"}
    words = convert(inputs, outputs, axes, runtime, seed=1)
    return words, json.loads(Path(outputs["told"]).read_text())


@pytest.mark.parametrize("a_model", [convolutional], indirect=True)
def test_the_outputs_of_both_are_compared(a_model, monkeypatch):
    words, told = converted(a_model, "onnxruntime", monkeypatch)
    assert 0 <= told["relative"] < 1e-5 and 0 <= told["absolute"] < 1e-5
    assert words.startswith("one_width1_float32, onnxruntime: its outputs differ by ")


@pytest.mark.parametrize("a_model", [recurrent], indirect=True)
def test_what_cannot_be_converted_says_why(a_model, monkeypatch):
    words, told = converted(a_model, "litert", monkeypatch)
    assert list(told) == ["reason"] and "\n" not in told["reason"] and "Tensor" in told["reason"]
    assert words == f"one_width1_float32, litert: not convertible: {told['reason']}"


@pytest.mark.parametrize("a_model", [convolutional], indirect=True)
def test_a_runtime_that_gives_another_answer_is_refused(a_model, monkeypatch):
    onnx = module_of("onnxruntime")
    load = onnx.load

    def wrong(*arguments):
        calls = load(*arguments)
        return type(calls)(lambda index: calls.fetched(index) + 0.1)

    monkeypatch.setattr(onnx, "load", wrong)
    _, told = converted(a_model, "onnxruntime", monkeypatch)
    assert told["reason"].startswith("its outputs differ by 0.")


def test_threads_beyond_the_cells_are_counted_and_fail_it():
    before, end = thread_times(), time.monotonic() + 0.4

    def work(end: float) -> None:
        while time.monotonic() < end:
            sum(range(1000))

    others = [threading.Thread(target=work, args=[end + 1]) for _ in range(2)]
    for thread in others:
        thread.start()
    work(end)
    now = thread_times()
    for thread in others:
        thread.join()
    working = working_threads(before, now)
    assert working == 3
    with pytest.raises(StudyError, match="litert worked with 3 threads where the cell has 1"):
        _check_threads({"runtime": "litert", "threads": 1}, working)
    _check_threads({"runtime": "litert", "threads": 3}, working)
