"""Titles and notes of the driver exhibits follow from the Results."""

import numpy as np
import pandas as pd
import pytest

from satisfaction import exhibits, i18n
from satisfaction.exhibits.drivers import check_text
from satisfaction.methods.result import Result


@pytest.fixture(autouse=True)
def english():
    with i18n.speaking("en"):
        yield


def importance(tier: list[int], **stages) -> Result:
    names = [f"item{place}" for place in range(len(tier))]
    share = np.linspace(2, 1, len(tier))
    rows = pd.DataFrame({"item": names, "share": share / share.sum(), "tier": tier})
    rows = rows.assign(share_low=0.0, share_high=0.6, rank_low=1.0, rank_high=3.0)
    rows = rows.assign(top3_probability=1.0, n=100, reason="")
    return Result(rows, "johnson", n=100, stages=stages)


def test_the_title_says_who_leads_and_who_cannot_be_told_apart():
    title = lambda tier: exhibits.importance_chart(importance(tier)).title  # noqa: E731
    assert title([1, 2, 2, 2]).startswith("“item0” goes most closely")
    assert "probability above 99%" in title([1, 2, 2, 2])
    assert title([1, 1, 2, 2]) == (
        "item0, item1 go most closely with overall satisfaction; which comes first is open"
    )
    assert title([1, 1, 1, 1, 2]).endswith("cannot be told apart from 3 other items")
    assert title([1, 1, 1]).startswith("No item stands out: all 3")


def test_the_caption_counts_what_gaps_cost():
    stages = {"missing_share": 0.042, "complete_cases": 167, "smallest_pair": 287}
    note = exhibits.importance_chart(importance([1, 2], **stages)).note
    assert "4.2% of the answers are missing, 167 sheets have no gap" in note
    assert "287 or more in common" in note
    whole = exhibits.importance_chart(importance([1, 2], **(stages | {"missing_share": 0.0}))).note
    assert whole.startswith("n = 100. ")


def checked(**changes) -> Result:
    row = {"item": "a", "ordinal_first": "a", "same_first": True, "in_common": 2, "of": 3}
    row |= {"estimate": 2 / 3, "n": 90, "reason": ""} | changes
    return Result(pd.DataFrame([row]), "ordinal_check", n=90)


def test_the_check_is_one_sentence():
    assert check_text(None) == ""
    assert check_text(checked()) == (
        "Check: an ordinal model (n = 90) puts the same item first; 2 of the first 3 agree"
    )
    other = check_text(checked(same_first=False, ordinal_first="b"), {"b": "Lifts"})
    assert "puts Lifts first" in other
    thin = check_text(checked(estimate=np.nan, reason="too_few"))
    assert thin == "Check by an ordinal model: cannot tell (too few answers)"


def effects(**columns: list) -> Result:
    size = len(next(iter(columns.values())))
    rows = pd.DataFrame({"item": [f"item{place}" for place in range(size)], "kano": "unclear"})
    for effect, sign in {"penalty": -1, "reward": 1}.items():
        rows[effect] = sign * 0.2
        rows[f"{effect}_low"], rows[f"{effect}_high"] = rows[effect] - 0.1, rows[effect] + 0.1
        rows[f"{effect}_p_holm"] = 1.0
    rows = rows.assign(n=100, n_low=20, n_top=30, reason="").assign(**columns)
    return Result(rows, "penalty_reward", n=100, stages={"low_below": 4, "top_from": 5})


def test_penalties_name_a_kind_only_where_there_is_one():
    chart = exhibits.penalty_reward_chart
    title = chart(effects(kano=["must_be", "unclear", "performance"])).title
    assert title == "Must-be: item0; performance: item2"
    worst = effects(penalty=[-0.1, -0.4], penalty_p_holm=[1.0, 0.01])
    assert chart(worst).title.startswith("Low scores weigh most with item1: −0.40 points")
    best = effects(reward=[0.1, 0.4], reward_p_holm=[1.0, 0.01])
    assert chart(best).title.startswith("Top scores earn most with item1: +0.40 points")
    assert chart(effects(kano=["unclear"] * 3)).title.startswith("Of no single item")
    one_end = chart(effects(penalty=[np.nan, -0.2], kano=["", "unclear"]))
    assert "nan" not in one_end.html().lower().replace("nance", "")


def test_weak_items_of_many_stand_in_the_numbers_only():
    shown = exhibits.penalty_reward_chart(effects(kano=["unclear"] * 12))
    assert "4 weaker items stand in the numbers only" in shown.note
    assert len(shown.data) == 12
    beyond = exhibits.penalty_reward_chart(effects(penalty_p_holm=[0.01] * 12))
    assert "weaker items" not in beyond.note
