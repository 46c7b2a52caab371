"""Read XLA's HLO text: computations of operations with static shapes.

>>> text = '''
... ENTRY %main.3 (x.1: f32[2,3]) -> f32[2,3] {
...   %x.1 = f32[2,3]{1,0} parameter(0)
...   ROOT %relu.2 = f32[2,3]{1,0} maximum(f32[2,3]{1,0} %x.1, f32[2,3]{1,0} %x.1), metadata={
... op_type="Relu" op_name="net/dense/Relu"}
... }'''.replace("{\\nop", "{op")
>>> module = parse(text)
>>> relu = module.entry.root
>>> relu.opcode, relu.operands, relu.type, relu.op_name
('maximum', ('x.1', 'x.1'), Array(dtype='f32', dims=(2, 3)), 'net/dense/Relu')
>>> relu.type.bytes
24
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

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
        width = max(1, int(bits[0]) // 8) if bits else int(self.dtype == "pred")
        return width * self.elements


Type = Array | tuple["Type", ...]
"""The type of a value: an array or a tuple of types."""


@dataclass(frozen=True)
class Operation:
    """One line: what it makes, from which operands, and of which TensorFlow operation it is a part.

    `literal` is what stands in the brackets of a constant or a parameter; `op_name` is the path of
    the TensorFlow operation, Keras' layers among it.
    """

    name: str
    type: Type
    opcode: str
    operands: tuple[str, ...]
    literal: str
    attributes: str
    op_type: str
    op_name: str

    def numbers(self, attribute: str) -> tuple[int, ...]:
        """An attribute that lists numbers, such as `dimensions={0,1}`; empty without it."""
        found = re.search(rf"\b{attribute}=\{{?([\d,]*)", self.attributes)
        return tuple(int(number) for number in found[1].split(",") if number) if found else ()

    def window(self, part: str) -> tuple[str, ...]:
        """A part of the window by dimension: `size`, `stride`, `pad`, `lhs_dilate`."""
        found = re.search(rf"window=\{{[^}}]*\b{part}=([\w\-x]+)", self.attributes)
        return tuple(found[1].split("x")) if found else ()

    def called(self, attribute: str) -> str:
        """The name of a computation that it calls, such as `body`."""
        found = re.search(rf"\b{attribute}=%?([\w.\-]+)", self.attributes)
        return found[1] if found else ""


@dataclass
class Computation:
    """Operations in an order in which they can be executed; `root` is the result."""

    operations: dict[str, Operation] = field(default_factory=dict)
    root: Operation = None  # type: ignore[assignment]

    @cached_property
    def live(self) -> list[Operation]:
        """The operations that the result depends on, in order."""
        needed = {self.root.name}
        for operation in reversed(self.operations.values()):
            if operation.name in needed:
                needed.update(operation.operands)
        return [one for one in self.operations.values() if one.name in needed]


@dataclass
class Module:
    """All computations by name, and the one that is executed."""

    computations: dict[str, Computation] = field(default_factory=dict)
    entry: Computation = None  # type: ignore[assignment]


def parse(text: str) -> Module:
    """The module of an HLO text; raises ValueError at a line that is none."""
    module, computation = Module(), Computation()
    for line in re.sub(r"/\*.*?\*/", "", text).splitlines():
        if opened := re.match(r"(ENTRY )?%?([\w.\-]+) \(.*\{$", line):
            computation = module.computations[opened[2]] = Computation()
            if opened[1]:
                module.entry = computation
        elif line.startswith("  "):
            operation = _operation(line.strip())
            computation.operations[operation.name] = operation
            if line.lstrip().startswith("ROOT "):
                computation.root = operation
    if module.entry is None:
        raise ValueError("the HLO text has no ENTRY")
    return module


def _operation(line: str) -> Operation:
    head = re.match(r"(?:ROOT )?%?([\w.\-]+) = ", line)
    if not head:
        raise ValueError(f"no HLO operation: {line[:80]}")
    kind, rest = _until_space(line[head.end() :])
    opcode, _, rest = rest.partition("(")
    inside, rest = _until_closed(rest)
    attributes, _, metadata = rest.partition("metadata={")
    op_type = re.search(r'op_type="([^"]*)"', metadata)
    op_name = re.search(r'op_name="([^"]*)"', metadata)
    constant = opcode in ("constant", "parameter")
    return Operation(
        name=head[1],
        type=_type(kind),
        opcode=opcode.strip(),
        operands=() if constant else tuple(re.findall(r"%([\w.\-]+)", inside)),
        literal=inside if constant else "",
        attributes=attributes,
        op_type=op_type[1] if op_type else "",
        op_name=op_name[1] if op_name else "",
    )


def _until_space(text: str) -> tuple[str, str]:
    """A type and the rest; the type of a tuple stands in brackets and has spaces."""
    if text.startswith("("):
        inside, rest = _until_closed(text[1:])
        return f"({inside})", rest.lstrip()
    kind, _, rest = text.partition(" ")
    return kind, rest


def _until_closed(text: str) -> tuple[str, str]:
    """What stands before the bracket that closes an open one, and what after it."""
    depth = 1
    for bracket in re.finditer(r"[()]", text):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            return text[: bracket.start()], text[bracket.end() :]
    raise ValueError(f"a bracket is not closed: {text[:80]}")


def _type(text: str) -> Type:
    if not text.startswith("("):
        dtype, _, dims = text.partition("[")
        return Array(dtype, tuple(int(dim) for dim in re.findall(r"\d+", dims.partition("]")[0])))
    members, inside = [], text[1:-1].strip()
    while inside:
        if inside.startswith("("):
            member, inside = _until_closed(inside[1:])
            member = f"({member})"
        else:
            found = re.match(r"\w+(\[[^\]]*\])?(\{[^}]*\})?", inside)
            if not found:
                raise ValueError(f"no HLO type: {inside[:80]}")
            member, inside = found[0], inside[found.end() :]
        members.append(_type(member))
        inside = inside.lstrip(", ")
    return tuple(members)


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

    def __init__(self, module: Module, computation: Computation, arguments: list):
        """`arguments` are the numbers of the parameters, as far as they are known."""
        self.module, self.computation, self.arguments = module, computation, arguments
        self.known: dict[str, object] = {}

    def value(self, name: str):
        """A number, a list of a tuple's numbers, or None."""
        if name not in self.known:
            self.known[name] = self._computed(self.computation.operations[name])
        return self.known[name]

    def _computed(self, operation: Operation):
        opcode = operation.opcode
        if isinstance(operation.type, Array) and operation.type.elements != 1:
            return None
        if opcode == "constant":
            return _literal(operation.literal)
        if opcode == "parameter":
            position = int(operation.literal)
            return self.arguments[position] if position < len(self.arguments) else None
        if opcode == "get-tuple-element":
            (position,) = operation.numbers("index")
            whole = self.value(operation.operands[0])
            return whole[position] if isinstance(whole, list) else None
        if opcode not in SCALAR and opcode not in ("tuple", "call", "compare"):
            return None
        operands = [self.value(name) for name in operation.operands]
        if opcode == "tuple":
            return operands
        if opcode == "call":
            called = self.module.computations[operation.called("to_apply")]
            return Scalars(self.module, called, operands).value(called.root.name)
        if any(operand is None or isinstance(operand, list) for operand in operands):
            return None
        compared = COMPARE.get(operation.called("direction"))
        return (compared if opcode == "compare" and compared else SCALAR[opcode])(*operands)


def _literal(text: str) -> float | None:
    bare = text.strip("{} ")
    if bare in ("true", "false"):
        return bare == "true"
    try:
        return int(bare)
    except ValueError:
        return None


def loop_length(module: Module, computation: Computation, loop: Operation) -> int | None:
    """Steps of a `while` of a computation, by following the numbers that its condition reads.

    None where they depend on the inputs, or after `LONGEST_LOOP` steps.
    """
    carried = Scalars(module, computation, []).value(loop.operands[0])
    condition = module.computations[loop.called("condition")]
    body = module.computations[loop.called("body")]
    for steps in range(LONGEST_LOOP):
        goes_on = Scalars(module, condition, [carried]).value(condition.root.name)
        if not goes_on:
            return None if goes_on is None else steps
        before, carried = carried, Scalars(module, body, [carried]).value(body.root.name)
        if carried == before:  # it never ends
            return None
    return None
