"""The work of any model, counted from its graph: FLOP, bytes and operations by kind and by layer.

FLOP as TensorFlow's profiler counts them: a multiply-add is two, an elementwise TensorFlow
operation (bias, activation) one an element, a pool one an element of its window. The graph is
XLA's text before any optimisation: nothing is compiled.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count as counter
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfscale.errors import reason
from tfscale.models.flop import (
    CONSTANT,
    DATA,
    RULES,
    WEIGHT,
    Value,
    convolution_shape,
    elements,
    is_free,
    kind_and_flop,
)
from tfscale.models.hlo import Array, Computation, Graph, Operation, Type, graph_of, loop_length
from tfscale.study.kinds import KINDS, LAST_CACHE

BATCHES = (2, 3)
"""What differs between a call of three examples and one of two is an example's."""


@dataclass
class Group:
    """Operations that are executed as one: a product, say, with its bias and activation.

    `times` is how often a call executes it (in loops); `reads` and `made` are bytes by the key of
    a value; `elementwise` is the elements of each elementwise step by TensorFlow operation.
    """

    kind: str
    op_name: str
    times: int
    flop: int = 0
    heavy: set[str] = field(default_factory=set)
    elementwise: dict[str, list[int]] = field(default_factory=dict)
    reads: dict[int, int] = field(default_factory=dict)
    made: dict[int, int] = field(default_factory=dict)
    leaves: set[int] = field(default_factory=set)
    normalises: bool = False

    @property
    def all_flop(self) -> int:
        """FLOP of one execution.

        What XLA spells out of one elementwise operation (erf, SELU) counts as one an element.
        """
        steps = self.elementwise.items()
        return self.flop + sum(
            sum(sizes) if op_name in self.heavy else max(sizes) for op_name, sizes in steps
        )

    @property
    def written(self) -> int:
        """Bytes that other groups or the caller read."""
        return sum(size for key, size in self.made.items() if key in self.leaves)


PARTS = ("slice", "dynamic-slice", "gather")
"""They read of their first operand as much as they write."""


