"""The commands that the user is told to type."""

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from tfscale.console.commands import Call, check_targets, profile_options, typed_options
from tfscale.errors import StudyError
from tfscale.study.study import Study


def test_targets_go_before_config_which_would_swallow_them():
    call = Call(["--workflow-profile", "profiles/demo"], {"seed": 3})
    words = shlex.split(call.command("results/demo/report.html", partial="true"))
    assert words[:2] == ["snakemake", "results/demo/report.html"]
    assert words[-3:] == ["--config", "seed=3", "partial=true"]


def test_a_plain_call_is_a_plain_command():
    assert Call().command() == "snakemake"


def test_names_with_blanks_are_quoted():
    assert shlex.split(Call().command("my results/a.parquet"))[1] == "my results/a.parquet"


def test_a_section_of_the_configuration_needs_no_escaped_quotes():
    typed = Call(config={"timing": {"rounds": "9"}, "exclude": [{"layers": 10}]}).command()
    assert typed == ("""snakemake --config 'timing={"rounds": "9"}' 'exclude=[{"layers": 10}]'""")


def test_a_profile_is_known_by_its_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    demo = tmp_path / "profiles" / "demo" / "config.yaml"
    assert profile_options([demo]) == ["--workflow-profile", "profiles/demo"]
    assert profile_options(["profiles/paper/config.yaml", "my.yaml"]) == [
        "--workflow-profile",
        "profiles/paper",
        "--configfile",
        "my.yaml",
    ]
    assert profile_options([]) == []


def test_the_options_that_make_a_call_this_study_are_said_again_as_they_were_typed():
    typed = "results/a -n -s up/Snakefile --config seed=3 -d work --cores=4 --configfile a b"
    options = " ".join(typed_options(typed.split()))
    assert options == "--snakefile up/Snakefile --directory work --cores 4 --configfile a b"
    typed = "--configfile my.yaml --workflow-profile profiles/slurm -c2 --forcerun a b"
    options = " ".join(typed_options(typed.split()))
    assert options == "--cores 2 --workflow-profile profiles/slurm --configfile my.yaml"
    assert typed_options(["results/report.html", "-n", "--touch"]) == []


@pytest.fixture
def called(tmp_path, monkeypatch):
    """The page's call of a study, for its Snakefile, its configuration files and what was typed."""
    monkeypatch.chdir(tmp_path)

    def here(snakefile="Snakefile", files=(), words=""):
        monkeypatch.setattr("sys.argv", ["snakemake", *words.split()])
        settings = SimpleNamespace(configfiles=list(map(Path, files)), config={"seed": 3})
        return Call.here(SimpleNamespace(main_snakefile=snakefile, config_settings=settings))

    (tmp_path / "profiles/default").mkdir(parents=True)
    return here


def test_the_page_says_the_same_however_the_study_was_called(called, tmp_path):
    plain = called(str(tmp_path / "Snakefile"))
    assert plain.command() == "snakemake --config seed=3"
    assert called(words="--use-conda --cores 4 -d .") == plain, "or the page is made anew"
    demo = tmp_path / "profiles/demo/config.yaml"
    assert called(files=[demo]).options == ["--workflow-profile", "profiles/demo"]
    wide = "--workflow-profile profiles/wide --configfile my.yaml"
    assert called(files=["my.yaml"], words=wide).options == ["--configfile", "my.yaml"]


def test_the_page_names_a_snakefile_elsewhere_and_cores_where_no_profile_does(called, tmp_path):
    assert called("sub/Snakefile").options == ["--snakefile", "sub/Snakefile"]
    (tmp_path / "profiles/default").rmdir()
    assert called().options == ["--cores", "all"]
    elsewhere = [tmp_path.parent / "clone/profiles/demo/config.yaml"]
    assert called("../clone/Snakefile", elsewhere).options == [
        "--snakefile",
        "../clone/Snakefile",
        "--workflow-profile",
        "../clone/profiles/demo",
    ]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/runs/mnist_layers4_batch1_conv3_input82_threads1/round1.parquet", "did you mean"),
        ("results/runs/mnist_layers4_batch1_conv3_input28_threads1/round9.parquet", "5 rounds"),
        ("results/models/mnist_layers5_batch64_conv3_input28/facts.json", "no trained model"),
        ("mnist_layers4_batch1_conv3_input28_threads1", "is a cell; its runs are results/runs/mni"),
    ],
)
def test_a_target_that_the_study_has_not_is_named(config, target, said):
    study = Study.from_config(config)
    folders = "results", "results/models"
    other = ["--configfile", "/home/x/models/net/net.yaml", "--directory", "/data/runs/a/"]
    check_targets(study, ["results/report.html", "-n", "--config", "seed=3", *other], *folders)
    with pytest.raises(StudyError, match=said):
        check_targets(study, ["-n", target], *folders)


def test_a_cell_is_timed_again_in_the_studys_own_folder_and_with_its_options():
    assert Call().again("results") == (
        "snakemake results/report.html --forcerun results/runs/{cell}/round*.parquet"
    )
    demo = Call(["--workflow-profile", "profiles/demo"], {"seed": 3}).again("my results")
    assert shlex.split(demo.format(cell="a")) == [
        "snakemake",
        "my results/report.html",
        "--workflow-profile",
        "profiles/demo",
        "--config",
        "seed=3",
        "--forcerun",
        "my results/runs/a/round*.parquet",
    ]
