"""Figures that several parts of a report ask for, computed a single time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

Subject = TypeVar("Subject")
Given = ParamSpec("Given")
Found = TypeVar("Found")

Figure = Callable[Concatenate[Subject, Given], Found]


def once(compute: Figure[Subject, Given, Found]) -> Figure[Subject, Given, Found]:
    """A function of a study that computes once a study and arguments, and keeps what it found.

    It is shared by all who ask, like the frames of the study: it is not to be changed.
    """

    @wraps(compute)
    def kept(subject: Subject, /, *args: Given.args, **kwargs: Given.kwargs) -> Found:
        found = vars(subject).setdefault("_found", {})
        key = (compute, args, *sorted(kwargs.items()))
        if key not in found:
            found[key] = compute(subject, *args, **kwargs)
        known: Found = found[key]
        return known

    return kept
