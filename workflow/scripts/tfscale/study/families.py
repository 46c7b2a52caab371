"""Families: what a Python file says of a kind of model, read without running it.

The parameters of `build` are the axes. `fits` and `flop` may be asked when the study is planned:
they are run with the file's other plain functions and literals, and nothing is imported.
"""

import __future__

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from tfscale.axes import KINDS, RESERVED, Cell, is_column
from tfscale.study.wording import quoted, suggest

PIPELINE = Path(__file__).resolve().parents[4]
FOLDER = PIPELINE / "families"
NAME = re.compile(r"[A-Za-z]\w*")
DATASETS = ("fashion-mnist", "movie-reviews")
LITERALS = {"SHORT": dict, "INPUTS": dict, "FILES": list, "PAPER": dict, "DATASET": str}
BOUNDS = ("low", "high", "values", "shape", "dtype")
PLANNED = ("fits", "flop")
OF_DATA = ("split", "seed")


class FamilyError(ValueError):
    """Mistakes in a family, a line each."""


@dataclass(frozen=True)
class Family:
    """One kind of model.

    `axes` are as `axes.adopt` takes them, `inputs` the bounds and free dimensions of made-up
    inputs, `data` the axes that shape the family's own data (None: it has none), `dataset` one of
    the pipeline's data sets, `paper` the paper's values of axes that its tables do not name.
    """

    name: str
    source: str
    title: str
    axes: dict[str, dict]
    inputs: dict[str, dict] = field(default_factory=dict)
    data: tuple[str, ...] | None = None
    dataset: str | None = None
    paper: dict | None = None
    files: tuple[Path, ...] = ()
    functions: Mapping[str, Callable] = field(default_factory=dict)

    @property
    def saved(self) -> bool:
        """Whether its models are SavedModel folders that are there already."""
        return "{" in self.source

    @property
    def trained(self) -> bool:
        """Whether it has data to be trained with."""
        return self.data is not None or self.dataset is not None

    @property
    def about(self) -> dict:
        """What every process of the study is told of it, see `axes.adopt`."""
        return {
            "title": self.title,
            "axes": self.axes,
            "paper": self.paper,
            "trained": self.trained,
        }

    @cached_property
    def digest(self) -> str:
        """A digest of its file, of what it imports from its own folder, and of FILES."""
        whole = sha256()
        for file in self.files:
            whole.update(file.name.encode() + sha256(file.read_bytes()).digest())
        return whole.hexdigest()[:16]

    def folder(self, cell: Cell) -> str:
        """The SavedModel folder of a cell."""
        return self.source.format_map(cell)

    def impossible(self, cell: Cell) -> str | None:
        """Why such a cell cannot exist, or None; raises FamilyError when `fits` itself fails."""
        if self.saved:
            there = Path(self.folder(cell), "saved_model.pb").exists()
            return None if there else f"there is no SavedModel {self.folder(cell)}"
        return self._asked("fits", cell, str) or None

    def flop(self, cell: Cell) -> float | None:
        """FLOP of an example by the family's own estimate, or None."""
        return self._asked("flop", cell, (int, float))

    def _asked(self, name: str, cell: Cell, kind: type | tuple) -> Any:
        function = self.functions.get(name)
        if function is None:
            return None
        code = function.__code__
        try:
            told = function(*(cell[axis] for axis in code.co_varnames[: code.co_argcount]))
        except Exception as error:  # whatever a user's function may raise
            what = f"{type(error).__name__}: {error}"
            raise FamilyError(f"{self.source}: {name}({_values(cell)}) fails: {what}") from None
        if told is not None and not isinstance(told, kind):
            raise FamilyError(f"{self.source}: {name}({_values(cell)}) says {quoted(told)}")
        return told


def _values(cell: Cell) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in cell.items() if name != "model")


def family_of(name: str, entry: str | dict) -> Family:
    """The family that an entry of `families` names: a Python file, or a pattern of SavedModels.

    Raises FamilyError with a line for each mistake, with file and line.
    """
    if isinstance(entry, dict):
        return _saved(name, entry["saved_model"], entry.get("inputs") or {})
    return read(name, entry)


def builtin() -> dict[str, str]:
    """The families that need no line in config.yaml, by name."""
    return {file.stem: str(file) for file in sorted(FOLDER.glob("*.py"))}


def _saved(name: str, pattern: str, inputs: dict) -> Family:
    axes = list(dict.fromkeys(re.findall(r"\{(\w*)\}", pattern)))
    wrong = [a for a in axes if not NAME.fullmatch(a) or a in RESERVED or is_column(a)]
    if wrong or not axes or re.sub(r"\{\w+\}", "", pattern).count("{"):
        raise FamilyError(
            f"{quoted(pattern)} must name its axes in braces, e.g. models/v{{depth}}_{{width}}, "
            f"and none of them {', '.join(RESERVED)} or a column of the tables"
        )
    found = {axis: _found(pattern, axis) for axis in axes}
    if not any(found.values()):
        raise FamilyError(f"no folder is there of the pattern {quoted(pattern)}")
    if wrong := [f"inputs: {line}" for line in _input_mistakes(inputs, axes)]:
        raise FamilyError("\n".join(wrong))
    kinds = {axis: {"kind": _kind_of(values)} for axis, values in found.items()}
    return Family(name, pattern, f"SavedModels {pattern}", kinds, inputs)


