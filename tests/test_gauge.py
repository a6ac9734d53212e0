"""The scale of the grades: every mark stands where its number says, at any width."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satisfaction import i18n
from satisfaction.exhibits.gauge import gauge

CUTS = {"excellent": 0.9, "good": 0.8, "average": 0.7}
NAMES = {"excellent": "Top", "good": "<b>", "average": "Middling", "poor": "Poor"}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with i18n.speaking("en"):
        yield


def row(estimate: float, low: float, high: float) -> pd.Series:
    return pd.Series({"estimate": estimate, "ci_low": low, "ci_high": high})


def places(picture: str, name: str) -> list[tuple[float, float]]:
    """Left edge and width of each mark of this class, in percent of the scale."""
    found = re.findall(rf'class="{name}[^"]*" style="left:([\d.]+)%(?:;width:([\d.]+)%)?', picture)
    return [(float(left), float(width or 0)) for left, width in found]


def test_a_known_scale_from_60_to_100() -> None:
    picture = gauge(row(0.85, 0.8, 0.9), 0.9, CUTS, NAMES)
    assert "Scale from 60% to 100%: 85%, interval 80–90%; target 90%" in picture
    assert places(picture, "range") == [(50, 25)]
    assert places(picture, "point") == [(62.5, 0)]
    assert places(picture, "goal") == [(75, 0)]
    assert places(picture, "zone") == [(0, 25), (25, 25), (50, 25), (75, 25)]
    assert [word for word in re.findall(r'width:25%">([^<]*)<', picture) if word] == [
        "Poor", "Middling", "&lt;b&gt;", "Top",
    ]  # fmt: skip


def test_without_an_interval_there_is_no_scale() -> None:
    assert gauge(row(0.85, float("nan"), float("nan")), 0.9, CUTS, NAMES) == ""
    assert gauge(row(float("nan"), float("nan"), float("nan")), 0.9, CUTS, NAMES) == ""


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted),
    st.floats(0, 1),
    st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3, unique=True).map(sorted),
)
def test_marks_keep_their_order_and_stay_on_the_scale(
    ends: list[float], target: float, cuts: list[float]
) -> None:
    low, estimate, high = ends
    with i18n.speaking("en"):
        picture = gauge(
            row(estimate, low, high), target,
            dict(zip(("excellent", "good", "average"), reversed(cuts), strict=True)), NAMES,
        )  # fmt: skip
    ((start, width),) = places(picture, "range")
    ((point, _),) = places(picture, "point")
    ((goal, _),) = places(picture, "goal")
    assert 0 <= start <= point + 0.01
    assert point <= start + width + 0.02
    assert start + width <= 100.02
    assert 0 <= goal <= 100
    for share, place in ((low, start), (high, start + width)):
        if abs(target - share) > 0.001:
            assert (target > share) == (goal > place - 0.02) or abs(goal - place) < 0.02
    zones = places(picture, "zone")
    assert sum(width for _, width in zones) == pytest.approx(100, abs=0.1)
