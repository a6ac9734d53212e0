"""Scales, round values along an axis, and labels that keep clear of each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from satisfaction.exhibits.canvas import Canvas, Scale, header
from satisfaction.exhibits.lettering import LEADING, SMALL, wide, widest, wrapped
from satisfaction.exhibits.palette import RULE

APART = 9.0  # pixels between two labels along an axis
MOST = 6  # values along an axis
SHORT = 48.0  # a label is not broken into less
LINE = 17.0  # pixels from a line of small words to the next

Words = Callable[[float], str]


def scale(low: float, high: float, start: float = 0.0, end: float = 100.0) -> Scale:
    """A linear map from values ``low .. high`` to places ``start .. end``."""
    span = (high - low) or 1.0

    def along(value: Any) -> Any:
        return start + (value - low) / span * (end - start)

    return along


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round values inside ``low .. high``, at most ``most`` of them and two at least."""
    if not high > low:
        return [round(low, 9)]
    apart = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(apart))
    steps = [share * power for share in (10, 5, 2, 1, 0.5, 0.2, 0.1)]
    coarsest = sum(step > apart * (1 - 1e-9) for step in steps) - 1
    for step in steps[coarsest:]:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last > first:
            break
    return [round(number * step, 9) for number in range(first, last + 1)]


def axis_across(
    canvas: Canvas,
    low: float,
    high: float,
    words: Words,
    top: float,
    bottom: float,
    *,
    below: bool = False,
    grid: bool = True,
) -> Scale:
    """A scale over the plot: vertical lines with as many values as keep apart on a phone."""
    along = scale(low, high)
    for most in range(MOST, 1, -1):
        places = ticks(low, high, most)
        if all(
            (along(right) - along(left)) / 100 * canvas.narrow
            >= (wide(words(left), SMALL) + wide(words(right), SMALL)) / 2 + APART
            for left, right in pairwise(places)
        ):
            break
    else:
        places = places[:1]
    for place in places if grid else []:
        canvas.line([(along(place), top), (along(place), bottom)])
    for place in places:
        header(canvas, along(place), bottom + 14 if below else top - 10, words(place))
    return along


def axis_room(low: float, high: float, words: Words) -> float:
    """The left margin that the values of an upward axis need."""
    return widest(map(words, ticks(low, high, MOST)), SMALL) + 10


def axis_upwards(
    canvas: Canvas,
    low: float,
    high: float,
    words: Words,
    top: float,
    bottom: float,
    *,
    colour: str = RULE,
) -> Scale:
    """A scale from ``bottom`` up to ``top``: horizontal lines with values in the left margin."""
    upwards, places = scale(low, high, bottom, top), ticks(low, high, MOST)
    for place in places:
        canvas.line([(0, upwards(place)), (100, upwards(place))], colour)
    for place in places:
        header(canvas, 0, upwards(place), words(place), "right", dx=-8)
    return upwards


def labels_along(
    canvas: Canvas, xs: Sequence[float], top: float, names: Sequence[str], below: Sequence[str]
) -> float:
    """Names and a line below them under evenly spaced marks; the place down where they end.

    The last mark always has its label; of the others as many as there is room for.
    """
    room = max(canvas.narrow / len(xs) - APART, SHORT)
    lines = [wrapped(name, room, SMALL) for name in names]
    needed = widest([*below, *(line for name in lines for line in name)], SMALL) + APART
    often, rare = (math.ceil(needed * len(xs) / width) for width in (canvas.wide, canvas.narrow))
    rare = often * math.ceil(rare / often)
    deep = max(map(len, lines)) * LEADING * SMALL
    for down, texts in ((top + deep / 2, names), (top + deep + LINE / 2, below)):
        for place, (x, words) in enumerate(zip(xs, texts, strict=True)):
            later = len(xs) - 1 - place
            if later % often == 0:
                header(canvas, x, down, words, room=room, wide_only=later % rare > 0)
    return top + deep + LINE


def spread(
    places: Sequence[float], extents: Sequence[float], low: float, high: float
) -> list[float]:
    """Move labels apart along one axis: order kept, each with its extent free, within bounds.

    Labels that would touch form a block around their mean place (isotonic regression of
    ``place - offset``), so none moves farther than it must.
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    steps = [(extents[one] + extents[next_]) / 2 for one, next_ in pairwise(order)]
    offsets = list(accumulate(steps, initial=0.0))
    squeezed = min(1.0, (high - low) / offsets[-1]) if offsets[-1] else 1.0
    offsets = [squeezed * offset for offset in offsets]
    blocks: list[tuple[float, int]] = []  # (sum of shifted places, members)
    for offset, index in zip(offsets, order, strict=False):
        total, members = places[index] - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / members:
            earlier, count = blocks.pop()
            total, members = total + earlier, members + count
        blocks.append((total, members))
    shifted = [total / members for total, members in blocks for _ in range(members)]
    result = [0.0] * len(places)
    for offset, index, place in zip(offsets, order, shifted, strict=False):
        result[index] = min(max(place, low), high - offsets[-1]) + offset
    return result
