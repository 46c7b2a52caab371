"""Reads a study's configuration and reports every mistake in it at once."""

from functools import cache
from pathlib import Path

import yaml

from tfscale.errors import StudyError
from tfscale.study.grid_mistakes import cell_mistakes, too_many_cells
from tfscale.study.schema_mistakes import schema_mistakes
from tfscale.study.setting_mistakes import setting_mistakes
from tfscale.study.tree import branches, unwieldy

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"
MOST_LINES = 100


class ConfigError(StudyError):
    """The configuration has mistakes; the message lists all of them, one line each."""

    @classmethod
    def of(cls, mistakes: list[str]) -> "ConfigError":
        """The error that lists these mistakes."""
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes):,} mistakes"
        lines = [f"  {mistake}" for mistake in mistakes[:MOST_LINES]]
        more = len(mistakes) - MOST_LINES
        lines += [f"  and {more:,} more"] if more > 0 else []
        listed = "\n".join(lines)
        return cls(f"The configuration has {count}:\n{listed}\nSee docs/configuration.md.")


@cache
def schema() -> dict:
    """The closed JSON schema of config.yaml."""
    return yaml.safe_load(SCHEMA.read_text())


def check(config: object) -> None:
    """Raise ConfigError when the study has any mistake."""
    if found := mistakes(config):
        raise ConfigError.of(found)


def mistakes(config: object) -> list[str]:
    """Every mistake of a study, one line each.

    What the values mean together is looked at when each is right by itself, and cells when there
    are not too many of them.
    """
    if too_large := unwieldy(config, branches):
        return [f"config: {too_large}"]
    found = list(dict.fromkeys(schema_mistakes(config, schema())))
    if found or not isinstance(config, dict):
        return found
    found = list(too_many_cells(config)) or list(cell_mistakes(config))
    return [*found, *setting_mistakes(config)]
