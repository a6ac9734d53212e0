"""Digits at which a shown number never contradicts what is said about it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from satisfaction import i18n

FLOAT_ERROR = 1e-9
MOST = 6


def telling_digits(
    marks: Iterable[float], values: Iterable[float], *, least: int = 0, edges: bool = False
) -> int:
    """Decimals of a percentage at which no value looks equal to a mark that it is not.

    ``edges``: a mark belongs to what is above it, so a value above may look equal to it.

    Rounding keeps the order, so each value then also lies on the same side of each mark as before.
    The marks themselves are shown exactly as far as two decimals can.
    """
    fixed = [float(mark) for mark in marks]
    known = [float(value) for value in values if pd.notna(value)]
    for digits in range(least, MOST):
        exact = all(abs(_shown(m, digits) - 100 * m) < FLOAT_ERROR for m in fixed)
        if not exact and digits < 2:
            continue
        if not any(
            _shown(value, digits) == _shown(mark, digits)
            and (mark - value if edges else abs(mark - value)) > FLOAT_ERROR
            for value in known
            for mark in fixed
        ):
            return digits
    return MOST


def gap(upper: float, lower: float, digits: int) -> str:
    """Points between two shares as a reader finds them from the two as shown."""
    return f"{_shown(upper, digits) - _shown(lower, digits):.{digits}f}"


def step_digits(*changes: float) -> int:
    """Decimals at which no change in points looks like none."""
    return telling_digits([0.0], changes, least=1)


def size_text(difference: float, digits: int = 1) -> str:
    """A difference of shares in points, without its sign."""
    return i18n.points(abs(difference), digits).lstrip("+")


def p_text(p: float, alpha: float) -> str:
    """A p-value with as many decimals as it takes to be seen on its side of ``alpha``."""
    for digits in range(3, MOST):
        shown = f"{p:.{digits}f}"
        if p > 0.01 and shown == f"{alpha:.{digits}f}" and p != alpha:
            continue
        return f"p = {shown}" if digits > 3 else i18n.p_value(p)
    return i18n.p_value(p)


def _shown(share: float, digits: int) -> float:
    """The number that a reader sees."""
    return float(f"{100 * share:.{digits}f}")
