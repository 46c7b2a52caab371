"""What is said before runs are timed beside others that they will not be pooled with."""

import platform

import pytest

from tfscale.console.commands import Call
from tfscale.console.environment import conda_versions
from tfscale.console.machines import told

HERE = {
    "host": "c2",
    "version_python": "3.12",
    "cpu_model": "EPYC",
    "governor": "performance",
    "variable_MALLOC_ARENA_MAX": "2",
}
SAME = HERE | {"version_python": "3.12.4", "load_average": "7", "version_numpy": "2"}


def test_one_machine_is_not_talked_about():
    assert told([], HERE, Call()) == told([SAME, SAME], HERE, Call()) == []


@pytest.mark.parametrize(
    ("there", "differs", "way_back"),
    [
        (
            {"host": "c1"},
            "host c1 there, c2 here",
            "name this machine c1 (a container: --hostname c1)",
        ),
        (
            {"version_python": "3.11.9"},
            "Python 3.11.9 there, 3.12 here",
            "use an environment with Python 3.11.9",
        ),
        (
            {"variable_MALLOC_ARENA_MAX": "4 5"},
            "MALLOC_ARENA_MAX 4 5 there, 2 here",
            "export MALLOC_ARENA_MAX='4 5'",
        ),
        (
            {"variable_TF_XLA_FLAGS": "x"},
            "TF_XLA_FLAGS x there, not set here",
            "export TF_XLA_FLAGS=x",
        ),
        (
            {"host": "c1", "cpu_model": "Xeon"},
            "host c1 there, c2 here; processor Xeon there, EPYC here",
            "go on where they were timed, as it was then",
        ),
    ],
)
def test_what_differs_and_the_ways_out(there, differs, way_back):
    first, second, third = told([SAME, SAME | there, SAME | there], HERE, Call())
    assert first == (
        "warning: of what is there, 2 runs will never be pooled with the coming ones, as if of "
        f"another machine: {differs}"
    )
    assert second == f"to go on as before: {way_back}"
    assert third == "to time all here: snakemake --forcerun measure"


def test_the_way_back_between_conda_and_the_own_environment():
    by_conda = SAME | {"version_python": f"{conda_versions()['python']}.99"}
    by_own = SAME | {"version_python": platform.python_version()}
    for there, call, way in (
        (by_conda, Call(), " (with --use-conda)"),
        (by_own, Call(["--use-conda"]), " (without --use-conda)"),
    ):
        said = told([there], HERE | {"version_python": "3.99"}, call)
        assert said[1].endswith(f"Python {there['version_python']}{way}")


def test_a_variable_that_is_new_is_to_be_unset_and_many_differences_are_counted():
    there = {key: text for key, text in SAME.items() if not key.startswith("variable_")}
    assert told([there], HERE, Call())[1] == "to go on as before: unset MALLOC_ARENA_MAX"
    others = dict.fromkeys("abcdef", "other")
    assert told([SAME | others], HERE | dict.fromkeys(others, ""), Call())[0].endswith(
        " and 2 more"
    )