class Walk:
    """The work of one call, by walking through its graph once."""

    def __init__(self, graph: Graph, inputs: int):
        """The entry computation has `inputs` inputs, and weights after them."""
        self.graph = graph
        self.inputs = inputs
        self.groups: list[Group] = []
        self.not_counted: dict[str, None] = {}
        self.weight_sizes: dict[int, int] = {}
        self.read: set[int] = set()
        self.weight_flop = 0
        self.input_bytes = 0
        self.reread = 0.0
        self.keys = counter()
        self.begun: dict[str, int] = {}

    def call(self) -> "Walk":
        """Walk through the entry computation."""
        entry = self.graph.entry
        parameters = [one for one in entry.operations.values() if one.opcode == "parameter"]
        arguments = {}
        for operation in parameters:
            number = operation.proto.parameter_number
            if number < self.inputs:
                arguments[number] = self._value(operation.type, DATA)
                self.input_bytes += sum(one.bytes for one in _leaves(arguments[number]))
            else:
                arguments[number] = self._weight(operation.type)
        self._leave(self._computation(entry, arguments, 1))
        return self

    def _weight(self, type_: Type):
        value = self._value(type_, WEIGHT)
        if isinstance(value, Value):
            self.weight_sizes[value.key] = value.bytes
            return replace(value, weights=frozenset({value.key}))
        return value

    def _value(self, type_: Type, depends: int, group: int | None = None, op_name: str = ""):
        if isinstance(type_, tuple):
            return [self._value(member, depends, group, op_name) for member in type_]
        return Value(
            type_,
            next(self.keys),
            type_.elements,
            type_.bytes,
            depends,
            group=group,
            op_name=op_name,
        )

    def _leave(self, value) -> None:
        """Note that a value is read outside of the group that makes it."""
        for one in _leaves(value):
            if one.group is not None:
                self.groups[one.group].leaves.add(one.key)

    def _computation(self, computation: Computation, arguments: dict, times: int):
        outer, self.begun = self.begun, {}  # a TensorFlow operation stands in one computation
        values: dict = {}
        for number, operation in computation.live.items():
            operands = [values[operand] for operand in operation.operands]
            values[number] = self._operation(operation, operands, computation, arguments, times)
        self.begun = outer
        return values[computation.root_number]

    def _operation(self, operation, operands, computation, arguments, times):
        match operation.opcode:
            case "parameter":
                return arguments[operation.proto.parameter_number]
            case "constant":
                many = isinstance(operation.type, Array) and operation.type.elements > 1
                if many and re.match(r"B?F\d", operation.type.dtype):
                    return self._weight(operation.type)
                return self._value(operation.type, CONSTANT)
            case "tuple":
                return operands
            case "get-tuple-element":
                return operands[0][operation.proto.tuple_index]
            case "call" | "fusion":
                called = self.graph.computations[operation.called[0]]
                return self._computation(called, dict(enumerate(operands)), times)
            case "while":
                return self._loop(operation, operands[0], computation, times)
            case "conditional":
                return self._branches(operation, operands, times)
        if is_free(operation, operands):
            if not operands or not isinstance(operands[0], Value):
                return operands[0] if operands else self._value(operation.type, CONSTANT)
            return replace(operands[0], type=operation.type)
        return self._work(operation, list(_leaves(operands)), times)

    def _loop(self, loop: Operation, carried, computation: Computation, times: int):
        """The body once, times its steps; a value that the body does not change stays itself."""
        self._leave(carried)
        body = self.graph.computations[loop.called[0]]
        steps = loop_length(self.graph, computation, loop)
        if steps is None:
            steps = 1
            self._miss(f"loop of unknown length, its body counted once: {_path(loop)}")
        carried = _alone(carried)
        while True:  # until it is clear which of the carried values depend on the inputs
            trial = Walk(self.graph, 0)
            trial.keys = self.keys
            after = trial._computation(body, {0: carried}, 1)
            merged = self._merged(carried, after)
            if [one.depends for one in _leaves(merged)] == [
                one.depends for one in _leaves(carried)
            ]:
                break
            carried = merged
        result = self._computation(body, {0: merged}, times * steps)
        self._leave(result)
        return _alone(merged)

    def _branches(self, operation: Operation, operands: list, times: int):
        """All branches: which of them a call takes is not known."""
        self._miss(f"which branch is taken, all are counted: {_path(operation)}")
        self._leave(operands)
        results = [
            self._computation(self.graph.computations[number], {0: _alone(operand)}, times)
            for number, operand in zip(operation.called, operands[1:], strict=True)
        ]
        self._leave(results)
        return self._value(operation.type, DATA)

    def _merged(self, before, after):
        if isinstance(before, list):
            return [self._merged(*pair) for pair in zip(before, after, strict=True)]
        if before.key == after.key:
            return before
        return self._value(before.type, max(before.depends, after.depends))

    def _miss(self, text: str) -> None:
        self.not_counted[text] = None

    def _work(self, operation: Operation, operands: list[Value], times: int):
        depends = max((one.depends for one in operands), default=CONSTANT)
        if operation.opcode not in RULES:
            name = f"{operation.opcode} {operation.proto.custom_call_target}".strip()
            self._miss(f"no rule for {name}: {_path(operation)}")
        for position, operand in enumerate(operands):
            if not (operation.opcode == "gather" and position == 0):
                self.read |= operand.weights
        if depends == CONSTANT or operation.opcode not in RULES:
            self._leave(operands)
            return self._value(operation.type, depends)
        kind, flop = kind_and_flop(operation, operands)
        if depends == WEIGHT:
            self.weight_flop += flop * times
            return self._value(operation.type, WEIGHT)
        number = self._group_of(operation, operands, kind, times)
        group = self.groups[number]
        if kind == "elementwise":
            group.elementwise.setdefault(_op(operation), []).append(flop)
        else:
            group.flop += flop
            group.heavy.add(_op(operation))
        if kind == "conv_spanning":
            kernel = operands[1].bytes
            rows = convolution_shape(operation, operands).rows
            self.reread += times * rows * kernel * min(1.0, kernel / LAST_CACHE)
        result = self._value(operation.type, DATA, number, _op(operation))
        self._move(operation, operands, result, number)
        return result

    def _group_of(self, operation, operands: list[Value], kind: str, times: int) -> int:
        """The number of the group that an operation belongs to; a new one if it must be.

        It belongs to the group that its TensorFlow operation began, or to the latest group that it
        reads from if it is elementwise and as large as what that group makes. A group never reads
        from a later one, so that groups can be executed in order.
        """
        op_name, heavy = _op(operation), kind != "elementwise"
        read = [one for one in operands if one.depends == DATA and one.group is not None]
        latest = max((one.group for one in read if one.group is not None), default=-1)
        begun = self.begun.get(op_name, -1)
        if begun >= 0 and latest <= begun:
            group = self.groups[begun]
            inner = [one.elements for one in read if one.group == begun]
            wider = inner and elements(operation.type) > max(inner)
            group.normalises |= bool(wider) and group.kind == "reduction" and not heavy
            group.kind = min(kind, group.kind, key=KINDS.index)
            return begun
        if latest >= 0 and not heavy and self.groups[latest].times == times:
            last = [one for one in read if one.group == latest]
            same = any(one.op_name == op_name for one in last)
            fits = any(one.elements == elements(operation.type) for one in last)
            if same or (fits and self.groups[latest].kind not in ("lookup", "movement")):
                return latest
        self.groups.append(Group(kind, op_name, times))
        self.begun[op_name] = len(self.groups) - 1
        return len(self.groups) - 1

    def _move(self, operation: Operation, operands: list[Value], result, number: int) -> None:
        """Note what an operation reads from beyond its group, and what it makes."""
        group, opcode = self.groups[number], operation.opcode
        made = sum(one.bytes for one in _leaves(result))
        if opcode in ("dynamic-update-slice", "scatter"):  # the rest stays where it is
            made = operands[1 if opcode == "dynamic-update-slice" else -1].bytes
            operands = operands[1:]
        for position, one in enumerate(operands):
            part = opcode in PARTS and position == 0
            if one.depends == DATA and one.group != number:
                known = group.reads.get(one.key, 0)
                group.reads[one.key] = min(one.bytes, known + made) if part else one.bytes
            elif part and one.depends == WEIGHT:
                group.reads[next(self.keys)] = made
            if one.group != number:
                self._leave(one)
        for one in _leaves(result):
            group.made[one.key] = min(one.bytes, made)

    def amounts(self) -> dict[Any, Any]:
        """All that scales with the batch, by column, and by layer and kind."""
        found: dict[Any, Any] = {
            f"{kind}_{what}": 0 for what in ("flop", "bytes") for kind in KINDS
        }
        found |= {"flop": 0, "activation_bytes": self.input_bytes}
        found |= {"reread_kernel_bytes": self.reread}
        found |= {"weight_bytes": sum(self.weight_sizes.values())}
        found["read_weight_bytes"] = sum(self.weight_sizes.get(key, 0) for key in self.read)
        for group in self.groups:
            kind = "elementwise" if group.normalises else group.kind
            flop = group.times * group.all_flop
            size = group.times * (sum(group.reads.values()) + group.written)
            found["flop"] += flop
            found["activation_bytes"] += group.times * group.written
            found[f"{kind}_flop"] += flop
            found[f"{kind}_bytes"] += size
            for what, amount in (("flop", flop), ("bytes", size)):
                key = (_layer(group.op_name), kind, what)
                found[key] = found.get(key, 0) + amount
        return found

    @property
    def operations(self) -> int:
        """How many groups a call executes."""
        return sum(group.times for group in self.groups)


