"""A change in one sentence, and what it came from in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
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


def cause_words(parts: Result) -> str:
    """Whether residents themselves judge differently, or others answered, or in other ways.

    ``parts`` of ``change_decomposition``, for a change that is beyond chance.
    """
    rows = parts.rows.set_index("part")
    own = rows.loc["answers"]
    if pd.isna(own["estimate"]):
        return _(
            "Whether residents themselves changed their answers: cannot tell ({reason})"
        ).format(reason=reason_text(str(own["reason"])))
    others = rows.drop(index=["answers", "total"])
    others = others[others["significant"].astype(bool)]
    named = i18n.listing([part_text(str(code), row["estimate"]) for code, row in others.iterrows()])
    if own["significant"]:
        like = _("Like residents asked in like ways moved by {change} points").format(
            change=i18n.points(own["estimate"])
        )
        return f"{like}{_('; besides: {parts}').format(parts=named)}" if named else like
    if named:
        return _(
            "It comes from who answered or how: {parts}. Like residents asked in like ways did not "
            "change beyond chance ({change} points)"
        ).format(parts=named, change=i18n.points(own["estimate"]))
    return _("How much of it comes from who answered or how cannot be told")


def change_words(row: pd.Series, identity: Mapping[str, Any]) -> str:
    """The change of one share in words: what is proven, or what could have been seen."""
    if pd.isna(row["estimate"]):
        reason = str(row["reason"])
        if "previous" in identity.get("absent", ()):
            return _("There is no earlier wave to compare with")
        return _("Change since the last wave: cannot tell ({reason})").format(
            reason=reason_text(reason)
        )
    size = i18n.points(abs(row["estimate"])).lstrip("+")
    if row["direction"] == "none":
        return _(
            "No detectable change since the last wave ({step} points; ±{detectable} could be seen)"
        ).format(
            step=i18n.points(row["estimate"]),
            detectable=i18n.points(row["detectable"]).lstrip("+"),
        )
    text = (
        _("Up {size} points since the last wave ({interval}, {p})")
        if row["direction"] == "up"
        else _("Down {size} points since the last wave ({interval}, {p})")
    )
    ends = _("interval {low} to {high}").format(
        low=i18n.points(row["ci_low"]), high=i18n.points(row["ci_high"])
    )
    return text.format(size=size, interval=ends, p=i18n.p_value(row["p_holm"]))
