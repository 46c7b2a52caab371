"""The commands that the user is told to type: with the profile or the files that are in use."""

import shlex
from collections.abc import Iterable
from os.path import relpath
from pathlib import Path

PROFILES, PROFILE_CONFIG = "profiles", "config.yaml"


def profile_options(configfiles: Iterable[str | Path]) -> list[str]:
    """The options that bring the configuration files in use with them again.

    A file profiles/X/config.yaml came with the profile X, any other by --configfile.
    """
    paths = [Path(relpath(path)) for path in configfiles]
    ours = [path for path in paths if path.parts[::2] == (PROFILES, PROFILE_CONFIG)]
    others = [str(path) for path in paths if path not in ours]
    options = ["--workflow-profile", str(ours[-1].parent)] if ours else []
    return [*options, "--configfile", *others] if others else options


def command(options: list[str], *targets: str, config: dict[str, str] | None = None) -> str:
    """A snakemake command as it can be pasted into a shell.

    The targets go first: `--config` and `--configfile` take every word that follows.
    """
    values = [f"{key}={value}" for key, value in (config or {}).items()]
    words = ["snakemake", *targets, *options, *(["--config", *values] if values else [])]
    return shlex.join(words)
