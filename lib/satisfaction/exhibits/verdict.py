"""The bottom line of a report: a sentence made from Results, and the same as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.causes import cause_words, change_words, like_for_like
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.words import Labels, clean, label, reason_text, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

MIME = "application/vnd.satisfaction.verdict+json"
GRADES = {
    "excellent": N_("excellent"),
    "good": N_("good"),
    "average": N_("average"),
    "poor": N_("poor"),
}
VERDICTS = {
    "met": N_("Target met"),
    "not_met": N_("Target not met"),
    "cannot_tell": N_("Cannot tell"),
    "info": N_("In brief"),
}


def bottom_line(
    verdict: str,
    sentence: str,
    support: Sequence[str],
    identity: Mapping[str, Any],
    **facts: Any,
) -> Exhibit:
    """The card that opens a report; its MIME bundle is what the index and the archive keep."""
    data = {"verdict": verdict, "sentence": sentence, **identity, **facts}
    body = f'<p class="verdict-sentence">{escape(clean(sentence))}</p>' + "".join(
        f'<p class="verdict-support">{escape(clean(words))}</p>' for words in support if words
    )
    return Exhibit(
        kind=f"verdict {verdict}",
        title=_(VERDICTS[verdict]),
        body=body,
        alt=sentence,
        bundle={MIME: {key: _json(value) for key, value in data.items()}},
    )


def verdict_card(
    share: Result,
    judged: Result,
    grades: Result,
    identity: Mapping[str, Any],
    *,
    change: Result | None = None,
    parts: Result | None = None,
    doubt: str = "",
) -> Exhibit:
    """Met, not met or cannot tell, against the target and its clause (S2-2, S0-19).

    ``share`` one row of ``survey_proportion``; ``judged`` of ``target_verdict``; ``grades`` of
    ``grade_probabilities``; ``change`` of ``wave_difference`` for the overall item, ``parts`` of
    ``change_decomposition``; ``identity`` of the study, with the target's clause and the number of
    invited households; ``doubt`` what to know before trusting it.
    """
    clause, invited = str(identity["target_clause"]), int(identity["invited"])
    row, against = share.rows.iloc[0], judged.rows.iloc[0]
    target = float(against["target"])
    digits = telling_digits(target, row["estimate"], row["ci_low"], row["ci_high"])
    own = grades.rows[grades.rows["is_own"]]
    grade = str(own["grade"].iloc[0]) if len(own) else ""
    probability = float(own["estimate"].iloc[0]) if len(own) else float("nan")
    support = [
        _target_words(against, digits, clause),
        _grade_words(grade, probability, judged),
        _base_words(row, identity, invited),
        "" if change is None else change_words(change.rows.iloc[0], identity),
        _cause(change, parts),
    ]
    return bottom_line(
        str(against["verdict"]),
        _share_sentence(row, digits, str(against["reason"]), share.level),
        [sentences(*support[:2]), sentences(*support[2:]), sentences(doubt)],
        identity,
        share=row["estimate"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        n=int(row["n"]),
        level=share.level,
        target=target,
        clause=clause,
        grade=grade if str(against["reason"]) not in ("too_few", "no_answers") else "",
        grade_probability=probability,
    )


def telling_digits(target: float, *shares: float) -> int:
    """Decimals at which no share looks equal to the target that is not: 0, 1 or 2."""
    for digits in (0, 1):
        shown = round(100 * target, digits)
        if not any(
            round(100 * share, digits) == shown and abs(share - target) > 1e-9
            for share in shares
            if pd.notna(share)
        ):
            return digits
    return 2


def _share_sentence(row: pd.Series, digits: int, reason: str, level: float) -> str:
    if pd.isna(row["estimate"]):
        return _("There is no answer to judge by: {reason}.").format(
            reason=reason_text(reason or "no_answers")
        )
    share = i18n.percent(row["estimate"], digits)
    if pd.isna(row["ci_low"]):
        return _("{share} are satisfied; no interval can be given.").format(share=share)
    return _("{share} are satisfied ({level} interval {interval}).").format(
        share=share,
        level=i18n.percent(level),
        interval=i18n.interval(row["ci_low"], row["ci_high"], digits),
    )


def _target_words(against: pd.Series, digits: int, clause: str) -> str:
    target = i18n.percent(float(against["target"]), digits)
    verdict, reason = against["verdict"], against["reason"]
    if verdict == "met":
        words = _("The whole interval reaches the target of {target} ({clause})")
    elif verdict == "not_met":
        words = _("The whole interval lies below the target of {target} ({clause})")
    elif reason == "interval_covers_target":
        words = _("The target of {target} ({clause}) lies within the interval: cannot tell")
    elif reason == "no_answers":
        words = _("The target is {target} ({clause})")
    else:
        words = _("Too few answers to judge against the target of {target} ({clause})")
    return words.format(target=target, clause=clause)


def _grade_words(grade: str, probability: float, judged: Result) -> str:
    if not grade or str(judged.rows["reason"].iloc[0]) in ("too_few", "no_answers"):
        return ""
    return _("Grade: {grade} (probability {probability})").format(
        grade=_(GRADES[grade]), probability=probability_text(probability)
    )


def probability_text(value: float) -> str:
    """A probability in percent; close to 0 or 1 no false certainty."""
    if pd.isna(value):
        return i18n.MISSING
    if value > 0.99:
        return _("above 99%")
    return _("below 1%") if value < 0.01 else i18n.percent(value)


def _base_words(row: pd.Series, identity: Mapping[str, Any], invited: int) -> str:
    n = int(identity.get("sheets") or row["n"])
    population = identity.get("population")
    if population is None:
        base = _("{n} answers; the number of households is not known").format(n=f"{n:,}")
    else:
        base = _("{n} answers from {population} households in the assessment").format(
            n=f"{n:,}", population=f"{population:,}"
        )
    if not invited:
        return base
    rate = _("response rate {rate} of {invited} invited").format(
        rate=i18n.percent(n / invited), invited=f"{invited:,}"
    )
    return i18n.listing([base, rate]) if i18n.language() == "en" else f"{base}，{rate}"


def sample_card(
    size: Result, margin: Result, strata: Result, identity: Mapping[str, Any]
) -> Exhibit:
    """What the sample can and cannot say: its size, its reach and its expected precision."""
    expected = margin.rows.iloc[0]
    stages = size.stages
    if identity.get("population") is None:
        sentence = _("No frame is known: nobody can say how this sample was drawn.")
        support = _("A random sample would need {needed} answers for the planned margin").format(
            needed=f"{stages['needed']:,.0f}"
        )
        return bottom_line("cannot_tell", sentence, [sentences(support)], identity, n=0)
    sentence = _("Invite {invitations} households to get {needed} answers.").format(
        invitations=f"{stages['invitations']:,.0f}", needed=f"{stages['needed']:,.0f}"
    )
    reach = _("All {count} customer groups are in the sample").format(count=len(strata))
    precision = _("Expected margin of error if as many answer: ±{margin} points").format(
        margin=i18n.points(expected["estimate"]).lstrip("+")
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
    sentence = _("“{item}” goes most closely with overall satisfaction.").format(item=first)
    stages = importance.stages
    support = sentences(
        _("It cannot be told apart from: {items}").format(
            items=i18n.listing(beside[:3]) + ("…" if len(beside) > 3 else "")
        )
        if beside
        else "",
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
    return bottom_line("info", sentence, [support], identity, n=importance.n, driver=first)


def _cause(change: Result | None, parts: Result | None) -> str:
    """What a proven change came from; nothing where none is proven."""
    if change is None or parts is None or change.rows["direction"].iloc[0] == "none":
        return ""
    return cause_words(parts)


def change_card(
    change: Result,
    identity: Mapping[str, Any],
    *,
    parts: Result | None = None,
    doubt: str = "",
) -> Exhibit:
    """What moved since the last wave, beyond chance, and what it came from.

    ``doubt`` what to know before trusting it, as for the verdict.
    """
    row = change.rows.iloc[0]
    sentence = sentences(change_words(row, identity))
    verdict = "cannot_tell" if pd.isna(row["estimate"]) else "info"
    return bottom_line(
        verdict,
        sentence,
        [sentences(_cause(change, parts)), sentences(doubt)],
        identity,
        n=int(row["n"]),
        change=row["estimate"],
        change_low=row["ci_low"],
        change_high=row["ci_high"],
        p_value=row["p_holm"],
        direction=str(row["direction"]),
        like_for_like="" if parts is None else like_for_like(parts),
    )


def _json(value: Any) -> Any:
    """Plain JSON: numpy scalars unwrapped, what is not known as null."""
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and value != value else value
