"""One reference result: how our methods compute it, and how far they may be off."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 1e-6

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """How one entry of the reference is computed here.

    compute  gives the same names as the entry's ``values``, nested in the same way
    left_out names of values that our methods do not give -> the reason
    looser   names -> (relative tolerance, why it is not 1e-6); a name covers all that lies below it
    """

    id: str
    compute: Callable[[], Values]
    left_out: Mapping[str, str] = field(default_factory=dict)
    looser: Mapping[str, tuple[float, str]] = field(default_factory=dict)

    def tolerance(self, name: str) -> float:
        """The relative deviation that a value may have."""
        found = [value for key, (value, _why) in self.looser.items() if _covers(key, name)]
        return max(found, default=TOLERANCE)


@dataclass(frozen=True)
class Comparison:
    """The value that comes closest to its tolerance, or goes furthest beyond it.

    deviation  relative; infinite where a value is missing or another text
    compared   how many values were compared
    """

    holds: bool
    deviation: float
    tolerance: float
    value: str
    compared: int


def compare(case: Case, reference: Values, computed: Values) -> Comparison:
    """Every value of the reference against ours; ValueError if the names do not agree."""
    expected, ours = flat(reference), flat(computed)
    left_out = {name for name in expected if any(_covers(key, name) for key in case.left_out)}
    wrong = {
        "not computed": set(expected) - left_out - set(ours),
        "computed but not in the reference": set(ours) - set(expected),
        "computed although said to be left out": set(ours) & left_out,
    }
    for words, names in wrong.items():
        if names:
            raise ValueError(f"{words}: {', '.join(sorted(names))}")
    if not ours:
        raise ValueError("nothing is compared")
    found = {name: relative_deviation(ours[name], expected[name]) for name in ours}
    worst = max(found, key=lambda name: found[name] / case.tolerance(name))
    allowed = case.tolerance(worst)
    return Comparison(found[worst] <= allowed, found[worst], allowed, worst, len(found))


def relative_deviation(ours: Any, expected: Any) -> float:
    """|ours - expected| / |expected| (absolute where 0 is expected); infinite where not comparable.

    Texts deviate by 0 or infinitely.
    """
    if isinstance(expected, str) or isinstance(ours, str):
        return 0.0 if ours == expected else math.inf
    difference = abs(float(ours) - float(expected))
    if math.isnan(difference):
        return math.inf
    return difference / abs(expected) if expected else difference


def flat(values: Any, name: str = "") -> dict[str, Any]:
    """Nested values under one name each: ``se.api00``, ``ci[1]``."""
    if isinstance(values, Mapping):
        parts = [(f"{name}.{key}" if name else str(key), part) for key, part in values.items()]
    elif hasattr(values, "tolist") and not isinstance(values, (str, float, int)):
        return flat(values.tolist(), name)
    elif isinstance(values, (list, tuple)):
        parts = [(f"{name}[{place}]", part) for place, part in enumerate(values)]
    else:
        return {name: values}
    return {full: value for key, part in parts for full, value in flat(part, key).items()}


def _covers(key: str, name: str) -> bool:
    return name == key or name.startswith((f"{key}.", f"{key}["))
