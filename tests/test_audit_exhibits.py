"""What a reader sees of the two audits: the finding, no NaN, a quiet note where all is well."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from satisfaction import exhibits, i18n, methods
from test_exclusion import AUDIT, FRAMES, answers, flags
from test_response_quality import ITEMS, RULE, survey, visits

SCENARIO = {"outcome": "overall", "at_least": 4}


@pytest.fixture(autouse=True)
def english():
    with i18n.speaking("en"):
        yield


def audit(frames: pd.DataFrame = FRAMES, late: int = 0, left_out: int = 0, **declared: object):
    traces = methods.exclusion_audit(frames, flags(*[2] * late), **AUDIT)
    scenario = methods.exclusion_scenario(
        answers(), ["a", "b", "c"], excluded={"own": left_out}, population=920, **SCENARIO
    )
    return exhibits.exclusion_audit_table(traces, scenario, **declared)


def test_a_declared_exclusion_with_late_flags() -> None:
    shown = audit(late=5, left_out=80, excluded=True, reason="followed up by one person")
    assert shown.title == (
        "80 households are left out; 5 blacklist flags were set in the 14 days before the draw"
    )
    assert "followed up by one person" in shown.body
    assert "26 October 2025: 5" in shown.body
    assert "declared" in shown.body
    assert "none satisfied" in shown.body
    assert "nan" not in shown.html().lower()


def test_an_exclusion_that_nobody_declared() -> None:
    shown = audit()
    assert shown.title.startswith("No exclusion is declared")
    assert "ask who and why" in shown.body


def test_all_is_well_is_one_quiet_note() -> None:
    fair = FRAMES.assign(blacklisted=20, drawn_blacklisted=4, eligible=1000)
    shown = audit(fair)
    assert shown.kind == "note info"
    assert "4 of the 200 drawn households" in shown.body


def test_before_the_draw_nothing_is_claimed() -> None:
    shown = audit(FRAMES.iloc[:0], left_out=9, excluded=True, reason="x")
    assert "no sample was drawn" in shown.body
    assert "nan" not in shown.html().lower()


def test_flagged_answers_are_named_with_what_to_do() -> None:
    data = survey(coached=90)
    record = visits(data, 90)
    checks = methods.response_quality(data, ITEMS, visits=record, **RULE)
    sheets = methods.flagged_sheets(data, ITEMS, checks, scores=RULE["scores"], visits=record)
    shares = methods.quality_sensitivity(data, "q1", sheets, at_least=4)
    shown = exhibits.quality_table(checks, shares)
    assert f"{checks.stages['flagged']} of {checks.stages['tests']} checks" in shown.title
    assert "collector S07" in shown.body
    assert "collector T1" not in shown.body
    assert i18n.percent(shares.rows["estimate"].iloc[1], 1) in shown.body
    assert "nan" not in shown.html().lower()


def test_clean_answers_are_a_quiet_note_that_says_what_was_not_checked() -> None:
    data = survey(200)
    checks = methods.response_quality(data, ITEMS, **RULE)
    shown = exhibits.quality_table(checks, methods.quality_sensitivity(
        data, "q1", methods.flagged_sheets(data, ITEMS, checks, scores=RULE["scores"]), at_least=4
    ))  # fmt: skip
    assert shown.title == "The checks of the answers found nothing unusual"
    assert "no visits are recorded" in shown.body


def test_nothing_to_check_cannot_be_told() -> None:
    data = survey(20).assign(**dict.fromkeys(ITEMS, np.nan))
    checks = methods.response_quality(data.head(3), ITEMS, **RULE)
    flagged = methods.flagged_sheets(data.head(3), ITEMS, checks, scores=RULE["scores"])
    shares = methods.quality_sensitivity(data.head(3), "q1", flagged, at_least=4)
    assert exhibits.quality_table(checks, shares).kind == "note cannot_tell"
