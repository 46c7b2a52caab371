"""What is said before runs are timed beside others that they will not be pooled with."""

import pytest

from tfscale.console.commands import Call
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
    ("there", "differs"),
    [
        ({"host": "c1"}, "host c1 there, c2 here"),
        ({"version_python": "3.11.9"}, "Python 3.11.9 there, 3.12 here"),
        ({"variable_TF_XLA_FLAGS": "x"}, "TF_XLA_FLAGS x there, not set here"),
        (
            {"host": "c1", "cpu_model": "Xeon"},
            "host c1 there, c2 here; processor Xeon there, EPYC here",
        ),
    ],
)
def test_what_differs_is_said_with_the_way_out(there, differs):
    first, second = told([SAME, SAME | there, SAME | there], HERE, Call())
    assert first == (
        "warning: of what is there, 2 runs will never be pooled with the coming ones, as if of "
        f"another machine: {differs}"
    )
    assert second == "to time all here: snakemake --forcerun measure"


def test_many_differences_are_counted():
    others = dict.fromkeys("abcdef", "other")
    first, _ = told([SAME | others], HERE | dict.fromkeys(others, ""), Call())
    assert first.endswith(" and 2 more")
