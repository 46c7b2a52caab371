"""How a job's function gets its arguments: by the names that the rule gives them."""

from importlib import import_module
from inspect import signature
from typing import Any

from tfscale.axes import adopt

SHAPED = ("family", "recipe", "called_by")
"""Params of a single job that shape what it makes, as settings do that of all jobs of a rule."""


def imported(target: str) -> Any:
    """Import what `module:name` stands for.

    >>> imported("math:sqrt")(9)
    3.0
    """
    module, name = target.split(":")
    return getattr(import_module(module), name)


def call(function: str, inputs: dict, outputs: dict, settings: dict) -> object:
    """Call `function` (module:name) with the inputs, outputs and settings that it names; returns
    its answer.

    The file `cells` may be named `cells_path` too; an argument `inputs`, `outputs` or `settings`
    gets all of that kind. The process takes in the study's `families` first.

    >>> call("statistics:fmean", {"data": [1, 2]}, {"table": "unused.csv"}, {})
    1.5
    """
    if "families" in settings:
        adopt(settings["families"])
    called = imported(function)
    whole = {"inputs": inputs, "outputs": outputs, "settings": settings}
    files = inputs | outputs
    offered = whole | {f"{name}_path": path for name, path in files.items()} | files | settings
    named = signature(called).parameters
    return called(**{name: offered[name] for name in named if name in offered})
