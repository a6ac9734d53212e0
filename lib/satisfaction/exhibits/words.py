"""Codes and column names in the reader's words; every label that enters a chart passes here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.glossary import DIRECTIONS, HEADERS, METHODS, REASONS, STAGES
from satisfaction.exhibits.suppression import published
from satisfaction.i18n import _

Labels = Mapping[str, str]

SENTENCE_ENDS = (".", "。", "!", "！", "?", "？", "…")
_DROPPED = ("Cc", "Cf", "Cs")  # control, format (direction overrides) and surrogate characters


def clean(words: object) -> str:
    """Text that can be drawn: white space in one line, no control or direction characters."""
    text = str(words)
    if not text.isprintable():
        kept = (" " if sign.isspace() else sign for sign in text)
        text = "".join(sign for sign in kept if unicodedata.category(sign) not in _DROPPED)
    return " ".join(text.split())


def label(code: object, labels: Labels | None = None) -> str:
    """The reader's word for an item or group; the code itself where there is none."""
    return clean((labels or {}).get(str(code), code)) or i18n.MISSING


def labelled(codes: Iterable[object], labels: Labels | None = None) -> list[str]:
    """``label`` of each."""
    return [label(code, labels) for code in codes]


def reason_text(code: str) -> str:
    """Why a number is not there, in words; the code itself if it is a new one."""
    return _(REASONS[code]) if code in REASONS else clean(code).replace("_", " ")


def method_text(code: str) -> str:
    """A method code in words; the code itself if it is a new one."""
    return _(METHODS[code]) if code in METHODS else clean(code).replace("_", " ")


def stage_name(code: str, labels: Labels | None = None) -> str:
    """A stage of a calculation in words."""
    if code in STAGES and code not in (labels or {}):
        return _(STAGES[code])
    return label(code, labels).replace("_", " ")


def header_text(column: str) -> str:
    """A Result column as the head of a table."""
    return _(HEADERS[column]) if column in HEADERS else clean(column).replace("_", " ")


def main_reason(rows: pd.DataFrame) -> str:
    """The most frequent reason why rows have no estimate, in words."""
    codes = rows["reason"].astype(str) if "reason" in rows else pd.Series(dtype=str)
    codes = codes[codes != ""]
    return reason_text(codes.mode().iloc[0]) if len(codes) else _("there are no answers yet")


def numbers(
    rows: pd.DataFrame,
    columns: Sequence[str],
    labels: Labels | None = None,
    *,
    percent: Sequence[str] = (),
) -> pd.DataFrame:
    """The chosen columns (as far as present) for the reader: words, heads, shares in percent.

    Numbers are rounded as `suppression` wants them: they also leave in the CSV file.
    """
    shown: dict[str, Any] = {}
    for column in columns:
        if column not in rows:
            continue
        values, head = rows[column], header_text(column)
        if column in percent:
            shown[percent_head(head)] = np.round(100 * values.to_numpy(dtype=float), 1)
        elif column == "reason":
            shown[head] = [reason_text(str(code)) if code else "" for code in values.tolist()]
        elif column == "method":
            shown[head] = [method_text(str(code)) for code in values.tolist()]
        elif column == "direction":
            codes = map(str, values.tolist())
            shown[head] = [_(DIRECTIONS.get(code, code)) for code in codes]
        elif pd.api.types.is_bool_dtype(values):
            shown[head] = [_("yes") if yes else _("no") for yes in values.tolist()]
        elif not pd.api.types.is_numeric_dtype(values):
            shown[head] = [label(code, labels) for code in values.tolist()]
        else:
            shown[head] = published(values) if values.dtype == float else values.to_numpy()
    return pd.DataFrame(shown)


def n_text(counts: Iterable[float]) -> str:
    """``n = 326`` or, over several rows, ``n = 318–326``."""
    known = [int(count) for count in counts if count == count]
    if not known:
        return "n = 0"
    low, high = min(known), max(known)
    return f"n = {low:,}" if low == high else f"n = {low:,}–{high:,}"


def spoken(names: Sequence[str], texts: Sequence[str], most: int = 12) -> str:
    """What a picture says row by row, for those who hear it; of many rows the first and the last.

    The order should mean something, so that the rows between lie between in value, too.
    """
    said = [f"{name} {text}" for name, text in zip(names, texts, strict=True)]
    join: Callable[[list[str]], str] = i18n.listing
    if any(", " in text or "，" in text for text in texts):
        pairs = zip(names, texts, strict=True)
        said = [_("{subject}: {remark}").format(subject=name, remark=text) for name, text in pairs]
        join = ("；" if i18n.language() == "zh" else "; ").join
    if len(said) <= most:
        return join(said)
    half = most // 2
    return _("{first}; {k} between them; {last}").format(
        first=join(said[:half]), k=len(said) - 2 * half, last=join(said[-half:])
    )


def some(names: Sequence[str]) -> str:
    """The first three names; dots stand for the rest."""
    return i18n.listing([*names[:3]]) + ("…" if len(names) > 3 else "")


def percent_head(head: str) -> str:
    """The head of a column of percentages."""
    return _("{head} (%)").format(head=head)


def untested_text(names: Sequence[str]) -> str:
    """Which characteristics a chi-square test leaves out; "" where it leaves out none."""
    if not names:
        return ""
    return _("Not tested, too few in some category: {items}").format(items=i18n.listing([*names]))


def method_note(method: str) -> str:
    """How the numbers and their intervals were made."""
    return _("Method: {method}.").format(method=method_text(method))


def sentences(*parts: str) -> str:
    """Sentences set one after the other, each with its full stop; empty ones left out."""
    stop, gap = ("。", "") if i18n.language() == "zh" else (".", " ")
    kept = (part.strip() for part in parts if part.strip())
    return gap.join(part if part.endswith(SENTENCE_ENDS) else part + stop for part in kept)