def _leaves(value) -> Iterator[Value]:
    """All arrays of a value that may be a tuple."""
    if isinstance(value, Value):
        yield value
    else:
        for member in value:
            yield from _leaves(member)


def _alone(value):
    """A value, or those of a tuple, out of every group."""
    if isinstance(value, Value):
        return replace(value, group=None)
    return [_alone(one) for one in value]


def _op(operation: Operation) -> str:
    """The TensorFlow operation that it is a part of; its own name where XLA does not tell."""
    return operation.op_name or operation.proto.name


def _path(operation: Operation) -> str:
    return _op(operation).rpartition(";")[2]


INNER = re.compile(
    r"(\w*PartitionedCall|while|moments|batchnorm|einsum|Gelu|Tensordot|TensorArray\w*)(_\d+)?"
)
"""Scopes of a path that are no layer: functions around it, and parts of what a layer does."""


def _layer(op_name: str) -> str:
    """The path of the layer, without the operation at its end."""
    parts = op_name.rpartition(";")[2].split("/")
    return "/".join(part for part in parts[:-1] if not INNER.fullmatch(part)) or parts[-1]


def count(function: Callable, specs: dict[str, tf.TensorSpec]) -> dict:
    """Count the work of a call of a function: by kind, by layer, and what is not counted.

    `function` takes tensors by keyword; `specs` has None as the first dimension where that is the
    batch, and all others fixed. A signature of a SavedModel works while the loaded model is kept.
    """
    try:
        walks = [walk(function, specs, batch) for batch in BATCHES]
    except (tf.errors.OpError, ValueError, TypeError, LookupError, NotImplementedError) as error:
        return _from_statistics(function, specs, error)
    few, more = (walk.amounts() for walk in walks)
    example: dict[Any, Any] = {key: more[key] - few.get(key, 0) for key in more}
    call = {key: few.get(key, 0) - BATCHES[0] * each for key, each in example.items()}
    missing = list(walks[0].not_counted)
    if call["flop"] < 0:
        missing.append("work that grows faster than the batch")
    columns = {
        "operations": walks[0].operations,
        "flop_per_example": example["flop"],
        "flop_per_call": max(0, call["flop"]) + walks[0].weight_flop,
        **{f"{kind}_flop": example[f"{kind}_flop"] for kind in KINDS},
        "weight_bytes": call["weight_bytes"],
        "read_weight_bytes": call["read_weight_bytes"],
        "reread_kernel_bytes": round(example["reread_kernel_bytes"]),
        "activation_bytes": example["activation_bytes"],
        **{f"{kind}_bytes": example[f"{kind}_bytes"] for kind in KINDS},
    }
    return columns | {"layers": _layers(example), "not_counted": missing, "counted_by": "hlo"}


