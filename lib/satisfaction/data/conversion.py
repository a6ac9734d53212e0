"""Text of raw files as typed values: codes, numbers, yes/no, days and moments.

Each distinct text is read once, so that a column of a few codes costs next to nothing.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

YEARS = range(1900, 2101)
LARGEST_INTEGER = 2**31 - 1
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
)
_TIME = re.compile(r"(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:\.(\d{1,6})0*)?秒?|分)?")
_INTEGER = re.compile(r"[-+]?[0-9]+(?:\.0+)?")
_SERIAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]+)?")
_REAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_BOOLEANS = {
    **dict.fromkeys(("是", "yes", "true", "1", "y", "真"), True),
    **dict.fromkeys(("否", "no", "false", "0", "n", "假"), False),
}
_DTYPES: dict[str, Any] = {
    "choice": "str",
    "integer": "Int64",
    "real": "float64",
    "boolean": "boolean",
    "day": "datetime64[us]",
    "moment": "datetime64[us]",
}
RULES = {
    "choice": ("not one of the words of this column", "Allowed: {allowed}."),
    "integer": ("not a whole number", "Write digits only, such as 12."),
    "real": ("not a number", "Write a number such as 0.25."),
    "boolean": ("neither yes nor no", "Write 是 or 否, yes or no, true or false, 1 or 0."),
    "day": ("not a day of the calendar", "Write the date as 2025-02-03."),
    "moment": ("not a date and time", "Write it as 2025-02-03 14:30."),
}


class Unreadable(ValueError):
    """The text is no value of this kind."""


def convert(
    text: pd.Series, column: pa.Column, *, is_excel: bool
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """The typed column, missing where the text cannot be read, and the mask of these places."""
    kind = column.metadata["kind"]
    if kind in ("ident", "text"):
        return text, np.zeros(len(text), dtype=bool)
    parsers: dict[str, Callable[[str], Any]] = {
        "choice": words_parser(column.metadata.get("choices", {})),
        "integer": parse_integer,
        "real": _parse_real,
        "boolean": _parse_boolean,
        "day": lambda one: _parse_day(one, is_excel),
        "moment": lambda one: _parse_moment(one, is_excel),
    }
    return convert_with(text, parsers[kind], _DTYPES[kind])


def convert_with(
    text: pd.Series, parse: Callable[[str], Any], dtype: Any
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read every distinct text with ``parse``; ``Unreadable`` marks its places."""
    codes, distinct = pd.factorize(text)
    values: list[Any] = []
    wrong = []
    for one in distinct:
        try:
            values.append(parse(str(one)))
            wrong.append(False)
        except Unreadable:
            values.append(None)
            wrong.append(True)
    # a missing cell has the code -1 and so finds the value at the end
    typed = pd.Series([*values, None], dtype=dtype).array.take(codes)
    return pd.Series(typed), np.array([*wrong, False], dtype=bool)[codes]


def words_parser(choices: Mapping[str, tuple[str, str]]) -> Callable[[str], str]:
    """Reads a code, or its word in either language, as the code."""
    known = {code.casefold(): code for code in choices}
    for code, pair in choices.items():
        known |= {word.casefold(): code for word in pair if word.casefold() not in known}

    def parse(text: str) -> str:
        try:
            return known[text.casefold()]
        except KeyError:
            raise Unreadable(text) from None

    return parse


def parse_integer(text: str) -> int:
    """A whole number; full-width digits and Excel's ``12.0`` are read too."""
    plain = unicodedata.normalize("NFKC", text)
    if not _INTEGER.fullmatch(plain) or len(plain) > 24:
        raise Unreadable(text)
    value = int(plain.split(".")[0])
    if abs(value) > LARGEST_INTEGER:
        raise Unreadable(text)
    return value


def _parse_real(text: str) -> float:
    plain = unicodedata.normalize("NFKC", text)
    if not _REAL.fullmatch(plain) or not math.isfinite(float(plain)):
        raise Unreadable(text)
    return float(plain)


def _parse_boolean(text: str) -> bool:
    try:
        return _BOOLEANS[unicodedata.normalize("NFKC", text).casefold()]
    except KeyError:
        raise Unreadable(text) from None


def _parse_day(text: str, is_excel: bool) -> datetime:
    moment = _parse_moment(text, is_excel)
    if moment.time() != datetime.min.time():
        raise Unreadable(text)
    return moment


def _parse_moment(text: str, is_excel: bool) -> datetime:
    plain = unicodedata.normalize("NFKC", text)
    if is_excel and _SERIAL.fullmatch(plain):
        # Excel counts days from the end of 1899 and believes in 29 February 1900
        moment = datetime(1899, 12, 30) + timedelta(seconds=round(float(plain) * 86400))
        if float(plain) < 61 or moment.year not in YEARS:
            raise Unreadable(text)
        return moment
    day = _DAY.match(plain)
    if day is None:
        raise Unreadable(text)
    year, month, number = (int(part) for part in day.groups() if part is not None)
    hour = minute = second = micro = 0
    rest = plain[day.end() :]
    if rest:
        clock = _TIME.fullmatch(rest[1:] if rest[0] in "T " else rest)
        if clock is None:
            raise Unreadable(text)
        hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
        micro = int((clock.group(4) or "0").ljust(6, "0"))
    try:
        moment = datetime(year, month, number, hour, minute, second, micro)
    except ValueError:
        raise Unreadable(text) from None
    if year not in YEARS:
        raise Unreadable(text)
    return moment
