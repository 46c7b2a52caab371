"""The map of the package, from its docstrings, its real imports and the rules that call it."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow" / "scripts"
PACKAGE = SCRIPTS / "tfscale"
TARGET = re.compile(r"\b(tfscale(?:\.\w+)+):\w+")
"""What a job is asked to do: module:function."""
RULE = re.compile(r'^ *rule(?: (\w+):|:\s+name:\s+f"(\w+)_\{)', re.M)
"""A rule with its name, or those of all families, as plot_mnist."""
ARCHITECTURE = """# Architecture

Written by `make docs` from the docstrings and imports of `workflow/scripts/tfscale` and from the
rules; do not edit.

The packages stand in the order in which data passes through them. One imports only from those above
it here, and from the small modules that all may use; `make lint` holds that order (import-linter,
contracts in pyproject.toml). A rule's result depends on the modules that it calls, all that they
import, and the functions that they name for fresh processes: an edit of any of these runs the rule
again.

| package | what it is | imports | called by |
|---|---|---|---|
"""


def architecture() -> str:
    """The page: a table of the packages, and for each one a table of its modules."""
    called = callers()
    rows, sections = [], []
    for name in packages():
        modules = sorted((PACKAGE / name).glob("[a-z]*.py"))
        imports = {other for path in modules for other in imported(path)[0]} - {name}
        known = [f"`{other}`" for other in [*small(), *packages()] if other in imports]
        rules = sorted({rule for path in modules for rule in called.get(path, ())})
        what = purpose(PACKAGE / name / "__init__.py")
        cells = [f"[{name}](#{name})", what, ", ".join(known), ", ".join(rules)]
        rows.append(f"| {' | '.join(cells)} |")
        sections.append(_section(name, what, modules))
    shared = _section(
        "For all", "Small modules at the root.", [PACKAGE / f"{one}.py" for one in small()]
    )
    return ARCHITECTURE + "\n".join(rows) + "\n\n" + "\n".join([shared, *sections])


def _section(title: str, what: str, modules: list[Path]) -> str:
    lines = [f"## {title}\n", f"{what}\n", "| module | what it does | libraries |", "|---|---|---|"]
    for path in modules:
        libraries = ", ".join(sorted(imported(path)[1]))
        lines.append(f"| `{path.relative_to(PACKAGE)}` | {purpose(path)} | {libraries} |")
    return "\n".join(lines) + "\n"


def packages() -> list[str]:
    """The packages, the lowest layer first; the order is that of the contract in pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one["layers"] for one in contracts["contracts"] if one["type"] == "layers")
    names = [layer.strip("()") for layer in reversed(layers)]
    return [name for name in names if (PACKAGE / name).is_dir()]


def small() -> list[str]:
    """The modules at the root."""
    return sorted(path.stem for path in PACKAGE.glob("[a-z]*.py"))


def purpose(path: Path) -> str:
    """The first paragraph of a module's docstring, in one line of a table."""
    docstring = ast.get_docstring(_parsed(path)) or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("|", "\\|")


@cache
def imported(path: Path) -> tuple[set[str], set[str]]:
    """The packages (and root modules) and the libraries that a module imports, anywhere in it."""
    names = _imports(path)
    ours = {name.split(".")[1] for name in names if name.startswith("tfscale.")}
    tops = {name.split(".")[0] for name in names} - {"tfscale", "__future__"}
    return ours, tops - set(sys.stdlib_module_names)


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module in ("tfscale", None):
            names += [f"tfscale.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names += TARGET.findall(node.value)
    return names


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def callers() -> dict[Path, set[str]]:
    """The rules that call a module, by its name or by a script that imports it; the Snakefile for
    what Snakemake's own process imports."""
    found: dict[Path, set[str]] = {}
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        top, *parts = RULE.split(file.read_text(encoding="utf-8"))
        rules = [one or other for one, other in zip(parts[::3], parts[1::3], strict=True)]
        for rule, text in zip(["the Snakefile", *rules], [top, *parts[2::3]], strict=True):
            names = TARGET.findall(text) + re.findall(r"^from (tfscale\S+) import", text, re.M)
            for script in re.findall(r'"\.\./scripts/(\w+\.py)"', text):
                names += _imports(SCRIPTS / script)
            for name in names:
                module = SCRIPTS.joinpath(*name.split(".")).with_suffix(".py")
                found.setdefault(module, set()).add(rule)
    return found
