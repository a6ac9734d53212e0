"""Can the answers be trusted? What the checks of the sheets found, and what to do about it."""

from __future__ import annotations

from html import escape

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell, note
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import (
    clean,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
)
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

FINDINGS = {
    "all_top": N_("Sheets with the top score on every question"),
    "uniform": N_("Sheets with the same lower score on every question"),
    "collector_share": N_("Satisfied among the sheets of collector {group}"),
    "collector_top": N_("Top score on every question, collector {group}"),
    "collector_icc": N_("Likeness of the sheets of one collector"),
    "burst": N_("Sheets of collector {group} within {burst_days} days"),
    "visited": N_("Answered within {visit_days} days after a visit"),
    "visited_share": N_("Satisfied among those visited just before"),
}
ADVICE = {
    "all_top": N_("Call some of these households back (S0-30)"),
    "uniform": N_("Look at the length of the questionnaire and at how it was handed out"),
    "collector_share": N_("Have somebody else call some of these households back (S0-30)"),
    "collector_top": N_("Have somebody else call some of these households back (S0-30)"),
    "collector_icc": N_("Read the rows on single collectors"),
    "burst": N_("Ask how these sheets came in, and look at the originals"),
    "visited": N_("Keep visits out of the field work, or let others collect"),
    "visited_share": N_("Ask what was said on these visits (S4-13)"),
}


OF_ANSWERS = ("collector_share", "collector_top", "visited_share")


def quality_table(checks: Result, sensitivity: Result, *, minimum_n: int = 10) -> Exhibit:
    """Flagged checks with what was to be expected, and the share without the flagged sheets.

    ``checks`` of ``response_quality``, ``sensitivity`` of ``quality_sensitivity``. A quiet note
    where nothing is flagged; the numbers of the checks stand behind either. What the sheets of one
    collector or of the visited answered is shown only where it is flagged, the share without the
    flagged sheets only where these are ``minimum_n`` and more (S4-6): all sheets are known.
    """
    subject = _("Trust in the answers")
    tests = int(checks.stages["tests"])
    if not tests:
        return cannot_tell(subject, checks.rows)
    hit = checks.rows[checks.rows["flagged"]].sort_values("p_value", kind="stable")
    if hit.empty:
        return _all_clear(checks, tests)
    title = _("{k} of {m} checks of the answers call for a second look").format(k=len(hit), m=tests)
    table = pd.DataFrame(
        {
            _("Finding"): [_finding(row, checks) for _place, row in hit.iterrows()],
            _("Found"): [_value(row, "estimate") for _place, row in hit.iterrows()],
            _("Expected"): [_value(row, "expected") for _place, row in hit.iterrows()],
            _("What to do"): [_(ADVICE[check]) for check in hit["check"]],
        }
    )
    body = aligned(table)
    body += f"<p>{escape(clean(sensitivity_text(sensitivity, minimum_n)))}</p>"
    return Exhibit(
        "table trust",
        title,
        body,
        lead=_("A flag is a reason to ask, no proof; no answer sheet is removed."),
        note=sentences(
            n_text([checks.n]),
            method_note(checks.method),
            _("Beyond chance at the level {level} over all checks").format(
                level=i18n.percent(checks.level)
            ),
            _untested(checks),
        ),
        alt=title,
        data=_numbers(checks),
    )


def _all_clear(checks: Result, tests: int) -> Exhibit:
    words = _("{tests} tests at the level {level} over all").format(
        tests=tests, level=i18n.percent(checks.level)
    )
    shown = note(
        _("The checks of the answers found nothing unusual"), [sentences(words, _untested(checks))]
    )
    return Exhibit(shown.kind, shown.title, shown.body, alt=shown.alt, data=_numbers(checks))


def _untested(checks: Result) -> str:
    """Why some checks were not possible: silence is no clean bill."""
    reasons = list(dict.fromkeys(code for code in checks.rows["reason"] if code))
    if not reasons:
        return ""
    return _("Other checks were not possible: {reasons}").format(
        reasons=i18n.listing([reason_text(code) for code in reasons])
    )


def sensitivity_text(sensitivity: Result, minimum_n: int) -> str:
    """How much hangs on the flagged sheets, unless these are few; the official figure stays."""
    rows = sensitivity.rows.set_index("sheets")
    official, kept = rows.loc["all"], rows.loc["unflagged"]
    flagged = i18n.number(sensitivity.stages["flagged"])
    if min(sensitivity.stages["flagged"], kept["n"]) < minimum_n:
        words = _(
            "The result without the {n} sheets in question is not shown: these or the others are "
            "fewer than {minimum}"
        )
        return sentences(words.format(n=flagged, minimum=minimum_n))
    if pd.isna(official["estimate"]) or pd.isna(kept["estimate"]):
        return sentences(_("Without the {n} sheets in question: cannot tell").format(n=flagged))
    return sentences(
        _(
            "The official {official} counts all sheets. Without the {n} in question it would be "
            "{kept} (interval {interval}): so much hangs on them"
        ).format(
            official=i18n.percent(official["estimate"], 1),
            n=flagged,
            kept=i18n.percent(kept["estimate"], 1),
            interval=i18n.interval(kept["ci_low"], kept["ci_high"], 1),
        )
    )


def _finding(row: pd.Series, checks: Result) -> str:
    who = row["group"] or i18n.MISSING
    return _(FINDINGS[row["check"]]).format(group=who, **checks.stages)


def _value(row: pd.Series, column: str) -> str:
    value = row[column]
    return i18n.number(value, 2) if row["check"] == "collector_icc" else i18n.percent(value)


def _numbers(checks: Result) -> pd.DataFrame:
    rows = checks.rows
    quiet = (rows["check"].isin(OF_ANSWERS) & ~rows["flagged"] & (rows["reason"] == "")).to_numpy()
    figures = ["estimate", "expected", "p_holm"]
    rows = rows.assign(
        check=[_finding(row, checks) for _place, row in rows.iterrows()],
        reason=rows["reason"].mask(quiet, "not_unusual"),
        **{name: rows[name].mask(quiet) for name in figures},
    )
    columns = ["check", "estimate", "expected", "n", "p_holm", "flagged", "reason"]
    return numbers(rows, columns, percent=[]).rename(columns={_("Answers (n)"): _("Answer sheets")})
