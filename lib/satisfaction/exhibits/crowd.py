"""Many unnamed projects in one chart: drawn as a whole, listed around the one that matters."""

from __future__ import annotations

from collections.abc import Sequence

from satisfaction import i18n
from satisfaction.i18n import _

MANY = 150  # others; from here on no mark of their own
NEAREST = 25  # rows listed on either side then


def nearest(place: int, others: int) -> slice:
    """The part of a list in order that is shown: around ``place`` in a long one, else all."""
    first = max(place - NEAREST, 0)
    return slice(first, first + 2 * NEAREST + 1) if others > MANY else slice(None)


def listed_note(others: int) -> str:
    """What the numbers behind a chart of so many others leave out; "" where they are all there."""
    if others <= MANY:
        return ""
    words = _("Of {k} other projects the numbers list those nearest to this one")
    return words.format(k=i18n.number(others))


def heaps(
    places: Sequence[float], bottom: float, height: float, width: float = 0.5
) -> list[tuple[float, float, float, float]]:
    """Boxes (left, top, right, bottom) as high as places lie in each; the highest ``height``.

    A single place is still seen.
    """
    counts: dict[int, int] = {}
    for place in places:
        column = int(place // width)
        counts[column] = counts.get(column, 0) + 1
    step = height / max(counts.values(), default=1)
    return [
        (column * width, bottom - max(step * count, 1.5), (column + 1) * width, bottom)
        for column, count in sorted(counts.items())
    ]
