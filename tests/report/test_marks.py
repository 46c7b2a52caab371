"""What the report warns of."""

import numpy as np
import pandas as pd

from tfscale.report.reservations import marks

TIMING = {"precision": 0.05, "time_cap_s": 120, "cell_cap_s": 60, "protocol": "visits"}
NO_DRIFT = pd.DataFrame(columns=["machine", "term", "total", "total_low", "total_high", "span_h"])
BUSY = "other processes use {} of 2 CPUs, most by python (pid {}): stop them"


def said(
    warnings=("", ""),
    machine=(),
    copies_s=(0.005, 0.0052),
    disturbed=False,
    slices_left_out=0,
    visit_s=1.0,
    **columns,
) -> str:
    cells = pd.DataFrame({"cell": ["a", "b"], "model": "mnist"}).assign(
        **{"clean_visits": 6, "noise_index": 1.0, "coverage": 0.96, "stop_reason": "most visits",
           "half_width": 0.01, "repeat_half_width": 0.02, "unsettled_visits": 0,
           "test_accuracy": 0.8, "machine": "h"}
        | columns
    )  # fmt: skip
    visits = pd.DataFrame(
        {"cell": ["a", "b"], "round": 1, "sentinel": False, "warnings": warnings,
         "disturbed": disturbed, "slices": 5, "slices_left_out": slices_left_out,
         "machine": "h", "host": "h", "visit_s": visit_s,
         "memory_copy_before_s": 0.005, "memory_copy_after_s": copies_s}
    )  # fmt: skip
    return "\n".join(marks(cells, visits, NO_DRIFT, {"warnings": list(machine)}, TIMING))


def test_a_clean_study_has_no_marks():
    assert said() == ""


def test_the_same_warning_with_other_numbers_is_said_once():
    text = said((BUSY.format("1.9", 4711), BUSY.format("2.0", 4712)))
    assert text == f"For instance, {BUSY.format('1.9', 4711)} (2 of 2 runs)."
    assert said(("on battery", "on battery")) == "On battery (2 of 2 runs)."
    assert said(machine=["on battery"]) == "Before the study: on battery."


def test_a_busy_machine_is_said_though_only_slices_were_left_out():
    assert said(slices_left_out=[3, 2]) == (
        "The machine was busy: 0 of 2 visits (0 %) were disturbed by physical signs (calibration, "
        "CPU share, steal) and left out, and 50 % of the slices of the others."
    )
    assert said(slices_left_out=[0, 1]) == "", "a tenth is no sign of anything"
    assert "1 of 2 visits (50 %)" in said(disturbed=[True, False])
    assert "slices" not in said(disturbed=[True, False], slices_left_out=[1, 0])


def test_of_wide_cells_those_are_counted_whose_time_is_used_up():
    """The interval of the second cell is narrow: its time does not matter."""
    again = "A higher timing.further_rounds times these again, and no others"
    assert f"the widest half-width is 8.0 %. {again}." in said(half_width=[0.08, 0.01])
    assert f"{again}." in said(half_width=[0.08, 0.01], visit_s=[59.0, 61.0])
    assert f"{again}, but for 1 whose visits have taken timing.cell_cap_s (60 s): with" in said(
        half_width=[0.08, 0.01], visit_s=[60.0, 1.0]
    )


def test_busy_memory_is_said_and_unknown_memory_is_not():
    assert "copying 64 MiB took over 1.1 times" in said(copies_s=(0.005, 0.006))
    assert "round 50 % of the visits" in said(copies_s=(0.005, 0.006))
    assert said(copies_s=(np.nan, np.nan)) == ""


def test_wide_and_missing_intervals_are_counted():
    assert "1 of 2 cells are known less well than the asked 5 %; the widest" in said(
        half_width=[0.01, 0.123]
    )
    text = said(half_width=np.nan, coverage=np.nan)
    assert "2 of 2 cells are known less well than the asked 5 % or have no interval." in text
    assert "nan" not in text


def test_how_far_another_study_may_differ_is_said_when_it_is_more_than_the_precision():
    text = said(repeat_half_width=[0.1, 0.14])
    assert text.startswith("Another such study would find a cell within 13 % of its value here")
    assert said(repeat_half_width=np.nan) == ""
