"""The axes of the grid, and the names of cells made from them.

Model axes are the parameters of a family's `build`; call axes are the same for all. A process works
on one study, whose families it takes in once (`adopt`), before anything asks for an axis.

>>> Axis("conv").in_name(3), Axis("jit", bool, default=False, quiet=True).in_name(False)
('conv3', '')
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Cell = dict[str, Any]
"""One value on every axis that its family has."""
KINDS = {"int": int, "float": float, "bool": bool, "str": str}


@dataclass(frozen=True)
class Axis:
    """One degree of freedom.

    `kind` is the type of its values (numbers have an order and a law; texts, truth values and
    numbers that are not `positive` are compared in pairs), `default` the value of a sub-grid that
    does not name it (None: it must be named). A `quiet` axis stays out of names at its default.
    """

    short: str
    kind: type = int
    default: int | float | str | bool | None = None
    quiet: bool = False
    positive: bool = True

    @property
    def ordered(self) -> bool:
        """Whether its values have an order, whose law is fitted."""
        return self.kind in (int, float) and self.positive

    def in_name(self, value: float | str | bool) -> str:
        """Its part of a cell's name: short form and value; nothing for a quiet default."""
        if self.quiet and value == self.default:
            return ""
        return self.short if value is True else f"{self.short}{value}"


@dataclass(frozen=True)
class Family:
    """What the analysis and the page know of a family: its title, its model axes in the order of
    `build`, the paper's values of axes that the paper's tables do not name (None: not one of the
    paper's networks), and whether its models are trained."""

    title: str = ""
    axes: dict[str, Axis] = field(default_factory=dict)
    paper: dict[str, Any] | None = None
    trained: bool = False


MODEL = Axis("", str)
BATCH_SIZE = Axis("batch")
THREADS = Axis("threads", default=1)
CALL_AXES = {
    "batch_size": BATCH_SIZE,
    "threads": THREADS,
    "precision": Axis("", str, default="float32", quiet=True),
    "jit": Axis("jit", bool, default=False, quiet=True),
    "runtime": Axis("", str, default="tensorflow", quiet=True),
    "environment": Axis("", str, default="own", quiet=True),
}
"""The axes of a call, the same for every family. docs/decisions.md says what a new one needs."""
OF_TENSORFLOW = ("tensorflow", "predict")
"""The runtimes that load the SavedModel itself; others load what was converted."""
COMPARED = ["runtime", "environment"]
"""Axes whose values are compared: they have environments of their own, and never stand together in
another figure or sentence."""
RESERVED = ("model", *CALL_AXES, "path")
"""Names that no parameter of `build` may have: axes of every call, now or later."""
COLUMNS = frozenset(
    """affinity batches called_batch calls cell cells chance
    context_switches_involuntary context_switches_voluntary coverage cpu_model data
    device disturbed disturbed_processes disturbed_reason doubtful durations_ns
    enough_batch environment_id environment_record extrapolates factor fold
    greatest_batch group half_width host hours isolation label label_support largest_by
    left_out level load_average log machine made noise note number
    operations order_index os_threads output_difference p_bonferroni p_value parameters
    phase place predicted predictor pretty process processes protocol ratio
    repeat_half_width round rounds row seed settled slice source started t_value test
    test_accuracy trained training_examples training_steps unsettled_processes verdict
    warmup_calls warnings why within_df within_ss work C I Q np""".split()  # noqa: SIM905 sixty words
)
ENDINGS = (
    "_s",
    "_ns",
    "_bytes",
    "_flop",
    "_share",
    "_low",
    "_high",
    "_examples",
    "_example",
    "_call",
)
"""Columns of tables with axes, and what stands in their formulas."""


def is_column(name: str) -> bool:
    """Whether a table would have two columns of this name, were it an axis.

    >>> is_column("latency_s"), is_column("width")
    (True, False)
    """
    return name in COLUMNS or name.endswith(ENDINGS)


FAMILIES: dict[str, Family] = {}
"""The families of this process's study."""
AXES: dict[str, Axis] = {"model": MODEL, **CALL_AXES}
"""Every axis of them, in the order of the tables' columns: the model axes behind `model`."""
FACTORS: list[str] = []
"""The axes with an order, whose law is fitted."""
CATEGORIES: list[str] = []
"""The axes without an order, whose values are compared in pairs; models are never pooled."""
SHAPES: list[str] = []
"""The model axes of all families: cells of a model that differ in none share an architecture."""


def adopt(families: Mapping[str, Mapping]) -> None:
    """Take in the families of the study as plain data: for each `axes` (name to kind, short,
    default, positive) and, where they apply, title, paper and trained."""
    FAMILIES.clear()
    FAMILIES.update({name: _family(about) for name, about in families.items()})
    AXES.clear()
    AXES["model"] = MODEL
    for family in FAMILIES.values():
        for name, axis in family.axes.items():
            known = AXES.setdefault(name, axis)
            if axis.kind is float or not axis.positive:
                AXES[name] = Axis(
                    known.short, axis.kind, known.default, positive=known.positive and axis.positive
                )
    SHAPES[:] = [name for name in AXES if name != "model"]
    AXES.update(CALL_AXES)
    FACTORS[:] = [name for name, axis in AXES.items() if axis.ordered]
    CATEGORIES[:] = [name for name in AXES if name not in FACTORS and name != "model"]


def _family(about: Mapping) -> Family:
    axes = {
        name: Axis(
            spec.get("short", name),
            KINDS[spec["kind"]],
            spec.get("default"),
            quiet=spec.get("default") is not None,
            positive=spec.get("positive", True),
        )
        for name, spec in about["axes"].items()
    }
    rest = {key: about[key] for key in ("title", "paper", "trained") if key in about}
    return Family(axes=axes, **rest)


def model_axes(model: str) -> list[str]:
    """The axes that shape a family's models, in the order of its `build`."""
    return list(FAMILIES[model].axes)


def axes_of(model: str) -> dict[str, Axis]:
    """Every axis of a family's cells but `model`."""
    return FAMILIES[model].axes | CALL_AXES


def defaults(model: str) -> Cell:
    """The value of every axis that a sub-grid of this family need not name."""
    known = axes_of(model).items()
    return {name: axis.default for name, axis in known if axis.default is not None}


def cell_name(cell: Cell) -> str:
    """The user's handle for a cell, e.g. `text_layers8_batch16_conv5_input56_threads1`.

    The first model axis stands before the batch size, the other ones that must be named behind it,
    then the call axes, last what differs from a default. An axis that the cell lacks is left out.
    """
    own = FAMILIES[cell["model"]].axes
    first = dict(list(own.items())[:1])
    named = {name: axis for name, axis in own.items() if not axis.quiet}
    order = first | {"batch_size": BATCH_SIZE} | named | {"threads": THREADS} | own | CALL_AXES
    parts = [axis.in_name(cell[name]) for name, axis in order.items() if name in cell]
    return "_".join([str(cell["model"]), *filter(None, parts)])
