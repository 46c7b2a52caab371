"""The commands that the user is told to type."""

import shlex

import pytest

from tfscale.console.commands import Call, check_targets, profile_options, typed_profile
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
        "--workflow-profile", "profiles/paper", "--configfile", "my.yaml",
    ]  # fmt: skip
    assert profile_options([]) == []


def test_a_profile_that_was_typed_stays_with_a_configuration_of_ones_own():
    typed = ["--configfile", "my.yaml", "--workflow-profile", "profiles/slurm", "-n"]
    assert typed_profile(typed) == ["--workflow-profile", "profiles/slurm"]
    assert typed_profile(["--workflow-profile=profiles/slurm"]) == typed[2:4]
    assert typed_profile(["results/report.html"]) == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("results/runs/mnist_layers4_batch1_conv3_input82_threads1/round1.parquet", "did you mean"),
        ("results/runs/mnist_layers4_batch1_conv3_input28_threads1/round9.parquet", "5 rounds"),
        ("results/models/mnist_layers5_batch64_conv3_input28/facts.json", "no trained model"),
    ],
)
def test_a_target_that_the_study_has_not_is_named(config, target, said):
    study = Study.from_config(config)
    check_targets(study, ["results/report.html", "-n", "--config", "seed=3"])
    with pytest.raises(StudyError, match=said):
        check_targets(study, ["-n", target])


def test_a_cell_is_timed_again_in_the_studys_own_folder_and_with_its_options():
    assert Call().again("results") == (
        "snakemake results/report.html --forcerun results/runs/{cell}/round*.parquet"
    )
    assert Call(["--use-conda"]).again("results") == Call().again("results"), "or it is made anew"
    demo = Call(["--workflow-profile", "profiles/demo"], {"seed": 3}).again("my results")
    assert shlex.split(demo.format(cell="a")) == [
        "snakemake", "my results/report.html", "--workflow-profile", "profiles/demo",
        "--config", "seed=3", "--forcerun", "my results/runs/a/round*.parquet",
    ]  # fmt: skip
