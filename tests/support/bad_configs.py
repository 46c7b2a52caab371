"""Configurations with mistakes, and what must be said of each: tests run them against the check
alone and through the real Snakemake."""

from dataclasses import dataclass
from pathlib import Path

from paths import ROOT

TINY = (ROOT / "tests" / "tiny.yaml").read_text()


@dataclass(frozen=True)
class Bad:
    """A configuration: a config.yaml, arguments of `--config` and a file of `--configfile`. All of
    `said` must be said."""

    said: tuple[str, ...]
    text: str | bytes = TINY
    config: tuple[str, ...] = ()
    over: str | None = None

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return "".join(letter for letter in self.said[0] if letter.isalnum() or letter in " .,_-")

    def write(self, folder: Path) -> None:
        """Put its files into a folder."""
        raw = self.text if isinstance(self.text, bytes) else self.text.encode()
        (folder / "config.yaml").write_bytes(raw)
        if self.over is not None:
            (folder / "my.yaml").write_text(self.over)

    @property
    def arguments(self) -> list[str]:
        """What is typed behind `snakemake`."""
        over = [] if self.over is None else ["--configfile", "my.yaml"]
        return [*over, *(["--config", *self.config] if self.config else [])]


def replaced(old: str, new: str) -> str:
    """The tiny study with one piece of its text replaced."""
    assert old in TINY, old
    return TINY.replace(old, new, 1)


