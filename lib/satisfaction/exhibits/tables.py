"""Results as plain tables, formatted for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit, html_table, scrolling
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.words import (
    Labels,
    clean,
    header_text,
    label,
    method_note,
    method_text,
    n_text,
    numbers,
    reason_text,
    sentences,
    spoken,
    stage_name,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

COUNTS = ("n", "n_items", "population", "removed", "rank", "rank_low", "rank_high", "df")
PROBABILITIES = ("p", "p_value", "p_holm")
FIGURE = "0123456789+−±—<>"  # how a figure begins
WHOLE_TABLE = ("share", "share_of_start", "frame_share", "respondent_share", "probability")


def result_table(
    result: Result,
    columns: Sequence[str] | None = None,
    *,
    labels: Labels | None = None,
    title: str = "",
    lead: str = "",
    note: str = "",
    percent: Sequence[str] = ("estimate", "ci_low", "ci_high"),
    digits: int = 0,
) -> Exhibit:
    """The chosen columns as a table; ``interval`` joins ``ci_low`` and ``ci_high``.

    ``percent`` names the columns that hold shares (0-1); the others are printed with two decimals.
    Where a row has no estimate, its reason stands in words.
    """
    rows = result.rows
    if columns is None:
        columns = [name for name in rows.columns if name not in ("method", "reason")]
    unknown = [name for name in columns if name not in rows and name != "interval"]
    if unknown:
        raise ValueError(f"the result has no column {', '.join(unknown)}")
    if rows.empty:
        return cannot_tell(title or _("Table"), rows)
    shares = {*percent, *WHOLE_TABLE}
    shown = {
        _("Interval") if name == "interval" else header_text(name): (
            _intervals(rows, "ci_low" in shares, digits)
            if name == "interval"
            else [_cell(name, value, shares, labels, digits) for value in rows[name]]
        )
        for name in columns
    }
    if "reason" in rows and "reason" not in columns and (rows["reason"] != "").any():
        shown[header_text("reason")] = [
            reason_text(code) if code else "" for code in rows["reason"]
        ]
    body = aligned(pd.DataFrame(shown))
    counts = rows.get("n", [result.n])
    note = note or sentences(n_text(counts), method_note(result.method))
    return Exhibit(
        "table",
        clean(title),
        body,
        lead=clean(lead),
        note=clean(note),
        alt=_("Table with {n} rows: {title}").format(n=len(rows), title=clean(title)),
        data=numbers(rows, list(rows.columns), labels, percent=[c for c in percent if c in rows]),
    )


def stages_table(
    result: Result,
    labels: Labels | None = None,
    *,
    title: str = "",
    lead: str = "",
    note: str = "",
) -> Exhibit:
    """How a figure was reached: the named stages of a Result in their order."""
    if not result.stages:
        return cannot_tell(title or _("Steps of the calculation"), result.rows)
    table = pd.DataFrame(
        {
            _("Step"): [stage_name(name, labels) for name in result.stages],
            _("Value"): [stage_text(value) for value in result.stages.values()],
        }
    )
    return Exhibit(
        "table",
        clean(title) or _("Steps of the calculation"),
        aligned(table),
        lead=clean(lead),
        note=clean(note),
        alt=spoken(table.iloc[:, 0].tolist(), table.iloc[:, 1].tolist(), most=len(table)),
        data=table,
    )


def stage_text(value: Any) -> str:
    """One stage: whole numbers whole, others with three decimals at most, the rest as text."""
    if isinstance(value, bool) or value is None:
        return i18n.MISSING if value is None else _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return i18n.listing([f"{clean(key)} {stage_text(part)}" for key, part in value.items()])
    is_number: bool = pd.api.types.is_number(value)
    if is_number:
        text = i18n.number(float(value), 0 if float(value).is_integer() else 3)
        return text.rstrip("0").rstrip(".") if "." in text else text
    return clean(value)


def _cell(name: str, value: Any, shares: set[str], labels: Labels | None, digits: int) -> str:
    if name == "reason":
        return reason_text(str(value)) if value else ""
    if name == "method":
        return method_text(str(value))
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return _("yes") if value else _("no")
    is_number: bool = pd.api.types.is_number(value)
    if not is_number:
        return label(value, labels)
    if name in COUNTS:
        return i18n.number(float(value))
    if name in PROBABILITIES:
        return i18n.p_value(float(value)).removeprefix("p = ").removeprefix("p ")
    if name == "difference":
        return i18n.points(float(value)) if name in shares else i18n.signed(float(value))
    return i18n.percent(float(value), digits) if name in shares else i18n.number(float(value), 2)


def _intervals(rows: pd.DataFrame, as_percent: bool, digits: int) -> list[str]:
    signed = not as_percent and bool((rows["ci_low"] < 0).any())
    pairs = zip(rows["ci_low"], rows["ci_high"], strict=True)
    return [
        interval_text(low, high, as_percent=as_percent, digits=digits, signed=signed)
        for low, high in pairs
    ]


def interval_text(
    low: float, high: float, *, as_percent: bool = True, digits: int = 0, signed: bool = False
) -> str:
    """An interval of shares (``79–87%``) or of scores (``4.1–4.3``)."""
    if as_percent or low != low or high != high:
        return i18n.interval(low, high, digits)
    if signed or low < 0:  # a dash between signed numbers reads as a minus
        return _("{low} to {high}").format(low=i18n.signed(low), high=i18n.signed(high))
    return f"{i18n.number(low, 2)}–{i18n.number(high, 2)}"


def aligned(texts: pd.DataFrame) -> str:
    """A scrolling HTML table whose columns of figures stand right."""
    figures = [
        place
        for place, name in enumerate(texts.columns)
        if place and all(not text or text[0] in FIGURE or text[-1] == "%" for text in texts[name])
    ]
    return scrolling(html_table(texts, numeric=False, figures=figures))
