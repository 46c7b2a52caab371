"""What a family's file says is read without running it, and what is wrong with it is named."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from paths import ROOT

from tfscale.analysis.fit import FITS
from tfscale.axes import AXES, RESERVED, is_column
from tfscale.study.config import ConfigError
from tfscale.study.families import FOLDER, FamilyError, builtin, read
from tfscale.study.study import Study
from tfscale.tables.cells import CELLS, RUNS

GOOD = '''"""Boxes of numbers."""
import not_installed_anywhere

SHORT = {"depth": "d"}
INPUTS = {"x": {"low": 2, "high": 9}}
FILES = ["words.txt"]
LEAST = 2


def build(depth: int, rate: float, kind: str = "relu", wide: bool = False):
    raise SystemExit("planning must not run this")


def fits(depth, rate):
    """Deep enough?"""
    return "" if enough(depth) else f"depth {depth} is below {LEAST}"


def enough(depth):
    return depth >= LEAST
'''


def family(tmp_path: Path, text: str, **files: str):
    """The family of a file with this text, beside others."""
    (tmp_path / "words.txt").write_text("a b c")
    for name, content in files.items():
        (tmp_path / f"{name}.py").write_text(content)
    path = tmp_path / f"family{len(list(tmp_path.iterdir()))}.py"
    path.write_text(text)
    return read("mine", str(path))


def test_the_signature_declares_the_axes_and_nothing_runs(tmp_path):
    mine = family(tmp_path, GOOD)
    assert mine.title == "Boxes of numbers"
    assert mine.axes == {
        "depth": {"kind": "int", "short": "d"},
        "rate": {"kind": "float"},
        "kind": {"kind": "str", "default": "relu"},
        "wide": {"kind": "bool", "default": False},
    }
    assert mine.inputs == {"x": {"low": 2, "high": 9}} and not mine.trained
    cell = {"model": "mine", "depth": 1, "rate": 0.5, "kind": "relu", "wide": False}
    assert mine.impossible(cell) == "depth 1 is below 2"
    assert mine.impossible(cell | {"depth": 2}) is None


BUILD = "def build(depth: int):\n    pass\n"
MISTAKES = {
    "x = 1\n": "line 1: has no function build",
    "def build(depth: int):\n  return (\n": "line 2: '(' was never closed",
    "def bild(depth: int): pass\n": "has no function build; did you mean bild?",
    "def build(depth): pass\n": "line 1: parameter depth of build has no type: write int, float",
    "def build(depth: list): pass\n": "parameter depth of build has list: write int, float, bool",
    "def build(depth: int = 'a'): pass\n": "the default of depth, 'a', is no int",
    "def build(batch_size: int): pass\n": "batch_size is an axis of every call; name it otherwise",
    "def build(calls: int): pass\n": "line 1: calls is a column of the tables; name it otherwise",
    "def build(*sizes): pass\n": "*sizes of build is no axis; name every parameter",
    "def build(): pass\n": "build has no parameter: the parameters are the axes",
    BUILD + "SHORT = {'dept': 'd'}\n": "line 3: SHORT names dept, which is no parameter of build",
    BUILD + "SHORT = ['depth']\n": "line 3: SHORT must be a dict, not ['depth']",
    BUILD + "SHORT = dict(depth='d')\n": "line 3: SHORT must be written out: it is read, not run",
    BUILD + "FILES = ['gone.txt']\n": "line 3: FILES names gone.txt, which is not there",
    BUILD + "INPUTS = {'x': {'hihg': 3}}\n": "line 3: INPUTS: x has hihg; did you mean high?",
    BUILD + "INPUTS = {'x': {'shape': ['len']}}\n": "the shape of x names len, which is no axis",
    BUILD + "def fits(width): pass\n": "line 3: parameter width of fits is none of build's",
    BUILD + "def data(split, width): pass\n": "parameter width of data is none of build's",
    BUILD + "DATASET = 'mnist'\n": "DATASET 'mnist' is not known; known: fashion-mnist, movie",
    BUILD + "DATASET = 'fashion-mnist'\n": "DATASET fashion-mnist needs a parameter input_size",
    BUILD + "def data(split, seed): pass\nDATASET = 'movie-reviews'\n": "both DATASET and data()",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items(), ids=list(MISTAKES.values()))
def test_a_mistake_is_named_with_file_and_line(tmp_path, text, said):
    with pytest.raises(FamilyError) as raised:
        family(tmp_path, text)
    assert said in str(raised.value) and str(tmp_path) in str(raised.value)


def test_a_fits_that_fails_or_says_nonsense_is_a_mistake_of_the_configuration(tmp_path):
    for body, said in (("return 1 / 0", "ZeroDivisionError: division by zero"), ("return 5", "5")):
        mine = family(tmp_path, f"{BUILD}def fits(depth):\n    {body}\n")
        with pytest.raises(FamilyError, match=said):
            mine.impossible({"model": "mine", "depth": 3})


def test_the_digest_follows_the_file_its_own_imports_and_its_files(tmp_path):
    text = "import helper\nimport json\nFILES = ['words.txt']\n" + BUILD
    first = family(tmp_path, text, helper="import deeper\n", deeper="A = 1\n", other="B = 1\n")
    assert [file.name for file in first.files][1:] == ["deeper.py", "helper.py", "words.txt"]

    def digest() -> str:
        read.cache_clear()
        return read("mine", first.source).digest

    same = digest()
    (tmp_path / "other.py").write_text("B = 2\n")
    assert digest() == same
    for name in ("deeper.py", "words.txt", Path(first.source).name):
        (tmp_path / name).write_text((tmp_path / name).read_text() + "\n# changed")
        assert digest() != same
        same = digest()


def test_the_five_are_built_in_and_read_without_numpy_or_tensorflow():
    assert sorted(builtin()) == ["mlp", "mnist", "mobilenet", "text", "transformer"]
    code = (
        "import sys; from tfscale.study.families import builtin, read;"
        "[read(n, f) for n, f in builtin().items()];"
        "print(sorted({'tensorflow', 'numpy', 'keras', 'pandas'} & set(sys.modules)))"
    )
    path = str(FOLDER.parent / "workflow/scripts")
    found = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, text=True, capture_output=True
    )
    assert found.stdout == "[]\n", found.stderr


@pytest.fixture
def tiny() -> dict:
    """The smallest study, whose grid a test replaces."""
    return yaml.safe_load((ROOT / "tests/tiny.yaml").read_text())


def test_saved_models_have_the_axes_of_their_braces_and_must_be_there(tiny, tmp_path):
    for depth, width in ((2, "a"), (4, "b")):
        folder = tmp_path / f"v{depth}_{width}"
        folder.mkdir()
        (folder / "saved_model.pb").touch()
    tiny["families"] = {"mine": {"saved_model": f"{tmp_path}/v{{depth}}_{{width}}"}}
    tiny["grid"] = {"model": ["mine"], "depth": [2, 4], "width": ["a", "b"], "batch_size": [1]}
    with pytest.raises(ConfigError, match=f"there is no SavedModel {tmp_path}/v2_b"):
        Study.from_config(tiny)
    tiny["exclude"] = [{"depth": 2, "width": "b", "reason": "x"}]
    tiny["exclude"] += [{"depth": 4, "width": "a", "reason": "x"}]
    tiny["exclude"] = [
        {key: value if key == "reason" else [value] for key, value in entry.items()}
        for entry in tiny["exclude"]
    ]
    study = Study.from_config(tiny)
    assert list(study.cells) == [
        "mine_depth2_batch1_widtha_threads1",
        "mine_depth4_batch1_widthb_threads1",
    ]
    assert study.saved_files("mine_depth2_widtha") == [f"{tmp_path}/v2_a/saved_model.pb"]


def test_a_pattern_without_folders_and_a_misspelt_bound_are_named(tiny, tmp_path):
    mine = {"saved_model": f"{tmp_path}/v{{depth}}_{{width}}"}
    tiny["families"] = {"mine": mine}
    tiny["grid"] = {"model": ["mine"], "depth": [2], "width": ["a"], "batch_size": [1]}
    with pytest.raises(ConfigError, match=r"1 mistake:\n *families.mine: no folder is there"):
        Study.from_config(tiny)
    (tmp_path / "v2_a").mkdir()
    (tmp_path / "v2_a/saved_model.pb").touch()
    mine["inputs"] = {"words": {"hgh": 5000}}
    with pytest.raises(ConfigError, match=r"families.mine: inputs: words has hgh; did you mean hi"):
        Study.from_config(tiny)


def test_data_of_families_whose_names_begin_alike_is_their_own(tiny, tmp_path):
    for name in ("net", "net_v2"):
        path = tmp_path / f"{name}.py"
        path.write_text(BUILD + "def data(split, seed):\n    return None\n")
        tiny.setdefault("families", {})[name] = str(path)
    axes = {"depth": [2], "batch_size": [1]}
    tiny["grid"] = {"model": ["net", "net_v2"]} | axes
    owned = Study.from_config(tiny).own_data
    assert owned == {"own/net_data": ("net", {}), "own/net_v2_data": ("net_v2", {})}


def test_names_and_models_of_every_kind_of_axis(tiny, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(GOOD)
    (tmp_path / "words.txt").touch()
    tiny["families"] = {"mine": str(path)}
    tiny["grid"] = {
        "model": ["mine"],
        "depth": [2],
        "rate": [1, 0.5],
        "kind": ["relu", "gelu"],
        "wide": [False, True],
        "batch_size": [4],
        "threads": [2],
    }
    study = Study.from_config(tiny)
    assert len(study.cells) == 8 and len(study.trained) == 8
    assert "mine_d2_batch4_rate1.0_threads2" in study.cells
    assert "mine_d2_batch4_rate0.5_threads2_kindgelu_wide" in study.cells
    assert "mine_d2_rate0.5_kindgelu_wide" in study.trained  # no batch size: it is not trained
    tiny["grid"]["kind"] = ["a/b"]
    with pytest.raises(ConfigError, match="'a/b' stands in names of files"):
        Study.from_config(tiny)


def test_axes_of_one_name_must_be_of_one_kind(tiny, tmp_path):
    for name, kind in (("one", "int"), ("two", "str")):
        (tmp_path / f"{name}.py").write_text(f"def build(size: {kind}): pass\n")
    tiny["families"] = {name: str(tmp_path / f"{name}.py") for name in ("one", "two")}
    tiny["grid"] = [{"model": [name], "size": [1], "batch_size": [1]} for name in ("one", "two")]
    with pytest.raises(ConfigError, match="its axis size is str, but int in one"):
        Study.from_config(tiny)


def test_no_axis_can_have_the_name_of_a_column_beside_axes():
    tables = [CELLS, RUNS, *FITS.values()]
    beside = [table for table in tables if any(name[0] == "<" for name in table.columns)]
    assert len(beside) > 5
    names = {name for table in beside for name in table.columns if name[0] != "<"}
    assert [name for name in names if not is_column(name) and name not in RESERVED] == []
    assert not any(is_column(axis) for axis in AXES)


def test_the_axes_of_a_family_that_cannot_be_read_are_no_mistakes(tiny, tmp_path):
    (tmp_path / "mine.py").write_text("def build(depth): pass\n")
    tiny["families"] = {"mine": str(tmp_path / "mine.py")}
    tiny["grid"] = {"model": ["mine"], "depth": [1], "batch_size": [1]}
    tiny["sed"] = 3
    with pytest.raises(ConfigError, match="has 2 mistakes") as raised:
        Study.from_config(tiny)
    assert "parameter depth of build has no type" in str(raised.value)
    assert "sed: unknown key; did you mean seed?" in str(raised.value)
