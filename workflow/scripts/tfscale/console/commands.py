"""The commands that the user is told to type."""

import json
import os
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from os.path import relpath
from pathlib import Path

from tfscale.study.study import Study

PROFILES, PROFILE_CONFIG = "profiles", "config.yaml"
PROFILE, CONDA = "--workflow-profile", "--use-conda"


@dataclass(frozen=True)
class Call:
    """How a study was called: the options and the configuration that make it this study."""

    options: list[str] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, workflow) -> "Call":
        """The call of a Snakemake workflow: its profile or configuration files, --use-conda, and
        what was set by --config (without `partial`, which asks for another report)."""
        given = workflow.config_settings
        options = profile_options(given.configfiles)
        if PROFILE not in options:  # a --configfile takes the place of the profile's own
            options = typed_profile(sys.argv[1:]) + options
        deployment = workflow.deployment_settings
        methods = {method.name for method in deployment.deployment_method} if deployment else set()
        options += [CONDA] if "CONDA" in methods else []
        config = {key: value for key, value in given.config.items() if key != "partial"}
        return cls(options, config)

    def command(self, *targets: str, **config: object) -> str:
        """A snakemake command as it can be pasted into a shell.

        Targets go first: `--config` and `--configfile` take every word that follows.
        """
        values = [f"{key}={_written(value)}" for key, value in (self.config | config).items()]
        last = ["--config", *values] if values else []
        return shlex.join(["snakemake", *targets, *self.options, *last])

    def again(self, results: str) -> str:
        """What times one cell again and renews the report of the study whose results lie in this
        folder; {cell} stands for its name.

        Nothing is deleted by hand: Snakemake takes each old file away when the job that makes it
        anew starts. The shell finds the runs (`round*`); the option stands last, since it takes
        every word that follows. With or without conda the report says the same.
        """
        runs = shlex.quote(f"{results}/runs/")
        options = [option for option in self.options if option != CONDA]
        renew = replace(self, options=options).command(f"{results}/report.html")
        return f"{renew} --forcerun {runs}{{cell}}/round*.parquet"


def _written(value: object) -> str:
    """A value as --config reads it, without the single quotes that a shell would have escaped."""
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def profile_options(configfiles: Iterable[str | Path]) -> list[str]:
    """The options that bring the configuration files in use with them again.

    A file profiles/X/config.yaml came with the profile X, any other by --configfile.
    """
    paths = [Path(relpath(path)) for path in configfiles]
    ours = [path for path in paths if path.parts[::2] == (PROFILES, PROFILE_CONFIG)]
    others = [str(path) for path in paths if path not in ours]
    options = [PROFILE, str(ours[-1].parent)] if ours else []
    return [*options, "--configfile", *others] if others else options


def typed_profile(words: list[str]) -> list[str]:
    """The workflow profile as it was typed; nothing when none was."""
    for place, word in enumerate(words):
        if word == PROFILE:
            return words[place : place + 2]
        if word.startswith(f"{PROFILE}="):
            return [PROFILE, word.partition("=")[2]]
    return []


RUN = re.compile(r"/runs/(\w+)/round(\d+)\.parquet$")
MODEL = re.compile(r"/models/(\w+)/")
SWITCH = "TFSCALE_WARM"
TARGETS = "--target-jobs"


def import_alone(workflow, words: list[str]) -> None:
    """Let a job that came alone to its node import TensorFlow by itself: a warm parent (`job`)
    would serve nobody else there. A group of jobs keeps it, and so does what the user has set.

    `words` are this Snakemake's arguments: its settings are not yet complete when it reads rules.
    """
    if workflow.remote_exec and TARGETS in words:
        targets = takewhile(
            lambda word: not word.startswith("--"), words[words.index(TARGETS) + 1 :]
        )
        if len(list(targets)) == 1:
            os.environ.setdefault(SWITCH, "0")


def check_targets(study: Study, targets: Iterable[str]) -> None:
    """Raise StudyError when a target names a run or a model that the study has not."""
    for target in targets:
        if run := RUN.search(target):
            study.cell(run[1])
            study.priority(run[1], int(run[2]))
        elif model := MODEL.search(target):
            study.model(model[1])
