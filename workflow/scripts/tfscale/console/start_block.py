"""What a study says when it starts: what it is, what is there, what is to do, and how long."""

from collections import Counter
from pathlib import Path

from tfscale.console.pace import Pace, stages_of
from tfscale.durations import duration, ready_at
from tfscale.phrases import counted
from tfscale.study.study import Study
from tfscale.timing.interval import fewest_for_interval


def start_block(
    study: Study, pace: Pace, results: str, models: str, machine: list[str]
) -> list[str]:
    """The lines of the block; `machine` are the words on its noise, if it was looked at."""
    kinds = " and ".join(study.models)
    source = "built-in data" if study.config["datasets"]["source"] == "builtin" else "real data"
    what = "partial report of " if study.partial else ""
    rows = [("study", f"{what}{counted(len(study.cells), 'cell')} of {kinds}, {source}")]
    taken_out = Counter(study.excluded.values()).items()
    rows += [("excluded", f"{counted(count, 'cell')}: {reason}") for reason, count in taken_out]
    if study.missing:
        rows += [("missing", f"{counted(len(study.missing), 'cell')} with runs that are not there")]
    else:
        rows += [("there", _there(study, results, models))]
    rows += [(stage, _stage(stage, study, pace)) for stage in stages_of(pace.tasks.values())]
    basis = "by what was measured before" if pace.measured else "a first guess from FLOP"
    left_s = pace.left_s()
    rows += [("in all", f"about {duration(left_s)}, ready at {ready_at(left_s)} ({basis})")]
    rows += [("machine" if not i else "", line) for i, line in enumerate(machine)]
    rows += [("", line) for line in _too_few(study, pace)]
    return ["tfscale", *[f"  {name:<8} {words}" for name, words in rows]]


def _too_few(study: Study, pace: Pace) -> list[str]:
    """A warning when cells are to be timed too seldom for an interval."""
    timing = study.config["timing"]
    visits, wanted = timing["rounds"] * timing["visits"], fewest_for_interval(timing["coverage"])
    if not pace.count("time") or timing["protocol"] == "paper" or visits >= wanted:
        return []
    return [
        f"warning: {counted(visits, 'visit')} a cell (timing.rounds times timing.visits), but an "
        f"interval takes {wanted}: most cells will have a range"
    ]


def _there(study: Study, results: str, models: str) -> str:
    trained = sum(Path(path).exists() for path in study.facts_files(models))
    files = [*study.schedule.files("runs", results), *study.schedule.files("sentinels", results)]
    timed = sum(Path(path).exists() for path in files)
    return (
        f"{trained} of {counted(len(study.trained), 'trained model')}, "
        f"{timed} of {counted(len(files), 'run')}"
    )


def _stage(stage: str, study: Study, pace: Pace) -> str:
    count = pace.count(stage)
    kinds = {"train": "model", "time": "run"}
    words = counted(count, kinds.get(stage, "job"))
    if stage == "time":
        words += f" ({_rounds(study)})"
    return f"{words}, about {duration(pace.left_s(stage))}"


def _rounds(study: Study) -> str:
    """The walks over cells, in words."""
    further = study.schedule.further
    walks = f"{counted(study.config['timing']['rounds'], 'round')} over all cells and the sentinels"
    return f"{walks}; {further} over those not yet precise" if further else walks
