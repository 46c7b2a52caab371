"""The typed model of config.yaml: every key with its type, its bounds and its meaning."""

from collections.abc import Hashable
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from tfscale.axes import AXES, SHAPES

CLAIMS = Literal[
    "C1",
    "C2",
    "C3",
    "C3 layers in seconds",
    "C3 layers in per cent",
    "C3 layers of repeats in per cent",
    "C4",
    "C4 conv_size",
    "C4 batch_size",
    "C5",
    "C6",
    "C7",
    "C7 layers in seconds",
    "C7 layers in per cent",
    "C7 layers of repeats in per cent",
    "C7 conv_size in seconds",
    "C7 conv_size in per cent",
    "C7 conv_size of repeats in per cent",
    "C8",
    "C8 batch_size",
]
TWICE = "twice"
"""The type of the error about a list that names a value twice."""


class Section(BaseModel):
    """A closed section of keys. Numbers are numbers (`1` is one for `1.0`), texts are none."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def _distinct(values: list) -> list:
    twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
    if twice:
        raise PydanticCustomError(TWICE, "{values}", {"values": ", ".join(map(str, twice))})
    return values


def _listed(value: object) -> object:
    """One value stands for a list of it."""
    return value if isinstance(value, list) else [value]


Value = TypeVar("Value", bound=Hashable)
Text = Annotated[str, Field(min_length=1)]
Size = Annotated[int, Field(ge=1)]
Distinct = Annotated[list[Value], AfterValidator(_distinct)]
Levels = Annotated[list[Value], Field(min_length=1), AfterValidator(_distinct)]


class CallAxes(Section):
    """Levels of the axes; the cells are all combinations. Every other key is an axis of the models
    (docs/families.md): a parameter of their family's build."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})

    model: Levels[Text]
    """Families: mnist = images and text = movie reviews (the paper's), mlp, mobilenet, transformer,
    or those under `families`."""
    batch_size: Levels[Annotated[int, Field(ge=1, le=2000)]]
    """Examples a call."""
    threads: Levels[Annotated[int, Field(ge=1, le=1024)]] = [1]
    """Threads of one operation, each pinned to a CPU (default: 1)."""
    precision: Levels[Literal["float32", "bfloat16"]] = ["float32"]
    """Numbers of weights and activations; bfloat16 models are trained in float32 and rounded
    (default: float32)."""
    jit: Levels[bool] = [False]
    """Whether XLA compiles the call (default: false)."""
    runtime: Levels[Literal["tensorflow", "predict", "onnxruntime", "litert", "openvino"]] = [
        "tensorflow"
    ]
    """tensorflow = the SavedModel's serving signature, predict = Keras' model.predict, others = the
    converted model (docs/runtimes.md; default: tensorflow)."""
    environment: Levels[Text] = ["own"]
    """own = the study's, others = those under `environments` (default: own)."""


Grid = Annotated[
    list[CallAxes],
    Field(min_length=1),
    BeforeValidator(_listed, json_schema_input_type=CallAxes | list[CallAxes]),
]


class Reason(Section):
    """Values of axes, each one or a list, and why such cells are not run."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})

    reason: Text
    """Why these cells are not run; shown with each of them."""


def _values(kind: Any) -> tuple[Any, Any]:
    """One value of an axis or a list of values."""
    either = kind | Levels[kind]  # type: ignore[valid-type]
    listed = BeforeValidator(_listed, json_schema_input_type=either)
    values = Annotated[Levels[kind], listed]  # type: ignore[valid-type]
    return values, None


class SavedModels(Section):
    """SavedModel folders that are there already."""

    saved_model: Text
    """Their place, with the axes in braces, e.g. models/v{depth}_{width}."""
    inputs: dict[Text, dict[Text, Any]] = {}
    """Bounds and shapes of made-up inputs by name, as INPUTS of a family's file."""


class Environment(Section):
    """Another environment in which the same models are timed; empty = the study's own."""

    python: Text | None = None
    """An interpreter that has TensorFlow, pandas, pyarrow and psutil, e.g.
    .venv-2.20/bin/python."""
    conda: Text | None = None
    """With --use-conda: the file of an environment that has them."""


