"""The pipeline used from another folder: its own files are found, results land in that folder."""

import pandas as pd
import pytest
import yaml
from snakemake_project import CELLS, Project

SNAKEFILE = """
configfile: "study.yaml"

module tfscale:
    snakefile: "../copy/Snakefile"
    config: config

use rule * from tfscale
"""


@pytest.fixture
def elsewhere(project, tmp_path) -> Project:
    """An empty folder beside the finished study."""
    (tmp_path / "elsewhere").mkdir()
    return Project(tmp_path / "elsewhere")


def test_a_folder_with_a_configuration_of_its_own_has_that_one(elsewhere):
    config = yaml.safe_load((elsewhere.root / "../copy/config.yaml").read_text())
    config["timing"]["rounds"] = 2
    (elsewhere.root / "config.yaml").write_text(yaml.safe_dump(config))
    assert elsewhere.plan("--snakefile", "../copy/Snakefile")["measure"] == 2 * len(CELLS)


@pytest.mark.long
def test_the_command_told_after_a_failure_leads_back_to_the_study(elsewhere):
    run = f"results/runs/{CELLS[0]}/round1.parquet"
    where = "--snakefile ../copy/Snakefile --directory ../copy --cores 1"
    model = elsewhere.root / "../copy/results/models/mnist_layers4_batch16_conv3_input28"
    file = model / "saved_model/saved_model.pb"
    whole = file.read_bytes()
    file.write_bytes(b"damaged")
    done = elsewhere.call(run, "--force", *where.split())
    retry = f"snakemake {run} {where}"
    assert done.returncode != 0 and f"retry {retry}\n" in done.stdout
    file.write_bytes(whole)
    assert "Done: 1 job" in elsewhere.run(*retry.split()[1:])


@pytest.mark.long
def test_the_rules_can_be_used_as_a_module(elsewhere):
    config = yaml.safe_load((elsewhere.root / "../copy/config.yaml").read_text())
    config |= {"grid": config["grid"][:1], "pathvars": {"models": "../copy/results/models"}}
    (elsewhere.root / "study.yaml").write_text(yaml.safe_dump(config))
    (elsewhere.root / "Snakefile").write_text(SNAKEFILE)
    elsewhere.run("--cores", "all", "results/report.html")
    cells = pd.read_parquet(elsewhere.root / "results/cells.parquet")
    assert list(cells["cell"]) == CELLS[:2]
    page = (elsewhere.root / "results/report.html").read_text()
    assert "snakemake results/report.html --cores all --forcerun results/runs/" in page
