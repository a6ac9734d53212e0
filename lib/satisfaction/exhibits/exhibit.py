"""The one type that a notebook cell displays."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from satisfaction import origin
from satisfaction.exhibits.records import values
from satisfaction.exhibits.words import clean, sentences
from satisfaction.i18n import MISSING, _, language, number

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class Exhibit:
    """A chart, table, card or note with all that a reader needs to trust it.

    title   the finding, as a sentence
    body    HTML or SVG, escaped by its maker
    lead    one line: how to read it
    note    n, method, period, source
    alt     what the picture says, for those who cannot see it
    data    the numbers behind it, shown on demand
    bundle  further MIME types of the notebook output (the verdict's JSON)
    """

    kind: str
    title: str
    body: str
    lead: str = ""
    note: str = ""
    alt: str = ""
    data: pd.DataFrame | None = None
    bundle: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:
        return {"text/html": self.html(), "text/plain": self.title, **self.bundle}

    def html(self) -> str:
        """The exhibit as one ``<figure>`` (or a note as ``<div>``), safe to embed."""
        kind = self.kind.split()[0]
        is_note = kind == "note"
        opening, closing = ('<div role="note"', "</div>") if is_note else ("<figure", "</figure>")
        parts = [f'{opening} class="exhibit {escape(self.kind)}">']
        if self.title:
            # the verdict opens the page; what follows stands under it or under a section
            level = 2 if kind == "verdict" else 3
            parts.append(f'<h{level} class="exhibit-title">{escape(self.title)}</h{level}>')
        if self.lead:
            parts.append(f'<p class="exhibit-lead">{escape(self.lead)}</p>')
        parts.append(f'<div class="exhibit-body">{self.body}</div>')
        below = _paragraph(self.note) if is_note else self._caption()
        if self.data is not None and len(self.data):
            below += _details(self.title, self.data, self._file())
        if below:
            parts.append(below if is_note else f"<figcaption>{below}</figcaption>")
        parts.append(closing)
        return "\n".join(parts)

    def _caption(self) -> str:
        """The note and the survey that the numbers come from."""
        survey = origin.current()
        source = "" if survey is None else sentences(clean(survey.caption()))
        gap = "" if language() == "zh" else " "
        return _paragraph(gap.join(part for part in (self.note, source) if part))

    def _file(self) -> str:
        """Name of the CSV file: letters, digits and dashes of any language."""
        survey = origin.current()
        about = [] if survey is None else [survey.project, survey.wave]
        name = "_".join([*about, *self.kind.split()])
        return re.sub(r"[^\w-]+", "-", name) + ".csv"


def html_table(data: pd.DataFrame, *, numeric: bool = True, figures: Collection[int] = ()) -> str:
    """A frame as plain escaped HTML; every cell, header and index label is text.

    Numeric columns (unless ``numeric`` is off) and the columns at ``figures`` stand right.
    """
    right = [
        bool(place) and (place in figures or (numeric and pd.api.types.is_numeric_dtype(dtype)))
        for place, dtype in enumerate(data.dtypes)
    ]
    css = [' class="num"' if figure else "" for figure in right]
    heads = zip(data.columns, css, strict=True)
    head = "".join(f'<th scope="col"{style}>{escape(clean(name))}</th>' for name, style in heads)
    opening = ['<tr><th scope="row">', *(f"<td{style}>" for style in css[1:])]
    closing = ["</th>", *["</td>"] * (len(css) - 1)]
    cells = [
        [f"{start}{escape(_cell(value))}{end}" for value in column]
        for column, start, end in zip(values(data), opening, closing, strict=True)
    ]
    body = ["".join(row) + "</tr>" for row in zip(*cells, strict=True)]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def scrolling(table: str, name: str = "") -> str:
    """A table that may be wider than the page: it scrolls, also by keyboard."""
    about = escape(clean(name) or _("Table"))
    return f'<div class="scroll" role="group" tabindex="0" aria-label="{about}">{table}</div>'


def csv_bytes(data: pd.DataFrame) -> bytes:
    """A frame as CSV that every spreadsheet opens in the right encoding and as plain values.

    Text that a spreadsheet would run as a formula, in cells or headers, gets an apostrophe.
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([_inert(str(name)) for name in data.columns])
    columns = [[_inert(value) for value in column] for column in values(data)]
    writer.writerows(zip(*columns, strict=True))
    return target.getvalue().encode("utf-8-sig", "replace")


def _inert(value: object) -> object:
    """``value``, or with a leading apostrophe if it is text that starts like a formula."""
    if value is pd.NA or value != value:
        return ""
    if not isinstance(value, str) or PLAIN_NUMBER.fullmatch(value):
        return value
    risky = value.startswith(FORMULA_STARTS) or value.lstrip().startswith(FORMULA_STARTS)
    return "'" + value if risky else value


def _cell(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, float):
        return MISSING if value != value else _float(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    return clean(value)


def _float(value: float) -> str:
    """Four figures, never an exponent; the CSV file has them all."""
    if 0 < abs(value) < 1e-4:
        return "< 0.0001" if value > 0 else "> −0.0001"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>" if words else ""


def _details(title: str, data: pd.DataFrame, file: str) -> str:
    summary, download = _("Show the numbers"), _("Download as CSV")
    link = "data:text/csv;charset=utf-8;base64," + base64.b64encode(csv_bytes(data)).decode()
    return (
        f"<details><summary>{escape(summary)}</summary>"
        f"{scrolling(html_table(data), title)}"
        f'<p><a download="{escape(file)}" href="{link}">{escape(download)}</a></p></details>'
    )
