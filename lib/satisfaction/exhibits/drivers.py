"""What goes together with overall satisfaction: importance with its uncertainty."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, widest, wrapped
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import (
    INK,
    MUTED,
    SATISFIED,
)
from satisfaction.exhibits.records import Record, records
from satisfaction.exhibits.verdict import probability_text
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 26.0
TOP = 3
HEAD = 40.0  # room for the head of a narrow column


def importance_chart(
    result: Result, labels: Labels | None = None, check: Result | None = None
) -> Exhibit:
    """Shares of the explained part per item, with interval, rank range and top-three probability.

    Columns item, share, share_low, share_high (or ci_low, ci_high), top3_probability, rank_low,
    rank_high, and tier: a line parts the groups that cannot be told apart. ``check`` is the one
    row of ``ordinal_check``.
    """
    rows = result.rows
    usable = rows.dropna(subset=["share"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("What goes with overall satisfaction"), rows)
    usable = usable.sort_values("share", ascending=False, kind="stable")
    names = labelled(usable["item"], labels)
    grouped = "tier" in usable and usable["tier"].max() > 1
    finding = importance_finding(usable, names)
    alt = sentences(finding, spoken(names, [i18n.percent(share) for share in usable["share"]]))
    low, high = _ends(usable)
    left_out = labelled(rows.loc[rows["share"].isna(), "item"], labels)
    return Exhibit(
        "chart importance",
        finding,
        _importance(usable, names).html(alt),
        lead=sentences(
            _("Share of the explained part, its interval, the range of ranks. Not a cause."),
            _("A line parts groups: within one, no item can be told apart from its first")
            if grouped
            else "",
        ),
        note=sentences(
            sheets_text(result),
            method_note(result.method),
            check_text(check, labels),
            _("Cannot tell: {items}.").format(items=i18n.listing(left_out)) if left_out else "",
            _("Association, not proof of cause."),
        ),
        alt=alt,
        data=numbers(
            rows,
            [
                "item",
                "share",
                low,
                high,
                "rank_low",
                "rank_high",
                "top3_probability",
                "tier",
                "n",
                "reason",
            ],
            labels,
            percent=["share", low, high, "top3_probability"],
        ),
    )


def top_three_text(chance: float) -> str:
    """A chance in whole percent for a narrow column: never 0 or 100 %."""
    if chance < 0.01:
        return "<1%"
    return ">99%" if chance > 0.99 else i18n.percent(chance)


def importance_finding(rows: pd.DataFrame, names: list[str]) -> str:
    """Which item leads, and whether it stands out: rows by falling share."""
    first = rows.iloc[0]
    leading = names[: int((rows["tier"] == 1).sum())] if "tier" in rows else names[:1]
    if len(leading) == 1:
        return _(
            "“{item}” goes most closely with overall satisfaction: {share} of what the items "
            "explain (in the top three with probability {p})"
        ).format(
            item=names[0],
            share=i18n.percent(first["share"]),
            p=probability_text(first["top3_probability"]),
        )
    if len(leading) == len(names):
        return _("No item stands out: all {m} may go equally closely with the whole").format(
            m=len(names)
        )
    if len(leading) <= TOP:
        return _(
            "{items} go most closely with overall satisfaction; which comes first is open"
        ).format(items=i18n.listing(leading))
    return _(
        "“{item}” goes most closely with overall satisfaction, but cannot be told apart from {k} "
        "other items"
    ).format(item=names[0], k=len(leading) - 1)


def sheets_text(result: Result) -> str:
    """How many answer sheets enter, and what their gaps cost."""
    stages = result.stages
    if not stages.get("missing_share"):
        return n_text([result.n])
    return _(
        "{n}: sheets with gaps enter with the answers they have ({share} of the answers are "
        "missing, {complete} sheets have no gap; any two questions have {pair} or more in common)"
    ).format(
        n=n_text([result.n]),
        share=i18n.percent(stages["missing_share"], 1),
        complete=i18n.number(stages["complete_cases"]),
        pair=i18n.number(stages["smallest_pair"]),
    )


def check_text(check: Result | None, labels: Labels | None = None) -> str:
    """Whether a model of ordered scores puts the same items on top, in one sentence."""
    if check is None:
        return ""
    row = check.rows.iloc[0]
    if row["estimate"] != row["estimate"]:
        return _("Check by an ordinal model: cannot tell ({reason})").format(
            reason=reason_text(str(row["reason"]))
        )
    words = (
        _("Check: an ordinal model ({n}) puts the same item first; {k} of the first {of} agree")
        if row["same_first"]
        else _("Check: an ordinal model ({n}) puts {item} first; {k} of the first {of} agree")
    )
    return words.format(
        n=n_text([row["n"]]),
        item=label(row["ordinal_first"], labels),
        k=row["in_common"],
        of=row["of"],
    )


def _ends(rows: pd.DataFrame) -> tuple[str, str]:
    return ("share_low", "share_high") if "share_low" in rows else ("ci_low", "ci_high")


def _importance(rows: pd.DataFrame, names: list[str]) -> Canvas:
    low, high = _ends(rows)
    lines, listed = rows_of(names, 34, ROW, most=112), records(rows)
    shares = [i18n.percent(share) for share in rows["share"]]
    ranks = [_ranks(row) for row in listed]
    chances = [top_three_text(chance) for chance in rows["top3_probability"]]
    heads = [_("rank"), _("in top 3")]
    widths = [
        widest(shares, bold=True) + 10,
        *(
            widest([*texts, *wrapped(head, HEAD, SMALL)], SMALL) + 10
            for head, texts in zip(heads, (ranks, chances), strict=True)
        ),
    ]
    edges = list(accumulate(widths))
    canvas = Canvas(lines.bottom + 6, lines.width + 8, edges[-1])
    most = float(max(rows["share"].max(), rows[high].max(), 0.01))
    along = axis_across(canvas, 0, most, i18n.percent, 28, lines.bottom)
    for edge, head in zip(edges[1:], heads, strict=True):
        header(canvas, 100, 14, head, "right", dx=edge, room=HEAD)
    canvas.names(lines)
    for place, (middle, row) in enumerate(zip(lines.middles, listed, strict=True)):
        if place and row.get("tier") != listed[place - 1].get("tier"):
            canvas.rule(middle - lines.heights[place] / 2, MUTED, dashed=True)
        canvas.bar(0, middle - 7, along(row["share"]), middle + 7, SATISFIED)
        if row[low] == row[low] and row[high] == row[high]:
            canvas.line([(along(row[low]), middle), (along(row[high]), middle)], INK, 1.5)
    for place, middle in enumerate(lines.middles):
        canvas.text(100, middle, shares[place], dx=edges[0], bold=True, align="right")
    for edge, texts in zip(edges[1:], (ranks, chances), strict=True):
        for middle, words in zip(lines.middles, texts, strict=True):
            header(canvas, 100, middle, words, "right", dx=edge)
    return canvas


def _ranks(row: Record) -> str:
    known = row["rank_low"] == row["rank_low"]
    return f"{row['rank_low']:.0f}–{row['rank_high']:.0f}" if known else ""
