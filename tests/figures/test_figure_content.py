"""What figures show and say of a study whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from figure_study import DOLLARS
from matplotlib.legend import Legend

from tfscale.analysis.law_fits import FORMS, predicted
from tfscale.figures.laws import band


def test_the_machine_of_another_name_is_compared_and_its_name_is_taken_as_it_is(every):
    axes = every["machines"].figure.axes[1]
    (legend,) = [one for one in axes.get_children() if isinstance(one, Legend)]
    assert [text.get_text() for text in legend.get_texts()] == ["h", DOLLARS]
    ratios = [line.get_xdata()[0] for line in axes.lines if line.get_marker() != "None"]
    assert any(ratio == pytest.approx(3, rel=0.1) for ratio in ratios)


def test_the_matched_figure_tells_what_the_boxes_hide(every, data):
    (sentence, *_) = every["matched_conv_size"].says
    times = data.main.pivot_table("latency_s", ["layers", "batch_size"], "conv_size").dropna()
    ratio = (times[8] / times[3]).median()
    row = data.fitted("drivers").set_index("factor").loc["conv_size"]
    assert row["ratio"] == pytest.approx(ratio)
    assert sentence.startswith("From conv size 3 to 8 a call takes ")


def test_a_band_of_a_law_holds_its_curve():
    x, levels = np.geomspace(4, 10, 50), np.array([4.0, 6, 8, 10])
    x[[0, -1]] = 4, 10
    fit = {"ratio_low": 3.0, "ratio_high": 5.0}
    low, high = band(FORMS["power"], x, levels, fit)
    exponent = np.log(4) / np.log(2.5)
    scale = np.exp(-exponent * np.log(levels).mean())
    curve = predicted("power", x, {"intercept": scale, "slope": exponent, "shape": np.nan})
    assert (low <= curve + 1e-9).all() and (curve <= high + 1e-9).all()
    assert high[-1] / low[-1] > 1.2
    assert band(FORMS["quadratic"], x, levels, fit) is None


def test_what_is_left_out_a_cell_agrees_with_its_score(study, data):
    cells = data.fitted("held_out_cells")
    scores = pd.read_parquet(study / "fits" / "held_out.parquet")
    scores = scores[(scores["model"] == data.model) & (scores["machine"] == data.machine)]
    for test in ("architecture", "top level"):
        rows = cells[cells["test"] == test]
        error = 100 * (rows["predicted_s"] / rows["measured_s"] - 1).abs().median()
        score = scores[(scores["test"] == test) & (scores["predictor"] == "work model")].iloc[0]
        assert score["median_error_percent"] == pytest.approx(error)
        assert score["cells"] == len(rows)


def test_the_profile_peaks_at_the_statistic_of_the_threshold(data):
    tested = data.fitted("thresholds").dropna(subset="statistic")
    assert len(tested) == 2
    for sweep in tested.to_dict("records"):
        profile = data.fitted("threshold_profiles")
        profile = profile[profile["slice"] == sweep["slice"]]
        assert profile["gain"].max() == pytest.approx(sweep["statistic"], rel=0.05, abs=0.05)
        assert (profile["gain"] >= 0).all() and len(profile) > 30
        assert sweep["statistic_limit"] > 0
