"""Where a change comes from: a bridge from the previous share to the current one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import WIDTH, Canvas, fit, header, scale, ticks
from satisfaction.exhibits.causes import PARTS, part_text
from satisfaction.exhibits.comparison import value_text
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, INK, MUTED, QUIET, SATISFIED
from satisfaction.exhibits.records import Record, records
from satisfaction.exhibits.words import (
    Labels,
    label,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 34.0
TOP = 22.0


def change_bridge(
    parts: Result,
    labels: Labels | None = None,
    *,
    current_label: str = "",
    previous_label: str = "",
) -> Exhibit:
    """From the share before to the share now, part by part, each with its interval."""
    rows = parts.rows
    total = rows[rows["part"] == "total"].iloc[0]
    shown = rows[rows["part"] != "total"].reset_index(drop=True)
    if pd.isna(total["estimate"]) or shown["estimate"].isna().all():
        return cannot_tell(_("Where the change comes from"), shown)
    title = _title(shown, total)
    level = i18n.percent(parts.level)
    canvas = _bridge(shown, parts.stages, (previous_label, current_label))
    alt = sentences(title, *(_spoken(row) for row in records(shown)))
    return Exhibit(
        "chart bridge",
        title,
        canvas.svg(alt),
        lead=_(
            "From the share before to the share now. Line: the {level} interval of a part."
        ).format(level=level),
        note=sentences(
            n_text([total["n_previous"], total["n"]]),
            method_note(parts.method),
            *_remarks(shown, parts.stages, labels),
        ),
        alt=alt,
        data=numbers(
            rows.assign(part=[_part(code) for code in rows["part"]]),
            ["part", "estimate", "ci_low", "ci_high", "p_holm", "significant", "reason"],
            labels,
            percent=["estimate", "ci_low", "ci_high"],
        ),
    )


def _part(code: str) -> str:
    words = _("total") if code == "total" else _(PARTS[code]) if code in PARTS else code
    return words[:1].upper() + words[1:]


def _title(rows: pd.DataFrame, total: pd.Series) -> str:
    change = i18n.points(total["estimate"])
    real = rows[rows["significant"].astype(bool)]
    if real.empty:
        return _("No part of the change of {change} points is beyond chance").format(change=change)
    named = [
        part_text(code, step) for code, step in zip(real["part"], real["estimate"], strict=True)
    ]
    return _("Behind the change of {change} points: {parts}").format(
        change=change, parts=i18n.listing(named)
    )


def _spoken(row: Record) -> str:
    if pd.isna(row["estimate"]):
        return _("{subject}: cannot tell").format(subject=_part(row["part"]))
    return f"{_part(row['part'])} {i18n.points(row['estimate'])} ({_ends(row)})"


def _ends(row: Record) -> str:
    return _("{low} to {high}").format(
        low=i18n.points(row["ci_low"]), high=i18n.points(row["ci_high"])
    )


def _remarks(rows: pd.DataFrame, stages: Mapping[str, Any], labels: Labels | None) -> list[str]:
    """What moved most where a part is real, and what the parts rest on."""
    real = set(rows.loc[rows["significant"].astype(bool), "part"])
    found = [
        _("Largest shift: {category} {before} → {now} of the answers.").format(
            category=" / ".join(label(value, labels) for value in category),
            before=i18n.percent(before),
            now=i18n.percent(now),
        )
        for part, category, before, now in stages.get("shifts", [])
        if part in real
    ]
    if stages.get("one_wave_only", 0) > 0:
        found.append(
            _(
                "Up to {share} of the answers are in groups or modes that only one of the surveys "
                "holds; their effect is known from that survey alone."
            ).format(share=i18n.percent(stages["one_wave_only"]))
        )
    if stages.get("not_separated"):
        names = [label(name, labels) for name in stages["not_separated"]]
        found.append(
            _("Not known in both surveys, so contained in the first part: {names}.").format(
                names=i18n.listing(names)
            )
        )
    missing = rows[rows["estimate"].isna()]
    found += [
        _("{part}: cannot tell ({reason}).").format(
            part=_part(row["part"]), reason=reason_text(row["reason"])
        )
        for row in records(missing)
    ]
    return found


def _bridge(rows: pd.DataFrame, stages: Mapping[str, Any], waves: tuple[str, str]) -> Canvas:
    before, now = float(stages["previous"]), float(stages["current"])
    steps = rows["estimate"].fillna(0.0).astype(float)
    starts = before + steps.cumsum().shift(fill_value=0.0)
    ends = [before, now, *starts, *(starts + steps)]
    ends += [*(starts + rows["ci_low"].fillna(0.0)), *(starts + rows["ci_high"].fillna(0.0))]
    low, high = max(min(ends) - 0.02, 0.0), min(max(ends) + 0.02, 1.0)
    left, right = 236.0, WIDTH - 128.0
    height = TOP + ROW * (len(rows) + 2) + 26
    canvas = Canvas(height)
    across = scale(low, high, left, right)
    bottom = TOP + ROW * (len(rows) + 2)
    for place in ticks(low, high, 6):
        canvas.line([(across(place), TOP - 6), (across(place), bottom)])
        header(canvas, across(place), bottom + 14, i18n.percent(place))

    def level(row: int, name: str, value: float) -> None:
        y = TOP + ROW * (row + 0.5)
        canvas.text(left - 12, y, fit(name, left - 18), bold=True, align="right")
        canvas.dot(across(value), y, INK, 11)
        canvas.text(right + 12, y, value_text(value, True), bold=True)

    level(0, waves[0] or _("previous wave"), before)
    for place, (row, start) in enumerate(zip(records(rows), starts.tolist(), strict=True)):
        y = TOP + ROW * (place + 1.5)
        canvas.text(left - 12, y, fit(_part(row["part"]), left - 18), align="right")
        canvas.line([(across(start), y - ROW + 9), (across(start), y + 9)], QUIET, 1)
        if pd.isna(row["estimate"]):
            canvas.text(right + 12, y, _("cannot tell"), colour=MUTED)
            continue
        real = bool(row["significant"])
        colour = (SATISFIED if row["estimate"] > 0 else FOCUS) if real else QUIET
        end = start + float(row["estimate"])
        near, far = sorted((across(start), across(end)))
        canvas.bar(near, y - 9, max(far, near + 1), y + 9, colour)
        span = [across(min(max(start + row[c], low), high)) for c in ("ci_low", "ci_high")]
        canvas.line([(span[0], y), (span[1], y)], INK, 1.5)
        ink = colour if real else MUTED
        canvas.text(right + 12, y - 6, i18n.points(row["estimate"]), colour=ink, bold=real)
        header(canvas, right + 12, y + 9, _ends(row), "left", WIDTH - right - 14)
    canvas.line([(across(now), bottom - 1.5 * ROW + 9), (across(now), bottom - ROW / 2)], QUIET, 1)
    level(len(rows) + 1, waves[1] or _("this wave"), now)
    return canvas
