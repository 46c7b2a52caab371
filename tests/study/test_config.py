"""Mistakes in config.yaml: all at once, one line each, with the key and what to do."""

import pytest

from tfscale.study.config import ConfigError, check


def put(config: dict, path: str, value) -> None:
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in parents:
        config = config[key]
    config[last] = value


def test_the_projects_own_config_is_right(config):
    check(config)


MISTAKES = [
    ("training.epochs", "ten", "training.epochs: 'ten' must be a whole number"),
    ("training.epoch", 3, "training.epoch: unknown key; did you mean epochs?"),
    ("timing.rounds", 0, "timing.rounds: 0 must be at least 1"),
    ("timing.isolation", "forked", "timing.isolation: 'forked' is not known; did you mean fork?"),
    ("grid.0.model", ["minst"], "grid[0].model[0]: 'minst' is not known; did you mean mnist?"),
    ("grid.1.conv_size", [], "grid[1].conv_size: the list is empty; name at least one value"),
    ("grid.0.batch_size", [4, 4], "grid[0].batch_size: [4, 4] names a value twice"),
    ("grid.0.layer", [4], "grid[0].layer: unknown key; did you mean layers?"),
    ("grid.0.layers", 4, "grid[0].layers: 4 must be a list"),
    ("grid.0.precision", ["bf16"], "precision[0]: 'bf16' is not known; did you mean bfloat16?"),
    ("grid.0.jit", ["on"], "grid[0].jit[0]: 'on' must be true or false"),
    ("grid.0.path", ["fit"], "path[0]: 'fit' is not known; known: signature, predict"),
    ("grid.0.filters", [0], "grid[0].filters[0]: 0 must be at least 1"),
    ("grid", "all", "grid: 'all' must be one sub-grid or a list of sub-grids"),
    ("seed", None, "seed: None must be a whole number"),
    ("datasets.mirror", "", "datasets.mirror: is empty; write null or leave the key out"),
    ("training.dropout", 1, "training.dropout: 1 must be below 1"),
    ("training.max_steps", 3, "training.max_steps: 3 is less than one step for each of the 10"),
    ("grid.0.layers", [5], "grid[0]: layers 5 is not an even number of at least 4: use 4. Cells: "),
    ("grid.0.layers", [4, 14], "with conv_size 8 the largest layers is 10. Cells: mnist_layers14_"),
    ("evaluation.inputs", 512, None),
]


@pytest.mark.parametrize(("path", "value", "said"), MISTAKES)
def test_mistake_is_named(config, path, value, said):
    put(config, path, value)
    if said is None:
        check(config)
        return
    with pytest.raises(ConfigError) as raised:
        check(config)
    assert said in str(raised.value)
    assert "1 mistake:" in str(raised.value)


def test_all_mistakes_are_listed_together(config):
    for path, value in (("training.epochs", 0), ("timing.visits", "3"), ("report", {})):
        put(config, path, value)
    del config["seed"]
    with pytest.raises(ConfigError) as raised:
        check(config)
    text = str(raised.value)
    assert "4 mistakes" in text
    for said in ("training.epochs", "timing.visits", "report: unknown key", "seed: missing"):
        assert said in text


def test_a_batch_larger_than_a_pass_is_refused(config):
    config["evaluation"]["inputs"] = 100
    put(config, "grid.0.batch_size", [128])
    with pytest.raises(ConfigError, match="batch_size 128 is larger than the 100 inputs"):
        check(config)
