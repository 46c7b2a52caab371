"""A report before all is done: what is there, what is missing, and how to finish it."""

import pandas as pd
import pytest
from snakemake_project import CELLS

PARTIAL = ("results/report.html", "--config", "partial=true")


@pytest.mark.long
def test_a_partial_report_shows_what_is_there_and_the_whole_study_goes_on_from_it(project):
    asked = {"model": ["mnist"], "layers": [8], "batch_size": [1], "conv_size": [3]}
    project.configure(predict=[asked | {"input_size": [28]}])
    for path in ("runs.parquet", "cells.parquet", "report.html"):
        (project.root / "results" / path).unlink()
    for cell in CELLS[1:]:  # with the last one goes all of its model
        project.run_file(cell).unlink()
    kept = project.times("runs/*/*.parquet") | project.times("models/*/facts.json")
    assert not {"train", "measure", "floor", "calibrate"} & set(project.plan(*PARTIAL))
    said = project.run(*PARTIAL)
    assert project.times("runs/*/*.parquet") | project.times("models/*/facts.json") == kept
    cells = pd.read_parquet(project.root / "results/cells.parquet")
    assert set(cells["cell"]) == {CELLS[0]}
    page = (project.root / "results/report.html").read_text()
    assert "Partial." in page and "2 cells of the study lack runs" in page
    assert all(f"<code>{cell}</code>: not timed" in page for cell in CELLS[1:])
    assert "<pre>snakemake results/report.html</pre>" in page
    assert "Partial: 2 cells" in said and "Report: " in said
    plan = project.plan()
    assert plan["measure"] == 2 and plan["report"] == 1 and "train" not in plan
    project.run()
    assert "Partial." not in (project.root / "results/report.html").read_text()
    assert project.plan() == {}
