"""Latencies as they would be at the CPU's undisturbed speed, by the calibrations of each visit."""

import pandas as pd

from tfscale.timing.calibration import reference

BOTH = ["calibration_before_s", "calibration_after_s"]


def references(visits: pd.DataFrame) -> pd.Series:
    """For each visit the undisturbed calibration (s) of its machine in this study."""
    calm_s = {
        machine: reference(rows[BOTH].to_numpy().ravel())
        for machine, rows in visits.groupby("machine", sort=False)
    }
    return visits["machine"].map(calm_s).astype(float)


def at_reference_speed(visits: pd.DataFrame) -> pd.Series:
    """The median (s) of each visit times the undisturbed calibration of its machine over the mean
    of its own two: a ratio estimator with the calibration as covariate (Cochran 1977, 6.2).

    It takes out what clock and neighbours do to all work alike, and is right as far as a call is
    slowed down as the kernel is. It stands beside the latency and never replaces it.
    """
    return visits["p50_s"] * references(visits) / visits[BOTH].mean(axis=1)
