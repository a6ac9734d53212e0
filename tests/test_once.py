"""A figure of a study is computed once, however many parts of a report ask for it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from satisfaction import auditing, drawing
from satisfaction.methods.result import Result
from satisfaction.once import once
from satisfaction.study import open_study
from small_workbook import Workbook


def test_the_same_study_and_arguments_are_computed_once() -> None:
    asked: list[tuple[str, int]] = []

    @once
    def figure(subject: SimpleNamespace, number: int = 1) -> list[int]:
        asked.append((subject.name, number))
        return [number]

    first, second = SimpleNamespace(name="a"), SimpleNamespace(name="b")
    assert figure(first, 2) is figure(first, 2)
    assert figure(first, number=3) == [3]
    assert figure(second, 2) == [2]
    assert asked == [("a", 2), ("a", 3), ("b", 2)]


def test_an_error_is_not_kept() -> None:
    asked: list[int] = []

    @once
    def figure(_subject: SimpleNamespace) -> int:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("not yet")
        return 7

    subject = SimpleNamespace()
    with pytest.raises(ValueError, match="not yet"):
        figure(subject)
    assert figure(subject) == 7


def test_a_study_is_audited_and_planned_once(
    surveyed: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(name: str, compute: Callable[..., Result]) -> Callable[..., Result]:
        def noting(*args: Any, **kwargs: Any) -> Result:
            asked.append(name)
            return compute(*args, **kwargs)

        return noting

    for module, name in ((auditing, "response_quality"), (drawing, "sample_size")):
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    study = open_study("P1", "2025", "en", home=surveyed.home)
    assert auditing.answer_quality(study) is auditing.answer_quality(study)
    drawing.planned_size(study)
    drawing.planned_margin(study)
    drawing.sample_summary(study, 1)
    assert sorted(asked) == ["response_quality", "sample_size"]