class Compare(Section):
    """Two values of an axis, for a verdict in CI (results/gate.txt)."""

    of: Literal["runtime", "environment"]
    """The axis."""
    base: Text
    """The value of before."""
    new: Text
    """The value that must not be slower."""
    slower_at_most: float = Field(default=1.05, gt=1)
    """The ratio of latencies that is still fine (default: 1.05)."""


class Folders(Section):
    """Folders of the study."""

    results: Text = "results"
    """Models, runs, tables, figures and the report (default results)."""
    resources: Text = "resources"
    """Downloads and encoded data (default resources)."""
    logs: Text = "<results>/logs"
    """One log a job (default results/logs)."""
    models: Text = "<results>/models"
    """Trained models; another study's folder shares them (default results/models)."""


class Datasets(Section):
    """Where the data comes from."""

    source: Literal["real", "builtin"]
    """real = Fashion-MNIST and the movie reviews; builtin = generated from the seed, no network."""
    mirror: Text | None
    """A folder or URL that is tried before the official addresses; null = none. The environment
    variable TFSCALE_MIRROR goes before it."""


class Training(Section):
    """How each model is trained."""

    epochs: int = Field(ge=1, le=1000)
    """Walks over a model's share of the training data; the best one by validation accuracy is
    kept."""
    learning_rate: float = Field(gt=0, le=1)
    """Adam's step size."""
    batch_size: Annotated[int, Field(ge=1, le=10_000)] | None
    """Examples a training step; null = the cell's own batch size, a number = one model shared
    between batch sizes."""
    validation_share: float = Field(gt=0, le=0.5)
    """Share of the training data held back for choosing the best epoch."""
    budget_tflop: Annotated[float, Field(gt=0)] | None
    """Training work of one model in TFLOP (analytic, forward and backward), divided evenly over
    the epochs; null = no limit."""
    max_steps: Size | None
    """Most training steps of one model, divided evenly over the epochs; null = no limit."""
    deterministic: bool = False
    """Train with TensorFlow's deterministic operations only: same seed and environment, same
    weights to the last bit; slower (default: false)."""


class Evaluation(Section):
    """The inputs that the models predict."""

    inputs: int = Field(ge=64, le=2000)
    """Test inputs of one pass."""
    passes: int = Field(ge=1, le=1000)
    """Passes of the paper's protocol (its "iterations"); where they are not timed, a new number
    times nothing again."""
    budget_tflop: Annotated[float, Field(gt=0)] | None
    """Work in TFLOP (analytic) of predicting the test inputs with one model, for its accuracy; a
    large model predicts fewer inputs than those of a pass, but at least 64; null = no limit."""


class Timing(Section):
    """How each cell is timed."""

    protocol: Literal["short", "paper"]
    """short = every process times a short block of calls; paper = every process runs all passes
    of all inputs."""
    rounds: int = Field(ge=1, le=100)
    """Walks over all cells in random order; five make an interval. More narrow it, and only the
    new ones are timed."""
    processes: int = Field(ge=1, le=100)
    """Fresh processes a run; more on clusters and wide grids, where a job is dear."""
    coverage: float = Field(gt=0.5, lt=1)
    """Least coverage of a latency's interval; 0.9375 can be claimed from 5 processes of a cell,
    0.95 from 6. Another one times nothing again."""
    min_time_s: float = Field(gt=0, le=600)
    """Shortest timed block of a process in seconds."""
    min_calls: int = Field(ge=1, le=100_000)
    """Fewest timed calls of a process (fewer of slow calls)."""
    isolation: Literal["fork", "exec"]
    """How a fresh process starts; fork = from a parent that only imported TensorFlow, exec = a
    new interpreter (GPU, macOS)."""
    time_limit_s: float = Field(gt=0)
    """Seconds after which a process fails its cell; a new limit does not time finished cells
    again."""


class Analysis(Section):
    """The analysis plan."""

    confidence: float = Field(gt=0.5, lt=1)
    """Coverage asked of every interval."""
    primary: Distinct[CLAIMS]
    """The tests that were planned, corrected together by Holm: the paper's claims by number (with
    all their parts), or parts by name; the others are exploratory (Benjamini-Hochberg)."""
    bootstrap: int = Field(ge=20, le=10_000)
    """Resamples of the processes that say how often each law wins."""


