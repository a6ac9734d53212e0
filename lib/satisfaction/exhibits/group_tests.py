"""Whether groups of residents differ beyond chance, in a few sentences."""

from __future__ import annotations

from html import escape
from typing import Any

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.words import (
    Labels,
    clean,
    label,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result


def group_test_note(tests: Result, labels: Labels | None = None) -> Exhibit:
    """One sentence per characteristic of ``group_tests``: beyond chance or not, and who is apart.

    Shares are given only where no group of any characteristic was too small to be shown: that
    group may be part of this one.
    """
    rows = tests.rows
    subject = _("Differences between groups")
    if rows.empty or not rows["p_holm"].notna().any():
        return cannot_tell(subject, rows)
    found = [label(row.variable, labels) for row in rows.itertuples() if row.significant]
    if found:
        title = _("Groups differ beyond chance: {characteristics}").format(
            characteristics=i18n.listing(found)
        )
    else:
        title = _("No difference between groups is beyond chance")
    small = bool((rows["left_out"] > 0).any())
    said = [_sentence(row, labels, not small) for row in rows.itertuples()]
    body = "".join(f"<p>{escape(clean(words))}</p>" for words in said)
    columns = ["variable", "cramers_v", "statistic", "p_value", "p_holm", "groups", "n", "reason"]
    left_out = _("Groups with fewer than {minimum} answers are left out.").format(
        minimum=tests.stages["minimum_n"]
    )
    return Exhibit(
        "note info",
        title,
        body,
        note=sentences(
            n_text([tests.n]),
            method_note(tests.method),
            _("Holm's correction of p over the characteristics."),
            left_out if small else "",
        ),
        alt=sentences(title, *said),
        data=numbers(rows.rename(columns={"estimate": "cramers_v"}), columns, labels),
    )


def _sentence(row: Any, labels: Labels | None, with_shares: bool) -> str:
    name, p = label(row.variable, labels), i18n.p_value(row.p_holm)
    if row.p_holm != row.p_holm:
        because = reason_text(row.reason)
        return _("{characteristic}: cannot tell ({reason}).").format(
            characteristic=name, reason=because
        )
    if not row.significant:
        return _("{characteristic}: no difference beyond chance ({p}).").format(
            characteristic=name, p=p
        )
    highest, lowest = label(row.highest, labels), label(row.lowest, labels)
    if with_shares:
        highest = f"{highest} {i18n.percent(row.highest_share)}"
        lowest = f"{lowest} {i18n.percent(row.lowest_share)}"
    return _("{characteristic}: beyond chance ({p}); highest: {highest}, lowest: {lowest}.").format(
        characteristic=name, p=p, highest=highest, lowest=lowest
    )
