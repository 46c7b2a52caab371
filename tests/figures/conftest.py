"""A full study and one of a single cell, and the style that all figures have."""

import matplotlib.pyplot as plt
import pytest
from figure_study import FIGURES, data_of, drawn, write_study
from made_study import work_cells
from report_of import shared_study

from tfscale.figures.look import styled


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    return shared_study(tmp_path_factory)


@pytest.fixture(scope="session")
def data(study):
    return data_of(study)


@pytest.fixture(scope="session")
def every(data):
    """Every figure of the full study, drawn once."""
    return {name: drawn(name, data) for name in FIGURES}


@pytest.fixture(autouse=True)
def look():
    with styled():
        yield
    plt.close("all")


@pytest.fixture(scope="session")
def lonely(tmp_path_factory):
    cells = work_cells(layers=(4,), batch_size=(1,), conv_size=(3,))
    return data_of(write_study(tmp_path_factory.mktemp("lonely"), cells))