class Import(Section):
    """A table from elsewhere."""

    path: Text
    """A CSV file of the paper (Layers, BatchSize, ConvSize, TotalTime, MeanTime) or the
    runs.parquet of another study."""
    name: Text
    """What the report calls this machine; not the name of a host in the study."""
    model: Text | None = None
    """The family of a CSV file of the paper: mnist or text."""
    sha256: Text | None = None
    """Checksum that the file must have (sha256sum prints it); for files without a seal of their
    own, CSV files above all."""


class Budget(Section):
    """What must be kept; the report names the largest model within it."""

    latency_ms: Annotated[float, Field(gt=0)] | None
    """Longest time of a call in ms; null = no question asked."""
    price_per_hour: Annotated[float, Field(gt=0)] | None = None
    """Price of an hour of such a machine; the report then says what a million examples cost."""


class Config(Section):
    """One study: a grid, a training recipe, a timing protocol and an analysis plan."""

    model_config = ConfigDict(title="tfscale study")

    seed: int = Field(ge=0, le=2**32 - 1)
    """Seed of the data split, the weights and the timing order."""
    families: dict[Text, Text | SavedModels] = {}
    """Models of your own, by name: a Python file (docs/families.md) or SavedModel folders; built in
    are mnist, text, mlp, mobilenet and transformer."""
    grid: Grid
    """The cells of the study; one sub-grid, or a list of sub-grids whose union is taken."""
    environments: dict[Text, Environment] = {}
    """Other environments in which the cells are timed, by the names that `grid.environment` gives
    them, e.g. {before: {python: .venv-2.20/bin/python}}."""
    compare: Compare | None = None
    """What `snakemake results/gate.txt` compares; null = nothing."""
    exclude: list[Reason] = []
    """Cells of the grid that are known to be impossible and are not run, e.g. {layers: 10,
    conv_size: 8, reason: out of memory}; the report names each with its reason."""
    node_class: Text | None = None
    """On a cluster: what the nodes are called whose timings count as those of one machine; they
    must agree in processor, kernel and versions, or the merge refuses them. null = every node is a
    machine of its own."""
    datasets: Datasets
    """Where the data comes from."""
    training: Training
    """How each model is trained."""
    evaluation: Evaluation
    """The inputs that the models predict."""
    timing: Timing
    """How each cell is timed."""
    analysis: Analysis
    """The analysis plan."""
    imports: list[Import] = []
    """Tables from elsewhere, analysed by the same code and shown beside the study, never pooled
    with it."""
    predict: Grid | None = None
    """Cells that are not run but predicted; a sub-grid, a list of them, or null."""
    sample: Size | dict[Text, Size] | None = None
    """Cells of each family's grid that are timed, and 10 more as a check; all others are predicted.
    A number, one by family ({mnist: 40}), or null = all are timed."""
    also: Distinct[Text] = []
    """Cells, by name, that are timed although the sample leaves them out (the report names which
    tell most)."""
    budget: Budget = Budget(latency_ms=None)
    """What must be kept; the report names the largest model within it."""
    pathvars: Folders = Folders()
    """Folders of the study, relative to the working directory."""
    partial: bool = False
    """Report what is there and list what is missing, without training or timing; for the command
    line: snakemake results/report.html --config partial=true."""


def config_model() -> type[Config]:
    """The configuration of a study over the families that were taken in: their axes are keys of its
    sub-grids."""
    return _config_model(tuple((axis, AXES[axis].kind) for axis in SHAPES))


@cache
def _config_model(shapes: tuple[tuple[str, type], ...]) -> type[Config]:
    own: dict[str, Any] = {axis: (Levels[kind], None) for axis, kind in shapes}  # type: ignore[valid-type]
    every: dict[str, Any] = {axis: _values(spec.kind) for axis, spec in AXES.items()}
    subgrid: Any = create_model("Subgrid", __base__=CallAxes, **own)
    excluded: Any = create_model("Excluded", __base__=Reason, **every)
    grid: Any = Annotated[list[subgrid], Field(min_length=1), BeforeValidator(_listed)]
    keys: dict[str, Any] = {
        "grid": (grid, ...),
        "predict": (grid | None, None),
        "exclude": (list[excluded], []),
    }
    return create_model("Config", __base__=Config, **keys)
