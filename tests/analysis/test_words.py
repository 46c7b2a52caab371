"""Laws, elasticities and thresholds in words: sentences from numbers, or what cannot be said."""

import numpy as np
import pandas as pd
from made_study import TRUTHS
from made_study import sweep as study

from tfscale.analysis.laws import fit_laws, law_sentences
from tfscale.analysis.thresholds import threshold_sentences


def laws_said(cells, processes=None) -> list[str]:
    return law_sentences(fit_laws(cells, 0.95, processes, np.random.default_rng(0)))


def test_what_is_not_known_is_said_so():
    cells, _ = study(lambda x: 1 + 0.002 * x, noise=1.0, speeds=(1,))
    assert " is undetermined: " in laws_said(cells)[0] and " or " in laws_said(cells)[0]
    few, _ = study(TRUTHS["linear"], sizes=(1, 8))
    assert any("is not testable: 2 levels of 6 cells." in said for said in laws_said(few))
    nominal, _ = study(TRUTHS["constant"])
    said = laws_said(nominal.assign(called_batch=32))
    assert "is not testable: every call had the batch_size 32" in said[-1]
    jump, processes = study(lambda x: (4 + x) * (1 + 2 * (x > 10)))
    assert any("is none of the nine (nearest: " in said for said in laws_said(jump, processes))
    flat, _ = study(TRUTHS["constant"], seed=1)
    assert any("is constant: it changes the time by less than 10 %" in s for s in laws_said(flat))


def test_only_sweeps_that_would_have_found_a_jump_are_counted():
    both = pd.DataFrame(
        {
            "machine": "m",
            "model": "mnist",
            "factor": "batch_size",
            "verdict": "no threshold",
            "smallest_jump_found": [0.3, np.nan],
            "reason": "",
        }
    )
    assert threshold_sentences(both) == [
        "mnist on m, batch size: no threshold in 2 of 2 sweeps; a jump of 30 % would have been "
        "found in 1 of them, in the others a break is below 10 % (19 times in 20)."
    ]
