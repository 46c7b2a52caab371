"""The look at the machine before a study."""

import json

from tfscale.timing import calm, host


def test_a_cpu_that_others_use_does_not_stand_for_the_machine(tmp_path, monkeypatch):
    went = []
    monkeypatch.setattr(host, "places", lambda threads: [[1], [0]])
    monkeypatch.setattr(calm, "pin_to", went.append)
    monkeypatch.setattr(host, "calibrate", lambda: 0.04 if went[-1] == [1] else 0.02)
    monkeypatch.setattr(host, "warnings", lambda threads: [])
    said = host.look(str(tmp_path / "machine.json"))
    seen = json.loads((tmp_path / "machine.json").read_text())
    assert (seen["reference_s"], seen["slow_share"]) == (0.02, 0.5)
    assert "takes 20.0 ms, and over 1.1 times that in 50 % of 150 trials" in said
