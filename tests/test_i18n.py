"""Both languages: a complete catalog, the same placeholders, and numbers as readers write them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from satisfaction import i18n, self_check

MESSAGES = [
    message
    for message in read_po(
        (i18n.CATALOGS / "zh" / "LC_MESSAGES" / "satisfaction.po").open("rb"), locale="zh"
    )
    if message.id
]
NOTHING = [None, float("nan"), np.nan, pd.NaT, np.float64("nan")]


@pytest.fixture(autouse=True)
def chinese_after_all() -> Iterator[None]:
    yield
    i18n.use("zh")


def placeholders(text: str) -> set[str]:
    return {name for _text, name, *_rest in string.Formatter().parse(text) if name is not None}


def test_the_catalog_is_complete_and_without_leftovers() -> None:
    assert list(self_check._catalog_problems()) == []


def test_a_missing_and_a_needless_text_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = self_check.source_texts()
    gone = sorted(texts)[0]
    monkeypatch.setattr(self_check, "source_texts", lambda: (texts - {gone}) | {"Brand new"})
    found = {(problem.value, problem.rule) for problem in self_check._catalog_problems()}
    assert found == {
        ("Brand new", "a text has no Chinese translation"),
        (gone[:80], "a text is translated that no source holds"),
    }


def test_the_merged_catalog_is_the_one_that_is_shipped() -> None:
    merged = {message.id: message.string for message in self_check.merged_catalog() if message.id}
    assert merged == {message.id: message.string for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.id[:40])
def test_a_translation_keeps_the_placeholders(message: Message) -> None:
    assert placeholders(str(message.string)) == placeholders(str(message.id))
    # positional or empty placeholders could not be moved by a translator
    assert all(name.isidentifier() for name in placeholders(str(message.id)))


def test_translations_are_not_marked_as_doubtful() -> None:
    assert [message.id for message in MESSAGES if message.fuzzy] == []


def test_chinese_is_used_and_english_is_the_source() -> None:
    message = next(m for m in MESSAGES if m.id == "Target met")
    with i18n.speaking("zh"):
        assert i18n._("Target met") == message.string != "Target met"
    with i18n.speaking("en"):
        assert i18n._("Target met") == "Target met"
    assert i18n.N_("Target met") == "Target met"


def test_a_language_holds_inside_its_block_only() -> None:
    def interrupted() -> None:
        with i18n.speaking("en"):
            assert i18n.language() == "en"
            raise RuntimeError

    i18n.use("zh")
    with pytest.raises(RuntimeError):
        interrupted()
    assert i18n.language() == "zh"
    with pytest.raises(ValueError, match="lang must be one of zh, en, not 'de'"):
        i18n.use("de")


@pytest.mark.parametrize("value", NOTHING)
def test_what_is_not_known_is_a_dash(value: object) -> None:
    for show in (i18n.number, i18n.percent, i18n.points, i18n.signed, i18n.p_value, i18n.date_text):
        assert show(value) == "—"
    assert i18n.interval(value, 0.5) == i18n.interval(0.5, value) == "—"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (i18n.number(1234.5), "1,234"),
        (i18n.number(1234567.891, 2), "1,234,567.89"),
        (i18n.number(-5, 1), "−5.0"),
        (i18n.number(-0.0), "0"),
        (i18n.number(-0.04, 1), "0.0"),
        (i18n.number(np.int64(7)), "7"),
        (i18n.percent(0.8312), "83%"),
        (i18n.percent(0.8312, 1), "83.1%"),
        (i18n.percent(0), "0%"),
        (i18n.percent(1), "100%"),
        (i18n.percent(-0.0001), "0%"),
        (i18n.points(0.052), "+5.2"),
        (i18n.points(-0.052), "−5.2"),
        (i18n.points(0), "0.0"),
        (i18n.points(-0.0001), "0.0"),
        (i18n.points(0.0001), "0.0"),
        (i18n.signed(0.5), "+0.50"),
        (i18n.signed(-0.5, 1), "−0.5"),
        (i18n.signed(-0.001), "0.00"),
        (i18n.interval(0.789, 0.871), "79–87%"),
        (i18n.interval(0.7894, 0.8711, 1), "78.9–87.1%"),
        (i18n.p_value(0.0123), "p = 0.012"),
        (i18n.p_value(0.0009), "p < 0.001"),
        (i18n.p_value(0), "p < 0.001"),
        (i18n.p_value(1), "p > 0.99"),
        (i18n.expected(0.0), "0"),
        (i18n.expected(0.004), "< 0.1"),
        (i18n.expected(12.44), "12.4"),
    ],
)
def test_numbers_are_written_as_readers_expect(shown: str, expected: str) -> None:
    assert shown == expected


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_no_number_has_a_signed_zero_or_a_hyphen(value: float, digits: int) -> None:
    for shown in (
        i18n.number(value, digits),
        i18n.points(value, digits),
        i18n.signed(value, digits),
    ):
        assert "-" not in shown
        if not any(digit in shown for digit in "123456789"):
            assert shown[0] not in "+−"


@pytest.mark.parametrize("share", [-0.05, -0.0049])
def test_a_negative_share_has_a_minus_sign(share: float) -> None:
    assert "-" not in i18n.percent(share)
    assert "-" not in i18n.interval(share, 0.2)


@pytest.mark.parametrize(
    "day", [date(2025, 11, 3), datetime(2025, 11, 3, 9), pd.Timestamp(2025, 11, 3)]
)
def test_days_in_both_languages(day: date) -> None:
    with i18n.speaking("zh"):
        assert i18n.date_text(day) == "2025年11月3日"
    with i18n.speaking("en"):
        assert i18n.date_text(day) == "3 November 2025"


def test_enumerations_in_both_languages() -> None:
    with i18n.speaking("zh"):
        assert i18n.listing(["甲", "乙", "丙"]) == "甲、乙、丙"
    with i18n.speaking("en"):
        assert i18n.listing(["a", "b"]) == "a, b"
        assert i18n.listing([]) == ""


def test_dates_do_not_depend_on_the_machine_s_locale() -> None:
    source = Path(i18n.__file__).read_text("utf-8")
    assert "import locale" not in source
