"""Training: what it says when it diverges."""

import numpy as np
import pytest
from models_of import built

from tfscale.data.encoded import Split
from tfscale.errors import StudyError
from tfscale.models.training import train

RECIPE = {
    "epochs": 3,
    "batch_size": 8,
    "budget_tflop": None,
    "max_steps": None,
    "learning_rate": 1e20,
}


def test_a_training_that_diverges_says_so_and_what_to_lower():
    rng = np.random.default_rng(1)
    x, y = rng.random((64, 8, 8, 1), np.float32), rng.integers(0, 10, 64)
    model = built("mnist", layers=4, conv_size=3, input_size=8, filters=4)
    with pytest.raises(StudyError) as raised:
        train(model, 1e6, RECIPE, (Split(x, y), Split(x[:16], y[:16])), seed=1)
    assert "the training diverged in epoch" in str(raised.value)
    assert "Lower training.learning_rate (1e+20)" in str(raised.value)
