"""What the tests in a real browser share: the reports, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from made import SURVEY, make_samples, make_survey, once


@pytest.fixture(scope="session")
def samples_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with the sample portfolio's reports."""
    return once(tmp_path_factory, "sample-portfolio", make_samples)


@pytest.fixture(scope="session")
def survey_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with the reports of the public survey; skips where it is not on this machine."""
    if not SURVEY.is_dir():
        pytest.skip("the survey is not on this machine")
    return once(tmp_path_factory, "public-survey", make_survey)
