"""How the answers spread over the scale: satisfied to the right, dissatisfied to the left."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import WIDTH, Canvas, header, label_room
from satisfaction.exhibits.exhibit import Exhibit
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
from satisfaction.exhibits.words import Labels, labelled, n_text, numbers, sentences
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
    spoken = [f"{name} {i18n.percent(share)}" for name, share in zip(names, top, strict=True)]
    alt = _("Satisfied: {items}").format(items=i18n.listing(spoken))
    canvas = _bars(shares, names, top, satisfied_from, neutral_from)
    return Exhibit(
        "chart distribution",
        title,
        canvas.svg(alt),
        lead=_("Darker: the stronger answer. Neutral answers stand apart at the right."),
        note=sentences(
            n_text(usable.groupby("item")["n"].max()),
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
    left = label_room(names)
    room = WIDTH - left - 46 - 70  # value after the bars, gap and value at the neutral bars
    unit = room / max(bottom_share.max() + top.max() + middle_share.max(), 1e-9)
    zero = left + unit * bottom_share.max()
    aside = WIDTH - 40 - unit * middle_share.max()
    canvas = Canvas(TOP + ROW * len(names) + 6)
    if dissatisfied:
        header(canvas, max(zero - 7, 42), 10, _("dissatisfied"), "right")
    header(canvas, max(zero, 42) + 7, 10, _("satisfied") + " →", "left")
    if neutral:
        span = f"{neutral[0]:g}" if len(neutral) == 1 else f"{neutral[0]:g}–{neutral[-1]:g}"
        header(canvas, WIDTH, 10, _("neutral ({scores})").format(scores=span), "right")
    for place, (name, row) in enumerate(zip(names, records(shares), strict=True)):
        middle = TOP + ROW * (place + 0.5)
        canvas.text(left - 12, middle, name, align="right", room=left - 12)
        right = _stack(canvas, row, satisfied, zero, unit, middle)
        _stack(canvas, row, dissatisfied, zero, -unit, middle)
        canvas.text(right + 7, middle, i18n.percent(top.iloc[place]), bold=True)
        if neutral:
            end = aside + unit * middle_share.iloc[place]
            canvas.bar(aside, middle - 8, end, middle + 8, NEUTRAL)
            header(canvas, WIDTH, middle, i18n.percent(middle_share.iloc[place]), "right")
    canvas.line([(zero, TOP - 4), (zero, TOP + ROW * len(names) + 2)], MUTED)
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
