"""Known verdict cards, word for word, and the digits at which a number cannot mislead.

What holds of every card whatever the survey stands in test_verdict_simulated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import verdict_reader as read
from satisfaction import i18n, methods
from satisfaction.exhibits.bottom_line import MIME
from satisfaction.exhibits.causes import change_words
from satisfaction.exhibits.digits import gap, p_text, step_digits, telling_digits
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.report_cards import change_card, drivers_card, sample_card
from satisfaction.exhibits.verdict import verdict_card
from satisfaction.methods.result import Result

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.7}
IDENTITY: dict[str, Any] = {
    "project": "P1", "wave": "2025", "population": 1200, "invited": 400, "target_clause": "S2-2",
    "satisfied_scores": [4, 5], "absent": [],
}  # fmt: skip

share = st.floats(0, 1)


@pytest.fixture(autouse=True)
def chinese_after_all() -> Iterator[None]:
    yield
    i18n.use("zh")


def survey(satisfied: int, n: int) -> pd.DataFrame:
    return pd.DataFrame({"overall": [5.0] * satisfied + [2.0] * (n - satisfied)}, dtype=float)


def card(
    satisfied: int, n: int, target: float = 0.9, more: dict[str, Any] | None = None, **since: Any
) -> Exhibit:
    result = methods.survey_proportion(survey(satisfied, n), ["overall"], at_least=4)
    judged = methods.target_verdict(result.rows.iloc[0], target, minimum_n=20)
    grades = methods.grade_probabilities(result.rows, CUTS)
    return verdict_card(result, judged, grades, IDENTITY | (more or {}), **since)


def change(
    now: tuple[int, int], before: tuple[int, int], comparable: set[str] | None = None
) -> Result:
    return methods.wave_difference(
        survey(*now), survey(*before), ["overall"], at_least=4, comparable=comparable, minimum_n=20
    )


KNOWN = [
    (
        (150, 200),
        {"change": change((150, 200), (180, 200))},
        "75% are satisfied (95% interval 69–81%), below the target of 90% (S2-2); grade “average” "
        "(probability 90%); down 15.0 points since last time (−22.3 to −7.6, p < 0.001).",
    ),
    (
        (194, 200),
        {"change": change((194, 200), (191, 200))},
        "97% are satisfied (95% interval 94–99%), reaching the target of 90% (S2-2); grade "
        "“excellent” (probability above 99%); no detectable change since last time (±7.8 points "
        "could have been seen).",
    ),
    (
        (24, 30),
        {"change": change((24, 30), (0, 0)), "more": {"absent": ["previous"]}},
        "80% are satisfied (95% interval 62–91%), too uncertain to judge the target of 90% (S2-2); "
        "the grade cannot be told: “good” (43%) or “average” (40%); no earlier wave to compare "
        "with.",
    ),
    (
        (180, 200),
        {"change": change((180, 200), (180, 200), set())},
        "90% are satisfied (95% interval 85–93%), too uncertain to judge the target of 90% (S2-2); "
        "the grade cannot be told: “excellent” (49%) or “good” (51%); the change since last time "
        "cannot be told (the question was not asked in the same way).",
    ),
    (
        (9, 12),
        {"change": change((9, 12), (180, 200))},
        "Too few answers (12) to judge the target of 90% (S2-2) by; 75% are satisfied (95% "
        "interval 46–91%).",
    ),
    ((5, 7), {}, "Too few answers (7) to judge the target of 90% (S2-2) by."),
    ((0, 0), {}, "The target of 90% (S2-2) cannot be judged: nobody answered."),
]


@pytest.mark.parametrize(("counts", "since", "sentence"), KNOWN)
def test_known_sentences(counts: tuple[int, int], since: dict[str, Any], sentence: str) -> None:
    with i18n.speaking("en"):
        assert card(*counts, **since).alt == sentence


def test_a_known_card_in_chinese() -> None:
    with i18n.speaking("zh"):
        shown = card(150, 200, change=change((150, 200), (180, 200)), doubt="请谨慎引用")
    assert shown.title == "未达标"
    assert read.plain(shown.body).splitlines() == [
        "满意率 75%（95% 区间 69–81%），整段低于目标 90%（S2-2）；评为“一般”（概率 90%）；"
        "比上次下降 15.0 个百分点（区间 −22.3 至 −7.6，p < 0.001）。",
        "1,200 户考核范围内的住户收回 200 份有效答卷，邀请 400 户，回收率 50%，"
        "误差 −6.5/+5.5 个百分点。",
        "4–5 分为满意（S3-5）。距“良好”（80% 起）还差 5 个百分点，"
        "高出“一般”下限（70%）5 个百分点。",
        "请谨慎引用。",
    ]


def support(shown: Exhibit) -> str:
    return " ".join(read.plain(shown.body).splitlines()[1:])


def test_known_support() -> None:
    with i18n.speaking("en"):
        text = support(card(150, 200, change=change((150, 200), (151, 200))))
        assert text.startswith("200 answers from 1,200 households in the assessment, response rate")
        assert "response rate 50% of 400 invited, margin of error −6.5/+5.5 points." in text
        assert (
            "Satisfied: a score of 4–5 (S3-5). 5 points short of “good” (from 80%), 5 points"
            in text
        )
        assert "above the lower edge of “average” (70%)." in text
        assert "Difference from last time: −0.5 points (p = 0.908)." in text
        assert "1 point short of “excellent” (from 90%)" in support(card(178, 200, 0.5))
        assert "0.5 points short of “excellent” (from 90.0%)" in support(card(179, 200, 0.5))
        assert "The highest grade, 0 points above the lower edge of" in support(card(180, 200))
        assert support(card(100, 200)).endswith("20 points short of “average” (from 70%).")
        skipped = support(card(150, 200, more={"sheets": 220}))
        assert "220 answers from" in skipped
        assert "200 of them rate the overall satisfaction, response rate 55% of" in skipped
        reserves = support(card(150, 200, more={"invited": 150}))  # not 133 %
        assert "response rate not known" in reserves
        assert "number of households is not known" in support(card(9, 9, more={"population": None}))


def test_what_the_index_keeps() -> None:
    bundle = dict(card(150, 200, change=change((150, 200), (180, 200))).bundle[MIME])
    assert json.loads(json.dumps(bundle, allow_nan=False)) == bundle
    assert bundle["verdict"] == "not_met"
    assert (bundle["grade"], bundle["next_grade"]) == ("average", "good")
    assert bundle["to_next_grade"] == pytest.approx(0.05)
    assert (bundle["share"], bundle["n"], bundle["response_rate"]) == (0.75, 200, 0.5)
    assert bundle["margin"] == pytest.approx(0.0645, abs=5e-5)  # the longer half
    assert (bundle["change"], bundle["direction"]) == (pytest.approx(-0.15), "down")
    assert bundle["p_value"] < 0.001


def parts_of(own: float, own_beyond: bool, others: float, others_beyond: bool) -> Result:
    rows = pd.DataFrame(
        {
            "part": ["answers", "residents", "total"],
            "estimate": [own, others, own + others],
            "significant": [own_beyond, others_beyond, True],
            "reason": ["", "", ""],
        }
    )
    signs = np.where(rows["estimate"] > 0, "up", "down")
    return Result(rows.assign(direction=np.where(rows["significant"], signs, "none")), "kitagawa")


@pytest.mark.parametrize(
    ("own", "own_beyond", "others", "others_beyond", "unlike"),
    [
        (-0.15, True, 0.0, False, False),
        (-0.01, False, -0.14, True, True),  # other people answered
        (0.05, True, -0.20, True, True),  # like residents are happier, and yet the share fell
        (-0.07, False, -0.08, False, False),  # nobody knows
        (np.nan, False, np.nan, False, False),
    ],
)
def test_a_change_that_is_not_one_of_like_residents_says_so(
    own: float, own_beyond: bool, others: float, others_beyond: bool, unlike: bool
) -> None:
    fallen, parts = change((150, 200), (180, 200)), parts_of(own, own_beyond, others, others_beyond)
    with i18n.speaking("en"):
        assert change_words(fallen, IDENTITY, parts).endswith("but not like for like") is unlike
        shown = change_card(fallen, IDENTITY, parts=parts)
        assert ("but not like for like." in shown.alt) is unlike
        assert ("It comes from who answered" in shown.body) is (unlike and not own_beyond)
        same = change_card(change((150, 200), (151, 200)), IDENTITY, parts=parts)
        assert "ike for like" not in same.body
        assert "comes from" not in same.body  # nothing is proven, so nothing has a cause


def test_where_test_and_interval_disagree_no_change_is_claimed() -> None:
    result = change((150, 200), (166, 200))
    cases = [
        ({"p_holm": 0.048, "ci_low": -0.16, "ci_high": 0.0004}, "interval −16.00 to +0.04"),
        ({"p_holm": 0.051, "ci_low": -0.16, "ci_high": -0.001}, "p = 0.051"),
    ]
    for changed, evidence in cases:
        row = result.rows.assign(direction="none", significant=False, **changed)
        with i18n.speaking("en"):
            seen = change_card(Result(row.assign(detectable=0.12), "", 0.95), IDENTITY)
            assert seen.alt.startswith("No detectable change since last time (±12.0 points could")
            assert support(seen) == f"Difference from last time: −8.0 points ({evidence})."
            # 8 points that went undetected do not go with "7 points could have been seen"
            for detectable in (0.07, 0.08, float("nan")):
                unseen = change_card(Result(row.assign(detectable=detectable), "", 0.95), IDENTITY)
                assert unseen.alt == (
                    f"No change beyond chance since last time (−8.0 points, {evidence})."
                )
                assert support(unseen) == ""


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_a_share_without_an_interval_is_not_judged(lang: str) -> None:
    result = methods.survey_proportion(survey(150, 200), ["overall"], at_least=4)
    rows = result.rows.assign(ci_low=np.nan, ci_high=np.nan)
    judged = methods.target_verdict(rows.iloc[0], 0.9, minimum_n=20)
    grades = methods.grade_probabilities(rows, CUTS)
    with i18n.speaking(lang):
        shown = verdict_card(Result(rows, "", 0.95), judged, grades, IDENTITY)
    assert read.VERDICT[lang]["no_interval"] in shown.alt
    read.check_language(read.plain(shown.body), lang)


@settings(max_examples=300, deadline=None)
@given(st.lists(share, min_size=1, max_size=3), st.lists(share, min_size=1, max_size=3))
def test_no_printed_share_looks_equal_to_a_mark_that_it_is_not(
    marks: list[float], shares: list[float]
) -> None:
    marks = [round(mark, 3) for mark in marks]
    digits = telling_digits(marks, shares)
    for mark in marks:
        assert float(i18n.percent(mark, digits)[:-1]) == pytest.approx(100 * mark, abs=1e-9)
        for value in shares:
            # compare what stands on the page, not what was rounded for the purpose
            if digits < 6 and i18n.percent(value, digits) == i18n.percent(mark, digits):
                assert abs(value - mark) <= 1e-9


@pytest.mark.parametrize(
    ("marks", "shares", "digits"),
    [
        ([0.9], [0.85], 0),
        ([0.9], [0.9], 0),
        ([0.9], [0.8961], 1),  # "90% do not reach 90%" would puzzle everybody
        ([0.9], [0.89996], 3),
        ([0.9], [float("nan")], 0),
        ([0.9, 0.8], [0.7951], 1),
        ([0.875], [0.5], 1),  # the target is not 88%
        ([2 / 3], [0.5], 2),
        ([0.9], [0.9 + 1e-12], 0),
    ],
)
def test_decimals_that_tell(marks: list[float], shares: list[float], digits: int) -> None:
    assert telling_digits(marks, shares) == digits


def test_small_changes_and_close_tests_stay_on_their_side() -> None:
    assert step_digits(-0.15, -0.22) == 1
    assert step_digits(-0.072, -0.143, -0.0002) == 2  # not "to 0.0"
    assert step_digits(-0.072, -0.143, 0.0002) == 2
    assert p_text(0.0498, 0.05) == "p = 0.0498"  # not 0.050
    assert p_text(0.04996, 0.05) == "p = 0.04996"
    assert p_text(0.0502, 0.05) == "p = 0.0502"
    assert p_text(0.05, 0.05) == "p = 0.050"
    assert p_text(0.0004, 0.05) == "p < 0.001"
    assert p_text(0.999, 0.05) == "p > 0.99"
    assert gap(0.8, 0.754, 0) == "5"
    assert gap(0.8, 0.7964, 1) == "0.4"


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_cards_without_a_frame_or_an_answer(lang: str) -> None:
    size = methods.sample_size(None, margin=0.05)
    plan = methods.allocation(pd.DataFrame({"stratum": [], "population": []}), 0)
    margin = methods.expected_margin(plan.rows)
    none = methods.shapley_importance(
        survey(0, 0).assign(a=1.0), "overall", ["a"], draws=10, seed=1
    )
    with i18n.speaking(lang):
        cards = [
            sample_card(size, margin, plan, {"population": None}),
            drivers_card(none, IDENTITY),
        ]
    for shown in cards:
        assert shown.kind == "verdict cannot_tell"
        read.check_language(read.plain(shown.body), lang)


def test_text_from_outside_is_escaped() -> None:
    shown = card(100, 200, more={"project": "</script>"}, doubt="<u>x</u>")
    assert "</script>" not in shown.html()
    assert "<u>" not in shown.html()
    random = np.random.default_rng(3)
    data = pd.DataFrame(random.integers(1, 6, (120, 3)).astype(float), columns=list("yab"))
    result = methods.shapley_importance(data, "y", ["a", "b"], draws=50, seed=1)
    named = drivers_card(result, {"project": "P1"}, {"a": "电梯<b>", "b": "门<b>"})
    assert "<b>" not in named.body
    assert re.search("(?:电梯|门)&lt;b&gt;", named.body)
