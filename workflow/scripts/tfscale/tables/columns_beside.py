"""The columns of what lies beside the cells: floor, roofs, a model's predictions, its facts and
the machine's.

What times or trains writes these files and knows nothing of this module, so that a word changed
here times and trains nothing again; a test compares it with the files.
"""

from tfscale.axes import AXES
from tfscale.files.described import axes, count, described, flag, number, text

FLOOR = described(
    {
        **axes("model", "input_size", "batch_size", "threads"),
        "host": text("name of the machine"),
        "floor_s": number("latency of an identity model with this shape of input"),
    }
)

ROOFS = described(
    {
        "host": text("name of the machine"),
        **axes("threads"),
        "peak_gflop_per_s": number("10⁹ FLOP a second of TensorFlow's float32 matrix product"),
        "peak_gbyte_per_s": number("10⁹ bytes a second, read and written, of a large copy"),
    }
)

PREDICTIONS = described(
    {
        "input": count("place of the test input, from 0"),
        "actual": text("its label"),
        "predicted": text("label that the model says"),
        "probability": number("probability that the model gives it"),
        "correct": flag("whether the two agree"),
        "review": text("the review (model `text` only)"),
    }
)

MACHINE = described(
    {
        "host": text("name of the machine"),
        "started": text("when it was looked at (UTC)"),
        "reference_s": number("undisturbed calibration kernel: 20th percentile of 150 runs"),
        "spread": number("their 90th percentile over the reference"),
        "slow_share": number("share of them over 1.1 times the reference"),
        "warnings": text("what may disturb the machine; a list"),
    }
)
"""The keys of machine.json."""

FACTS = described(
    {
        **axes(*(axis for axis, spec in AXES.items() if spec.trains)),
        "seed": count("seed of the study"),
        "deterministic": flag("trained with TensorFlow's deterministic operations only"),
        "data": text("real or builtin"),
        "data_sha256": text("digest of the encoded data"),
        "vocabulary": count("rows of the embedding; 0 = the model has none"),
        "parameters": count("weights of the model, one by one"),
        "training_steps": count("steps of training"),
        "training_step_examples": count("examples a step"),
        "training_examples": count("examples seen in training"),
        "best_epoch": count("epoch whose weights were kept, from 1"),
        "validation_examples": count("examples that chose it"),
        "validation_accuracy": number("share of them predicted correctly"),
        "predicted_inputs": count("test inputs predicted: the first ones of a pass"),
        "test_accuracy": number("share of them predicted correctly"),
        "saved_model_sha256": text("digest of the SavedModel"),
    }
)
"""The keys of a trained model's facts.json."""
