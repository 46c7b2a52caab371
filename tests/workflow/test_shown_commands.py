"""Every command that users are shown is typed in a shell, or marked here with the reason."""

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import filter as filter_by
from fnmatch import fnmatch

import page_files
import pytest
import yaml
from paths import ROOT
from shown_commands import in_docs, in_messages, in_page, in_speech
from snakemake_project import CELLS, Project

CELL = CELLS[0]
RUN = f"results/runs/{CELL}/round1.parquet"
MODEL = "results/models/mnist_layers4_batch16_conv3_input28"
REAL = "resources/encoded/real"
MINE = f"results/mine/runs/{CELL}/round1.parquet"
PLACEHOLDERS = {
    "<cell>": CELL,
    "{cell}": CELL,
    "text_layers8_batch16_conv5_input56_threads1": CELL,
    "merge=1/10": "merge=1/2",
}
"""What stands for something in the docs, and what it is in the tiny study."""

INSTALLS = "sets up an environment from a package index"
MINUTES = "takes minutes to an hour; .ci/run types it"
BENCH = "takes 45 minutes and an environment of its own"
CONDA = "needs conda; test_conda.py types it where there is one, and with a stand-in"
PART = "no command: names a program or a format"
MARKED = {
    "make setup": INSTALLS,
    "make demo": MINUTES,
    "make .cluster-venv/ready": INSTALLS,
    ". .cluster-venv/bin/activate": "needs Slurm's plugin; make test-slurm uses it",
    "pip install *": INSTALLS,
    "apt install *": "needs root",
    "make test": MINUTES,
    "make test-all": MINUTES,
    "make lint": MINUTES,
    "make docs": "test_site.py builds the site, test_docs.py compares the generated pages",
    "make envs": "writes the pins by uv; test_environment.py compares them",
    "make test-slurm": "needs root and starts a cluster",
    "make bench*": BENCH,
    "uv audit": "asks a database of advisories; make lint types it",
    "sinfo *": "needs Slurm",
    "snakemake results/gate.txt": "test_compared.py types it",
    "cd ~/tfscale": "wherever the clone is",
    "conda --version": CONDA,
    "conda activate base": CONDA,
    "snakemake --use-conda*": CONDA,
    "snakemake --cleanup-metadata": "Snakemake's own advice",
    "git diff": PART,
    "sha256sum -c": PART,
    "cp -r": PART,
}
"""Commands that are shown and not typed by this test, with the reason."""


@dataclass(frozen=True)
class Typed:
    """A command, what it must print (a pattern), the files that it must make anew or leave as they
    are, and what is changed before it. With `dry` it is typed with -n, since it would take long."""

    command: str
    said: str
    made: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    before: Callable[[Project], object] = lambda project: None
    fails: bool = False
    dry: bool = False
    folder: str = "."


def another_page(project: Project) -> None:
    project.append("workflow/report/report.html.j2", "<!-- more -->")


def another_clone(project: Project) -> None:
    made = shutil.ignore_patterns("results", "resources", ".*")
    shutil.copytree(project.root, project.root.with_name("new"), ignore=made)


def other_timing(project: Project) -> None:
    project.configure(timing={"min_calls": 6})


def unreadable(project: Project) -> None:
    """The model of the cell, as after a fault of the disk."""
    file = project.root / MODEL / "saved_model" / "saved_model.pb"
    file.rename(file.with_suffix(".whole"))
    file.write_bytes(b"damaged")


def readable(project: Project) -> None:
    file = project.root / MODEL / "saved_model" / "saved_model.pb"
    file.with_suffix(".whole").rename(file)


def without(run: str) -> Callable[[Project], None]:
    return lambda project: (project.root / run).unlink()


def tutorial(project: Project) -> None:
    """The tutorial's my.yaml as it stands there."""
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    (project.root / "my.yaml").write_text(re.search(r"```yaml\n(pathvars:.*?)```", page, re.S)[1])


GRID = {"model": ["mnist"], "layers": [4], "batch_size": [1], "conv_size": [3], "input_size": [28]}


