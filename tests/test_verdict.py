"""The bottom line never says more than the numbers beside it, whatever the numbers are."""

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

from satisfaction import i18n, methods
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.verdict import (
    GRADES,
    MIME,
    VERDICTS,
    change_card,
    change_words,
    drivers_card,
    telling_digits,
    verdict_card,
)
from satisfaction.methods.result import Result

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.7}
NO_WORDS = re.compile(r"\b(?:nan|NaN|None|inf|NaT)\b|\{[a-z_]*\}")
INTERVAL = re.compile(r"(\d+(?:\.\d+)?)–(\d+(?:\.\d+)?)%")

share = st.floats(0, 1)
languages = st.sampled_from(i18n.LANGUAGES)
counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
identities = st.sampled_from(
    [
        {"project": "P1", "wave": "2025", "population": None, "absent": ["previous"]},
        {"project": "P1", "wave": "2025", "population": np.int64(1200), "absent": []},
    ]
)


@pytest.fixture(autouse=True)
def chinese_after_all() -> Iterator[None]:
    yield
    i18n.use("zh")


def survey(satisfied: int, n: int, stratified: bool = False) -> pd.DataFrame:
    scores = [5.0] * satisfied + [2.0] * (n - satisfied)
    data = pd.DataFrame({"overall": pd.Series(scores, dtype=float)})
    if stratified:
        data["stratum"] = ["a" if place % 3 else "b" for place in range(n)]
        data["stratum_population"] = 900.0
    return data


def card(
    satisfied: int, n: int, target: float, identity: dict[str, Any], *, invited: int = 0,
    stratified: bool = False,
) -> tuple[Exhibit, Result, Result]:  # fmt: skip
    data = survey(satisfied, n, stratified)
    result = methods.survey_proportion(data, ["overall"], at_least=4)
    judged = methods.target_verdict(result.rows.iloc[0], target, minimum_n=20)
    grades = methods.grade_probabilities(result.rows, CUTS)
    known = {**identity, "target_clause": "S2-2", "invited": invited}
    shown = verdict_card(result, judged, grades, known)
    return shown, result, judged


def text_of(exhibit: Exhibit) -> str:
    return exhibit.title + "\n" + re.sub(r"<[^>]*>", " ", exhibit.body)


def is_plain(exhibit: Exhibit) -> dict[str, Any]:
    bundle = dict(exhibit.bundle[MIME])
    assert json.loads(json.dumps(bundle, allow_nan=False)) == bundle
    assert not NO_WORDS.findall(text_of(exhibit)), text_of(exhibit)
    return bundle


@settings(max_examples=150, deadline=None)
@given(counts, share, languages, identities, st.booleans(), st.booleans())
def test_the_sentence_never_contradicts_the_numbers(
    answers: tuple[int, int],
    target: float,
    lang: str,
    identity: dict[str, Any],
    asked: bool,
    stratified: bool,
) -> None:
    satisfied, n = answers
    target = round(target, 2)
    with i18n.speaking(lang):
        shown, _result, judged = card(
            satisfied, n, target, identity, invited=n + 7 if asked else 0, stratified=stratified
        )
        title = {code: i18n._(words) for code, words in VERDICTS.items()}[shown.kind.split()[1]]
        bundle = is_plain(shown)
        words = text_of(shown)
        assert shown.title == title
        assert bundle["verdict"] == judged.rows["verdict"].iloc[0]
        assert bundle["n"] == n
        if n == 0:
            assert bundle["verdict"] == "cannot_tell"
            assert bundle["share"] is None
            return
        assert bundle["share"] == pytest.approx(_result.rows["estimate"].iloc[0])
        low, high = bundle["ci_low"], bundle["ci_high"]
        if n < 20:
            assert bundle["verdict"] == "cannot_tell"
            assert bundle["grade"] == ""
            assert not any(i18n._(grade) in words.split() for grade in GRADES.values())
            return
        printed = INTERVAL.search(words)
        assert printed is not None
        left, right = (float(part) / 100 for part in printed.groups())
        assert left <= right
        if bundle["verdict"] == "met":
            assert low >= target
            assert left >= target - 1e-9
        elif bundle["verdict"] == "not_met":
            assert high < target
            assert right < target + 1e-9
            assert right < target or telling_digits(target, high) == 2
        else:
            assert low < target <= high
            assert left <= target + 1e-9
            assert right >= target - 1e-9


@pytest.mark.parametrize("satisfied", range(100, 200, 4))
def test_an_interval_that_ends_close_to_the_target_does_not_look_as_if_it_reached_it(
    satisfied: int,
) -> None:
    # targets so close to an end of the interval that whole per cents could look equal
    ends = methods.survey_proportion(survey(satisfied, 200), ["overall"], at_least=4).rows.iloc[0]
    for target in (round(ends["ci_low"], 2), round(ends["ci_high"], 2)):
        shown, _result, judged = card(satisfied, 200, target, {"population": None})
        printed = INTERVAL.search(text_of(shown))
        assert printed is not None
        left, right = (float(part) / 100 for part in printed.groups())
        verdict = judged.rows["verdict"].iloc[0]
        assert verdict == "met" or left < target - 1e-9
        assert verdict != "not_met" or right < target - 1e-9


