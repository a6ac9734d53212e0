"""Results by customer group, mode or building: heat table and dots, small groups hidden."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.comparison import dot_plot
from satisfaction.exhibits.exhibit import Exhibit, scrolling
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import ground
from satisfaction.exhibits.records import crossed
from satisfaction.exhibits.suppression import hidden_cells, hidden_groups
from satisfaction.exhibits.words import (
    Labels,
    header_text,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

PALEST = 0.4  # a share this low or lower gets no tint


def group_heat_table(
    result: Result,
    labels: Labels | None = None,
    *,
    minimum_n: int = 10,
    caution_n: int = 20,
    item: str = "item",
    group: str = "group",
    title: str = "",
) -> Exhibit:
    """Shares of items (or dimensions) by group; cells below ``minimum_n`` answers are hidden.

    Cells below ``caution_n`` carry a mark.
    """
    rows = result.rows
    if rows.empty or not rows["estimate"].notna().any():
        return cannot_tell(title or _("Results by group"), rows)
    shares = crossed(rows, item, group, "estimate")
    counts = crossed(rows, item, group, "n").fillna(0)
    weights = crossed(rows, item, group, "weight") if "weight" in rows else counts
    hidden = hidden_cells(counts, minimum_n, shares, weights)
    share, count = shares.to_numpy(dtype=float), counts.to_numpy(dtype=float)
    texts = [
        [
            _cell(share[i, j], count[i, j], bool(hidden[i, j]), minimum_n, caution_n)
            for j in range(shares.shape[1])
        ]
        for i in range(shares.shape[0])
    ]
    visible = shares.where(~hidden).round(2)  # the tint tells no more than the text
    names, groups = labelled(shares.index, labels), labelled(shares.columns, labels)
    finding = title or _title(visible, names, groups)
    data = pd.DataFrame(
        [
            {header_text(item): names[i]}
            | {groups[j]: texts[i][j].rstrip("*") for j in range(len(groups))}
            for i in range(len(names))
        ]
    )
    shown_n = count[~hidden & (count > 0)]
    return Exhibit(
        "table heat",
        finding,
        _table(visible, texts, names, groups, header_text(item)),
        lead=_("The darker, the more satisfied."),
        note=sentences(
            n_text(shown_n),
            method_note(result.method),
            _(
                "Groups with fewer than {minimum} answers are not shown, nor is what would reveal "
                "them (withheld)."
            ).format(minimum=minimum_n),
            _("* fewer than {caution} answers: read with caution.").format(caution=caution_n)
            if any(text.endswith("*") for line in texts for text in line)
            else "",
        ),
        alt=finding,
        data=data,
    )


def _cell(share: float, count: float, hidden: bool, minimum_n: int, caution_n: int) -> str:
    if hidden:
        return f"n<{minimum_n}" if count < minimum_n else _("withheld")
    if np.isnan(share) or not count > 0:
        return i18n.MISSING
    return i18n.percent(share) + ("*" if count < caution_n else "")


def _title(visible: pd.DataFrame, names: list[str], groups: list[str]) -> str:
    values = visible.to_numpy()
    if np.isnan(values).all():
        return _("All groups are too small to be shown")
    row, column = np.unravel_index(np.nanargmin(values), values.shape)
    words = (
        _("Lowest of the cells shown: {item} among {group}, {share}")
        if np.isnan(values).any()
        else _("Lowest: {item} among {group}, {share}")
    )
    return words.format(
        item=names[row], group=groups[column], share=i18n.percent(values[row, column])
    )


def _table(
    visible: pd.DataFrame, texts: list[list[str]], names: list[str], groups: list[str], corner: str
) -> str:
    head = f'<th scope="col">{escape(corner)}</th>' + "".join(
        f'<th scope="col" class="num">{escape(name)}</th>' for name in groups
    )
    values = visible.to_numpy(dtype=float)
    body = []
    for i, name in enumerate(names):
        cells = [f'<th scope="row">{escape(name)}</th>']
        for j, text in enumerate(texts[i]):
            share = values[i, j]
            if text[0].isdigit() and not np.isnan(share):
                style = ground((share - PALEST) / (1 - PALEST))
                cells.append(f'<td class="num" style="{style}">{escape(text)}</td>')
            else:
                cells.append(f'<td class="num quiet">{escape(text)}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return scrolling(f'<table class="heat">{table}</table>')


def group_dot_plot(
    result: Result,
    labels: Labels | None = None,
    *,
    minimum_n: int = 10,
    group: str = "group",
    target: float | None = None,
    target_clause: str = "",
    as_percent: bool = True,
    title: str = "",
) -> Exhibit:
    """One statistic by group with intervals; groups below ``minimum_n`` are named, not shown."""
    rows = result.rows
    if rows.empty:
        return cannot_tell(title or _("Results by group"), rows)
    parts = (rows["estimate"], rows["weight"]) if "weight" in rows else ()
    hidden = hidden_groups(rows["n"].fillna(0), minimum_n, *parts)
    known = Result(rows[~hidden], result.method, result.level, result.n)
    if hidden.all():
        why = _("no group has enough answers to be shown")
        return cannot_tell(title or _("Results by group"), rows, why)
    plot = dot_plot(
        known,
        labels,
        key=group,
        target=target,
        target_clause=target_clause,
        as_percent=as_percent,
        title=title,
        minimum_n=minimum_n,
        subject=_("Results by group"),
    )
    if not hidden.any():
        return plot
    few = rows.loc[hidden, "n"] < minimum_n
    absent = rows.loc[hidden, [group]].assign(reason=np.where(few, "too_few", "withheld"))
    left_out = _(
        "Not shown (fewer than {minimum} answers, or would reveal such): {groups}."
    ).format(minimum=minimum_n, groups=i18n.listing(labelled(absent[group], labels)))
    return Exhibit(
        plot.kind,
        plot.title,
        plot.body,
        lead=plot.lead,
        note=sentences(plot.note, left_out),
        alt=plot.alt,
        data=pd.concat([plot.data, numbers(absent, [group, "reason"], labels)], ignore_index=True),
    )
