"""Where a change comes from: a bridge from the previous share to the current one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import axis_across
from satisfaction.exhibits.canvas import Canvas, header
from satisfaction.exhibits.comparison import value_text
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, widest
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
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

# names only: whether a part is more than chance is for the test to say
PARTS = {
    "answers": N_("answers of like residents"),
    "residents": N_("who answered"),
    "modes": N_("how they were asked"),
    "total": N_("total"),
}
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
    ends = _("From {before} to {now}").format(
        before=value_text(float(parts.stages["previous"]), True),
        now=value_text(float(parts.stages["current"]), True),
    )
    alt = sentences(title, ends, *(_spoken(row) for row in records(shown)))
    return Exhibit(
        "chart bridge",
        title,
        canvas.html(alt),
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
    words = _(PARTS[code]) if code in PARTS else code
    return words[:1].upper() + words[1:]


def _title(rows: pd.DataFrame, total: pd.Series) -> str:
    change = i18n.points(total["estimate"])
    real = rows[rows["significant"].astype(bool)]
    if real.empty:
        return _("No part of the change of {change} points is beyond chance").format(change=change)
    named = [
        _("{part} ({change})").format(part=_(PARTS[code]), change=i18n.points(step))
        for code, step in zip(real["part"], real["estimate"], strict=True)
    ]
    return _("Behind the change of {change} points: {parts}").format(
        change=change, parts=i18n.listing(named)
    )


def _spoken(row: Record) -> str:
    if pd.isna(row["estimate"]):
        return _("{subject}: cannot tell").format(subject=_part(row["part"]))
    return _("{part}: {change} (interval {interval})").format(
        part=_part(row["part"]), change=i18n.points(row["estimate"]), interval=_ends(row)
    )


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
    if "answers" in real:
        found.append(
            _(
                "What is not on record, such as who was never in the frame, stays in the answers "
                "of like residents."
            )
        )
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
    parts = records(rows)
    names = [waves[0] or _("previous wave"), *(_part(row["part"]) for row in parts)]
    lines = rows_of([*names, waves[1] or _("this wave")], TOP, ROW, bold=True)
    known = [row for row in parts if not pd.isna(row["estimate"])]
    words = widest([i18n.points(row["estimate"]) for row in known] + [_("cannot tell")], bold=True)
    right = max(words, widest(map(_ends, known), SMALL)) + 12
    canvas = Canvas(lines.bottom + 26, lines.width + 12, right)
    across = axis_across(canvas, low, high, i18n.percent, TOP - 6, lines.bottom, below=True)
    canvas.names(lines, gap=12, bold=(0, len(parts) + 1))
    middles = lines.middles
    turns = [*starts.tolist(), now]  # where each row but the first begins
    for start, above, below in zip(turns, middles, middles[1:], strict=False):
        canvas.line([(across(start), above + 9), (across(start), below)], QUIET)
    for value, y in ((before, middles[0]), (now, middles[-1])):
        canvas.dot(across(value), y, INK, 11)
        canvas.text(100, y, value_text(value, True), dx=12, bold=True)
    for row, start, y in zip(parts, starts.tolist(), middles[1:-1], strict=True):
        if pd.isna(row["estimate"]):
            canvas.text(100, y, _("cannot tell"), dx=12, colour=MUTED)
            continue
        real = bool(row["significant"])
        colour = (SATISFIED if row["estimate"] > 0 else FOCUS) if real else QUIET
        near, far = sorted((across(start), across(start + float(row["estimate"]))))
        canvas.bar(near, y - 9, max(far, near + 0.3), y + 9, colour)
        span = [across(min(max(start + row[c], low), high)) for c in ("ci_low", "ci_high")]
        canvas.line([(span[0], y), (span[1], y)], INK, 1.5)
        ink = colour if real else MUTED
        canvas.text(100, y - 7, i18n.points(row["estimate"]), dx=12, colour=ink, bold=real)
        header(canvas, 100, y + 8, _ends(row), "left", dx=12)
    return canvas
