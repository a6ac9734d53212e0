"""The index in a real browser: rows that were made, rows that failed, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made import BROKEN, CODES, LANGUAGES
from watching import invalid_markup, problems_of

from satisfaction.reports.index import index_page
from satisfaction.reports.record import read_records
from satisfaction.reports.storage import storage_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def pages(samples_home: Path) -> dict[str, Path]:
    """The index over all reports, made and failed, by language."""
    folders = [storage_at(samples_home / name) for name in ("reports", "broken")]
    records = [each for folder in folders for each in folder.records()]
    files = {}
    for lang in LANGUAGES:
        files[lang] = samples_home / "reports" / f"index.{lang}.html"
        files[lang].write_text(index_page(read_records(records), lang), "utf-8")
    return files


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_wrong_with_the_index(
    browser: Browser, pages: dict[str, Path], lang: str
) -> None:
    assert BROKEN in pages[lang].read_text("utf-8")
    problems = problems_of(browser, pages[lang], CODES[lang], name=f"index.{lang}")
    assert not problems, "\n".join(problems)


def test_the_markup_is_valid(pages: dict[str, Path]) -> None:
    problems = invalid_markup([*pages.values()])
    assert not problems, "\n".join(problems)
