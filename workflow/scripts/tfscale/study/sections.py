"""What a job depends on of the configuration, in one order of keys however it is written."""

import json

RECIPE = ("epochs", "learning_rate", "dropout", "budget_tflop", "max_steps")


def recipe(config: dict) -> dict:
    """The training settings that shape the weights of a model whose axes are given; what is off
    is left out, so that models of before it could be switched on stay as they are."""
    training = config["training"]
    extra = {"deterministic": True} if training.get("deterministic") else {}
    return {key: training[key] for key in RECIPE} | extra


NUMBERS = ("rounds", "further_rounds", "sentinels")
FURTHER = ("cell_cap_s",)


def is_further(timing: dict, walk: str, number: int) -> bool:
    """Whether run `number` of a walk is of a further round, which times only imprecise cells;
    `timing` is that section of the configuration."""
    return walk == "runs" and number > timing["rounds"]


def protocol(config: dict, walk: str = "runs", number: int = 1) -> dict:
    """The timing settings that run `number` of a walk depends on: not how many there are, but
    whether it is of a further round, and what counts only there; the passes only where they are
    really timed. A sentinel makes its fewest visits and no more: it shows drift, not a latency."""
    timing = config["timing"]
    further = is_further(timing, walk, number)
    others = NUMBERS if further else NUMBERS + FURTHER
    settings = {key: value for key, value in sorted(timing.items()) if key not in others}
    if further:
        settings["further"] = True
    if walk == "sentinels":
        settings["max_visits"] = settings["visits"]
    if settings["protocol"] == "paper":
        settings["passes"] = config["evaluation"]["passes"]
    return settings


def evaluation(config: dict) -> dict:
    """The inputs and passes."""
    return {key: config["evaluation"][key] for key in ("inputs", "passes")}


def predicting(config: dict) -> dict:
    """What the predictions beside a model depend on: the inputs of a pass and the budget."""
    return {key: config["evaluation"][key] for key in ("inputs", "budget_tflop")}


def plan(config: dict) -> dict:
    """The analysis plan, as `material.Plan` takes it."""
    return dict(sorted(config["analysis"].items())) | {
        "predict": config["predict"],
        "latency_ms": config["budget"]["latency_ms"],
        "seed": config["seed"],
    }


def shown(config: dict) -> dict:
    """What the report shows: all but the places of files and what is asked of this call alone."""
    settings = {key: value for key, value in config.items() if key not in ("pathvars", "partial")}
    settings["datasets"] = {"source": config["datasets"]["source"]}
    return json.loads(json.dumps(settings, sort_keys=True))
