"""Laws and thresholds in words: the verdicts of their tables."""

import numpy as np
import pandas as pd
from made_study import TRUTHS
from made_study import sweep as study

from tfscale.analysis.laws import fit_laws, law_sentences
from tfscale.analysis.thresholds import threshold_sentences


def laws_said(cells, processes=None) -> list[str]:
    return law_sentences(fit_laws(cells, 0.95, processes, np.random.default_rng(0)))


def test_a_law_says_its_verdict():
    cells, processes = study(TRUTHS["linear"])
    assert "mnist, batch size: linear." in laws_said(cells, processes)


def test_what_is_not_known_is_said_so():
    cells, _ = study(lambda x: 1 + 0.002 * x, noise=1.0, speeds=(1,))
    assert ": undetermined: " in laws_said(cells)[0] and " or " in laws_said(cells)[0]
    few, _ = study(TRUTHS["linear"], sizes=(1, 8))
    assert any(said.endswith("not testable: 2 levels of 6 cells.") for said in laws_said(few))
    nominal, _ = study(TRUTHS["constant"])
    said = laws_said(nominal.assign(called_batch=32))
    assert any("not testable: every call had the batch_size 32" in line for line in said)
    jump, processes = study(lambda x: (4 + x) * (1 + 2 * (x > 10)))
    assert any(": none fits (nearest: " in said for said in laws_said(jump, processes))
    flat, _ = study(TRUTHS["constant"], seed=1)
    assert any(said.endswith(": constant.") for said in laws_said(flat))


def test_where_no_threshold_was_found_one_sentence_says_so():
    both = pd.DataFrame(
        {
            "machine": "m",
            "model": "mnist",
            "factor": ["layers", "batch_size"],
            "verdict": ["no threshold", "not testable"],
            "p_value": [0.5, np.nan],
        }
    )
    assert threshold_sentences(both) == ["mnist: no threshold was found (1 of 2 sweeps testable)."]
