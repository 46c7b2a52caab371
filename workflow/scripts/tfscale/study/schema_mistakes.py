"""What a configuration breaks of its schema: one line a mistake, with its key and what to do."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from tfscale.study.wording import dotted, either, remedy, shown, suggest

BOUNDS = {
    "minimum": "at least", "maximum": "at most",
    "exclusiveMinimum": "above", "exclusiveMaximum": "below",
}  # fmt: skip


def schema_mistakes(config: object, schema: dict) -> Iterator[str]:
    """One line for every place where the configuration breaks the schema."""
    for error in _Validator(schema).iter_errors(config):
        yield from _explain(error)


def _whole(checker: object, value: object) -> bool:
    """No float, although JSON's schemas take 2.0 for a whole number: it would get into names."""
    return isinstance(value, int) and not isinstance(value, bool)


def _number(checker: object, value: object) -> bool:
    """Finite: nan passes every bound, and infinity all but one."""
    return _whole(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _unique(validator: Any, wanted: bool, values: object, schema: dict) -> Iterator[Any]:
    """jsonschema's own comparison takes minutes for a long list of values of several types."""
    if wanted and isinstance(values, list):
        twice = [value for value, count in Counter(map(repr, values)).items() if count > 1]
        if twice:
            yield ValidationError(", ".join(twice[:3]))


_Validator = extend(
    Draft202012Validator,
    {"uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _whole, "number": _number}
    ),
)


def _explain(error: Any) -> Iterator[str]:
    """One line a mistake: dotted key, what is wrong, what to do."""
    where, value, rule = dotted(error.absolute_path), error.instance, error.validator_value
    match error.validator:
        case "oneOf":
            yield from _explain_grid(error)
        case "additionalProperties":
            known = list(error.schema["properties"])
            for key in [key for key in value if key not in known]:
                yield f"{dotted([*error.absolute_path, key])}: unknown key{suggest(key, known)}"
        case "required":
            for key in [key for key in rule if key not in value]:
                yield f"{dotted([*error.absolute_path, key])}: missing"
        case "enum":
            yield f"{where}: {shown(value)} is not known{suggest(value, rule)}"
        case "type":
            yield f"{where}: {shown(value)} must be {either(rule)}{remedy(value, rule)}"
        case "uniqueItems":
            yield f"{where}: {shown(value)} names a value twice: {error.message}"
        case "minItems":
            yield f"{where}: the list is empty; name at least one value"
        case "minLength":
            instead = "write null or leave" if "null" in error.schema["type"] else "leave"
            yield f"{where}: is empty; {instead} the key out"
        case bound:
            yield f"{where}: {shown(value)} must be {BOUNDS[bound]} {rule}"


def _explain_grid(error: Any) -> Iterator[str]:
    """The mistakes of the alternative that the user meant: a list of sub-grids or one."""
    if not isinstance(error.instance, (dict, list)):
        where = dotted(error.absolute_path)
        yield f"{where}: {shown(error.instance)} must be one sub-grid or a list of sub-grids"
        return
    kinds = [alternative.get("type", "object") for alternative in error.schema["oneOf"]]
    meant = kinds.index("array" if isinstance(error.instance, list) else "object")
    for inner in error.context or []:
        if inner.schema_path[0] == meant:
            yield from _explain(inner)
