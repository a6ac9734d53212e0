"""A change in one clause, and what it came from in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.bottom_line import clauses
from satisfaction.exhibits.digits import p_text, size_text, step_digits
from satisfaction.exhibits.words import reason_text
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

PARTS = {
    "answers": N_("residents changed their answers"),
    "residents": N_("other residents answered"),
    "modes": N_("other modes were used"),
}


def part_text(code: str, change: float) -> str:
    """A part of a change with its size in points."""
    return _("{part} ({change})").format(
        part=_(PARTS[code]) if code in PARTS else code, change=i18n.points(change)
    )


def like_for_like(parts: Result) -> str:
    """Direction of the change among like residents asked in like ways; "" where it is not known."""
    own = parts.rows.set_index("part").loc["answers"]
    return "" if pd.isna(own["estimate"]) else str(own["direction"])


def cause_words(change: Result, parts: Result | None) -> str:
    """Whether residents themselves judge differently, or others answered, or in other ways.

    ``parts`` of ``change_decomposition``. Nothing is said of a change that is not beyond chance.
    """
    if parts is None or change.rows["direction"].iloc[0] == "none":
        return ""
    rows = parts.rows.set_index("part")
    own = rows.loc["answers"]
    if pd.isna(own["estimate"]):
        return _(
            "Whether residents themselves changed their answers: cannot tell ({reason})"
        ).format(reason=reason_text(str(own["reason"])))
    named = i18n.listing(
        [part_text(str(code), row["estimate"]) for code, row in _proven_others(rows).iterrows()]
    )
    if own["significant"]:
        like = _("Like residents asked in like ways moved by {change} points").format(
            change=i18n.points(own["estimate"])
        )
        return clauses(like, _("besides: {parts}").format(parts=named) if named else "")
    if named:
        return _(
            "It comes from who answered or how: {parts}. Like residents asked in like ways did not "
            "change beyond chance ({change} points)"
        ).format(parts=named, change=i18n.points(own["estimate"]))
    return _("How much of it comes from who answered or how cannot be told")


def change_words(change: Result, identity: Mapping[str, Any], parts: Result | None = None) -> str:
    """The change of one share as a clause: what is proven, or what could have been seen.

    ``change`` of ``wave_difference``, one row; ``parts`` of ``change_decomposition``.
    """
    row = change.rows.iloc[0]
    if pd.isna(row["p_value"]):
        if "previous" in identity.get("absent", ()):
            return _("no earlier wave to compare with")
        return _("the change since last time cannot be told ({reason})").format(
            reason=reason_text(str(row["reason"]))
        )
    if row["direction"] == "none":
        return _unproven(row, 1 - change.level)
    digits = step_digits(row["estimate"], row["ci_low"], row["ci_high"])
    words = (
        _("up {size} points since last time ({low} to {high}, {p})")
        if row["direction"] == "up"
        else _("down {size} points since last time ({low} to {high}, {p})")
    ).format(
        size=size_text(row["estimate"], digits),
        low=i18n.points(row["ci_low"], digits),
        high=i18n.points(row["ci_high"], digits),
        p=p_text(row["p_holm"], 1 - change.level),
    )
    return words + _(", but not like for like") if _unlike(row, parts) else words


def observed_words(change: Result) -> str:
    """The difference that was seen but is not beyond chance; "" where another sentence has it."""
    row = change.rows.iloc[0]
    if pd.isna(row["p_value"]) or row["direction"] != "none" or not _could_be_seen(row):
        return ""
    return _("Difference from last time: {step} points ({evidence})").format(
        step=i18n.points(row["estimate"]), evidence=_evidence(row, 1 - change.level)
    )


def _unproven(row: pd.Series, alpha: float) -> str:
    if _could_be_seen(row):
        return _(
            "no detectable change since last time (±{detectable} points could have been seen)"
        ).format(detectable=size_text(row["detectable"]))
    return _("no change beyond chance since last time ({step} points, {evidence})").format(
        step=i18n.points(row["estimate"]), evidence=_evidence(row, alpha)
    )


def _could_be_seen(row: pd.Series) -> bool:
    """Whether the detectable change is known and larger than the one that was not detected."""
    return bool(abs(round(row["estimate"], 3)) < round(row["detectable"], 3))


def _evidence(row: pd.Series, alpha: float) -> str:
    """Of test and interval the one that shows no change: they can disagree close to the level."""
    if row["p_holm"] >= alpha:
        return p_text(row["p_holm"], alpha)
    digits = step_digits(row["ci_low"], row["ci_high"])
    return _("interval {low} to {high}").format(
        low=i18n.points(row["ci_low"], digits), high=i18n.points(row["ci_high"], digits)
    )


def _unlike(row: pd.Series, parts: Result | None) -> bool:
    """Whether the change is known not to be one of like residents asked in like ways."""
    if parts is None or like_for_like(parts) in ("", row["direction"]):
        return False
    rows = parts.rows.set_index("part")
    return like_for_like(parts) != "none" or len(_proven_others(rows)) > 0


def _proven_others(rows: pd.DataFrame) -> pd.DataFrame:
    others = rows.drop(index=["answers", "total"])
    return others[others["significant"].astype(bool)]
