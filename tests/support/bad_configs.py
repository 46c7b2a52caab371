"""Configurations with mistakes, and what must be said of each: tests run them against the check
alone and through the real Snakemake."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml
from paths import ROOT

TINY = (ROOT / "tests" / "tiny.yaml").read_text()
EVALUATION = "evaluation:\n  inputs: 64\n  passes: 2\n  budget_tflop: null"


@dataclass(frozen=True)
class Bad:
    """A configuration: the tiny study with some text replaced, or another text altogether, with
    arguments of `--config` and a file of `--configfile`. Every line in `said` must be said."""

    name: str
    said: tuple[str, ...]
    text: str | bytes
    config: tuple[str, ...] = ()
    over: str | None = None

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


def tiny(name: str, old: str, new: str, *said: str, **more) -> Bad:
    """The tiny study with one piece of its text replaced."""
    assert old in TINY, old
    return Bad(name, said, TINY.replace(old, new, 1), **more)


def plus(name: str, lines: str, *said: str) -> Bad:
    """The tiny study with more lines at its end."""
    return Bad(name, said, f"{TINY}{lines}\n")


def other(name: str, text: str | bytes, *said: str) -> Bad:
    """Another text altogether."""
    return Bad(name, said, text)


def typed(name: str, config: str, *said: str) -> Bad:
    """The tiny study with an argument of `--config`."""
    return Bad(name, said, TINY, (config,))


def laughs(first: str, later: str, levels: int = 9) -> str:
    """Anchors that double themselves nine times a level."""
    lines = [f"a0: &a0 {first}"]
    for level in range(1, levels + 1):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {later.replace('ALIASES', aliases)}")
    return "\n".join(lines) + "\n"


def numbers(count: int, start: int = 1) -> str:
    return str(list(range(start, start + count)))


def as_json(**changes) -> str:
    return json.dumps(yaml.safe_load(TINY) | changes)


PART = "{model: [mnist], layers: [4], batch_size: [1], conv_size: [3], input_size: [28]}"
EXCLUDE = "imports: []"
MANY = "config.yaml: holds more than 100,000 values when its anchors are written out"

TYPES = [
    tiny("word", "epochs: 2", "epochs: ten", "training.epochs: 'ten' must be a whole number"),
    tiny("float", "epochs: 2", "epochs: 2.0",
         "training.epochs: 2.0 must be a whole number; write 2"),
    tiny("exponent", "rate: 0.001", "rate: 1e-3",
         "training.learning_rate: '1e-3' must be a number; YAML reads a text here: write 0.001"),
    tiny("quoted", "rounds: 1", "rounds: '1'",
         "timing.rounds: '1' must be a whole number; YAML reads a text here: write 1"),
    tiny("yes", "seed: 5", "seed: yes", "seed: True must be a whole number"),
    tiny("null", "seed: 5", "seed: null", "seed: None must be a whole number"),
    tiny("date", "seed: 5", "seed: 2026-11-23", "seed: 2026-11-23 must be a whole number"),
    tiny("scalar", "layers: [4, 6]", "layers: 4", "grid[0].layers: 4 must be a list; write [4]"),
    tiny("text", "model: [text]", "model: text",
         "grid[1].model: 'text' must be a list; write [text]"),
    tiny("float level", "layers: [4, 6]", "layers: [4.0]",
         "grid[0].layers[0]: 4.0 must be a whole number; write 4"),
    tiny("bool level", "layers: [4, 6]", "layers: [true]",
         "grid[0].layers[0]: True must be a whole number"),
    tiny("list for a section", EVALUATION, "evaluation: [64, 2]",
         "evaluation: [64, 2] must be a section of keys"),
    tiny("empty section", EVALUATION, "evaluation:",
         "evaluation: None must be a section of keys"),
    tiny("section for a list", "imports: []", "imports: {}", "imports: {} must be a list"),
    tiny("list for a word", "source: builtin", "source: [builtin]",
         "datasets.source: ['builtin'] is not known"),
    tiny("blank that is none", "source: builtin", "source: builtin\u00a0",
         "datasets.source: 'builtin\\xa0' is not known; did you mean builtin?"),
    tiny("no", "latency_ms: 1", "latency_ms: no",
         "budget.latency_ms: False must be a number or null"),
    tiny("name no", "imports: []", "imports: [{path: README.md, name: no}]",
         "imports[0].name: False must be a text; YAML takes yes, no, on and off for true and"),
    tiny("name number", "imports: []", "imports: [{path: README.md, name: 5}]",
         "imports[0].name: 5 must be a text; put it in quotes"),
    tiny("exclude nothing", "imports: []", "imports: []\nexclude:",
         "exclude: None must be a list; write [] for none"),
]  # fmt: skip
RANGES = [
    tiny("nan", "rate: 0.001", "rate: .nan",
         "training.learning_rate: nan must be a number; nan and infinity are no numbers here"),
    tiny("infinity", "limit_s: 120", "limit_s: .inf", "timing.time_limit_s: inf must be a number"),
    tiny("negative", "seed: 5", "seed: -1", "seed: -1 must be at least 0"),
    tiny("large seed", "seed: 5", "seed: 4294967296", "seed: 4294967296 must be at most 4294967"),
    tiny("dropout", "dropout: 0.5", "dropout: 1", "training.dropout: 1 must be below 1"),
    tiny("no batch", "batch_size: [1]", "batch_size: [0]",
         "grid[0].batch_size[0]: 0 must be at least 1"),
    tiny("large batch", "batch_size: [1]", "batch_size: [4000]",
         "grid[0].batch_size[0]: 4000 must be at most 2000"),
    tiny("large input", "input_size: [28]", "input_size: [10000]",
         "grid[0].input_size[0]: 10000 must be at most 512"),
    tiny("threads", "threads: [1]", "threads: [2000]",
         "grid[0].threads[0]: 2000 must be at most 1024"),
    tiny("confidence", "confidence: 0.95", "confidence: 0.5",
         "analysis.confidence: 0.5 must be above 0.5"),
    tiny("rounds", "rounds: 1", "rounds: 0", "timing.rounds: 0 must be at least 1"),
    tiny("inputs", "inputs: 64", "inputs: 63", "evaluation.inputs: 63 must be at least 64"),
    tiny("kernel", "conv_size: [3]", "conv_size: [-3]",
         "grid[0].conv_size[0]: -3 must be at least 1"),
    tiny("odd layers", "layers: [4, 6]", "layers: [5]",
         "grid[0]: layers 5 is not an even number of at least 4: use 4. Cells: mnist_layers5_"),
    tiny("many layers", "layers: [4, 6]", "layers: [40]",
         "its stages do not fit an input of 28: with conv_size 3 the largest layers is 22"),
    tiny("training batch", "batch_size: 16", "batch_size: 100000",
         "training.batch_size: 100000 must be at most 10000"),
    tiny("precision", "precision: 0.05", "precision: 0", "timing.precision: 0 must be above 0"),
]  # fmt: skip
KEYS = [
    plus("unknown", "sede: 3", "sede: unknown key; did you mean seed?"),
    tiny("unknown below", "epochs: 2", "epochs: 2\n  epoch: 3",
         "training.epoch: unknown key; did you mean epochs?"),
    tiny("unknown axis", "layers: [4, 6]", "layers: [4, 6]\n    layer: [4]",
         "grid[0].layer: unknown key; did you mean layers?"),
    plus("other alphabet", "s\u0435ed: 3", "s\u0435ed: unknown key; did you mean seed?"),
    plus("escape", '"\\e[31mseed": 3', "'\\x1b[31mseed': unknown key"),
    plus("number", "5: x", "[5]: unknown key"),
    plus("empty key", '"": x', "'': unknown key"),
    plus("long key", f"{'k' * 500}: x", "...", "kkk': unknown key"),
    tiny("missing", "seed: 5", "", "seed: missing"),
    tiny("missing below", "  epochs: 2\n", "", "training.epochs: missing"),
]  # fmt: skip
DOUBLES = [
    plus("key twice", "seed: 6", "config.yaml, seed: named twice, in lines 2 and 61; keep one of"),
    tiny("key twice below", "epochs: 2", "epochs: 2\n  epochs: 3",
         "training.epochs: named twice, in lines 23 and 24; keep one of them"),
    tiny("axis twice", "layers: [4, 6]", "layers: [4, 6]\n    layers: [8]",
         "grid[0].layers: named twice, in lines 6 and 7"),
    tiny("value twice", "layers: [4, 6]", "layers: [4, 6, 4]",
         "grid[0].layers: [4, 6, 4] names a value twice: 4"),
    tiny("sub-grid twice", "grid:", f"grid:\n  - {PART}\n  - {PART}",
         "grid[1]: adds nothing, its cell is in the sub-grids before it; take it out"),
    other("json twice", as_json()[:-1] + ', "seed": 6}', "config.yaml, 'seed': named twice; keep"),
    tiny("import twice", "imports: []",
         "imports: [{path: README.md, name: a}, {path: README.md, name: a}]",
         "imports[1].name: 'a' is the name of another import already"),
]  # fmt: skip
SIZES = [
    tiny("empty axis", "batch_size: [1]", "batch_size: []",
         "grid[0].batch_size: the list is empty; name at least one value"),
    other("empty grid", as_json(grid=[]), "grid: the list is empty; name at least one value"),
    tiny("huge grid", "threads: [1]", f"threads: {numbers(1024)}\n    filters: {numbers(4096)}",
         "grid: asks for 8,388,609 cells, more than 100,000; take values out (layers has 2, "
         "threads has 1,024, filters has 4,096)"),
    other("huge prediction",
          as_json(predict=yaml.safe_load(PART) | {"filters": list(range(1, 4001)),
                                                  "threads": list(range(1, 101))}),
          "predict: asks for 400,000 cells, more than 100,000"),
    tiny("long list", "layers: [4, 6]", f"layers: {numbers(5000)}",
         "layers 5 is not an even number", "has 2,502 mistakes:", "and 2,402 more"),
    tiny("long wrong list", "batch_size: [1]", f"batch_size: {numbers(9000)[:-1]}, 'x', x]",
         "must be at most 2000", "has 7,003 mistakes:", "and 6,903 more"),
]  # fmt: skip
CONTRADICTIONS = [
    tiny("visits", "visits: 1", "visits: 2",
         "timing.visits: 2 fewest visits of a run are more than its 1 most (timing.max_visits)"),
    tiny("limits", "limit_s: 120", "limit_s: 0.02",
         "timing.time_limit_s: every visit would fail after 0.02 s"),
    tiny("steps", "max_steps: 4", "max_steps: 1",
         "training.max_steps: 1 is less than one step for each of the 2 epochs"),
    tiny("batch", "batch_size: [1]", "batch_size: [100]",
         "grid: batch_size 100 is larger than the 64 inputs of a pass (evaluation.inputs)"),
    tiny("no model", "imports: []", "imports: [{path: a.csv, name: a}]",
         "imports[0].model: missing; a table of the paper does not say its model",
         "imports[0].path: there is no a.csv"),
    tiny("folder", "imports: []", "imports: [{path: docs, name: a}]",
         "imports[0].path: 'docs' is a folder, not a table"),
    tiny("home", "imports: []", "imports: [{path: ~/no such table, name: a}]",
         "imports[0].path: there is no ~/no such table; write /"),
    tiny("wildcard", "imports: []", "imports: [{path: 'a{b}', name: a}]",
         "imports[0].path: 'a{b}' has a character that no path may have here"),
    tiny("exclude none", EXCLUDE, "exclude: [{layers: 12, reason: too large}]",
         "exclude[0].layers: no cell has 12; known: 4, 6"),
    tiny("exclude a combination", EXCLUDE,
         "exclude: [{model: text, layers: 6, reason: too large}]",
         "exclude[0]: no cell has model text and layers 6 together; the nearest is "
         "mnist_layers6_batch1_conv3_input28_threads1, which differs in model"),
    tiny("exclude a value too many", EXCLUDE,
         "exclude: [{model: text, layers: [4, 6], reason: too large}]",
         "exclude[0].layers: no cell with model text has 6"),
    tiny("exclude all", EXCLUDE, "exclude: [{threads: 1, reason: too slow}]",
         "exclude: takes out all of the 3 cells; a study needs at least one"),
    tiny("exclude no axis", EXCLUDE, "exclude: [{reason: too slow}]",
         "exclude[0]: names no axis, so it would take every cell out"),
    tiny("exclude no reason", EXCLUDE, "exclude: [{layers: 6}]", "exclude[0].reason: missing"),
    tiny("exclude blank reason", EXCLUDE, "exclude: [{layers: 6, reason: ' '}]",
         "exclude[0].reason: ' ' must be one line of words"),
    tiny("exclude type", EXCLUDE, "exclude: [{layers: six, reason: x}]",
         "exclude[0].layers: 'six' must be a whole number or a list"),
    tiny("exclude axis", EXCLUDE, "exclude: [{layer: 6, reason: x}]",
         "exclude[0].layer: unknown key; did you mean layers?"),
]  # fmt: skip
FILES = [
    other("latin", TINY.encode() + b"# caf\xe9\n", "config.yaml: line 61 is not UTF-8"),
    other("utf-16", TINY.encode("utf-16"), "config.yaml: line 1 is not UTF-8; save the file as"),
    plus("nul", "a: \0", "config.yaml: unacceptable character #x0000"),
    plus("tab", "a:\n\tb: 1", "cannot start any token; indent with blanks, not with tabs"),
    other("empty", "", "config.yaml: is empty"),
    other("comments", "# nothing yet\n", "config.yaml: is empty"),
    other("list", "- seed\n- a\n", "config.yaml: must be a section of keys, not ['seed', 'a']"),
    other("one number", "5\n", "config.yaml: must be a section of keys, not 5"),
    plus("unclosed", "a: [1, 2", "config.yaml: line ", "expected ',' or ']'"),
    plus("unquoted", "a: b: c", "config.yaml: line 61, column 5: mapping values are not allowed"),
    plus("two documents", "---\nseed: 6", "config.yaml: line 61, column 1: but found another"),
    plus("unknown alias", "a: *b", "config.yaml: line 61, column 4: found undefined alias 'b'"),
    plus("python", "a: !!python/name:os.system", "a (line 61): the tag 'python/name:os.system'"),
    plus("python object", "a: !!python/object/apply:os.system [touch owned]", "is not allowed"),
    plus("own tag", "a: !mine 3", "a (line 61): the tag '!mine' is not allowed here"),
    plus("template", "__use_yte__: true\n?open('owned', 'w'): {}",
         "config.yaml, __use_yte__: templates run code and are not used here",
         "?open('owned', 'w'): unknown key"),
    tiny("octal", "seed: 5", "seed: 010", "config.yaml, seed (line 2): YAML reads 010 as 8"),
    tiny("sexagesimal", "limit_s: 120", "limit_s: 2:30",
         "timing.time_limit_s (line 48): YAML reads 2:30 as 150; write the number that you mean"),
    plus("no date", "a: 2026-13-45", "a (line 61): '2026-13-45' cannot be read (month must be in"),
    tiny("digits", "seed: 5", f"seed: {'9' * 5000}", "seed (line 2): a number of 5,000 digits"),
    plus("complex key", "? [a, b]\n: c", "config (line 61): a key must be one word"),
    plus("bad merge", "a: {<<: 5}", "expected a mapping or list of mappings for merging"),
]  # fmt: skip
BOMBS = [
    other("lists", laughs("[x, x, x]", "[ALIASES]"), MANY),
    other("sections", laughs("{k: v}", "{b: [ALIASES]}"), MANY),
    other("merges", laughs("{k: v}", "{<<: [ALIASES]}"), MANY),
    plus("endless list", "a: &a [*a]", "config.yaml: contains itself: an alias (*) stands inside"),
    plus("endless section", "a: &a {b: *a}", "config.yaml: contains itself: an alias (*)"),
    plus("deep", "a: " + "[" * 5000 + "]" * 5000, "config.yaml: is nested too deeply"),
    other("deep json", '{"a": ' + "[" * 900 + "]" * 900 + "}", "config.yaml: is nested"),
    other("chain", "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{b: *a{n - 1}}}\n" for n in range(1, 200)), "config.yaml: is nested more"),
    plus("long", "# " + "x" * 300_000, "config.yaml: is longer than 256 KiB, too long for a study"),
]  # fmt: skip
PLACES = [
    plus("wildcard folder", "pathvars: {results: 'a{b}'}",
         "pathvars.results: 'a{b}' has a character that no folder may have here"),
    plus("circle", "pathvars: {results: <results>/a}", "pathvars.results: '<results>/a' has a"),
    plus("line break", 'pathvars: {resources: "a\\nb"}', "pathvars.resources: 'a\\nb' has a char"),
    plus("home folder", "pathvars: {models: ~/m}", "pathvars.models: '~/m' must be a folder's"),
    plus("blank folder", "pathvars: {models: ' '}", "pathvars.models: ' ' must be a folder's"),
    plus("empty folder", "pathvars: {models: ''}", "pathvars.models: is empty; leave the key out"),
    plus("list of folders", "pathvars: [results]", "pathvars: ['results'] must be a section of"),
    plus("folder as number", "pathvars: {results: 5}", "pathvars.results: 5 must be a text; put"),
    plus("unknown folder", "pathvars: {result: a}", "pathvars.result: unknown key; did you mean"),
    plus("file as folder", "pathvars: {results: config.yaml/x}",
         "pathvars.results: 'config.yaml/x' cannot be written: ", "config.yaml is a file"),
    plus("long folder", f"pathvars: {{results: {'r' * 300}}}", "be written: File name too long"),
    tiny("mirror", "mirror: null", "mirror: ftp://a.org/b",
         "datasets.mirror: 'ftp://a.org/b' must be a folder or begin with http://, https"),
]  # fmt: skip
TYPED = [
    typed("argument", "seed=x", "seed: 'x' must be a whole number"),
    typed("unknown argument", "sede=3", "sede: unknown key; did you mean seed?"),
    typed("nan argument", "seed=nan", "seed: nan must be a whole number"),
    typed("nothing", "seed=", "seed: None must be a whole number"),
    typed("section", "timing={rounds: 0}", "timing.rounds: 0 must be at least 1"),
    typed("no section", "timing=5", "timing: 5 must be a section of keys"),
    typed("axis", "grid={layers: [4]}", "grid.model: missing", "grid.batch_size: missing"),
    typed("exclude argument", "exclude=[{layers: 12, reason: too large}]",
          "exclude[0].layers: no cell has 12"),
    typed("partial", "partial=perhaps", "partial: 'perhaps' must be true or false"),
    typed("quotes", "imports=[{path: \"it's\", name: 'a \"b\"'}]",
          "imports[0].path: there is no it's"),
    Bad("file over it", ("my.yaml, training.epochs: named twice, in lines 2 and 3", "sede: unkn"),
        TINY, over="training:\n  epochs: 3\n  epochs: 4\nsede: 3\n"),
    Bad("file and argument", ("training.epochs: 0 must be", "timing.rounds: 0 must be"),
        TINY, ("timing={rounds: 0}",), over="training: {epochs: 0}\n"),
]  # fmt: skip
TOGETHER = [
    Bad("all at once", (
        "config.yaml, training.epochs: named twice", "config.yaml, seed (line 2): YAML reads 010",
        "timing.rounds: '1' must be", "sede: unknown key", "The configuration has 4 mistakes:",
    ), TINY.replace("epochs: 2", "epochs: 2\n  epochs: 3").replace("seed: 5", "seed: 010")
        .replace("rounds: 1", "rounds: '1'") + "sede: 3\n"),
    tiny("two of the cells", "layers: [4, 6]", "layers: [5, 40]",
         "layers 5 is not an even number", "the largest layers is 22", "has 2 mistakes:"),
]  # fmt: skip
ALL = [
    *TYPES, *RANGES, *KEYS, *DOUBLES, *SIZES, *CONTRADICTIONS, *FILES, *BOMBS, *PLACES, *TYPED,
    *TOGETHER,
]  # fmt: skip
