"""From a trained model to the file and the log of one run."""

import json
from pathlib import Path

from tfscale.measure import measure


def run(
    cell: str, axes: dict, round_number: int, seed: int, protocol: dict, evaluation: dict,
    inputs: dict, output: str,
) -> str:  # fmt: skip
    """Time a cell in one round, write its Parquet file and log, and return its result line.

    `inputs` names the files facts, saved_model, predictions and arrays. The libraries that start
    threads are imported after the last visit: the parent of a visit has one thread.
    """
    facts = json.loads(Path(inputs["facts"]).read_text())
    rows = measure(
        cell, axes, round_number, seed, protocol, evaluation["inputs"],
        inputs["saved_model"], inputs["arrays"], facts["saved_model_sha256"],
    )  # fmt: skip

    import pandas as pd

    from tfscale import runs, summary
    from tfscale.environment import environment

    rows = [visit | runs.row(visit) for visit in rows]
    record = {"stop_reason": "visits done", "environment": environment()}
    runs.write(output, rows, record)
    medians = [visit["p50_s"] for visit in rows]
    batch_size = axes["batch_size"]
    print(summary.paper_lines(cell, sorted(medians)[len(medians) // 2], batch_size, **evaluation))
    print(summary.prediction_lines(pd.read_parquet(inputs["predictions"])))
    line = summary.result_line(cell, medians, batch_size)
    print(line)
    return line
