"""The result of a run in its last line."""

from tfscale.timing.protocol import PRECISE, ROUND_DONE
from tfscale.timing.run import result_line
from tfscale.units import three

CELL = "text_layers8_batch16_conv5_input56_threads1"


def test_an_interval_is_claimed_with_its_coverage():
    line = result_line(CELL, [0.0419] * 3 + [0.0414, 0.0424, 0.042], 16, 0.9375, PRECISE)
    assert line == (
        f"{CELL} … 41.9 ms ± 1.2 % (6 visits, 96.9 % interval) 382 examples/s; precision reached"
    )


def test_a_range_is_called_one_and_a_single_visit_claims_nothing():
    two = result_line(CELL, [0.041, 0.043], 16, 0.9375, ROUND_DONE)
    assert "± 2.4 % (2 visits, range) 381 examples/s; round done" in two
    one = result_line(CELL, [0.042], 16, 0.9375, ROUND_DONE)
    assert one == f"{CELL} … 42 ms (1 visit) 381 examples/s; round done"


def test_three_digits_are_enough():
    said = [three(value) for value in (0.01234, 4.6, 999.6, 1420.7, 132_617, 0, float("nan"))]
    assert said == ["0.0123", "4.6", "1,000", "1,420", "133,000", "0", "nan"]
