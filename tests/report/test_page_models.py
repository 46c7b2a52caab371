"""The trained models that the report's page shows."""

import numpy as np
import pandas as pd
import pytest

from tfscale.report.explorer import MOST_MODELS, samples, trained_models


@pytest.fixture
def models(tmp_path):
    """Two trained models on the same pictures: one right at even inputs, one always right."""
    files = {"structures": [], "predictions": []}
    for name, wrong in (("one", 2), ("two", 200)):
        (tmp_path / name).mkdir()
        table = pd.DataFrame({"input": range(100), "actual": "coat", "probability": 0.51234})
        table["correct"] = table["input"] % wrong == 0 if wrong == 2 else True
        table["predicted"] = np.where(table["correct"], "coat", "bag")
        table.to_parquet(tmp_path / name / "predictions.parquet")
        (tmp_path / name / "structure.txt").write_text(f"layers of {name}")
        files["structures"].append(str(tmp_path / name / "structure.txt"))
        files["predictions"].append(str(tmp_path / name / "predictions.parquet"))
    np.savez(tmp_path / "mnist_input40.npz", x_test=np.zeros((100, 40, 40), np.uint8))
    return files | {"images": [str(tmp_path / "mnist_input40.npz")]}


SHAPES = {"one": "mnist_input40", "two": "mnist_input40"}


def test_models_show_right_and_wrong_answers_and_share_pictures(models):
    shown = trained_models(SHAPES, **models)
    verdicts = [row[3] for row in shown["models"]["one"]["rows"]]
    assert verdicts == [1] * 6 + [0] * 6
    assert [row[0] for row in shown["models"]["two"]["rows"]] == [0, 1, 2, 3, 4, 5]
    pool = shown["pools"]["mnist_input40"]
    assert len(pool["inputs"]) == 12  # 0, 2, .., 10 and 1, 3, .., 11: the second adds none
    assert pool["inputs"]["0"]["image"].startswith("data:image/png;base64,")
    assert shown["models"]["two"]["structure"] == "layers of two"
    (table,) = samples(shown, {"mnist": "one"})
    assert table["rows"][-1]["predicted"] == "bag" and table["rows"][-1]["actual"] == "coat"


def test_very_many_models_are_left_to_their_files(models):
    many = models["predictions"] * MOST_MODELS
    none = {"models": {}, "pools": {}, "shapes": SHAPES}
    assert trained_models(SHAPES, [], many, []) == none
    assert samples(none, {"mnist": "one"}) == []
