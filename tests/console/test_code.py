"""What each rule's result depends on: its modules, and the packages of its environment."""

import ast
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from paths import ROOT

from tfscale.console import code
from tfscale.console.code import SCRIPTS, digest, files_of
from tfscale.console.environment import MODULES

FRESH = "tfscale.jobs.processes:fresh"
"""How a job is done in a fresh process (workflow/rules/common.smk)."""
ENVIRONMENT = {
    "download": "analysis",
    "encode": "analysis",
    "collect": "tensorflow",
    "train": "tensorflow",
    "count": "tensorflow",
    "convert": "tensorflow",
    "measure": "tensorflow",
    "calibrate": "tensorflow",
    "floor": "tensorflow",
    "merge": "analysis",
    "fit": "analysis",
    "plot": "analysis",
    "report": "analysis",
    "gate": "analysis",
}
RULE = re.compile(r'^ *rule(?: (\w+):|:\s+name:\s+f"(\w+)_\{)', re.M)
"""A rule with its name, or those of all families, as plot_mnist."""


def targets() -> dict[str, list[str]]:
    """What each rule calls."""
    found = {}
    for smk in sorted((ROOT / "workflow/rules").glob("*.smk")):
        _, *parts = RULE.split(smk.read_text())
        for name, of_each, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            called = re.findall(r'"(tfscale[.\w]+:\w+)"', text)
            found[name or of_each] = called + [FRESH] * ("fresh=True" in text)
    return found


TARGETS = targets()
PACKAGES = {
    "download": "axes data errors files jobs",
    "encode": "axes data errors files jobs",
    "collect": "axes data errors files jobs models study",
    "count": "axes data errors files jobs models study",
    "train": "axes data errors files jobs models study",
    "convert": "axes data errors files jobs models runtimes",
    "calibrate": "axes errors files jobs timing",
    "floor": "axes data errors files jobs models runtimes timing units",
    "measure": "axes data errors files jobs models runtimes timing units",
    "merge": "axes errors files jobs models study tables timing units words",
    "fit": "analysis axes errors files jobs study tables timing units words",
    "plot": "analysis axes errors figures files jobs study tables timing units words",
    "report": "analysis axes errors files jobs report study tables timing units words",
    "gate": "analysis axes errors files jobs tables timing units words",
}
"""The rooms that the result of a rule depends on: an edit elsewhere does not run it again."""
PACKAGE = SCRIPTS / "tfscale"
BRINGS = {"urllib3": "requests"}


def test_every_rule_is_known_here():
    assert set(PACKAGES) == set(ENVIRONMENT) == set(TARGETS)


@pytest.mark.parametrize("rule", PACKAGES)
def test_a_rule_depends_on_these_rooms_and_no_others(rule):
    files = files_of(*TARGETS[rule])
    rooms = {path.relative_to(PACKAGE).parts[0] for path in files if PACKAGE in path.parents}
    assert {room.removesuffix(".py") for room in rooms} - {"__init__"} == set(
        PACKAGES[rule].split()
    )
    assert SCRIPTS / "job.py" in files
    assert (PACKAGE / "jobs" / "warm.py" in files) == (
        rule in ("collect", "count", "train", "convert", "calibrate", "floor", "measure")
    )


def third_party(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"tfscale"}


@pytest.mark.parametrize("rule", ENVIRONMENT)
def test_every_import_is_in_the_rules_environment(rule):
    wanted = {
        BRINGS.get(name, name) for path in files_of(*TARGETS[rule]) for name in third_party(path)
    }
    assert wanted <= set(MODULES[ENVIRONMENT[rule]])


@pytest.fixture
def scripts(tmp_path, monkeypatch) -> Path:
    """A copy of workflow/scripts that a test may change."""
    made = tmp_path / "workflow" / "scripts"
    shutil.copytree(SCRIPTS, made, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "SCRIPTS", made)
    return made


def test_a_digest_follows_every_byte_of_the_code_and_no_time(scripts):
    def now() -> str:
        code._sha256.cache_clear()
        return digest(files_of(*TARGETS["measure"]))

    before = now()
    os.utime(scripts / "tfscale" / "timing" / "block.py")
    assert now() == before
    for name, counts in (("report/page.py", False), ("timing/block.py", True)):
        with (scripts / "tfscale" / name).open("a") as file:
            file.write(" ")
        assert (now() != before) == counts


def test_lazy_and_relative_imports_and_functions_named_for_fresh_processes_count(scripts):
    (scripts / "tfscale" / "lazy").mkdir()
    for name, text in {
        "__init__": "",
        "a": "def a():\n    from .b import c",
        "b": "import tfscale.lazy.d",
        "d": "def d(fresh):\n    return fresh('tfscale.lazy.e:e')",
        "e": "def e():\n    'As tfscale.lazy.f:f does.'",
        "f": "",
    }.items():
        (scripts / "tfscale" / "lazy" / f"{name}.py").write_text(text)
    code._uses.cache_clear()
    found = {path.stem for path in files_of("tfscale.lazy.a:a") if path.parent.name == "lazy"}
    assert found == {"__init__", "a", "b", "d", "e"}


def test_every_function_that_code_names_for_a_fresh_process_is_there_and_followed():
    named = re.compile(r'"(tfscale(?:\.\w+)+):(\w+)"')
    found = [
        (path, *name) for path in SCRIPTS.rglob("*.py") for name in named.findall(path.read_text())
    ]
    assert len(found) >= 5
    for path, module, function in found:
        file = SCRIPTS.joinpath(*module.split(".")).with_suffix(".py")
        own = ".".join(path.relative_to(SCRIPTS).with_suffix("").parts)
        assert f"def {function}(" in file.read_text()
        assert file in files_of(f"{own}:any"), path
