"""The machine before the study: how fast it is undisturbed, and what may disturb it."""

import json
import platform
from datetime import UTC, datetime

import numpy as np

from tfscale.files.atomic import write_text
from tfscale.timing.calibration import calibrate, reference
from tfscale.timing.disturbance import NOTICEABLE
from tfscale.timing.host import warnings
from tfscale.timing.memory_speed import copy_time
from tfscale.timing.pinning import in_turn, places

CALIBRATIONS = 150


def look(output: str) -> str:
    """Calibrate for about 5 s, write what was seen as JSON, and return it in words.

    The CPUs take turns. The reference is the 20th percentile of the calibrations (s); the spread
    is the 90th percentile over it. Each comes after a copy of memory, as in a visit it comes after
    other work: in a row they would be 1 % faster, and as many more visits disturbed.
    """
    noticed = warnings(threads=1)
    times_s = [_trial() for _ in in_turn(places(1), CALIBRATIONS)]
    reference_s = reference(times_s)
    slow_share = float(np.mean(np.array(times_s) > NOTICEABLE * reference_s))
    seen = {
        "host": platform.node(),
        "started": datetime.now(UTC).isoformat(),
        "reference_s": reference_s,
        "spread": float(np.quantile(times_s, 0.9)) / reference_s,
        "slow_share": slow_share,
        "warnings": noticed,
    }
    write_text(output, json.dumps(seen, indent=2) + "\n")
    words = (
        f"machine {seen['host']}: the calibration kernel takes {reference_s * 1e3:.1f} ms, "
        f"and over {NOTICEABLE} times that in {100 * slow_share:.0f} % of {CALIBRATIONS} trials"
    )
    return "\n".join([words, *[f"warning: {line}" for line in noticed]])


def _trial() -> float:
    copy_time()
    return calibrate()
