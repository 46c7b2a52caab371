"""The columns of the tables beside the cells: floor, roofs and a model's predictions.

What times or trains writes these files and knows nothing of this module, so that a word changed
here times and trains nothing again; a test compares it with the files.
"""

from tfscale.described import axes, count, described, flag, number, text

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
