"""The rows of the report's tables, formatted for people: three digits and a unit."""

import pandas as pd

from tfscale.axes import AXES
from tfscale.units import seconds

CORRECT_SHOWN, WRONG_SHOWN = 6, 6
NOISY = 1.25


def cell_rows(cells: pd.DataFrame) -> list[dict]:
    """One dict a cell with everything that the table of cells shows."""
    return [
        {axis: row[axis] for axis in AXES}
        | {
            "cell": row["cell"],
            "machine": row["machine"],
            "latency_s": row["latency_s"],
            "latency": seconds(row["latency_s"]),
            "interval": f"{seconds(row['latency_low_s'])} to {seconds(row['latency_high_s'])}",
            "coverage": "range" if pd.isna(row["coverage"]) else f"{row['coverage']:.1%}",
            "half_width": "–"
            if pd.isna(row["half_width"])
            else f"± {100 * row['half_width']:.1f} %",
            "visits": f"{row['clean_visits']} of {row['visits']}",
            "p99": "–" if pd.isna(row["p99_high_s"]) else f"< {seconds(row['p99_high_s'])}",
            "floor": "–" if pd.isna(row["floor_s"]) else seconds(row["floor_s"]),
            "stop_reason": row["stop_reason"],
            "throughput": f"{row['throughput_per_s']:,.3g}"
            if row["throughput_per_s"] < 1000
            else f"{row['throughput_per_s']:,.0f}",
            "pass_mean": seconds(row["pass_mean_s"]),
            "noise": f"{row['noise_index']:.2f}",
            "noisy": row["noise_index"] > NOISY,
            "accuracy": f"{row['test_accuracy']:.1%}",
            "examples": f"{row['training_examples']:,}",
            "parameters": f"{row['parameters']:,}",
            "mflop": f"{row['flop_per_example'] / 1e6:,.3g}"
            if row["flop_per_example"] < 1e9
            else f"{row['flop_per_example'] / 1e6:,.0f}",
        }
        for row in cells.to_dict("records")
    ]


def sample_predictions(path: str) -> list[dict]:
    """A few correct and a few wrong predictions of a trained model."""
    table = pd.read_parquet(path)
    right = table[table["correct"]].head(CORRECT_SHOWN)
    wrong = table[~table["correct"]].head(WRONG_SHOWN)
    return pd.concat([right, wrong]).to_dict("records")
