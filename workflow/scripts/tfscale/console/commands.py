"""The commands that the user is told to type."""

import json
import re
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path

from tfscale.errors import StudyError
from tfscale.study.study import Study, run_file

PROFILES, PROFILE_CONFIG = "profiles", "config.yaml"
PROFILE, CONFIG_FILE, CONDA = "--workflow-profile", "--configfile", "--use-conda"
FOUND = (Path("Snakefile"), Path("workflow/Snakefile"))
"""Where Snakemake looks for a Snakefile that is not named."""


@dataclass(frozen=True)
class Call:
    """How a study is called: the options and the configuration that make it this study."""

    options: list[str] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, workflow) -> "Call":
        """The call of a Snakemake workflow as it was typed, with --use-conda if conda is used."""
        conda = [CONDA] if uses_conda(workflow) else []
        return cls(conda + typed_options(sys.argv[1:]), _given(workflow))

    @classmethod
    def here(cls, workflow) -> "Call":
        """The call that makes the same study in its working directory, for the page: that is not
        made anew for more cores, conda, another profile without a study, or a call from elsewhere.
        """
        snakefile = Path(relpath(workflow.main_snakefile))
        options = profile_options(workflow.config_settings.configfiles)
        defaults = [folder / PROFILES / "default" for folder in (Path(), snakefile.parent)]
        if PROFILE not in options and not any(profile.exists() for profile in defaults):
            options = ["--cores", "all", *options]
        if snakefile not in FOUND:
            options = ["--snakefile", str(snakefile), *options]
        return cls(options, _given(workflow))

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

        Nothing is deleted: an old file stays until the new one is there (`keep_old_runs`). The
        shell finds the runs (`round*`); the option stands last, since it takes every word that
        follows.
        """
        runs = shlex.quote(f"{results}/runs/")
        renew = self.command(f"{results}/report.html")
        return f"{renew} --forcerun {runs}{{cell}}/round*.parquet"

    def page_commands(self, results: str, unfinished: bool) -> dict[str, str]:
        """The commands on the page of the study whose results lie in this folder: to time a cell
        again, to time one that a sample left out, and to finish an unfinished study."""
        page = f"{results}/report.html"
        return {
            "again": self.again(results),
            "also": self.command(page, also="[{cell}]"),
            "finish": self.command(page) if unfinished else "",
        }


def uses_conda(workflow) -> bool:
    """Whether jobs run in the environments that conda makes."""
    deployment = workflow.deployment_settings
    methods = deployment.deployment_method if deployment else ()
    return any(method.name == "CONDA" for method in methods)


def _given(workflow) -> dict[str, object]:
    """What was set by --config, without `partial`, which asks for another report."""
    given = workflow.config_settings.config
    return {key: value for key, value in given.items() if key != "partial"}


def _written(value: object) -> str:
    """A value as --config reads it, without the single quotes that a shell would have escaped."""
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def profile_options(configfiles: Iterable[str | Path]) -> list[str]:
    """The options that bring the configuration files in use with them again.

    A file profiles/X/config.yaml came with the profile X, any other by --configfile.
    """
    paths = [Path(relpath(path)) for path in configfiles]
    ours = [path for path in paths if path.parts[-3::2] == (PROFILES, PROFILE_CONFIG)]
    others = [str(path) for path in paths if path not in ours]
    options = [PROFILE, str(ours[-1].parent)] if ours else []
    return [*options, CONFIG_FILE, *others] if others else options


KEPT: dict[tuple[str, ...], dict] = {
    ("--snakefile", "-s"): {},
    ("--directory", "-d"): {},
    ("--cores", "-c"): {},
    ("--profile",): {"nargs": "+"},
    (PROFILE,): {},
    ("--conda-prefix",): {},
    (CONFIG_FILE, "--configfiles"): {"nargs": "+"},
}
"""The options that make a call this study here; of --config and conda Snakemake itself knows."""


def typed_options(words: list[str]) -> list[str]:
    """Those of the options KEPT that stand among the words of a command, with their values."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    for names, how in KEPT.items():
        parser.add_argument(*names, **how)
    options = []
    for name, value in vars(parser.parse_known_args(words)[0]).items():
        if value:
            values = value if isinstance(value, list) else [value]
            options += [f"--{name.replace('_', '-')}", *values]
    return options


def check_targets(study: Study, targets: Iterable[str], results: str, models: str) -> None:
    """Raise StudyError when a target names a run among the results, or a model among the models,
    that the study has not."""
    a_run = rf"{re.escape(results)}/runs/([\w.+-]+)/round(\d+)\.parquet"
    a_model = rf"{re.escape(models)}/([\w.+-]+)/.+"
    for target in targets:
        if run := re.fullmatch(a_run, target):
            study.cell(run[1])
            study.priority(run[1], int(run[2]))
        elif model := re.fullmatch(a_model, target):
            study.model(model[1])
        elif target in study.cells:
            first = run_file(results, target, 1)
            raise StudyError(f"{target} is a cell; its runs are {first} and so on")
