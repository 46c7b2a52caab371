"""The columns of every table of `results/fits`."""

from tfscale.analysis.columns_claims import CLAIM_TABLES
from tfscale.analysis.columns_laws import LAW_TABLES
from tfscale.analysis.columns_tests import TEST_TABLES
from tfscale.analysis.columns_work import WORK_TABLES
from tfscale.files.described import described, text

FITS = LAW_TABLES | WORK_TABLES | TEST_TABLES | CLAIM_TABLES
"""By the names of `fit_tables`."""

FINDINGS = described(
    {
        "topic": text("topic of the finding"),
        "sentence": text("the finding, the most interesting first"),
    }
)