PART = "{model: [mnist], layers: [4], batch_size: [1], conv_size: [3], input_size: [28]}"
IMPORTS = "imports: []"
EXCLUDE = "exclude: []"
REPLACED = [  # a piece of the tiny study, what stands there instead, what is said
    # types
    ("epochs: 2", "epochs: ten", "training.epochs: 'ten' must be a whole number"),
    ("epochs: 2", "epochs: 2.0", "training.epochs: 2.0 must be a whole number; write 2"),
    ("0.001", "1e-3", "training.learning_rate: '1e-3' must be a number; write 0.001"),
    ("seed: 5", "seed: yes", "seed: True must be a whole number"),
    ("layers: [4, 6]", "layers: 4", "grid[0].layers: 4 must be a list; write [4]"),
    (
        "evaluation:\n  inputs: 64\n  passes: 2\n  budget_tflop: null",
        "evaluation: [64, 2]",
        "evaluation: [64, 2] must be a section of keys",
    ),
    ("source: builtin", "source: [builtin]", "datasets.source: ['builtin'] is not known"),
    ("source: builtin", "source: builtni", "'builtni' is not known; did you mean builtin?"),
    ("latency_ms: 1", "latency_ms: no", "budget.latency_ms: False must be a number or null"),
    ("mirror: null", "mirror: ''", "datasets.mirror: is empty; write null or leave the key out"),
    (IMPORTS, "imports: [{path: README.md, name: no}]", "name: False must be a text; put it"),
    (EXCLUDE, "exclude:", "exclude: None must be a list; write [] for none"),
    # bounds
    ("0.001", ".nan", "learning_rate: nan must be a number; nan and infinity are no numbers here"),
    ("limit_s: 120", "limit_s: .inf", "timing.time_limit_s: inf must be a number"),
    ("seed: 5", "seed: -1", "seed: -1 must be at least 0"),
    ("seed: 5", f"seed: {'9' * 50}", "99999 must be at most 4294967295"),
    ("batch_size: [1]", "batch_size: [0]", "grid[0].batch_size[0]: 0 must be at least 1"),
    ("confidence: 0.95", "confidence: 0.5", "analysis.confidence: 0.5 must be above 0.5"),
    # keys
    ("epochs: 2", "epochs: 2\n  epoch: 3", "training.epoch: unknown key; did you mean epochs?"),
    ("layers: [4, 6]", "layers: [4, 6]\n    layer: [4]", "grid[0].layer: unknown key; did you"),
    ("seed: 5", "", "seed: missing"),
    ("  epochs: 2\n", "", "training.epochs: missing"),
    ("epochs: 2", "epochs: 2\n  epochs: 3", "training.epochs: named twice"),
    ("layers: [4, 6]", "layers: [4]\n    layers: [8]", "grid[0].layers: named twice, in lines 6"),
    # keys and values of earlier versions
    ("rounds: 1", "rounds: 1\n  visits: 1", "timing.visits: no longer there; write processes"),
    ("protocol: short", "protocol: visits", "timing.protocol: 'visits' has a new name"),
    # cells
    ("layers: [4, 6]", "layers: [4, 6, 4]", "layers: [4, 6, 4] names a value twice: 4"),
    ("batch_size: [1]", "batch_size: []", "batch_size: the list is empty; name at least one"),
    ("layers: [4, 6]", "layers: [5]", "grid[0]: layers 5 is not an even number of at least 4"),
    ("layers: [4, 6]", "layers: [40]", "do not fit an input of 28: with conv_size 3 the largest"),
    (
        "threads: [1]",
        f"threads: {list(range(1, 1025))}\n    filters: {list(range(1, 100))}",
        "grid: asks for 202,753 cells, more than 100,000; take values out",
    ),
    ("batch_size: [1]", "batch_size: [100]", "grid: batch_size 100 is larger than the 64 inputs"),
    ("predict: null", f"predict: {PART.replace('4', '50')}", "predict: its stages do not fit"),
    # families
    ("model: [mnist]", "model: [mnits]", "grid[0].model: 'mnits' is not known; did you mean mnist"),
    ("    conv_size: [3]\n", "", "grid[0].conv_size: missing; every sub-grid of mnist must name"),
    (
        "conv_size: [3]\n",
        "conv_size: [3]\n    vocabulary: [9]\n",
        "grid[0].vocabulary: mnist has no such axis; known: layers, conv_size",
    ),
    ("layers: [4, 6]", "width: [4]", "grid[0].width: unknown key; known: model, batch_size"),
    (
        "model: [mnist]",
        "model: [mine]",
        "grid[0].model: 'mine' is not known; did you mean mobilenet?",
    ),
    # what does not go together
    ("limit_s: 120", "limit_s: 0.02", "timing.time_limit_s: every process would fail after 0.02 s"),
    ("max_steps: 4", "max_steps: 1", "training.max_steps: 1 is less than one step for each"),
    (
        IMPORTS,
        "imports: [{path: docs, name: a}]",
        "imports[0].path: 'docs' is a folder, not a table",
    ),
    (IMPORTS, "imports: [{path: ~/no, name: a}]", "'~/no' is not there; write the whole path"),
    (IMPORTS, "imports: [{path: 'a{b}', name: a}]", "'a{b}' has a character that no path may"),
    (
        IMPORTS,
        "imports: [{path: README.md, name: a}, {path: README.md, name: a}]",
        "imports[1].name: 'a' is the name of another import already",
    ),
    (
        EXCLUDE,
        "exclude: [{layers: 12, reason: x}]",
        "exclude[0].layers: no cell has 12; known: 4, 6",
    ),
    (
        EXCLUDE,
        "exclude: [{model: text, layers: 6, reason: x}]",
        "exclude[0]: no cell has model text and layers 6 together",
    ),
    (EXCLUDE, "exclude: [{threads: 1, reason: x}]", "exclude: takes out all of the 3 cells"),
    (EXCLUDE, "exclude: [{reason: x}]", "exclude[0]: names no axis, so it would take every cell"),
    (EXCLUDE, "exclude: [{layers: 6}]", "exclude[0].reason: missing"),
    (EXCLUDE, "exclude: [{layers: 6, reason: ' '}]", "reason: ' ' must be one line of words"),
    (
        EXCLUDE,
        "exclude: [{layers: six, reason: x}]",
        "exclude[0].layers: 'six' must be a whole number",
    ),
    (
        EXCLUDE,
        "exclude: [{layer: 6, reason: x}]",
        "exclude[0].layer: unknown key; did you mean layers?",
    ),
    ("mirror: null", "mirror: ftp://a.org/b", "'ftp://a.org/b' must be a folder or begin with"),
]
ADDED = [  # lines at the end of the tiny study, what is said
    ("sede: 3", "sede: unknown key; did you mean seed?"),
    ("5: x", "[5]: unknown key"),
    ('"\\e[31mseed": 3', "'\\x1b[31mseed': unknown key"),
    (f"{'k' * 500}: x", "kkk': unknown key"),
    ("seed: 6", "config.yaml, seed: named twice, in lines 2 and 5"),
    ("a:\n\tb: 1", "cannot start any token; indent with blanks, not with tabs"),
    ("a: b: c", "column 5: mapping values are not allowed"),
    ("---\nseed: 6", "column 1: but found another"),
    ("a: 2026-13-45", "config.yaml: month must be in 1..12"),
    ("a: *b", "found undefined alias 'b'"),
    ("a: !!python/name:os.system", "could not determine a constructor for the tag"),
    ("pathvars: {results: 'a{b}'}", "results: 'a{b}' has a character that no folder may have here"),
    ("pathvars: {models: ~/m}", "pathvars.models: '~/m' must be a folder's whole path"),
    ("pathvars: {results: ./r/}", "pathvars.results: './r/' must be written r, as"),
    ("pathvars: {models: ''}", "pathvars.models: is empty; leave the key out"),
    ("pathvars: [results]", "pathvars: ['results'] must be a section of keys"),
    ("pathvars: {result: a}", "pathvars.result: unknown key; did you mean results?"),
    ("pathvars: {results: config.yaml/x}", "pathvars.results: 'config.yaml/x' cannot be used: "),
    (f"pathvars: {{results: {'r' * 300}}}", "r' cannot be used: File name too long"),
]
TYPED = [  # an argument of --config, what is said
    ("seed=x", "seed: 'x' must be a whole number"),
    ("seeds=3", "seeds: unknown key; did you mean seed?"),
    ("timing={rounds: -1}", "timing.rounds: -1 must be at least 1"),
    ("timing=5", "timing: 5 must be a section of keys"),
    ("exclude=[{layers: 14, reason: x}]", "exclude[0].layers: no cell has 14"),
    ("partial=perhaps", "partial: 'perhaps' must be true or false"),
]
OTHERS = [
    Bad(("config.yaml: is empty",), ""),
    Bad(("config.yaml: is not UTF-8; save the file as UTF-8",), TINY.encode() + b"# caf\xe9\n"),
    Bad(("config.yaml: must be a section of keys, not ['seed', 'a']",), "- seed\n- a\n"),
    Bad(("grid.model: missing", "grid.batch_size: missing"), config=("grid={layers: [4]}",)),
    Bad(
        ("my.yaml, training.epochs: named twice, in lines 2 and 3", "sede: unknown key"),
        over="training:\n  epochs: 3\n  epochs: 4\nsede: 3\n",
    ),
    Bad(
        ("training.epochs: 0 must be", "timing.rounds: 0 must be"),
        config=("timing={rounds: 0}",),
        over="training: {epochs: 0}\n",
    ),
    Bad(
        (
            "has 3 mistakes:",
            "training.epochs: named twice",
            "timing.rounds: '1' must",
            "sede: unknown",
        ),
        replaced("epochs: 2", "epochs: 2\n  epochs: 3").replace("rounds: 1", "rounds: '1'")
        + "sede: 3\n",
    ),
    Bad(
        (
            "imports[0].model: missing; a table of the paper",
            "imports[0].path: 'a.csv' is not there",
        ),
        replaced(IMPORTS, "imports: [{path: a.csv, name: a}]"),
    ),
    Bad(
        (
            "families.mine: 'no.py' cannot be read: No such file or directory",
            "families.saved: 'models/v' must name its axes in braces",
        ),
        replaced("model: [mnist]", "model: [mine, saved]")
        + "families: {mine: no.py, saved: {saved_model: models/v}}\n",
    ),
    Bad(
        (
            "has 2 mistakes:",
            "layers 5 is not an even number",
            "the largest layers is 22",
            "mnist_layers40_batch1_conv3_input28_threads1",
        ),
        replaced("layers: [4, 6]", "layers: [5, 40]"),
    ),
    Bad(
        ("has 203 mistakes:", "must be at most 2000", "and 103 more"),
        replaced("batch_size: [1]", f"batch_size: {[*range(1901, 2200), 'x', 'y', 'z', 0]}"),
    ),
]
ALL = [
    *[Bad((said,), replaced(old, new)) for old, new, said in REPLACED],
    *[Bad((said,), f"{TINY}{lines}\n") for lines, said in ADDED],
    *[Bad((said,), config=(argument,)) for argument, said in TYPED],
    *OTHERS,
]
SOME = [*ALL[::8], *[bad for bad in OTHERS if bad.over]]
"""Those for the real Snakemake: of the file, of the command line and of `--configfile`."""
