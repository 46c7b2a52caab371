"""Latencies of a study in times of its calibration kernel."""

import numpy as np
import pandas as pd

from bench.study import Study, project_config
from tfscale.timing.protocol import median_interval


def in_calibrations(study: Study) -> pd.DataFrame:
    """The cells with their latencies in times of the calibration kernel, which two studies by
    different clocks have in common, as far as a call is slowed down as the kernel is."""
    visits, coverage = study.visits, project_config()["timing"]["coverage"]
    clean = visits[~visits["sentinel"].astype(bool) & ~visits["disturbed"].astype(bool)]
    calibrations_s = clean[["calibration_before_s", "calibration_after_s"]].mean(axis=1)
    intervals = {
        cell: (float(np.median(values)), *bounds(values, coverage))
        for cell, values in (clean["p50_s"] / calibrations_s).groupby(clean["cell"])
    }
    rows = [intervals.get(cell, (np.nan,) * 3) for cell in study.cells["cell"]]
    columns = ["latency_s", "latency_low_s", "latency_high_s"]
    return study.cells.assign(**dict(zip(columns, np.transpose(rows), strict=True)))


def bounds(values: pd.Series, coverage: float) -> tuple[float, float]:
    """The interval of a median."""
    interval = median_interval(values, coverage)
    return interval.low, interval.high
