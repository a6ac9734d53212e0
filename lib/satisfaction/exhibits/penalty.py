"""What low scores cost and top scores earn, item by item, and the kind of item that makes it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.comparison import known
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, widest
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import DISSATISFIED, FRAME, INK, MUTED, NEUTRAL, SATISFIED
from satisfaction.exhibits.records import records
from satisfaction.exhibits.words import (
    Labels,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
    spoken,
)
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

ROW = 26.0
SHOWN = 8  # items; more only where they are beyond chance
KINDS = {
    "must_be": N_("must-be"),
    "performance": N_("performance"),
    "attractive": N_("attractive"),
    "unclear": N_("cannot tell"),
}
EFFECTS = {"penalty": DISSATISFIED, "reward": SATISFIED}


def penalty_reward_chart(result: Result, labels: Labels | None = None) -> Exhibit:
    """Rows of ``penalty_reward``: losses to the left, gains to the right, the kind in words."""
    rows = result.rows
    usable = rows.dropna(subset=list(EFFECTS), how="all") if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("What low scores cost and top scores earn"), rows)
    size = usable[list(EFFECTS)].abs().max(axis=1)
    usable = usable.loc[size.sort_values(ascending=False, kind="stable").index]
    beyond = {effect: usable[f"{effect}_p_holm"] < 1 - result.level for effect in EFFECTS}
    some = (beyond["penalty"] | beyond["reward"]).to_numpy() | (np.arange(len(usable)) < SHOWN)
    hidden = len(usable) - int(some.sum())
    usable, beyond = usable[some], {effect: shade[some] for effect, shade in beyond.items()}
    names = labelled(usable["item"], labels)
    title = _finding(usable, names, beyond)
    effects = [
        _("{low} and {top}").format(low=i18n.signed(low), top=i18n.signed(top))
        for low, top in zip(usable["penalty"], usable["reward"], strict=True)
    ]
    alt = sentences(title, _("Low and top scores: {items}").format(items=spoken(names, effects)))
    shown = rows.assign(kano=[kind_text(kind) for kind in rows["kano"]])
    return Exhibit(
        "chart penalty",
        title,
        _draw(usable, names, beyond).html(alt),
        lead=_(
            "Points of the overall score, all other items alike: left, an item below {low}; right, "
            "at {top}; against the scores between. Grey: could be chance."
        ).format(
            low=i18n.number(result.stages["low_below"]), top=i18n.number(result.stages["top_from"])
        ),
        note=sentences(
            n_text(usable["n"]),
            method_note(result.method),
            _("A kind is named only where the intervals carry it, with Holm's correction."),
            _("{k} weaker items stand in the numbers only").format(k=hidden) if hidden else "",
            _("Association, not proof of cause."),
        ),
        alt=alt,
        data=numbers(
            shown,
            [
                "item",
                *(f"{effect}{end}" for effect in EFFECTS for end in ("", "_low", "_high")),
                *("kano", "n", "n_low", "n_top", "reason"),
            ],
            labels,
        ),
    )


def kind_text(kind: str) -> str:
    """The kind of item in words."""
    return _(KINDS[kind]) if kind in KINDS else i18n.MISSING


def _finding(rows: pd.DataFrame, names: list[str], beyond: dict[str, pd.Series]) -> str:
    parts = []
    for kind in ("must_be", "performance", "attractive"):
        items = [name for name, own in zip(names, rows["kano"], strict=True) if own == kind]
        if items:
            some = i18n.listing(items[:3]) + ("…" if len(items) > 3 else "")
            parts.append(_("{kind}: {items}").format(kind=kind_text(kind), items=some))
    if parts:
        text = "; ".join(parts) if i18n.language() == "en" else "；".join(parts)
        return text[:1].upper() + text[1:]
    worst = rows["penalty"].where(beyond["penalty"]).to_numpy(dtype=float)
    if (worst < 0).any():
        place = int(np.nanargmin(worst))
        return _("Low scores weigh most with {item}: {points} points of the overall score").format(
            item=names[place], points=i18n.signed(worst[place])
        )
    best = rows["reward"].where(beyond["reward"]).to_numpy(dtype=float)
    if (best > 0).any():
        place = int(np.nanargmax(best))
        return _("Top scores earn most with {item}: {points} points of the overall score").format(
            item=names[place], points=i18n.signed(best[place])
        )
    return _("Of no single item do low scores cost or top scores earn more than chance may")


def _draw(rows: pd.DataFrame, names: list[str], beyond: dict[str, pd.Series]) -> Canvas:
    top, lines = 24.0, rows_of(names, 30, ROW)
    kinds = [kind_text(kind) for kind in rows["kano"]]
    right = widest([_("kind"), *kinds], SMALL, bold=True) + 12
    canvas = Canvas(lines.bottom + 6, lines.width + 12, right)
    columns = [f"{effect}{end}" for effect in EFFECTS for end in ("", "_low", "_high")]
    values = [*known(rows[columns]), 0.0]
    along = axis_across(
        canvas, min(values), max(values), lambda step: i18n.signed(step, 1), top, lines.bottom
    )
    canvas.line([(along(0), top), (along(0), lines.bottom)], FRAME, 1.5)
    header(canvas, 100, top - 10, _("kind"), "right", dx=right)
    canvas.names(lines, gap=12)
    for place, (middle, row) in enumerate(zip(lines.middles, records(rows), strict=True)):
        for effect, colour in EFFECTS.items():
            value = row[effect]
            if value != value:
                continue
            y = middle + (-5 if effect == "penalty" else 5)
            shade = colour if beyond[effect].iloc[place] else NEUTRAL
            ends = sorted((along(0), along(value)))
            canvas.bar(ends[0], y - 4, ends[1], y + 4, shade)
            span = [(along(row[f"{effect}_low"]), y), (along(row[f"{effect}_high"]), y)]
            canvas.line(span, INK if beyond[effect].iloc[place] else MUTED, 0.8)
    for middle, words, kind in zip(lines.middles, kinds, rows["kano"], strict=True):
        ink, bold = (MUTED, False) if kind in ("unclear", "") else (INK, True)
        canvas.text(100, middle, words, dx=right, colour=ink, size=SMALL, bold=bold, align="right")
    return canvas
