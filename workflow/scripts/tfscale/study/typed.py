"""Values of the command line: Snakemake reads those inside `--config key={...}` as texts."""

from collections.abc import Mapping

WORDS = {"true": True, "false": False, "null": None, "~": None}


def typed(config: dict, given: Mapping) -> dict:
    """The configuration with the values of `--config` (`given`) as YAML would have read them.

    `--config 'timing={rounds: 3}'` arrives as the text '3' and `partial=true` as 'true'. The
    sections are changed in place, since the rules hold on to them.
    """
    for key, value in given.items():
        below = config.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            typed(below, value)
        elif key in config:
            config[key] = _typed(value)
    return config


def _typed(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _typed(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_typed(inner) for inner in value]
    return _of(value) if isinstance(value, str) else value


def _of(text: str) -> object:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return WORDS.get(text.lower(), text)