def _found(pattern: str, axis: str) -> set[str]:
    """The values of an axis among the folders that are there."""
    texts, axes = (re.split(r"\{(\w+)\}", pattern)[start::2] for start in (0, 1))
    rough, exact = "*".join(texts), "([^/]+)".join(map(re.escape, texts))
    root = Path("/") if rough.startswith("/") else Path()
    matches = (
        re.fullmatch(exact, str(path)) for path in root.glob(rough.lstrip("/")) if path.is_dir()
    )
    return {match[1 + axes.index(axis)] for match in matches if match}


def _kind_of(values: set[str]) -> str:
    if all(re.fullmatch(r"-?\d+", value) for value in values):
        return "int"
    return "float" if all(re.fullmatch(r"-?\d+\.\d+", v) for v in values) else "str"


def _input_mistakes(inputs: dict, axes: Collection[str]) -> Iterator[str]:
    """What is wrong with the bounds and shapes of a family's inputs."""
    for name, about in inputs.items():
        if not isinstance(about, dict):
            yield f"{name} must be a dict, not {quoted(about)}"
            continue
        for key in about:
            if key not in BOUNDS:
                yield f"{name} has {key}{suggest(key, BOUNDS)}"
        for size in about.get("shape") or []:
            if isinstance(size, str) and size not in axes:
                yield f"the shape of {name} names {size}, which is no axis"


