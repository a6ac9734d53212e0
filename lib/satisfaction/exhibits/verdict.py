"""The satisfied share against its target: one sentence made from Results, and what supports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.bottom_line import bottom_line, clauses, phrases
from satisfaction.exhibits.causes import cause_words, change_words, observed_words
from satisfaction.exhibits.digits import gap, size_text, step_digits, telling_digits
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.gauge import gauge
from satisfaction.exhibits.words import method_note, reason_text, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result
from satisfaction.methods.targets import next_grade_distance

GRADES = {
    "excellent": N_("excellent"),
    "good": N_("good"),
    "average": N_("average"),
    "poor": N_("poor"),
}
SATISFIED_CLAUSE = "S3-5"


def verdict_card(
    share: Result,
    judged: Result,
    grades: Result,
    identity: Mapping[str, Any],
    *,
    change: Result | None = None,
    parts: Result | None = None,
    doubt: str = "",
    minimum_n: int = 10,
) -> Exhibit:
    """Met, not met or cannot tell, against the target and its clause (S2-2, S0-19).

    ``share`` one row of ``survey_proportion``; ``judged`` of ``target_verdict``; ``grades`` of
    ``grade_probabilities``; ``change`` of ``wave_difference`` for the overall item, ``parts`` of
    ``change_decomposition``; ``identity`` of the study, with the target's clause and the number of
    invited households; ``doubt`` what to know before trusting it. Figures of fewer than
    ``minimum_n`` answers are withheld (S4-6).
    """
    row, against = share.rows.iloc[0], judged.rows.iloc[0]
    shown, rated = row["n"] >= minimum_n, _is_judged(against)
    if not shown:
        row = row.copy()
        row[["estimate", "ci_low", "ci_high"]] = float("nan")
    target, digits = float(against["target"]), _digits(row, against, grades)
    place = next_grade_distance(row["estimate"] if rated else float("nan"), grades.stages)
    sentence = clauses(
        _target_words(row, judged, digits, share.level, str(identity["target_clause"])),
        grade_words(grades) if rated else "",
        change_words(change, identity, parts) if change is not None and rated else "",
    )
    support = [
        sentences(_base_words(row, identity)),
        sentences(_satisfied_words(identity), _distance_words(row, place, digits)),
        "" if change is None else sentences(observed_words(change), cause_words(change, parts)),
        sentences(doubt),
    ]
    own = grades.rows[grades.rows["is_own"]]
    return bottom_line(
        str(against["verdict"]),
        sentence,
        support,
        identity,
        picture=gauge(
            row, target, grades.stages, {code: _(name) for code, name in GRADES.items()}, digits
        ),
        note=method_note(share.method),
        share=row["estimate"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
        n=int(row["n"]),
        level=share.level,
        margin=max(row["ci_high"] - row["estimate"], row["estimate"] - row["ci_low"]),
        response_rate=_response_rate(row, identity),
        target=target,
        clause=str(identity["target_clause"]),
        grade=str(place.rows["grade"].iloc[0]),
        grade_probability=float(own["estimate"].iloc[0]) if rated else float("nan"),
        next_grade=str(place.rows["next_grade"].iloc[0]),
        to_next_grade=float(place.rows["estimate"].iloc[0]),
        digits=digits,
        **({} if change is None else change_facts(change)),
    )


def change_facts(change: Result) -> dict[str, Any]:
    """A change as the index and the archive keep it."""
    row = change.rows.iloc[0]
    return {
        "change": row["estimate"],
        "change_low": row["ci_low"],
        "change_high": row["ci_high"],
        "p_value": row["p_holm"],
        "detectable": row["detectable"],
        "direction": str(row["direction"]),
    }


def probability_text(value: float) -> str:
    """A probability in percent; close to 0 or 1 no false certainty."""
    if pd.isna(value):
        return i18n.MISSING
    if value > 0.99:
        return _("above 99%")
    return _("below 1%") if value < 0.01 else i18n.percent(value)


def _is_judged(against: pd.Series) -> bool:
    return str(against["verdict"]) != "cannot_tell" or against["reason"] == "interval_covers_target"


def _digits(row: pd.Series, against: pd.Series, grades: Result) -> int:
    """Decimals at which share and interval agree with the verdict, and the share with its grade."""
    figures = row[["estimate", "ci_low", "ci_high"]]
    by_target = telling_digits([against["target"]], figures, edges=True)
    cuts = grades.stages.values() if _is_judged(against) else ()
    return telling_digits(cuts, [row["estimate"]], least=by_target, edges=True)


def _target_words(row: pd.Series, judged: Result, digits: int, level: float, clause: str) -> str:
    against, enough = judged.rows.iloc[0], judged.stages["minimum_n"]
    parts = {
        "target": i18n.percent(float(against["target"]), digits),
        "clause": clause,
        "n": i18n.number(row["n"]),
        "share": i18n.percent(row["estimate"], digits),
        "interval": _interval_words(row, digits, level),
        "reason": reason_text(str(against["reason"])),
    }
    if against["verdict"] == "met":
        words = _("{share} are satisfied ({interval}), reaching the target of {target} ({clause})")
    elif against["verdict"] == "not_met":
        words = _("{share} are satisfied ({interval}), below the target of {target} ({clause})")
    elif _is_judged(against):
        words = _(
            "{share} are satisfied ({interval}), too uncertain to judge the target of {target} "
            "({clause})"
        )
    elif against["n"] == 0:
        words = _("the target of {target} ({clause}) cannot be judged: nobody answered")
    elif pd.isna(against["estimate"]):
        words = _("the target of {target} ({clause}) cannot be judged: {reason}")
    elif row["n"] >= enough:
        words = _(
            "{share} are satisfied, but no interval can be given to judge the target of {target} "
            "({clause}) by"
        )
    elif pd.isna(row["estimate"]):
        words = _("too few answers ({n}) to judge the target of {target} ({clause}) by")
    else:
        words = _(
            "too few answers ({n}) to judge the target of {target} ({clause}) by; {share} are "
            "satisfied ({interval})"
        )
    return words.format(**parts)


def _interval_words(row: pd.Series, digits: int, level: float) -> str:
    if pd.isna(row["ci_low"]):
        return _("no interval can be given")
    if row["ci_low"] == row["ci_high"]:
        return _("a complete count")
    return _("{level} interval {interval}").format(
        level=i18n.percent(level), interval=i18n.interval(row["ci_low"], row["ci_high"], digits)
    )


def grade_words(grades: Result) -> str:
    """The grade of the share; where another one is as likely as not, both of them."""
    chances = grades.rows.set_index("grade")["estimate"]
    own = str(grades.rows.loc[grades.rows["is_own"], "grade"].iloc[0])
    other = str(chances.drop(own).idxmax())
    named = {"grade": _(GRADES[own]), "probability": probability_text(chances[own])}
    if chances[own] >= 0.5:
        return _("grade “{grade}” (probability {probability})").format(**named)
    return _(
        "the grade cannot be told: “{grade}” ({probability}) or “{other}” ({other_probability})"
    ).format(**named, other=_(GRADES[other]), other_probability=probability_text(chances[other]))


def _distance_words(row: pd.Series, place: Result, digits: int) -> str:
    """How far the share is from the cut-points above and below it."""
    at, points = place.rows.iloc[0], dict(place.stages)
    if not at["grade"]:
        return ""
    higher = str(at["next_grade"])
    above = (
        _("{gap} short of “{grade}” (from {cut})").format(
            gap=_points_text(gap(at["cut_point"], row["estimate"], digits)),
            grade=_(GRADES[higher]),
            cut=i18n.percent(at["cut_point"], digits),
        )
        if higher
        else _("The highest grade")
    )
    if at["grade"] not in points:
        return above
    own = points[at["grade"]]
    below = _("{gap} above the lower edge of “{grade}” ({cut})").format(
        gap=_points_text(gap(row["estimate"], own, digits)),
        grade=_(GRADES[at["grade"]]),
        cut=i18n.percent(own, digits),
    )
    return phrases(above, below)


def _points_text(points: str) -> str:
    return _("1 point") if points == "1" else _("{change} points").format(change=points)


def _response_rate(row: pd.Series, identity: Mapping[str, Any]) -> float:
    """Answer sheets per invited household; NaN where that is no rate."""
    sheets, invited = int(identity.get("sheets") or row["n"]), int(identity["invited"])
    return sheets / invited if 0 < invited >= sheets else float("nan")


def _base_words(row: pd.Series, identity: Mapping[str, Any]) -> str:
    n, rated = int(identity.get("sheets") or row["n"]), int(row["n"])
    population, rate = identity.get("population"), _response_rate(row, identity)
    base = (
        _("{n} answers (the number of households is not known)").format(n=i18n.number(n))
        if population is None
        else _("{n} answers from {population} households in the assessment").format(
            n=i18n.number(n), population=i18n.number(population)
        )
    )
    return phrases(
        base,
        _("{n} of them rate the overall satisfaction").format(n=i18n.number(rated))
        if rated < n
        else "",
        _("response rate {rate} of {invited} invited").format(
            rate=i18n.percent(rate), invited=i18n.number(identity["invited"])
        )
        if rate == rate
        else _("response rate not known"),
        _margin_words(row),
    )


def _margin_words(row: pd.Series) -> str:
    """Half the interval; both halves where they are not alike."""
    below, above = row["estimate"] - row["ci_low"], row["ci_high"] - row["estimate"]
    if pd.isna(below) or below == above == 0:
        return ""
    digits = step_digits(below, above)
    low, high = size_text(below, digits), size_text(above, digits)
    margin = (
        f"±{low}" if low == high else f"{i18n.points(-below, digits)}/{i18n.points(above, digits)}"
    )
    return _("margin of error {margin} points").format(margin=margin)


def _satisfied_words(identity: Mapping[str, Any]) -> str:
    """Which scores count as satisfied, and by which clause."""
    if "satisfied_scores" not in identity:
        return ""
    low, high = identity["satisfied_scores"]
    scores = str(low) if low == high else f"{low}–{high}"
    return _("Satisfied: a score of {scores} ({clause})").format(
        scores=scores, clause=SATISFIED_CLAUSE
    )