@settings(max_examples=300, deadline=None)
@given(share, st.lists(share, min_size=1, max_size=3))
def test_no_printed_share_looks_equal_to_a_target_that_it_is_not(
    target: float, shares: list[float]
) -> None:
    target = round(target, 2)
    digits = telling_digits(target, *shares)
    assert digits in (0, 1, 2)
    for value in shares:
        # compare what stands on the page, not what was rounded for the purpose
        if digits < 2 and i18n.percent(value, digits) == i18n.percent(target, digits):
            assert abs(value - target) <= 1e-9


@pytest.mark.parametrize(
    ("target", "shares", "digits"),
    [
        (0.9, [0.85], 0),
        (0.9, [0.9], 0),
        (0.9, [0.8961], 1),  # "90% do not reach 90%" would puzzle everybody
        (0.9, [0.89996], 2),
        (0.9, [0.904], 1),
        (0.9, [float("nan")], 0),
        (0.9, [0.5, 0.8996], 2),
        (0.875, [0.88], 1),
        (0.9, [0.9 + 1e-12], 0),
    ],
)
def test_decimals_that_tell(target: float, shares: list[float], digits: int) -> None:
    assert telling_digits(target, *shares) == digits


def test_a_known_card_in_both_languages() -> None:
    identity = {"project": "P1", "wave": "2025", "population": 1200}
    with i18n.speaking("en"):
        shown, *_rest = card(190, 200, 0.9, identity, invited=400)
        words = text_of(shown)
        assert shown.title == "Target met"
        assert "95% are satisfied (95% interval 91–97%)." in words
        assert "reaches the target of 90% (S2-2)" in words
        assert "200 answers from 1,200 households" in words
        assert "response rate 50% of 400 invited" in words
    with i18n.speaking("zh"):
        shown, *_rest = card(190, 200, 0.9, identity, invited=400)
        assert not re.search(r"[A-Za-z]{3,}", text_of(shown)), text_of(shown)


def change(
    now: tuple[int, int], before: tuple[int, int], comparable: set[str] | None = None
) -> Result:
    return methods.wave_difference(
        survey(*now), survey(*before), ["overall"], at_least=4, comparable=comparable, minimum_n=20
    )


@settings(max_examples=100, deadline=None)
@given(counts, counts, languages, identities, st.booleans())
def test_the_words_of_a_change_follow_its_direction(
    now: tuple[int, int],
    before: tuple[int, int],
    lang: str,
    identity: dict[str, Any],
    comparable: bool,
) -> None:
    result = change(now, before, {"overall"} if comparable else set())
    row = result.rows.iloc[0]
    with i18n.speaking("en"):
        words = change_words(row, identity)
    assert words.startswith("Up ") is (row["direction"] == "up" and pd.notna(row["estimate"]))
    assert words.startswith("Down ") is (row["direction"] == "down" and pd.notna(row["estimate"]))
    if row["direction"] == "up":
        assert row["ci_low"] > 0
        assert row["p_holm"] < 0.05
    elif row["direction"] == "down":
        assert row["ci_high"] < 0
        assert row["p_holm"] < 0.05
    with i18n.speaking(lang):
        shown = change_card(result, identity)
        bundle = is_plain(shown)
    assert bundle["direction"] == row["direction"]
    if not comparable or min(now[1], before[1]) < 20:
        assert bundle["verdict"] == "cannot_tell"
        assert bundle["change"] is None


def test_known_changes() -> None:
    with i18n.speaking("en"):
        up = change_words(change((360, 400), (200, 400)).rows.iloc[0], {})
        assert up.startswith("Up 40.0 points since the last wave (interval +")
        down = change_words(change((200, 400), (360, 400)).rows.iloc[0], {})
        assert down.startswith("Down 40.0 points since the last wave (interval −")
        none = change_words(change((201, 400), (200, 400)).rows.iloc[0], {})
        assert none.startswith("No detectable change since the last wave (+0.2 points; ±")
        nothing = change((201, 400), (0, 0)).rows.iloc[0]
        assert change_words(nothing, {"absent": ["previous"]}).startswith("There is no earlier")
        assert "cannot tell" in change_words(nothing, {"absent": []})


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("n", [0, 3, 40, 120])
def test_the_drivers_card_at_any_size(lang: str, n: int) -> None:
    random = np.random.default_rng(3)
    data = pd.DataFrame(random.integers(1, 6, (n, 4)).astype(float), columns=list("yabc"))
    data["y"] = (data["a"] + data["y"] / 5).round().clip(1, 5)
    result = methods.shapley_importance(data, "y", list("abc"), draws=100, seed=1, minimum_n=50)
    with i18n.speaking(lang):
        shown = drivers_card(result, {"project": "P1"}, {"a": "电梯<b>"})
        bundle = is_plain(shown)
    assert bundle["verdict"] == ("info" if n == 120 else "cannot_tell")
    assert "<b>" not in shown.body
    if n == 120:
        assert bundle["driver"] == "电梯<b>"
        assert "电梯&lt;b&gt;" in shown.body


def test_text_from_outside_is_escaped() -> None:
    identity = {"project": "</script>", "wave": "2025", "population": None}
    shown, *_rest = card(100, 200, 0.9, identity)
    assert "</script>" not in shown.html()
