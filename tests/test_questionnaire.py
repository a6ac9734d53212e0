"""Versioned questionnaires: what is valid, and what may be compared over a chain of versions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from satisfaction.config.questionnaire import Questionnaire, comparable_items
from satisfaction.config.settings import load_questionnaires
from satisfaction.problems import DataProblem

PARAMS = Path(__file__).parent.parent / "params"
SHIPPED = load_questionnaires(PARAMS)
TEXT = {"zh": "文字", "en": "Text"}


def item(name: str, role: str = "item", status: str = "same", **more: Any) -> dict[str, Any]:
    dimension = {"dimension": "service"} if role == "item" else {}
    return {"id": name, "role": role, "label": TEXT, "status": status} | dimension | more


def questionnaire(*items: dict[str, Any], version: str = "1", **more: Any) -> Questionnaire:
    content = {
        "id": "q",
        "version": version,
        "title": TEXT,
        "approved": True,
        "formula": "1",
        "dont_know": [9],
        "dimensions": {"service": TEXT},
        "items": [item("overall", "overall"), *items],
    }
    return Questionnaire.model_validate(content | more)


def chain(*versions: dict[str, str]) -> dict[str, Questionnaire]:
    """Versions q-1, q-2, ... from item -> status; each names the one before."""
    return {
        f"q-{number}": questionnaire(
            *(item(name, status=status) for name, status in items.items()),
            version=str(number),
            previous=f"q-{number - 1}" if number > 1 else None,
        )
        for number, items in enumerate(versions, 1)
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items": [item("a")]}, "exactly one item has the role 'overall'"),
        (
            {"items": [item("a", "overall"), item("b", "overall")]},
            "exactly one item has the role 'overall'",
        ),
        ({"items": []}, "at least 1 item"),
        ({"items": [item("overall", "overall"), item("a"), item("a")]}, "stand twice: a"),
        (
            {"items": [item("overall", "overall"), item("a", dimension="else")]},
            "unknown dimension 'else'",
        ),
        (
            {"items": [item("overall", "overall"), item("p", "priority")]},
            "codes must name items",
        ),
        (
            {"items": [item("overall", "overall"), item("p", "priority", codes={1: "none"})]},
            "codes must name items",
        ),
        (
            {"items": [item("overall", "overall"), item("a", codes={1: "overall"})]},
            "codes must name items",
        ),
        ({"dont_know": [5]}, "a don't-know code lies on the scale"),
        ({"scale": {"minimum": 5, "maximum": 1}}, "0 <= minimum < maximum"),
        ({"scale": {"minimum": 1, "maximum": 101}}, "0 <= minimum < maximum"),
        ({"scale": {"satisfied_from": 1}}, "satisfied_from must lie on the scale"),
        ({"scale": {"satisfied_from": 6}}, "satisfied_from must lie on the scale"),
        ({"scale": {"minimum": 1.0}}, "valid integer"),
        ({"id": "../evil"}, "String should match pattern"),
        ({"id": "x" * 64}, "String should match pattern"),
        ({"unknown": 1}, "Extra inputs are not permitted"),
        ({"title": {"zh": "只有中文"}}, "Field required"),
        ({"title": {"zh": "", "en": "Empty"}}, "at least 1 character"),
        ({"items": [item("overall", "overall", status="old")]}, "'same', 'reworded'"),
        ({"items": [item("overall", "main")]}, "'overall', 'item'"),
        ({"approved": "yes"}, "valid boolean"),
    ],
)
def test_a_wrong_questionnaire_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        questionnaire(**change)


def test_dropped_items_are_not_asked() -> None:
    asked = questionnaire(
        item("a"),
        item("b", status="dropped"),
        item("d", "detail"),
        item("o", "open"),
        item("p", "priority", codes={1: "a", 7: "d"}),
    )
    assert asked.select("item") == ["a"]
    assert asked.select("overall", "item", "detail") == ["overall", "a", "d"]
    assert asked.by_dimension() == {"service": ["a"]}
    assert asked.valid_codes("a") == (1, 2, 3, 4, 5)
    assert asked.valid_codes("p") == (1, 7)
    assert asked.key == "q-1"
    assert asked.overall == "overall"
    assert asked.labels("zh")["b"] == "文字"


def test_a_dimension_without_items_is_left_out() -> None:
    assert questionnaire(item("d", "detail")).by_dimension() == {}


@pytest.mark.parametrize(
    ("status", "comparable"),
    [("same", True), ("reworded", False), ("new", False), ("dropped", False)],
)
def test_only_the_same_words_are_compared(status: str, comparable: bool) -> None:
    versions = chain({"a": "new", "b": "new"}, {"a": status, "b": "same"})
    found = comparable_items("q-2", "q-1", versions)
    assert ("a" in found) is comparable
    assert {"overall", "b"} <= found


def test_two_steps_need_the_same_words_at_both() -> None:
    versions = chain(
        dict.fromkeys("abcd", "new"),
        {"a": "same", "b": "reworded", "c": "same", "d": "same"},
        {"a": "same", "b": "same", "c": "reworded", "d": "dropped", "e": "new"},
    )
    assert comparable_items("q-3", "q-1", versions) == {"overall", "a"}
    assert comparable_items("q-3", "q-2", versions) == {"overall", "a", "b"}
    assert comparable_items("q-2", "q-1", versions) == {"overall", "a", "c", "d"}


def test_an_item_that_comes_back_is_not_the_same() -> None:
    versions = chain(
        {"a": "new", "b": "new"}, {"a": "dropped", "b": "same"}, {"a": "same", "b": "same"}
    )
    assert comparable_items("q-3", "q-1", versions) == {"overall", "b"}


def test_an_item_left_out_of_a_version_is_not_the_same() -> None:
    versions = chain({"a": "new"}, {}, {"a": "same"})
    assert comparable_items("q-3", "q-1", versions) == {"overall"}


def test_the_other_direction_gives_the_same() -> None:
    versions = chain({"a": "new", "b": "new"}, {"a": "same", "b": "reworded", "c": "new"})
    forward, back = (comparable_items(*pair, versions) for pair in (("q-2", "q-1"), ("q-1", "q-2")))
    assert forward == back == {"overall", "a"}


def test_a_version_is_comparable_with_itself() -> None:
    versions = chain({"a": "new", "b": "reworded", "c": "dropped"})
    assert comparable_items("q-1", "q-1", versions) == {"overall", "a", "b"}


def test_without_a_chain_nothing_is_compared() -> None:
    versions = chain({"a": "new"}) | {"r-1": questionnaire(item("a"), id="r")}
    assert comparable_items("q-1", "r-1", versions) == set()
    siblings = chain({"a": "new"}, {"a": "same"})
    siblings["q-2b"] = questionnaire(item("a"), version="2b", previous="q-1")
    assert comparable_items("q-2", "q-2b", siblings) == set()


def test_a_broken_or_endless_chain_ends() -> None:
    alone = {"q-2": questionnaire(version="2", previous="q-1"), "q-0": questionnaire(version="0")}
    assert comparable_items("q-2", "q-0", alone) == set()
    ring = {
        "q-1": questionnaire(version="1", previous="q-2"),
        "q-2": questionnaire(version="2", previous="q-1"),
        "q-3": questionnaire(version="3"),
    }
    assert comparable_items("q-1", "q-3", ring) == set()


def test_open_and_priority_items_are_not_compared() -> None:
    more = (item("a"), item("o", "open"), item("p", "priority", codes={1: "a"}))
    versions = {
        "q-1": questionnaire(*more),
        "q-2": questionnaire(*more, version="2", previous="q-1"),
    }
    assert comparable_items("q-2", "q-1", versions) == {"overall", "a"}


@pytest.mark.parametrize("key", sorted(SHIPPED))
def test_the_chain_of_a_shipped_questionnaire_is_sound(key: str) -> None:
    asked = SHIPPED[key]
    assert asked.approved
    assert asked.approved_by
    assert asked.by_dimension()
    if asked.previous is None:
        return
    before = SHIPPED[asked.previous]
    earlier = {one.id: one for one in before.items if one.status != "dropped"}
    for one in asked.items:
        if one.status == "new":
            assert one.id not in earlier, one.id
        else:
            assert one.id in earlier, one.id
        if one.status in ("same", "reworded"):
            same = one.wording == earlier[one.id].wording
            assert same is (one.status == "same"), f"{one.id} is not {one.status}"
            assert one.role == earlier[one.id].role
    # what is not asked any more is said to be dropped
    assert set(earlier) == {one.id for one in asked.items if one.status != "new"}
    if asked.scale != before.scale:
        assert not comparable_items(key, asked.previous, SHIPPED)


def test_what_the_shipped_questionnaires_let_compare() -> None:
    year = comparable_items("estate-2025", "estate-2024", SHIPPED)
    assert {"overall", "response_speed"} <= year
    shop = comparable_items("estate-2025b", "estate-2024", SHIPPED)
    assert "response_speed" in year - shop
    assert comparable_items("estate-2025", "estate-2023", SHIPPED) <= year
    assert comparable_items("estate-2025", "pulse-2025", SHIPPED) == set()


def refused(folder: Path) -> DataProblem:
    with pytest.raises(DataProblem) as caught:
        load_questionnaires(folder)
    return caught.value


def test_file_name_and_previous_version_are_checked(tmp_path: Path) -> None:
    folder = tmp_path / "questionnaires"
    folder.mkdir()
    shutil.copy(PARAMS / "questionnaires" / "estate-2024.yaml", folder / "estate-2024.yaml")
    (problem,) = refused(tmp_path).problems
    assert "'estate-2023' does not exist" in problem.rule
    assert problem.file.endswith("estate-2024.yaml")
    (folder / "estate-2024.yaml").rename(folder / "annual.yaml")
    (problem,) = refused(tmp_path).problems
    assert "estate-2024" in problem.remedy