def one_cell(name: str, results: str, **more) -> Callable[[Project], None]:
    """A configuration of one cell in a folder of its own, with the models of the finished study."""
    config = {"pathvars": {"results": results, "models": "results/models"}, "grid": GRID} | more
    return lambda project: (project.root / name).write_text(yaml.safe_dump(config))


def pasted(project: Project) -> None:
    """The settings that the demo's page shows as config.yaml, as it says under To reproduce."""
    page = (project.root / "results/demo/report.html").read_text(encoding="utf-8")
    settings = re.search(r"Settings of the study</summary><pre>(.*?)</pre>", page, re.S)[1]
    (project.root / "config.yaml").write_text(html.unescape(settings))


NOTHING = "Nothing to be done"
ANALYSED = ("results/runs.parquet", "results/report.html")
DEFAULT = (
    Typed(
        "cp -a results resources ../new/",
        "",
        ("../new/results/report.html",),
        before=another_clone,
    ),
    Typed("snakemake -n -q rules", NOTHING, folder="../new"),
    Typed("snakemake --list", "Time one cell in one round"),
    Typed("snakemake -n -q rules", r"report +1\n", before=another_page),
    Typed("snakemake -n", "Params have changed"),
    Typed("TFSCALE_CONSOLE=0 snakemake", "Finished jobid", ("results/report.html",)),
    Typed("snakemake --report", "Report created", ("report.html",)),
    Typed("snakemake --unlock", "Unlock"),
    Typed("cd results/checksums && sha256sum -c *.sha256", r"\.\./cells\.parquet: OK"),
    Typed("sha256sum -c SHA256SUMS", "facts.json: OK", folder=MODEL),
    Typed("snakemake --batch merge=1/2", "Considering only batch 1/2"),
    Typed("snakemake --config seed=3 'timing={rounds: 3}'", r"measure +9\n", dry=True),
    Typed(
        f"snakemake {REAL}/fashion-mnist_input28.npz {REAL}/movie-reviews_input56.npz",
        r"download +6\n",
        dry=True,
    ),
    Typed("snakemake --workflow-profile profiles/rigorous", r"measure +45\n", dry=True),
    Typed("snakemake --workflow-profile profiles/paper", r"measure +96\n", dry=True),
    Typed("snakemake --workflow-profile profiles/slurm", "invalid choice: 'slurm'", fails=True),
    Typed(
        f"snakemake results/report.html --forcerun {RUN}",
        "FAILED",
        kept=(RUN, *ANALYSED),
        before=unreadable,
        fails=True,
    ),
    Typed("snakemake results/report.html --config partial=true", NOTHING, kept=(RUN, *ANALYSED)),
    Typed("TFSCALE_WARM=0 snakemake", "Report: ", (RUN, *ANALYSED), before=readable),
    Typed(f"snakemake {RUN}", "Done: 1 job", (RUN,), before=without(RUN)),
    Typed(
        f"snakemake results/report.html --forcerun results/runs/{CELL}/round*.parquet",
        "Report: ",
        (RUN, *ANALYSED),
    ),
    Typed("TFSCALE_TIMING_LOCK=0 snakemake", "Report: ", ANALYSED[1:], before=another_page),
    Typed("snakemake --touch", "Params have changed", kept=ANALYSED, before=another_page),
    Typed("snakemake", NOTHING),
    Typed(
        "snakemake --touch --until measure floor calibrate", r"measure +3\n", before=other_timing
    ),
    Typed("snakemake", f"Done|{NOTHING}", kept=(RUN,)),
)
CONFIG_FILE = (
    Typed("snakemake -n -q rules --configfile my.yaml", r"measure +280\n", before=tutorial),
    Typed(
        "snakemake results/mine/report.html --configfile my.yaml "
        "--config 'also=[mnist_layers6_batch4_conv3_input28_threads1]'",
        r"measure +280\n",
        dry=True,
    ),
    Typed(
        "snakemake --configfile my.yaml",
        "Report: .*/results/mine/report.html",
        before=one_cell("my.yaml", "results/mine"),
    ),
    Typed(f"snakemake {MINE} --configfile my.yaml", "Done: 1 job", (MINE,), before=without(MINE)),
    Typed(
        f"snakemake results/mine/report.html --configfile my.yaml "
        f"--forcerun results/mine/runs/{CELL}/round*.parquet",
        "Report: ",
        (MINE, "results/mine/report.html"),
    ),
    Typed("snakemake results/mine/report.html --configfile my.yaml --config partial=true", NOTHING),
    Typed("snakemake --workflow-profile profiles/wide --configfile my.yaml", NOTHING),
)
DEMO = (
    Typed(
        "snakemake --workflow-profile profiles/demo",
        r"Report: .*/results/demo/report\.html",
        before=one_cell(
            "profiles/demo/config.yaml",
            "results/demo",
            imports=[{"path": "results/runs.parquet", "name": "laptop"}],
        ),
    ),
    Typed(
        "snakemake results/demo/report.html --workflow-profile profiles/demo "
        f"--forcerun results/demo/runs/{CELL}/round*.parquet",
        "Report: ",
        (f"results/demo/runs/{CELL}/round1.parquet", "results/demo/report.html"),
    ),
    Typed(
        "snakemake",
        r"report +1\nall +1\ntotal +2\n(.|\n)*Report: .*/results/demo/report\.html",
        ("results/demo/report.html",),
        before=pasted,
    ),
    Typed(
        f"snakemake results/demo/report.html --forcerun results/demo/runs/{CELL}/round*.parquet",
        r"measure +1\n",
        dry=True,
    ),
)
ELSEWHERE = (
    Typed(
        "snakemake --snakefile ~/tfscale/Snakefile --workflow-profile demo",
        r"measure +33\n",
        dry=True,
        folder="../elsewhere",
    ),
    Typed(
        "snakemake --snakefile ~/tfscale/Snakefile --configfile my.yaml",
        "Report: .*/elsewhere/results/report.html",
        before=one_cell("../elsewhere/my.yaml", "results"),
        folder="../elsewhere",
    ),
    Typed(
        "snakemake results/report.html --snakefile ../tfscale/Snakefile --configfile my.yaml "
        f"--forcerun results/runs/{CELL}/round*.parquet",
        "Report: ",
        (f"../elsewhere/{RUN}", "../elsewhere/results/report.html"),
        folder="../elsewhere",
    ),
    Typed("snakemake --directory ../elsewhere --configfile ../elsewhere/my.yaml", NOTHING),
)


