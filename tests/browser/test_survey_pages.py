"""Reports of the public survey in a real browser: real answers, no frame, other questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made import CODES, Shown, of_survey
from watching import invalid_markup, problems_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = of_survey()


@pytest.mark.parametrize("shown", PAGES, ids=str)
def test_nothing_is_wrong_with_a_page(browser: Browser, survey_home: Path, shown: Shown) -> None:
    file = shown.within(survey_home / "reports")
    problems = problems_of(browser, file, CODES[shown.lang], name=str(shown))
    assert not problems, "\n".join(problems)


def test_the_markup_is_valid(survey_home: Path) -> None:
    problems = invalid_markup([shown.within(survey_home / "reports") for shown in PAGES])
    assert not problems, "\n".join(problems)
