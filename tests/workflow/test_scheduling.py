"""While a long job runs, Snakemake looks at the waiting jobs only when a job ends."""

import subprocess
import sys

import pytest

from tfscale.console.code import SCRIPTS

pytestmark = pytest.mark.long

SNAKEFILE = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
from tfscale.console.console import still_while_jobs_run

onstart:
    {{on_start}}

rule all:
    input: expand("quick{{n}}", n=range(8)), "last"

rule quick:
    output: touch("quick{{n}}")
    priority: 2

rule long:
    output: touch("long")
    priority: 1
    shell: "sleep 4"

rule last:
    output: touch("last")
"""


@pytest.mark.parametrize(("on_start", "still"), [("still_while_jobs_run(workflow.scheduler)", True),
                                                ("pass", False)])  # fmt: skip
def test_snakemake_is_still_while_a_job_runs(tmp_path, on_start, still):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("{on_start}", on_start))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--verbose", "all", "long"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    looks = done.stderr.count("Ready jobs:")
    assert (looks <= 14) == still, looks
