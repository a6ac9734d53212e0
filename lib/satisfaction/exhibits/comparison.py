"""Estimates side by side, each with its interval: items, groups, peers."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across, ticks
from satisfaction.exhibits.canvas import Canvas, Scale, remark
from satisfaction.exhibits.crowd import MANY, heaps, listed_note, nearest
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import rows_of, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, FRAME, INK, MUTED, SATISFIED
from satisfaction.exhibits.records import Record, records
from satisfaction.exhibits.suppression import without_small
from satisfaction.exhibits.tables import interval_text
from satisfaction.exhibits.words import (
    Labels,
    labelled,
    method_note,
    n_text,
    numbers,
    percent_head,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 26.0
TOP = 30.0


def value_text(value: float, as_percent: bool) -> str:
    """A share as percent or a score with two decimals."""
    return i18n.percent(value) if as_percent else i18n.number(value, 2)


def target_text(target: float, clause: str, as_percent: bool) -> str:
    """The target with the clause that sets it."""
    words = _("target {value}") if not clause else _("target {value} ({clause})")
    return words.format(value=value_text(target, as_percent), clause=clause)


def dot_plot(
    result: Result,
    labels: Labels | None = None,
    *,
    key: str = "item",
    target: float | None = None,
    target_clause: str = "",
    flag: Collection[str] = (),
    as_percent: bool = True,
    title: str = "",
    subject: str = "",
    minimum_n: int = 10,
) -> Exhibit:
    """Sorted estimates with interval lines; ``flag`` names the rows in focus.

    ``title`` replaces the finding, ``subject`` names the chart where there is nothing to show.
    Rows on fewer than ``minimum_n`` answers are named, not shown.
    """
    rows = without_small(result.rows, minimum_n)
    usable = rows.dropna(subset=["estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(title or subject or _("Results by item"), rows)
    usable = usable.sort_values("estimate", ascending=False, kind="stable")
    usable = usable.reindex(
        columns=list(dict.fromkeys([*usable.columns, "ci_low", "ci_high", "n"]))
    )
    names = labelled(usable[key], labels)
    finding = title or _finding(usable, names, target, as_percent)
    flagged = usable[key].isin(list(flag)).tolist()
    canvas = _dots(usable, names, flagged, target, target_clause, as_percent)
    values = [value_text(value, as_percent) for value in usable["estimate"]]
    alt = sentences(finding, spoken(names, values))
    shares = ["estimate", "ci_low", "ci_high"] if as_percent else []
    left_out = labelled(rows.loc[rows["estimate"].isna(), key], labels)
    absent = _("Cannot tell: {items}.").format(items=i18n.listing(left_out)) if left_out else ""
    return Exhibit(
        "chart dots",
        finding,
        canvas.html(alt),
        lead=sentences(
            _("Dot: the estimate. Line: its {level} interval.").format(
                level=i18n.percent(result.level)
            ),
            _("Orange: flagged.") if any(flagged) else "",
        ),
        note=sentences(n_text(usable["n"]), method_note(result.method), absent),
        alt=alt,
        data=numbers(
            rows, [key, "estimate", "ci_low", "ci_high", "n", "reason"], labels, percent=shares
        ),
    )


def _finding(rows: pd.DataFrame, names: list[str], target: float | None, as_percent: bool) -> str:
    high, low = (value_text(rows["estimate"].iloc[place], as_percent) for place in (0, -1))
    if len(rows) == 1:
        reach = interval_text(
            rows["ci_low"].iloc[0], rows["ci_high"].iloc[0], as_percent=as_percent
        )
        return _("{item}: {value} (interval {interval})").format(
            item=names[0], value=high, interval=reach
        )
    if target is None:
        return _("Highest: {best} {high}; lowest: {worst} {low}").format(
            best=names[0], high=high, worst=names[-1], low=low
        )
    below = int((rows["ci_high"] < target).sum())
    return (
        _("Below the target of {target} with the whole interval: {k} of {m}; lowest: {worst} {low}")
        if below
        else _("None of {m} intervals lies below the target of {target}; lowest: {worst} {low}")
    ).format(k=below, m=len(rows), target=value_text(target, as_percent), worst=names[-1], low=low)


def _dots(
    rows: pd.DataFrame,
    names: list[str],
    flagged: list[bool],
    target: float | None,
    target_clause: str,
    as_percent: bool,
) -> Canvas:
    lines = rows_of(names, TOP, ROW)
    values = [value_text(value, as_percent) for value in rows["estimate"]]
    bottom = lines.bottom
    canvas = Canvas(bottom + 8, lines.width + 14, widest(values, bold=True) + 14)
    along = value_axis(canvas, rows, TOP - 8, bottom, target, as_percent)
    if target is not None:
        target_line(canvas, along(target), TOP - 8, bottom)
        remark(canvas, along(target), bottom + 6, target_text(target, target_clause, as_percent))
    canvas.names(lines, gap=14)
    for middle, value, row, focus in zip(
        lines.middles, values, records(rows), flagged, strict=True
    ):
        interval_mark(canvas, along, row, middle, FOCUS if focus else SATISFIED)
        ink = FOCUS if focus else INK
        canvas.text(100, middle, value, dx=canvas.right, colour=ink, bold=True, align="right")
    return canvas


def target_line(canvas: Canvas, place: float, top: float, bottom: float) -> None:
    """The dashed line of a target."""
    canvas.line([(place, top), (place, bottom)], INK, 1.5, dashed=True)


def value_axis(
    canvas: Canvas,
    rows: pd.DataFrame,
    top: float,
    bottom: float,
    also: float | None,
    as_percent: bool,
) -> Scale:
    """Vertical grid lines with values above; the scale covers all intervals and ``also``."""
    low, high = extent(rows, also, as_percent)
    return axis_across(canvas, low, high, axis_words(low, high, as_percent), top, bottom)


def axis_words(low: float, high: float, as_percent: bool) -> Callable[[float], str]:
    """How the values of an axis are written: whole percent, or with the decimals they need."""
    if as_percent:
        return i18n.percent
    whole = all(float(place).is_integer() for place in ticks(low, high))
    return lambda value: i18n.number(value, 0 if whole else 1)


def extent(rows: pd.DataFrame, also: float | None, as_percent: bool) -> tuple[float, float]:
    """From the lowest to the highest value or interval end, with a little air; shares in 0-1."""
    ends = [name for name in ("estimate", "ci_low", "ci_high") if name in rows]
    values = [*known(rows[ends]), *([] if also is None else [also])]
    low, high = min(values), max(values)
    air = max(0.06 * (high - low), 0.02 if as_percent else 0.05)
    low, high = low - air, high + air
    return (max(low, 0.0), min(high, 1.0)) if as_percent else (low, high)


def known(frame: pd.DataFrame) -> list[float]:
    """All numbers of a frame that are there."""
    values = frame.to_numpy(dtype=float).ravel()
    return list(values[values == values].tolist())


def interval_mark(canvas: Canvas, along: Scale, row: Record, middle: float, colour: str) -> None:
    """A dot on its interval line."""
    if row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"]:
        ends = [(along(row["ci_low"]), middle), (along(row["ci_high"]), middle)]
        canvas.line(ends, colour, 3.5)
    canvas.dot(along(row["estimate"]), middle, colour, 9)


def peer_strip_chart(
    own: Mapping[str, Any] | pd.Series,
    peers: Result,
    labels: Labels | None = None,
    *,
    own_label: str = "",
    target: float | None = None,
    target_clause: str = "",
    as_percent: bool = True,
) -> Exhibit:
    """This project (estimate, ci_low, ci_high, n) among unnamed projects of the same type."""
    values = sorted(known(peers.rows[["estimate"]])) if len(peers) else []
    share = float(own["estimate"])
    subject = _("Compared with projects of the same type")
    if share != share:
        return cannot_tell(subject, pd.DataFrame([dict(own)]))
    if not values:
        return cannot_tell(subject, peers.rows, _("no other project of this type has results"))
    median = float(pd.Series(values).median())
    title = _("{own} here; median of {k} other projects of the same type: {median}").format(
        own=value_text(share, as_percent), k=len(values), median=value_text(median, as_percent)
    )
    canvas = _strip(own, share, values, median, own_label, (target, target_clause), as_percent)
    alt = sentences(
        title,
        _("Interval {interval}; the others lie between {low} and {high}").format(
            interval=interval_text(own["ci_low"], own["ci_high"], as_percent=as_percent),
            low=value_text(values[0], as_percent),
            high=value_text(values[-1], as_percent),
        ),
    )
    listed = values[nearest(bisect(values, share), len(values))]
    data = pd.DataFrame(
        {
            _("Project"): [_("this project"), *[_("another project")] * len(listed)],
            percent_head(_("Estimate")) if as_percent else _("Estimate"): [
                round(100 * value, 1) if as_percent else round(value, 2)
                for value in (share, *listed)
            ],
        }
    )
    return Exhibit(
        "chart peers",
        title,
        canvas.html(alt),
        lead=_(
            "Above: this project with its interval. Below: how many others lie where; bar: median."
        )
        if len(values) > MANY
        else _("Above: this project with its interval. Below: the others, unnamed; bar: median."),
        note=sentences(
            n_text([own["n"]]),
            method_note(peers.method),
            _("Overlap decides nothing: whom the answers tell apart is tested below."),
            listed_note(len(values)),
        ),
        alt=alt,
        data=data,
    )


def _strip(
    own: Mapping[str, Any] | pd.Series,
    share: float,
    others: list[float],
    median: float,
    own_label: str,
    target: tuple[float | None, str],
    as_percent: bool,
) -> Canvas:
    lines = rows_of([own_label or _("this project"), _("others")], 22, 28, bold=True)
    value, (aim, clause), bottom = value_text(share, as_percent), target, lines.bottom
    canvas = Canvas(
        bottom + 8,
        lines.width + 14,
        widest([value], bold=True) + 14,
    )
    ends = pd.DataFrame({"estimate": [*others, own["ci_low"], own["ci_high"], share]})
    along = value_axis(canvas, ends, 22, bottom, aim, as_percent)
    if aim is not None:
        target_line(canvas, along(aim), 22, bottom)
        remark(canvas, along(aim), bottom + 6, target_text(aim, clause, as_percent))
    above, below = lines.middles
    if len(others) > MANY:
        canvas.bars(heaps([along(value) for value in others], below + 9, 18), FRAME)
    else:
        for peer in others:
            canvas.dot(along(peer), below, FRAME, 9)
    canvas.line([(along(median), below - 9), (along(median), below + 9)], MUTED, 2)
    interval_mark(canvas, along, dict(own), above, SATISFIED)
    canvas.names(lines, gap=14, bold=[0])
    canvas.text(100, above, value, dx=canvas.right, bold=True, align="right")
    return canvas
