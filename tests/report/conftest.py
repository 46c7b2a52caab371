"""A made-up study with its figures, and its page, made once a session."""

import pytest
from browser import browser as browser
from report_of import shared_figures, write


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    return shared_figures(tmp_path_factory)


@pytest.fixture(scope="session")
def path(study):
    return write(study, study / "report.html")
