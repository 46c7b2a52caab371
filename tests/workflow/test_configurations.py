"""Configurations as the real Snakemake meets them: bad ones, the command line, excluded cells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bad_configs import SOME
from snakemake_project import AFTER_TIMING, CELLS

MANY = Path(__file__).with_name("many_configs.py")


def test_a_bad_configuration_is_refused_in_words_and_nothing_is_written(fresh):
    done = subprocess.run(
        [sys.executable, str(MANY), str(fresh.root)],
        capture_output=True,
        text=True,
        timeout=1800,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # no thread before a fork
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = {outcome["name"]: outcome for outcome in json.loads(done.stdout)}
    wrong = []
    for bad in SOME:
        outcome = outcomes[bad.name]
        text = outcome["text"]
        unsaid = [said for said in bad.said if said not in text]
        traceback = "Traceback" in text or 'File "' in text
        if outcome["status"] != 1 or unsaid or traceback or outcome["written"]:
            wrong.append((bad.name, outcome["status"], unsaid, outcome["written"], text[-1500:]))
    assert wrong == []


def test_a_wide_study_can_be_planned_in_batches(fresh):
    first = fresh.plan("--batch", "merge=1/2")
    assert first and first.get("measure", 0) < len(CELLS) and "merge" not in first


@pytest.mark.long
def test_excluded_cells_are_taken_out_named_with_their_reason_and_come_back(project):
    kept = project.times("runs/*/*.parquet") | project.times("models/*/facts.json")
    reason = 'out of <memory> & it\'s "slow"'
    project.configure(exclude=[{"layers": 6, "reason": reason}])
    assert project.plan() == {"floor": 1} | AFTER_TIMING
    printed = project.run()
    assert f"excluded 1 cell: {reason}" in printed
    cells = pd.read_parquet(project.root / "results/cells.parquet")
    assert set(cells["cell"]) == {CELLS[0], CELLS[2]}
    page = (project.root / "results/report.html").read_text()
    assert "1 cell of the grid was left out of the study" in page
    said = "out of &lt;memory&gt; &amp; it&#39;s &#34;slow&#34;"
    assert f"<li><code>{CELLS[1]}</code>: {said}</li>" in page
    done = project.call("-n", f"results/runs/{CELLS[1]}/round1.parquet")
    assert done.returncode != 0 and f"{CELLS[1]} is taken out: {reason}" in done.stdout
    project.configure(exclude=[])
    assert project.plan() == {"floor": 1} | AFTER_TIMING
    assert project.times("runs/*/*.parquet") | project.times("models/*/facts.json") == kept