def own(*names: str) -> Callable[[Project], None]:
    """Files of docs/your-own-model.md as they stand there."""
    return lambda project: page_files.write(project.root, *names)


def changed(name: str, old: str, new: str) -> Callable[[Project], None]:
    """One of its files with a change that the page describes."""
    text = page_files.files()[name]
    assert old in text
    return lambda project: (project.root / name).write_text(text.replace(old, new))


SIZE, FREE, TYPE, BUILD = page_files.printed()
FIRST_MODEL = (
    Typed(
        "snakemake --configfile net.yaml",
        r"measure +12(.|\n)*12 cells of net, no data(.|\n)*Report: .*/results/net/report.html",
        before=own("net.py", "net.yaml"),
    ),
    Typed(
        "snakemake -n --configfile net.yaml",
        TYPE,
        before=changed("net.py", "depth: int", "depth"),
        fails=True,
    ),
    Typed("snakemake --configfile net.yaml", NOTHING, before=own("net.py")),
    Typed("snakemake --workflow-profile profiles/zoo", r"measure +58\n", dry=True),
)
MORE_MODELS = (
    Typed("snakemake --configfile free.yaml", FREE, before=own(), fails=True),
    Typed(
        "snakemake --configfile shapes.yaml",
        SIZE,
        before=changed("shapes.yaml", "size: [64], ", ""),
        fails=True,
    ),
    Typed("snakemake --configfile shapes.yaml", "Report: ", before=own("shapes.yaml")),
    Typed("snakemake --configfile words.yaml", "Report: "),
    Typed("snakemake --configfile pairs.yaml", "Report: "),
    Typed("python export.py", ""),
    Typed("snakemake --configfile saved.yaml", "Report: "),
    Typed("snakemake --configfile ring.yaml", "test accuracy (.|\\n)*Report: "),
    Typed(
        "snakemake --configfile net.yaml",
        BUILD,
        before=changed("net.py", "layers.Dense", "layers.Dens"),
        fails=True,
    ),
    Typed(
        "snakemake results/net/models/net_depth1/saved_model --configfile net.yaml",
        "Done: 1 job",
        ("results/net/models/net_depth1/facts.json",),
        before=own("net.py"),
    ),
    Typed(
        "snakemake --configfile net.yaml",
        r"count +2(.|\n)*Report: ",
        before=changed("net.yaml", "predict:", "predict:"),
    ),
)
SESSIONS = {
    "default": DEFAULT,
    "profile": DEMO,
    "configuration file": CONFIG_FILE,
    "elsewhere": ELSEWHERE,
    "a first model": FIRST_MODEL,
    "more models": MORE_MODELS,
}
OWN = "|".join(name.removesuffix(".yaml") for name in page_files.files() if ".yaml" in name)
"""The studies of docs/your-own-model.md: their commands differ in names alone."""


