"""The opening cards of the reports on the sample, the drivers and the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.bottom_line import bottom_line, clauses
from satisfaction.exhibits.causes import cause_words, change_words, like_for_like, observed_words
from satisfaction.exhibits.digits import size_text
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.verdict import change_facts, probability_text
from satisfaction.exhibits.words import Labels, label, reason_text, sentences
from satisfaction.i18n import _
from satisfaction.methods.result import Result


def sample_card(
    size: Result, margin: Result, strata: Result, identity: Mapping[str, Any]
) -> Exhibit:
    """What the sample can and cannot say: its size, its reach and its expected precision."""
    expected = margin.rows.iloc[0]
    stages = size.stages
    needed = i18n.number(stages["needed"])
    if identity.get("population") is None:
        sentence = _("No frame is known: nobody can say how this sample was drawn.")
        support = _("A random sample would need {needed} answers for the planned margin").format(
            needed=needed
        )
        return bottom_line("cannot_tell", sentence, [sentences(support)], identity, n=0)
    sentence = _("Invite {invitations} households to get {needed} answers.").format(
        invitations=i18n.number(stages["invitations"]), needed=needed
    )
    reached = int((strata.rows["n"] > 0).sum())
    reach = (
        _("All {count} customer groups are in the sample").format(count=reached)
        if reached == len(strata)
        else _("{reached} of {count} customer groups are in the sample").format(
            reached=reached, count=len(strata)
        )
    )
    precision = (
        _("Expected margin of error: cannot tell")
        if pd.isna(expected["estimate"])
        else _("Expected margin of error if as many answer: ±{margin} points").format(
            margin=size_text(expected["estimate"])
        )
    )
    return bottom_line(
        "info",
        sentence,
        [sentences(reach, precision)],
        identity,
        n=int(stages["needed"]),
        margin=expected["estimate"],
    )


def drivers_card(
    importance: Result, identity: Mapping[str, Any], labels: Labels | None = None
) -> Exhibit:
    """Which items go most closely with the overall satisfaction, and how sure that is."""
    rows = importance.rows[importance.rows["estimate"].notna()]
    if not len(rows):
        reasons = importance.rows["reason"]
        why = reason_text(str(reasons.iloc[0]) if len(reasons) else "no_answers")
        sentence = _("Cannot tell what drives satisfaction: {reason}.").format(reason=why)
        return bottom_line("cannot_tell", sentence, [], identity, n=importance.n)
    likely = rows[rows["top3_probability"] >= 0.5]
    named = [
        _("{part} ({change})").format(part=label(item, labels), change=probability_text(chance))
        for item, chance in zip(likely["item"], likely["top3_probability"], strict=True)
    ]
    names = [label(item, labels) for item in rows["item"]]
    first, beside = names[0], names[1 : int((rows["tier"] == 1).sum())]
    stages = importance.stages
    support = sentences(
        _("Probably among the three strongest: {items}").format(items=i18n.listing(named))
        if named
        else _("No item is probably among the three strongest"),
        _("{n} of {sheets} answer sheets enter; {complete} have no gap").format(
            n=i18n.number(importance.n),
            sheets=i18n.number(stages["sheets"]),
            complete=i18n.number(stages["complete_cases"]),
        ),
        _("An association in the answers, not a cause"),
    )
    return bottom_line(
        "info", _leaders(first, beside), [support], identity, n=importance.n, driver=first
    )


def _leaders(first: str, beside: list[str]) -> str:
    """The first item; with those that it cannot be told apart from, where there are any."""
    if not beside:
        return _("“{item}” goes most closely with overall satisfaction.").format(item=first)
    told = i18n.listing(beside if len(beside) < 5 else beside[:3])
    if len(beside) > 4:
        told = _("{items} and {count} more").format(items=told, count=len(beside) - 3)
    return sentences(
        _(
            "“{item}” comes first in how closely it goes with overall satisfaction, but cannot be "
            "told apart from: {items}"
        ).format(item=first, items=told)
    )


def change_card(
    change: Result,
    identity: Mapping[str, Any],
    *,
    parts: Result | None = None,
    doubt: str = "",
) -> Exhibit:
    """What moved since the last wave, beyond chance, and what it came from.

    ``change`` one row of ``wave_difference`` for the overall item; ``parts`` of
    ``change_decomposition``; ``doubt`` what to know before trusting the verdict.
    """
    row = change.rows.iloc[0]
    return bottom_line(
        "cannot_tell" if pd.isna(row["p_value"]) else "info",
        clauses(change_words(change, identity, parts)),
        [sentences(observed_words(change), cause_words(change, parts)), sentences(doubt)],
        identity,
        n=int(row["n"]),
        **change_facts(change),
        like_for_like="" if parts is None else like_for_like(parts),
    )
