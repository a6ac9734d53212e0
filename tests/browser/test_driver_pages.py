"""The report on drivers in a real browser: on a desk, a phone and paper, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made import CODES, Shown, samples
from watching import invalid_markup, problems_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = samples("correlation_drivers")


@pytest.mark.parametrize("shown", PAGES, ids=str)
def test_nothing_is_wrong_with_a_page(browser: Browser, samples_home: Path, shown: Shown) -> None:
    file = shown.within(samples_home / "reports")
    problems = problems_of(browser, file, CODES[shown.lang], name=str(shown))
    assert not problems, "\n".join(problems)


def test_the_markup_is_valid(samples_home: Path) -> None:
    problems = invalid_markup([shown.within(samples_home / "reports") for shown in PAGES])
    assert not problems, "\n".join(problems)