def normal(command: str) -> str:
    """A command with the tiny study's names for placeholders, and for those of such a study."""
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    command = re.sub(rf"(?<=/)({OWN})_(?!model/?\b)\w+(?=/)", CELL, command)
    return re.sub(rf"\b({OWN})(?=\.yaml|/)", "mine", command).replace("mine.yaml", "my.yaml")


TYPED = {normal(step.command) for session in SESSIONS.values() for step in session}
TYPED.add(". .venv/bin/activate")


def unknown(commands) -> list[str]:
    """Those that are neither typed nor marked."""
    return sorted(
        command
        for command in {normal(command) for command in commands} - TYPED
        if not any(fnmatch(command, pattern) for pattern in MARKED)
    )


TO_DO = "type each in a session of tests/workflow/test_shown_commands.py, or mark it there"


def test_every_command_of_docs_and_messages_is_typed_or_marked():
    docs, messages = in_docs(), in_messages()
    assert len(docs) > 40
    assert unknown([*docs, *messages]) == [], TO_DO
    unseen = [pattern for pattern in MARKED if not filter_by([*docs, *messages], pattern)]
    assert unseen == ["snakemake --cleanup-metadata"], "take out what is shown no more"


def test_a_new_command_is_noticed():
    assert unknown(["snakemake --forceall", "snakemake"]) == ["snakemake --forceall"]
    printed = "retry snakemake results/a/round1.parquet\nTo make it: make setup, or delete it"
    assert in_speech(printed) == {"snakemake results/a/round1.parquet", "make setup"}


@pytest.fixture
def typist(finished, tmp_path, monkeypatch) -> Project:
    """A copy of the finished study as ~/tfscale with its .venv, beside an empty folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    project = finished.copy_to(tmp_path / "tfscale")
    (project.root / ".venv").symlink_to(sys.prefix)
    return project


@pytest.mark.long
@pytest.mark.parametrize("name", SESSIONS)
def test_what_is_shown_works_when_it_is_typed(typist, name):
    said = "".join(typed(typist, step) for step in SESSIONS[name])
    assert unknown(in_speech(said)) == [], TO_DO
    for page in typist.root.parent.rglob("results/**/report.html"):
        assert unknown(in_page(page.read_text(encoding="utf-8"))) == [], TO_DO


def typed(project: Project, step: Typed) -> str:
    """What a command printed that did what it should."""
    step.before(project)
    before = {name: content(project, name) for name in (*step.made, *step.kept)}
    words = f". .venv/bin/activate && cd {step.folder} && {step.command}{' -n' * step.dry}"
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    told = f"{step.command}\n{done.stdout[-5000:]}"
    assert (done.returncode != 0) == step.fails, told
    assert re.search(step.said, done.stdout), told
    for name, old in before.items():
        assert (content(project, name) == old) == (name in step.kept), f"{name}: {told}"
    return done.stdout


def content(project: Project, name: str) -> bytes | None:
    path = project.root / name
    return path.read_bytes() if path.exists() else None
