"""How the answers spread over the scale: satisfied to the right, dissatisfied to the left."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import (
    DISSATISFIED,
    DISSATISFIED_LIGHT,
    MUTED,
    NEUTRAL,
    SATISFIED,
    SATISFIED_LIGHT,
)
from satisfaction.exhibits.records import Record, crossed, records
from satisfaction.exhibits.suppression import without_small
from satisfaction.exhibits.words import (
    Labels,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
    spoken,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 28.0
TOP = 28.0


def distribution_chart(
    distribution: Result,
    labels: Labels | None = None,
    *,
    satisfied_from: float = 4,
    neutral_from: float | None = None,
    minimum_n: int = 10,
) -> Exhibit:
    """Diverging bars per item from rows item, score, estimate, n; the neutral band stands apart.

    Scores from ``satisfied_from`` up are satisfied; from ``neutral_from`` (default: the one score
    below) up to there neutral; the rest dissatisfied.
    """
    rows = without_small(distribution.rows, minimum_n)
    usable = rows.dropna(subset=["estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("How the answers spread"), rows)
    shares = crossed(usable, "item", "score", "estimate").fillna(0.0)
    shares = shares[sorted(shares.columns)]
    neutral_from = satisfied_from - 1 if neutral_from is None else neutral_from
    satisfied = [score for score in map(float, shares.columns) if score >= satisfied_from]
    top = shares[satisfied].sum(axis="columns")
    names = labelled(shares.index, labels)
    title = _title(names, top)
    order = top.to_numpy().argsort(kind="stable")[::-1]
    low = [score for score in map(float, shares.columns) if score < neutral_from]
    bottom = shares[low].sum(axis="columns")
    ends = [
        _("{satisfied} satisfied, {dissatisfied} dissatisfied").format(
            satisfied=i18n.percent(top.iloc[place]), dissatisfied=i18n.percent(bottom.iloc[place])
        )
        for place in order
    ]
    alt = sentences(title, spoken([names[place] for place in order], ends))
    canvas = _bars(shares, names, top, satisfied_from, neutral_from)
    return Exhibit(
        "chart distribution",
        title,
        canvas.html(alt),
        lead=_("Darker: the stronger answer. Neutral answers stand apart at the right."),
        note=sentences(
            n_text(usable.groupby("item")["n"].max()),
            method_note(distribution.method),
            _("Satisfied: {score} or higher.").format(score=f"{satisfied_from:g}"),
        ),
        alt=alt,
        data=numbers(
            rows, ["item", "score", "estimate", "n", "reason"], labels, percent=["estimate"]
        ),
    )


def _title(names: list[str], top: pd.Series) -> str:
    best, worst = int(top.to_numpy().argmax()), int(top.to_numpy().argmin())
    if top.iloc[best] == top.iloc[worst]:
        return _("{share} are satisfied ({items})").format(
            share=i18n.percent(top.iloc[0]), items=i18n.listing(names[:3]) + "…" * (len(names) > 3)
        )
    return _("From {high} satisfied ({best}) down to {low} ({worst})").format(
        high=i18n.percent(top.iloc[best]),
        best=names[best],
        low=i18n.percent(top.iloc[worst]),
        worst=names[worst],
    )


def _bars(
    shares: pd.DataFrame,
    names: list[str],
    top: pd.Series,
    satisfied_from: float,
    neutral_from: float,
) -> Canvas:
    scores = [float(score) for score in shares.columns]
    satisfied = [score for score in scores if score >= satisfied_from]
    neutral = [score for score in scores if neutral_from <= score < satisfied_from]
    dissatisfied = [score for score in scores if score < neutral_from][::-1]
    bottom_share, middle_share = shares[dissatisfied].sum(axis=1), shares[neutral].sum(axis=1)
    rows = rows_of(names, TOP, ROW)
    values = [i18n.percent(share) for share in top]
    between = [i18n.percent(share) for share in middle_share]
    canvas = Canvas(rows.bottom + 6, rows.width + 10, widest(between, SMALL) + 6 if neutral else 4)
    gap = 100 * (widest(values, bold=True) + 16) / canvas.narrow  # the value after the bars
    whole = bottom_share.max() + top.max() + middle_share.max()
    unit = (100 - gap) / max(whole, 1e-9)
    zero, aside = unit * bottom_share.max(), 100 - unit * middle_share.max()
    if dissatisfied:
        header(canvas, zero, 10, _("dissatisfied"), "right", dx=-7)
    header(canvas, zero, 10, _("satisfied") + " →", "left", dx=7)
    if neutral:
        span = f"{neutral[0]:g}" if len(neutral) == 1 else f"{neutral[0]:g}–{neutral[-1]:g}"
        words = _("neutral ({scores})").format(scores=span)
        header(canvas, 100, 10, words, "right", dx=canvas.right)
    canvas.names(rows, gap=10)
    for place, (middle, row) in enumerate(zip(rows.middles, records(shares), strict=True)):
        right = _stack(canvas, row, satisfied, zero, unit, middle)
        _stack(canvas, row, dissatisfied, zero, -unit, middle)
        canvas.text(right, middle, values[place], dx=7, bold=True)
        if neutral:
            end = aside + unit * middle_share.iloc[place]
            canvas.bar(aside, middle - 8, end, middle + 8, NEUTRAL)
            header(canvas, 100, middle, between[place], "right", dx=canvas.right)
    canvas.line([(zero, TOP - 4), (zero, rows.bottom + 2)], MUTED)
    return canvas


def _stack(
    canvas: Canvas, row: Record, scores: list[float], start: float, unit: float, middle: float
) -> float:
    """Two bands outwards from the zero line, the stronger half of the scores dark; its end."""
    light, dark = (SATISFIED_LIGHT, SATISFIED) if unit > 0 else (DISSATISFIED_LIGHT, DISSATISFIED)
    half = (len(scores) + 1) // 2 if len(scores) > 1 else 0
    for tone, band in ((light, scores[:half]), (dark, scores[half:])):
        end = start + unit * sum(row[score] for score in band)
        canvas.bar(min(start, end), middle - 9, max(start, end), middle + 9, tone)
        start = end
    return start
