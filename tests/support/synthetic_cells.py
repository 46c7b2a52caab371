"""Cells whose latency follows the work model with known costs (`made_study`)."""

from made_study import work_cells

__all__ = ["work_cells"]
