"""Extra-P's side of the bench `prediction`, run by the Python of its own environment.

Reads a JSON list of tasks from standard input, each with `points` (a list of coordinates),
`values` (seconds) and `ask` (coordinates); writes a JSON list of predictions, null where Extra-P
has none. A parameter that does not vary among the points is left out, as Extra-P demands.
"""

import json
import logging
import sys
import warnings

from extrap.entities.callpath import Callpath  # type: ignore[import-not-found]
from extrap.entities.coordinate import Coordinate  # type: ignore[import-not-found]
from extrap.entities.experiment import Experiment  # type: ignore[import-not-found]
from extrap.entities.measurement import Measure, Measurement  # type: ignore[import-not-found]
from extrap.entities.metric import Metric  # type: ignore[import-not-found]
from extrap.entities.parameter import Parameter  # type: ignore[import-not-found]
from extrap.modelers.model_generator import ModelGenerator  # type: ignore[import-not-found]


def answer(task: dict) -> list[float | None]:
    """Extra-P's predictions for the coordinates that are asked for."""
    points, ask = task["points"], task["ask"]
    varying = [i for i in range(len(points[0])) if len({point[i] for point in points}) > 1]
    if not varying:
        return [None] * len(ask)
    try:
        function = model([[point[i] for i in varying] for point in points], task["values"])
        found = [function.evaluate([point[i] for i in varying]) for point in ask]
        return [float(value) for value in found]
    except Exception as error:
        print(f"Extra-P: {type(error).__name__}: {error}", file=sys.stderr)
        return [None] * len(ask)


def model(points: list[list[float]], values: list[float]):
    """Extra-P's function of the parameters, by its default modeler on medians."""
    experiment, metric, path = Experiment(), Metric("time"), Callpath("call")
    experiment.add_metric(metric)
    experiment.add_callpath(path)
    for number in range(len(points[0])):
        experiment.add_parameter(Parameter("pqrs"[number]))
    repeated: dict[tuple, list[float]] = {}
    for point, value in zip(points, values, strict=True):
        repeated.setdefault(tuple(point), []).append(value)
    for place, seconds in repeated.items():
        coordinate = Coordinate(*place)
        experiment.add_coordinate(coordinate)
        experiment.add_measurement(Measurement(coordinate, path, metric, seconds))
    generator = ModelGenerator(experiment, use_measure=Measure.MEDIAN)
    generator.model_all()
    (fitted,) = generator.models.values()
    return fitted.hypothesis.function


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    json.dump([answer(task) for task in json.load(sys.stdin)], sys.stdout)