def _layers(example: dict) -> list[dict]:
    """Rows by layer and kind in the graph's order, without the model's name before all layers."""
    keys = list(dict.fromkeys(key[:2] for key in example if isinstance(key, tuple)))
    first = {layer.partition("/")[0] for layer, _ in keys}
    cut = len(first) == 1
    return [
        {
            "layer": layer.partition("/")[2] or layer if cut else layer,
            "kind": kind,
            "flop": example[layer, kind, "flop"],
            "bytes": example[layer, kind, "bytes"],
        }
        for layer, kind in keys
    ]


def walk(function: Callable, specs: dict, batch: int) -> Walk:
    """The work of one call of a batch size; see `count`."""
    compiled = tf.function(lambda **inputs: function(**inputs), jit_compile=True, autograph=False)
    return Walk(graph_of(compiled, **_at(specs, batch)), len(specs)).call()


def _at(specs: dict, batch: int) -> dict:
    """The specifications with a batch size."""
    return {
        name: tf.TensorSpec(
            [batch if i == 0 and dim is None else dim for i, dim in enumerate(spec.shape)],
            spec.dtype,
        )
        for name, spec in specs.items()
    }


STATISTICS = {
    "MatMul": "matmul",
    "BatchMatMul": "matmul",
    "BatchMatMulV2": "matmul",
    "Einsum": "matmul",
    "Conv2D": "conv",
    "Conv3D": "conv",
    "Conv2DBackpropInput": "conv",
    "DepthwiseConv2dNative": "conv_depthwise",
    "MaxPool": "reduction",
    "AvgPool": "reduction",
    "Mean": "reduction",
    "Sum": "reduction",
    "Max": "reduction",
    "ArgMax": "reduction",
}
"""The kind of what TensorFlow's profiler counts, by type of operation; others are elementwise."""
IDLE = ("Const", "Placeholder", "Identity", "IdentityN", "NoOp", "Reshape", "ReadVariableOp")


def _from_statistics(function: Callable, specs: dict, error: Exception) -> dict:
    """The FLOP of the frozen graph by TensorFlow's profiler, for what XLA cannot take."""
    traced = tf.function(lambda **inputs: function(**inputs), autograph=False)
    traces = [traced.get_concrete_function(**_at(specs, batch)) for batch in BATCHES]
    weights = sum(one.dtype.size * one.shape.num_elements() for one in traces[0].variables)
    missing = [f"bytes, layers, loops, tables: XLA cannot take the model ({reason(error)})"]
    try:
        graphs = [convert_variables_to_constants_v2(trace).graph for trace in traces]
    except (tf.errors.OpError, ValueError, TypeError, KeyError) as problem:
        graphs = [trace.graph for trace in traces]
        missing.append(f"products with weights: the graph cannot be frozen ({reason(problem)})")
    few, more = (_profiled(*pair) for pair in zip(graphs, BATCHES, strict=True))
    nodes = [node for node in graphs[0].get_operations() if node.type not in IDLE]
    missing += [
        f"no statistics of {node.type}: {node.name}"
        for node in nodes
        if node.type in STATISTICS and not more.get(node.type)
    ]
    few, more = (_by_kind(flop) for flop in (few, more))
    example = {kind: more[kind] - few[kind] for kind in KINDS}
    return {
        "operations": len(nodes),
        "flop_per_example": sum(example.values()),
        "flop_per_call": max(0, sum(few.values()) - BATCHES[0] * sum(example.values())),
        **{f"{kind}_flop": flop for kind, flop in example.items()},
        "weight_bytes": weights,
        "read_weight_bytes": weights,
        "reread_kernel_bytes": 0,
        "activation_bytes": 0,
        **{f"{kind}_bytes": 0 for kind in KINDS},
        "layers": [],
        "not_counted": missing,
        "counted_by": "graph",
    }


def _profiled(graph: tf.Graph, batch: int) -> dict[str, int]:
    """FLOP by type of operation; a first dimension that is not known is taken for the batch."""
    for tensor in (output for node in graph.get_operations() for output in node.outputs):
        if tensor.shape.rank and tensor.shape[0] is None:
            tensor.set_shape([batch, *tensor.shape[1:]])
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    found = {}
    profile = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    while profile.children:  # each type has the next as its child
        profile = profile.children[0]
        found[profile.name] = profile.float_ops
    return found


def _by_kind(flop_by_type: dict[str, int]) -> dict[str, int]:
    found = dict.fromkeys(KINDS, 0)
    for name, flop in flop_by_type.items():
        found[STATISTICS.get(name, "elementwise")] += flop
    return found
