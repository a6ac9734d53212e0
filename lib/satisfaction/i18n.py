"""The reader's language: gettext catalogs and the way numbers and dates are written.

English source strings, one Chinese catalog (``locale/zh/LC_MESSAGES/satisfaction.po``). The
language is ambient: ``use("zh")`` sets it for the running context, as ``open_study`` does.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
CATALOGS = Path(__file__).parent / "locale"
MISSING = "—"

_language: ContextVar[str] = ContextVar("language", default="zh")


def use(lang: str) -> None:
    """Make ``lang`` the language of everything shown from here on."""
    if lang not in LANGUAGES:
        raise ValueError(f"lang must be one of {', '.join(LANGUAGES)}, not {lang!r}")
    _language.set(lang)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Use ``lang`` inside a ``with`` block only."""
    before = language()
    use(lang)
    try:
        yield
    finally:
        use(before)


def language() -> str:
    """The language in use: ``zh`` (default) or ``en``."""
    return _language.get()


class _English(gettext.NullTranslations):
    """The source strings as they are read: with a typographic apostrophe."""

    def gettext(self, message: str) -> str:
        return message.replace("'", "’")


@cache
def _catalog(lang: str) -> gettext.NullTranslations:
    if lang == "en":
        return _English()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = CATALOGS / lang / "LC_MESSAGES" / "satisfaction.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str) -> str:
    """``message`` (an English source string) in the language in use."""
    return _catalog(language()).gettext(message)


def N_(message: str) -> str:
    """Mark a string for the catalog where it is defined; translate with ``_`` where it is shown."""
    return message


def _unknown(value: Any) -> bool:
    """None, NaN, NaT: nothing to show."""
    return value is None or value != value


def number(value: Any, digits: int = 0) -> str:
    """``1234.5`` -> ``1,234.5``; a dash for what is not known."""
    return MISSING if _unknown(value) else _plain_zero(f"{value:,.{digits}f}").replace("-", "−")


def expected(count: Any) -> str:
    """A count to expect: one decimal, and ``0`` only where nothing at all is expected."""
    if _unknown(count) or count == 0:
        return number(count)
    return number(count, 1) if count >= 0.05 else "< 0.1"


def percent(share: Any, digits: int = 0) -> str:
    """A share of 0-1 as a percentage: ``0.8312`` -> ``83%``."""
    if _unknown(share):
        return MISSING
    return _plain_zero(f"{100 * share:.{digits}f}").replace("-", "−") + "%"


def points(difference: Any, digits: int = 1) -> str:
    """A difference of shares in percentage points, signed, without unit: ``-0.052`` -> ``−5.2``."""
    if _unknown(difference):
        return MISSING
    text = _plain_zero(f"{100 * difference:+.{digits}f}")
    return text.replace("-", "−")


def signed(difference: Any, digits: int = 2) -> str:
    """A difference of scores, signed."""
    if _unknown(difference):
        return MISSING
    return _plain_zero(f"{difference:+.{digits}f}").replace("-", "−")


def _plain_zero(text: str) -> str:
    """No signed zero: ``-0.0`` and ``+0.0`` become ``0.0``."""
    return text.lstrip("+-") if float(text.replace(",", "")) == 0 else text


def interval(low: Any, high: Any, digits: int = 0) -> str:
    """An interval of shares as percentages: ``79–87%``."""
    if _unknown(low) or _unknown(high):
        return MISSING
    return f"{percent(low, digits)[:-1]}–{percent(high, digits)}"


def p_value(p: Any) -> str:
    """``p = 0.012``, ``p < 0.001`` or ``p > 0.99``: never certain."""
    if _unknown(p):
        return MISSING
    if p > 0.99:
        return "p > 0.99"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def date_text(day: Any) -> str:
    """``2025年11月3日`` in Chinese, ``3 November 2025`` in English."""
    if _unknown(day) or not isinstance(day, date):
        return MISSING
    if language() == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B %Y}"


def period_text(first: Any, last: Any) -> str:
    """``2025年11月3日至20日`` in Chinese, ``3–20 November 2025`` in English; one day alone."""
    if not isinstance(first, date) or _unknown(first):
        return date_text(last)
    if not isinstance(last, date) or _unknown(last) or first == last:
        return date_text(first)
    same_year = first.year == last.year
    same_month = same_year and first.month == last.month
    if language() == "zh":
        short = f"{last.day}日" if same_month else f"{last.month}月{last.day}日"
        return f"{date_text(first)}至{short if same_year else date_text(last)}"
    if same_month:
        return f"{first.day}–{date_text(last)}"
    start = f"{first.day} {first:%B}" if same_year else date_text(first)
    return f"{start} – {date_text(last)}"


def listing(words: list[str]) -> str:
    """Words as one enumeration: ``甲、乙、丙`` or ``a, b, c``."""
    return ("、" if language() == "zh" else ", ").join(words)
