"""The columns of every table of `results/fits`."""

from tfscale.columns_claims import CLAIM_TABLES
from tfscale.columns_laws import LAW_TABLES
from tfscale.columns_tests import TEST_TABLES
from tfscale.columns_work import WORK_TABLES
from tfscale.described import described, text

FITS = LAW_TABLES | WORK_TABLES | TEST_TABLES | CLAIM_TABLES
"""By the names of `fit_tables`."""

FINDINGS = described(
    {
        "topic": text("topic of the finding"),
        "sentence": text("the finding, the most interesting first"),
    }
)
