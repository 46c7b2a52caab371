"""XLA's graph of a call: computations of operations with static shapes, from its protocol buffers.

>>> import tensorflow as tf
>>> relu = tf.function(lambda x: tf.nn.relu(x, name="net/relu"), jit_compile=True)
>>> for one in graph_of(relu, x=tf.TensorSpec([2, 3])).entry.live.values():
...     if one.opcode == "maximum":
...         print(one.type, one.type.bytes, one.op_name)
Array(dtype='F32', dims=(2, 3)) 24 net/relu
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import tensorflow as tf
from tensorflow.compiler.xla.service.hlo_pb2 import HloModuleProto
from tensorflow.compiler.xla.xla_data_pb2 import PrimitiveType

LONGEST_LOOP = 100_000
"""A loop of more steps counts as one of unknown length."""


@dataclass(frozen=True)
class Array:
    """The type of an array: XLA's name of its number type, and its shape."""

    dtype: str
    dims: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.dims)

    @property
    def bytes(self) -> int:
        """Its size; a number of less than eight bits takes a byte."""
        bits = re.search(r"\d+", self.dtype)
        width = max(1, int(bits[0]) // 8) if bits else int(self.dtype == "PRED")
        return width * self.elements


Type = Array | tuple["Type", ...]
"""The type of a value: an array or a tuple of types."""


class Operation:
    """What it makes, from which operands, and of which TensorFlow operation it is a part.

    `op_name` is the path of the TensorFlow operation, Keras' layers among it; `called` are the
    computations that it calls, of a loop its body and its condition. All else that XLA says of it
    (window, dimensions, literal and so on) is in `proto`.
    """

    def __init__(self, proto: Any):
        """`proto` is an HloInstructionProto."""
        self.proto = proto
        self.opcode: str = proto.opcode
        self.type = _type(proto.shape)
        self.operands = tuple(proto.operand_ids)
        self.called = tuple(proto.called_computation_ids)
        self.op_type: str = proto.metadata.op_type
        self.op_name: str = proto.metadata.op_name


class Computation:
    """Operations by their number, in an order in which they can be executed."""

    def __init__(self, proto: Any):
        """`proto` is an HloComputationProto."""
        self.operations = {one.id: Operation(one) for one in proto.instructions}
        self.root_number = proto.root_id

    @property
    def root(self) -> Operation:
        """The operation that makes the result."""
        return self.operations[self.root_number]

    @cached_property
    def live(self) -> dict[int, Operation]:
        """The operations that the result depends on, in order."""
        needed = {self.root_number}
        for number, operation in reversed(self.operations.items()):
            if number in needed:
                needed.update(operation.operands)
        return {number: one for number, one in self.operations.items() if number in needed}


class Graph:
    """All computations by number, and the `entry` that is executed."""

    def __init__(self, proto: Any):
        """`proto` is an HloModuleProto."""
        self.computations = {one.id: Computation(one) for one in proto.computations}
        self.entry = self.computations[proto.entry_computation_id]


def graph_of(compiled: Any, **specs: tf.TensorSpec) -> Graph:
    """The graph before any optimisation of a tf.function with `jit_compile`: nothing is compiled.

    `specs` are its arguments by keyword, of fixed shapes; raises what TensorFlow raises where XLA
    cannot take it.
    """
    made = compiled.experimental_get_compiler_ir(**specs)
    return Graph(HloModuleProto.FromString(made(stage="hlo_serialized", platform_name="CPU")))


def _type(shape: Any) -> Type:
    dtype = PrimitiveType.Name(shape.element_type)
    if dtype == "TUPLE":
        return tuple(_type(member) for member in shape.tuple_shapes)
    return Array(dtype, tuple(shape.dimensions))


COMPARE: dict[str, Callable] = {
    "LT": operator.lt,
    "LE": operator.le,
    "GT": operator.gt,
    "GE": operator.ge,
    "EQ": operator.eq,
    "NE": operator.ne,
}
SCALAR: dict[str, Callable] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "maximum": max,
    "minimum": min,
    "negate": operator.neg,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": operator.not_,
    "select": lambda condition, a, b: a if condition else b,
    **dict.fromkeys(("reshape", "copy", "convert", "bitcast"), lambda same: same),
}


class Scalars:
    """The single numbers of a computation that follow from its constants and known arguments.

    A number that depends on anything else is None; a tuple is a list.
    """

    def __init__(self, graph: Graph, computation: Computation, arguments: list):
        """`arguments` are the numbers of the parameters, as far as they are known."""
        self.graph, self.computation, self.arguments = graph, computation, arguments
        self.known: dict[int, object] = {}

    def result(self):
        """What the computation makes: a number, a list of a tuple's numbers, or None."""
        return self.value(self.computation.root_number)

    def value(self, number: int):
        """What an operation makes."""
        if number not in self.known:
            self.known[number] = self._computed(self.computation.operations[number])
        return self.known[number]

    def _computed(self, operation: Operation):
        opcode, proto = operation.opcode, operation.proto
        if isinstance(operation.type, Array) and operation.type.elements != 1:
            return None
        if opcode == "constant":
            return _number(proto.literal)
        if opcode == "parameter":
            position = proto.parameter_number
            return self.arguments[position] if position < len(self.arguments) else None
        if opcode == "get-tuple-element":
            whole = self.value(operation.operands[0])
            return whole[proto.tuple_index] if isinstance(whole, list) else None
        if opcode not in SCALAR and opcode not in ("tuple", "call", "compare"):
            return None
        operands = [self.value(number) for number in operation.operands]
        if opcode == "tuple":
            return operands
        if opcode == "call":
            called = self.graph.computations[operation.called[0]]
            return Scalars(self.graph, called, operands).result()
        if any(operand is None or isinstance(operand, list) for operand in operands):
            return None
        if opcode == "compare":
            return COMPARE[proto.comparison_direction](*operands)
        return SCALAR[opcode](*operands)


def _number(literal: Any) -> int | None:
    """The only number of a constant, if it is a whole one or a truth value."""
    for numbers in (literal.preds, literal.s32s, literal.s64s, literal.u32s, literal.u64s):
        if numbers:
            return numbers[0]
    return None


def loop_length(graph: Graph, computation: Computation, loop: Operation) -> int | None:
    """Steps of a `while` of a computation, by following the numbers that its condition reads.

    None where they depend on the inputs, or after `LONGEST_LOOP` steps.
    """
    carried = Scalars(graph, computation, []).value(loop.operands[0])
    body, condition = (graph.computations[number] for number in loop.called)
    for steps in range(LONGEST_LOOP):
        goes_on = Scalars(graph, condition, [carried]).result()
        if not goes_on:
            return None if goes_on is None else steps
        carried = Scalars(graph, body, [carried]).result()
    return None
