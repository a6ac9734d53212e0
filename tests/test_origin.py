"""The survey behind the exhibits: named in every caption and in the name of every file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from satisfaction import i18n, origin
from satisfaction.exhibits.exhibit import Exhibit


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    origin.use(None)
    with i18n.speaking("en"):
        yield
    origin.use(None)


def days(first: tuple[int, int, int], last: tuple[int, int, int]) -> tuple[date, date]:
    return date(*first), date(*last)


@pytest.mark.parametrize(
    ("first", "last", "english", "chinese"),
    [
        ((2025, 11, 3), (2025, 11, 20), "3–20 November 2025", "2025年11月3日至20日"),
        ((2025, 10, 28), (2025, 11, 2), "28 October – 2 November 2025", "2025年10月28日至11月2日"),
        ((2025, 12, 28), (2026, 1, 5), "28 December 2025 – 5 January 2026",
         "2025年12月28日至2026年1月5日"),
        ((2025, 11, 3), (2025, 11, 3), "3 November 2025", "2025年11月3日"),
    ],
)  # fmt: skip
def test_a_period_says_what_its_ends_share_once(
    first: tuple[int, int, int], last: tuple[int, int, int], english: str, chinese: str
) -> None:
    assert i18n.period_text(*days(first, last)) == english
    with i18n.speaking("zh"):
        assert i18n.period_text(*days(first, last)) == chinese


def test_half_a_period_is_a_day_and_none_is_a_dash() -> None:
    assert i18n.period_text(None, date(2025, 1, 2)) == "2 January 2025"
    assert i18n.period_text(date(2025, 1, 2), pd.NaT) == "2 January 2025"
    assert i18n.period_text(pd.NaT, None) == "—"


def survey(**more: str) -> origin.Origin:
    plain = {"project": "yunqi", "wave": "2025", "survey": "Annual survey"} | more
    return origin.Origin(**plain, opened_on=date(2025, 11, 3), closed_on=date(2025, 11, 20))


def test_a_chart_names_its_survey_and_a_note_does_not() -> None:
    chart, note = Exhibit("chart", "A", "x", note="n = 3."), Exhibit("note info", "B", "x")
    assert "Source" not in chart.html()
    origin.use(survey())
    assert "n = 3. Source: Annual survey, 3–20 November 2025." in chart.html()
    assert "Source" not in note.html()
    with i18n.speaking("zh"):
        assert "来源：Annual survey，2025年11月3日至20日。" in chart.html()


def test_the_file_is_called_after_project_survey_and_kind() -> None:
    origin.use(survey(project="../x y", wave='"><b>'))
    shown = Exhibit("chart dots", "A", "x", data=pd.DataFrame({"a": [1]})).html()
    found = re.search(r'download="([^"]*)"', shown)
    assert found is not None
    assert found[1] == "-x-y_-b-_chart_dots.csv"


def test_what_stands_in_a_name_is_text() -> None:
    origin.use(survey(survey="<script>"))
    assert "<script>" not in Exhibit("chart", "A", "x").html()


def test_headings_go_down_step_by_step() -> None:
    assert '<h2 class="exhibit-title">' in Exhibit("verdict met", "A", "x").html()
    assert '<h3 class="exhibit-title">' in Exhibit("chart", "A", "x").html()
