from tfscale.study.budget import predicted_inputs, training_budget

LIGHT, HEAVY = 294_948, 9_701_122_178
"""FLOP of an example: mnist of 4 layers and convolution size 3, text of 10 and 8."""
RECIPE = {"epochs": 10, "budget_tflop": 0.5, "max_steps": 200}
FULL = {"epochs": 10, "budget_tflop": None, "max_steps": None}


def test_steps_are_bound_by_max_steps_for_a_light_model():
    assert training_budget(LIGHT, RECIPE, 1, 54_000, 6_000).steps == 20


def test_a_heavy_model_is_never_left_untrained_and_its_step_is_small():
    budget = training_budget(HEAVY, RECIPE, 64, 7_000, 800)
    assert (budget.steps, budget.batch_size, budget.examples) == (1, 8, 8)
    richer = training_budget(HEAVY, RECIPE | {"budget_tflop": 10}, 64, 7_000, 800)
    assert (richer.steps, richer.batch_size) == (1, int(1e12 / (3 * 9701122178)))


def test_a_whole_step_that_fits_is_never_cut():
    budget = training_budget(HEAVY, RECIPE | {"budget_tflop": 30}, 64, 7_000, 800)
    assert (budget.steps, budget.batch_size) == (1, 64)


def test_flop_bind_between_the_extremes():
    steps = training_budget(
        HEAVY, RECIPE | {"budget_tflop": 100, "max_steps": None}, 16, 7_000, 800
    ).steps
    assert steps == int(100e12 / 10 / (16 * 3 * 9701122178))


def test_null_is_the_papers_full_training():
    budget = training_budget(HEAVY, FULL, 64, 7_000, 800)
    assert (budget.steps, budget.validation) == (110, 800)


def test_more_budget_never_walks_twice_over_the_data_in_an_epoch():
    assert training_budget(LIGHT, RECIPE | {"max_steps": 10**6}, 64, 640, 60).steps == 10


def test_a_heavy_model_predicts_fewer_inputs_and_a_light_one_all():
    assert predicted_inputs(LIGHT, 2000, 0.5) == 2000
    assert predicted_inputs(HEAVY, 2000, 0.5) == 64
    assert predicted_inputs(HEAVY, 2000, 9.701122178) == 1000
    assert predicted_inputs(HEAVY, 2000, None) == 2000
