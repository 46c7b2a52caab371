"""A sampled study as a user runs it: what is timed, what is predicted, what a larger one adds."""

import pandas as pd
import pytest
from browser import browser as browser
from browser import needs_chromium, opened

GRID = {
    "model": ["mnist"],
    "layers": [4, 6, 8],
    "batch_size": [1, 2, 3, 4, 5, 6, 7, 8],
    "conv_size": [3],
    "input_size": [28],
}


@needs_chromium
@pytest.mark.long
def test_a_sample_is_timed_the_rest_predicted_and_a_larger_one_times_only_what_is_new(
    fresh, browser
):
    fresh.configure(grid=[GRID], predict=None, budget={"latency_ms": 10, "price_per_hour": 0.4})
    fresh.configure(sample=6)
    assert fresh.plan()["measure"] == 6 + 10 and fresh.plan()["train"] <= 3
    said = fresh.run()
    assert "8 more cells are predicted; 10 that no fit used are missed by" in said
    table = pd.read_parquet(fresh.root / "results/fits/predictions.parquet")
    assert table["why"].value_counts().to_dict() == {"check": 10, "sample": 8}
    assert (table["latency_s"] > 0).all()
    assert "times as long" in said and ", by prediction." in said
    drivers = pd.read_parquet(fresh.root / "results/fits/drivers.parquet").set_index("factor")
    assert set(drivers.index) == {"layers", "batch_size"} and drivers["predicted"].max() > 0
    cost = pd.read_parquet(fresh.root / "results/fits/cost.parquet")
    assert len(cost) == 16 and cost["cost_per_million"].is_monotonic_increasing
    page = opened(browser, fresh.root / "results/report.html")
    assert "24 of 24 cells" in page.locator("#shown").inner_text()
    page.get_by_label("bound", exact=True).select_option("predicted")
    assert "8 of 24 cells" in page.locator("#shown").inner_text()
    page.locator("#table tbody input").first.check()
    picked = page.locator("#picked article").inner_text()
    assert picked.startswith("mnist_layers") and "Predicted, not timed" in picked
    (cell,) = page.locator("#picked h4").all_inner_texts()
    assert f"also=[{cell}]" in picked and page.faults == []
    plan = fresh.plan("--config", "sample=8")
    assert plan["measure"] == 2 and "train" not in plan and "count" not in plan
    assert fresh.plan("--config", f"also=[{cell}]")["measure"] == 1
    assert fresh.plan() == {}
