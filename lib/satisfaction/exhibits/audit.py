"""The exclusion audit: who was left out, is that unusual, what could it do to the score (S3-4)?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import note
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import clean, method_note, n_text, numbers, reason_text, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

QUESTIONS = {
    "late_set": N_("Blacklist flags set in the {days} days before the draw"),
    "late_cleared": N_("Blacklist flags cleared in the {days} days before the draw"),
    "drawn": N_("Blacklisted share of the drawn households"),
    "earlier": N_("Blacklisted share of the households, against the draw before"),
    "peers": N_("Blacklisted share of the households, against projects of this type"),
}
SHARES = ("drawn", "earlier", "peers")


def exclusion_audit_table(
    traces: Result, scenario: Result, *, excluded: bool = False, reason: str = ""
) -> Exhibit:
    """Every trace of an exclusion with what was to be expected, and what the score could be.

    ``traces`` of ``exclusion_audit``, ``scenario`` of ``exclusion_scenario``; ``excluded`` and
    ``reason`` as the policy declares them. One quiet note where nothing is left out and nothing
    found.
    """
    found = _found(traces, excluded)
    if not excluded and found.empty:
        return note(
            _("No household is excluded for being blacklisted"),
            [
                sentences(
                    _("The result speaks for all eligible households (S3-4, S4-13)"), _quiet(traces)
                )
            ],
        )
    paragraphs = [
        _("Declared reason: {reason}").format(reason=reason) if excluded else "",
        late_days_text(traces) if "late_set" in set(found["check"]) else "",
        *(scenario_texts(scenario) if excluded else ()),
    ]
    table = aligned(_table(traces, excluded))
    body = table + "".join(
        f"<p>{escape(clean(sentences(words)))}</p>" for words in paragraphs if words
    )
    title = _title(traces, scenario, found, excluded)
    return Exhibit(
        "table audit",
        title,
        body,
        lead=_("What was found before and at the draw, and what was to be expected."),
        note=sentences(
            n_text([scenario.n]),
            method_note(traces.method),
            _("“Ask” means beyond chance at the level {level} over all checks: no proof.").format(
                level=i18n.percent(traces.level)
            ),
        ),
        alt=title,
        data=numbers(scenario.rows, ["scenario", "estimate", "ci_low", "ci_high", "n", "reason"],
                     _scenarios(), percent=["estimate", "ci_low", "ci_high"]),
    )  # fmt: skip


def _found(traces: Result, excluded: bool) -> pd.DataFrame:
    """Flagged traces that no declaration explains."""
    rows = traces.rows[traces.rows["flagged"]]
    return rows[rows["check"] != "drawn"] if excluded else rows


def _title(traces: Result, scenario: Result, found: pd.DataFrame, excluded: bool) -> str:
    checks = set(found["check"])
    left_out = i18n.number(scenario.stages["excluded"])
    if excluded and "late_set" in checks:
        return _(
            "{n} households are left out; {late} blacklist flags were set in the {days} days "
            "before the draw"
        ).format(n=left_out, late=_late(traces), days=traces.stages["late_days"])
    if excluded:
        return _("{n} households ({share}) are left out as blacklisted, by declared policy").format(
            n=left_out, share=i18n.percent(scenario.stages["excluded_share"], 1)
        )
    if "drawn" in checks:
        return _(
            "No exclusion is declared, but fewer blacklisted households were drawn than by chance"
        )
    return _("Blacklisted customers are included, but their flags call for a question")


def _late(traces: Result) -> str:
    return i18n.number(traces.row(check="late_set")["n"])


def _quiet(traces: Result) -> str:
    row = traces.row(check="drawn")
    if row["reason"]:
        return ""
    return _(
        "{hit} of the {n} drawn households (reserves included) are blacklisted; {expected} were to "
        "be expected ({p})"
    ).format(
        p=i18n.p_value(row["p_value"]),
        hit=i18n.number(row["estimate"] * row["n"]),
        n=i18n.number(row["n"]),
        expected=i18n.expected(row["expected"] * row["n"]),
    )


def late_days_text(traces: Result) -> str:
    """The late days with how many flags were set on each; no household is named."""
    days = [
        _("{day}: {n}").format(day=i18n.date_text(date.fromisoformat(day)), n=counts["set"])
        for day, counts in traces.stages["by_day"].items()
        if counts["set"]
    ]
    return _("Flags set by day: {days}").format(days=i18n.listing(days))


def scenario_texts(scenario: Result) -> tuple[str, ...]:
    """What the score could be: the bounds, and the excluded taken as dissatisfied respondents."""
    low, high = (scenario.row(scenario=name) for name in ("none_satisfied", "all_satisfied"))
    if low["reason"]:
        return (_("Effect on the score: cannot tell ({reason})").format(
            reason=reason_text(str(low["reason"]))
        ),)  # fmt: skip
    surveyed = scenario.row(scenario="surveyed")
    bounds = _(
        "Whatever the excluded think, the share of all lies between {low} (none satisfied) and "
        "{high} (all satisfied); the report says {surveyed}"
    ).format(
        low=i18n.percent(low["estimate"], 1),
        high=i18n.percent(high["estimate"], 1),
        surveyed=i18n.percent(surveyed["estimate"], 1),
    )
    row = scenario.row(scenario="like_dissatisfied")
    if row["reason"]:
        words = _("Taken as comparable dissatisfied residents: cannot tell ({reason})")
        return bounds, words.format(reason=reason_text(str(row["reason"])))
    words = _(
        "If they answered like comparable dissatisfied residents ({assumed} of these are satisfied "
        "overall), {estimate} of all would be satisfied (interval {interval})"
    ).format(
        assumed=i18n.percent(row["assumed"]),
        estimate=i18n.percent(row["estimate"], 1),
        interval=i18n.interval(row["ci_low"], row["ci_high"], 1),
    )
    return bounds, words


def _scenarios() -> Mapping[str, str]:
    return {
        "surveyed": _("As surveyed"),
        "none_satisfied": _("None of the excluded satisfied"),
        "like_dissatisfied": _("Excluded like dissatisfied residents"),
        "all_satisfied": _("All excluded satisfied"),
    }


def _table(traces: Result, excluded: bool) -> pd.DataFrame:
    rows = traces.rows
    days = traces.stages.get("late_days", "")
    return pd.DataFrame(
        {
            _("Check"): [_(QUESTIONS[check]).format(days=days) for check in rows["check"]],
            _("Found"): [_value(row, "estimate", 0) for _place, row in rows.iterrows()],
            _("Expected"): [_value(row, "expected", 1) for _place, row in rows.iterrows()],
            "p": [i18n.p_value(p).removeprefix("p = ").removeprefix("p ") for p in rows["p_holm"]],
            _("Remark"): [_remark(row, excluded) for _place, row in rows.iterrows()],
        }
    )


def _value(row: pd.Series, column: str, digits: int) -> str:
    value = row[column]
    if row["check"] in SHARES:
        return i18n.percent(value, 1)
    return i18n.expected(value) if digits else i18n.number(value)


def _remark(row: pd.Series, excluded: bool) -> str:
    if row["reason"] == "no_changes":
        return reason_text("no_changes")
    if row["reason"]:
        return _("cannot tell: {reason}").format(reason=reason_text(str(row["reason"])))
    if not row["flagged"]:
        return _("as expected")
    return _("declared") if excluded and row["check"] == "drawn" else _("ask who and why")
