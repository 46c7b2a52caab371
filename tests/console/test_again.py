"""Why something is made again, by what Snakemake says has changed."""

from types import SimpleNamespace

import pytest

from tfscale.console.again import _changed
from tfscale.console.commands import Call

WORKFLOW = SimpleNamespace(pathvars=SimpleNamespace(apply=lambda path: "results"))
OLD = {"protocol": {"min_calls": 5, "coverage": 0.9}, "evaluation": {"inputs": 64, "passes": 2}}
NEW = {"protocol": {"min_calls": 5}, "evaluation": {"inputs": 64}}
CODE = "the code or its environment has changed"


@pytest.mark.parametrize(
    ("new", "digest", "why"),
    [
        (NEW, "2", CODE),
        (OLD, "2", CODE),
        (NEW | {"protocol": {"min_calls": 6}}, "2", "timing.min_calls was 5"),
        (OLD | {"evaluation": {"inputs": 99, "passes": 2}}, "1", "evaluation.inputs was 64"),
    ],
)
def test_other_code_that_asks_for_fewer_settings_is_no_change_of_settings(new, digest, why):
    before, now = (
        {repr(settings), repr({"function": "run", "by": None, "digest": one})}
        for settings, one in ((OLD, "1"), (new, digest))
    )
    changed = SimpleNamespace(only_old=before - now, only_new=now - before)
    cause = _changed(WORKFLOW, changed, Call())
    assert cause.why == why
    assert ("--touch" in cause.keep) == (why == CODE)


def test_passes_have_the_name_that_the_configuration_gives_them():
    old, new = ({repr({"protocol": {"protocol": "paper", "passes": n}})} for n in (10, 5))
    changed = SimpleNamespace(only_old=old, only_new=new)
    assert _changed(WORKFLOW, changed, Call()).why == "evaluation.passes was 10"