@cache
def read(name: str, source: str) -> Family:
    """Read a family's Python file.

    >>> family = read("mlp", str(FOLDER / "mlp.py"))
    >>> family.axes["width"]
    {'kind': 'int'}
    """
    path = Path(source)
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), source)
    except OSError as error:
        raise FamilyError(f"{quoted(source)} cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        raise FamilyError(f"{source}, line {error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise FamilyError(f"{source} is no Python file: {error}") from None
    return _Reader(name, path, tree).family()


class _Reader:
    """One file: its functions and literals, and what is wrong with them."""

    def __init__(self, name: str, path: Path, tree: ast.Module):
        self.name, self.path, self.tree = name, path, tree
        self.mistakes: list[str] = []
        self.functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        self.values = dict(self._literals())

    def family(self) -> Family:
        """The family; raises FamilyError with every mistake."""
        axes = self._axes()
        for name in PLANNED:
            self._among(name, [*axes, *(("batch_size",) if name == "fits" else ())])
        data = self._among("data", [*OF_DATA, *axes])
        literals = {name: self._literal(name, kind) for name, kind in LITERALS.items()}
        for axis, short in (literals["SHORT"] or {}).items():
            if axis not in axes:
                self._wrong("SHORT", f"SHORT names {axis}, which is no parameter of build")
            elif not NAME.fullmatch(str(short)):
                self._wrong("SHORT", f"SHORT[{axis!r}] must be a word, not {quoted(short)}")
            else:
                axes[axis]["short"] = short
        if (dataset := literals["DATASET"]) and dataset not in DATASETS:
            known = suggest(dataset, DATASETS)
            self._wrong("DATASET", f"DATASET {quoted(dataset)} is not known{known}")
        elif dataset and "input_size" not in axes:
            self._wrong("DATASET", f"DATASET {dataset} needs a parameter input_size of build")
        if dataset and data is not None:
            self._wrong(1, "has both DATASET and data(); one of them trains the model")
        for line in _input_mistakes(literals["INPUTS"] or {}, axes):
            self._wrong("INPUTS", f"INPUTS: {line}")
        files = [self.path, *own_imports(self.path), *self._files(literals["FILES"] or [])]
        if self.mistakes:
            raise FamilyError("\n".join(self.mistakes))
        title = (ast.get_docstring(self.tree) or self.name).partition("\n")[0].rstrip(".")
        return Family(
            name=self.name,
            source=str(self.path),
            title=title,
            axes=axes,
            inputs=literals["INPUTS"] or {},
            data=None if data is None else tuple(a for a in data if a not in OF_DATA),
            dataset=dataset,
            paper=literals["PAPER"],
            files=tuple(files),
            functions=self._planned(),
        )

    def _wrong(self, place: int | str, what: str) -> None:
        """Add a mistake; `place` is its line, or the name of a literal."""
        line = self.values[place][0] if isinstance(place, str) else place
        self.mistakes.append(f"{self.path}, line {line}: {what}")

    def _axes(self) -> dict[str, dict]:
        build = self.functions.get("build")
        if build is None:
            names = [*self.functions]
            self._wrong(1, "has no function build" + (suggest("build", names) if names else ""))
            return {}
        arguments = build.args
        for rest in (arguments.vararg, arguments.kwarg):
            if rest:
                self._wrong(rest.lineno, f"*{rest.arg} of build is no axis; name every parameter")
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        without = [None] * (len(named) - len(arguments.defaults) - len(arguments.kwonlyargs))
        defaults = [*without, *arguments.defaults, *arguments.kw_defaults]
        if not named:
            self._wrong(build.lineno, "build has no parameter: the parameters are the axes")
        axes = {}
        for parameter, default in zip(named, defaults, strict=True):
            if about := self._axis(parameter, default):
                axes[parameter.arg] = about
        return axes

    def _axis(self, parameter: ast.arg, default: ast.expr | None) -> dict | None:
        kind = parameter.annotation.id if isinstance(parameter.annotation, ast.Name) else None
        if parameter.arg in RESERVED:
            self._wrong(
                parameter.lineno, f"{parameter.arg} is an axis of every call; name it otherwise"
            )
        elif is_column(parameter.arg):
            self._wrong(
                parameter.lineno, f"{parameter.arg} is a column of the tables; name it otherwise"
            )
        elif kind not in KINDS:
            said = ast.unparse(parameter.annotation) if parameter.annotation else "no type"
            self._wrong(
                parameter.lineno,
                f"parameter {parameter.arg} of build has {said}: write int, float, bool or str",
            )
        elif default is None:
            return {"kind": kind}
        else:
            try:
                value = ast.literal_eval(default)
            except ValueError:
                value = None
            if isinstance(value, int) and kind == "float" and not isinstance(value, bool):
                value = float(value)
            if type(value) is KINDS[kind]:
                return {"kind": kind, "default": value}
            self._wrong(
                parameter.lineno,
                f"the default of {parameter.arg}, {ast.unparse(default)}, is no {kind}",
            )
        return None

    def _among(self, name: str, known: list[str]) -> list[str] | None:
        """The parameters of a function, which must be among the known ones; None without it."""
        function = self.functions.get(name)
        if function is None:
            return None
        named = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if name == "data" and function.args.kwarg:
            return known
        for one in named:
            if one not in known:
                self._wrong(function.lineno, f"parameter {one} of {name} is none of build's")
        return named

    def _literals(self) -> Iterator[tuple[str, tuple[int, Any]]]:
        """What the file assigns to names of its own, where that is a literal."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                target, value = node.targets[0].id, node.value
            elif (
                isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
            ):
                target, value = node.target.id, node.value
            else:
                continue
            try:
                yield target, (node.lineno, ast.literal_eval(value))
            except ValueError:
                if target in LITERALS:
                    self._wrong(node.lineno, f"{target} must be written out: it is read, not run")

    def _literal(self, name: str, kind: type) -> Any:
        if name not in self.values:
            return None
        value = self.values[name][1]
        if isinstance(value, kind):
            return value
        self._wrong(name, f"{name} must be a {kind.__name__}, not {quoted(value)}")
        return None

    def _files(self, names: list) -> Iterator[Path]:
        for name in names:
            file = self.path.parent / str(name)
            if file.is_file():
                yield file
            else:
                self._wrong("FILES", f"FILES names {name}, which is not there")

    def _planned(self) -> dict[str, Callable]:
        """`fits` and `flop`, with the file's other plain functions and literals around them."""
        if not any(name in self.functions for name in PLANNED):
            return {}
        plain: list[ast.stmt] = [
            node
            for node in self.functions.values()
            if not node.decorator_list and _literal_defaults(node)
        ]
        space = {name: value for name, (_, value) in self.values.items()}
        unread = __future__.annotations.compiler_flag  # they may name what the file imports
        code = compile(ast.Module(plain, type_ignores=[]), str(self.path), "exec", flags=unread)
        exec(code, space)  # noqa: S102 the user's own file
        return {name: space[name] for name in PLANNED if name in space}


def _literal_defaults(node: Any) -> bool:
    """Whether a function's defaults need nothing that the file imports."""
    try:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            ast.literal_eval(default)
    except ValueError:
        return False
    return True


def own_imports(path: Path) -> list[Path]:
    """The files of a family's own folder that it imports, and what these import from there."""
    found: list[Path] = []
    waiting = [path]
    while waiting:
        for name in _imported(waiting.pop()):
            place = path.parent.joinpath(*name.split("."))
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file() and file not in (path, *found):
                    found.append(file)
                    waiting.append(file)
    return sorted(found)


def _imported(path: Path) -> Iterator[str]:
    """The names that a file imports, at the top or within its functions, and what holds them."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):  # its own import will say so
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            for alias in node.names:
                parts = (f"{module}.{alias.name}" if module else alias.name).split(".")
                yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
