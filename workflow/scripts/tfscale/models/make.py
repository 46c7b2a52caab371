"""Make one model: build it, count its work, train it where its family has data, and save it."""

import json
import shutil
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfscale.axes import cell_name
from tfscale.data.encoded import load, load_texts, read_manifest
from tfscale.errors import StudyError
from tfscale.files.whole import flush, replacing, write_text
from tfscale.jobs.surroundings import variables
from tfscale.models.family import asked, build
from tfscale.models.inputs import by_name, inputs_of, signature_of, specs_of
from tfscale.models.quick import quick
from tfscale.models.saved import digest
from tfscale.models.training import answers_of, configure, predict, train
from tfscale.models.work import count
from tfscale.study.budget import predicted_inputs

CHECKED_INPUTS = 16
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Between outputs of the same weights, summed in another order."""
UNTRAINED: dict[str, Any] = {
    "data": "none",
    "data_sha256": "",
    "training_steps": 0,
    "training_step_examples": 0,
    "training_examples": 0,
    "best_epoch": None,
    "validation_examples": 0,
    "validation_accuracy": None,
    "predicted_inputs": 0,
    "test_accuracy": None,
}
NO_HISTORY = pd.DataFrame({"epoch": []})
NO_ANSWERS = answers_of(np.zeros((0, 1)), np.zeros(0, int), [], None)


def make_model(
    axes: dict, family: dict, inputs: dict, settings: dict, threads: int, outputs: dict[str, str]
) -> str:
    """Make the model of `axes` and write its files; returns what came of it in a line.

    `family` says where it comes from (see `Study.job_family`). `inputs` names the arrays and
    manifest of its data, or nothing where its family has none: then the weights are the initial
    ones. `settings` holds the recipe, evaluation (the inputs of a pass, the budget of predicting)
    and seed. `outputs` names the files saved_model (a folder), facts, structure,
    history and predictions.
    """
    recipe, seed = settings["recipe"]["training"], settings["seed"]
    target = outputs["saved_model"]
    configure(threads, seed, recipe["deterministic"])
    facts = axes | {"seed": seed, "deterministic": recipe["deterministic"]} | UNTRAINED
    history, answers = NO_HISTORY, NO_ANSWERS
    if family["saved"]:
        folder = family["source"].format(**axes)
        _whole(target, lambda part: shutil.copytree(folder, part))
        facts |= counted(target, family, axes)
        structure = _signature_text(target)
    else:
        model, served = built(family, axes)
        structure = _summary(model)
        export(served, family["source"], target)
        facts |= counted(target, family, axes)
        if inputs["manifest"]:
            flop = facts["work"]["flop_per_example"]
            told, history, answers = _trained(model, axes, flop, inputs, settings)
            facts |= told
            served.set_weights(model.get_weights())
            export(served, family["source"], target)
            _check_served(target, model, facts["inputs"], inputs["arrays"], axes["precision"])
    print(structure)
    facts |= {"saved_model_sha256": digest(target), "variables": variables()}
    write_text(outputs["structure"], structure)
    write_text(outputs["history"], history.to_csv(index=False))
    with replacing(outputs["predictions"]) as temporary:
        answers.to_parquet(temporary, index=False)
    write_text(outputs["facts"], json.dumps(facts, indent=2) + "\n")
    return f"{cell_name(axes)}: {_result(facts)}"


def _result(facts: dict) -> str:
    size = f"{facts['parameters']:,} parameters"
    if facts["test_accuracy"] is None:
        return f"{size}, not trained"
    return (
        f"{size}, test accuracy {100 * facts['test_accuracy']:.1f} % "
        f"({facts['predicted_inputs']:,} inputs) after {facts['training_examples']:,} examples"
    )


def count_model(axes: dict, family: dict, seed: int, work: str) -> None:
    """Build the model of an architecture, and write the work of a call to the JSON file `work`."""
    configure(1, seed, deterministic=False)
    source = family["source"]
    if family["saved"]:
        told = counted(source.format(**axes), family, axes)["work"]
    else:  # an export would take twice as long as all else, and its graph is the model's
        model = built(family, axes)[1]
        told = asked(source, "counting its work", lambda: work_of(model, family["inputs"], axes))
    write_text(work, json.dumps(told, indent=1) + "\n")


def work_of(model: keras.Model, bounds: dict[str, dict], axes: dict) -> dict:
    """The work of a call of a Keras model that knows its inputs."""
    specs = {one.name: tf.TensorSpec(one.shape, one.dtype) for one in model.inputs}
    # a Sequential has no input of its own before its first call
    structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input

    def call(**tensors: tf.Tensor) -> Any:
        inputs = keras.tree.pack_sequence_as(structure, [tensors[name] for name in specs])
        return model(inputs, training=False)

    return count(call, specs_of(inputs_of(specs, bounds, axes)))


def built(family: dict, axes: dict) -> tuple[keras.Model, keras.Model]:
    """The model in float32, and the same in the precision that is timed."""
    precision = axes.get("precision", "float32")
    model = build(family, axes)
    if precision == "float32":
        return model, model
    served = build(family, axes, precision)
    served.set_weights(model.get_weights())
    return model, served


def export(model: keras.Model, source: str, target: str) -> None:
    """Write the SavedModel whole or not at all; raises StudyError with Keras' reason."""

    def written(part: str) -> None:
        model.export(part, format="tf_saved_model", verbose=False)

    asked(source, "saving the model", lambda: _whole(target, written))


def _whole(target: str, write: Callable[[str], object]) -> None:
    part = Path(f"{target}.part")
    shutil.rmtree(part, ignore_errors=True)
    write(str(part))
    flush(part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def counted(saved_model: str, family: dict, axes: dict) -> dict:
    """The parameters and inputs of a SavedModel, and the work of a call, from its graph."""
    loaded = tf.saved_model.load(saved_model)
    signature = signature_of(loaded, saved_model)
    inputs = inputs_of(signature.structured_input_signature[1], family["inputs"], axes)
    return {
        "parameters": sum(prod(weight.shape) for weight in signature.variables),
        "inputs": inputs,
        "work": count(signature, specs_of(inputs)),
    }


def _trained(
    model: keras.Model, axes: dict, flop: float, inputs: dict, settings: dict
) -> tuple[dict, pd.DataFrame, pd.DataFrame]:
    """Train the model, whose example takes `flop`; returns facts, one row an epoch, and one row a
    predicted test input."""
    data, arrays = read_manifest(inputs["manifest"]), inputs["arrays"]
    recipe = settings["recipe"]["training"] | {"batch_size": axes["batch_size"]}
    splits = load(arrays, "train", scaled=False), load(arrays, "validation")
    twin = quick(model)
    trained = train(twin, flop, recipe, splits, settings["seed"])
    model.set_weights(twin.get_weights())
    history = pd.DataFrame(trained.history)
    history.insert(0, "epoch", range(1, len(history) + 1))
    count = predicted_inputs(flop, **settings["evaluation"])
    test = load(arrays, "test", count)
    answers = answers_of(predict(twin, test.x), test.y, data["labels"], load_texts(arrays, count))
    budget = trained.budget
    facts = {
        "data": data["source"],
        "data_sha256": data["sha256"],
        "training_steps": budget.steps * recipe["epochs"],
        "training_step_examples": budget.batch_size,
        "training_examples": budget.examples * recipe["epochs"],
        "best_epoch": 1 + trained.best,
        "validation_examples": budget.validation,
        "validation_accuracy": trained.history["val_accuracy"][trained.best],
        "predicted_inputs": len(answers),
        "test_accuracy": float(answers["correct"].mean()),
    }
    return facts, history, answers


def _check_served(
    saved_model: str, model: keras.Model, inputs: dict, arrays: str, precision: str
) -> None:
    """Raise StudyError unless the serving signature answers the first test inputs as the model."""
    x = load(arrays, "test", CHECKED_INPUTS).x
    signature = signature_of(tf.saved_model.load(saved_model), saved_model)
    arguments = {name: tf.constant(part) for name, part in by_name(inputs, x).items()}
    (served,) = signature(**arguments).values()
    apart = float(np.abs(served.numpy() - np.asarray(model(x, training=False))).max())
    if not apart <= TOLERANCE[precision]:
        raise StudyError(
            f"{saved_model} answers otherwise than the model that was trained (outputs differ by "
            f"{apart:.2g}): TensorFlow did not save it rightly; please report this"
        )


def _summary(model: keras.Model) -> str:
    """The layers as Keras lists them: one line a layer with its tensor shape."""
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    return "\n".join(lines) + "\n"


def _signature_text(saved_model: str) -> str:
    signature = tf.saved_model.load(saved_model).signatures["serving_default"]
    ends = {
        "input": signature.structured_input_signature[1],
        "output": signature.structured_outputs,
    }
    return "".join(
        f"{end} {name}: {spec.dtype.name} {tuple(spec.shape)}\n"
        for end, specs in ends.items()
        for name, spec in specs.items()
    )
