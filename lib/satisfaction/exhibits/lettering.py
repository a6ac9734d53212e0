"""Room for words: text set in lines that fit, and the column of names beside a chart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from satisfaction.exhibits import fonts
from satisfaction.exhibits.words import clean

SIZE = 12.5  # ordinary text
SMALL = 11.0  # axes and hints
LEADING = 1.22  # from line to line, in font sizes
NAMES = 124.0  # the widest column of names: on a phone the rest is for the marks
BOLD = 1.06  # bold letters of an installed font are this much wider

# A word with what may not be parted from it, or one character of a script without spaces.
_PIECE = re.compile(
    r"[（《“‘\[]*(?:[\u2e80-\u9fff\uf900-\uffef]|[^\s\u2e80-\u9fff\uf900-\uffef（《“‘\[]+)"
    r"[，。、；：！？）》”’\]…]*\s*"
)


def wide(words: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of words in pixels."""
    return fonts.width(words, size) * (BOLD if bold else 1)


def widest(texts: Iterable[str], size: float = SIZE, *, bold: bool = False) -> float:
    """Width of the widest of some words, 0 of none."""
    return max((wide(words, size, bold=bold) for words in texts), default=0.0)


def wrapped(words: str, room: float, size: float = SIZE) -> list[str]:
    """Lines of about equal length, none wider than ``room``; nothing is left out."""
    words = clean(words)
    whole = fonts.width(words, size)
    if whole <= room:
        return [words] if words else []
    pieces = [part for piece in _PIECE.findall(words) for part in _broken(piece, room, size)]
    lines = _filled(pieces, room, size)
    narrower = whole / len(lines)
    while narrower < room:
        shorter = _filled(pieces, narrower, size)
        if len(shorter) == len(lines) and fonts.width(max(shorter, key=len), size) <= room:
            return shorter
        narrower += size / 2
    return lines


def _filled(pieces: Sequence[str], room: float, size: float) -> list[str]:
    lines = [""]
    for piece in pieces:
        if lines[-1] and fonts.width((lines[-1] + piece).rstrip(), size) > room:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _broken(piece: str, room: float, size: float) -> list[str]:
    """A word, in parts where it is wider than a line."""
    parts = []
    while fonts.width(piece.rstrip(), size) > room and len(piece) > 1:
        end = len(piece) - 1
        while end > 1 and fonts.width(piece[:end], size) > room:
            end -= 1
        parts.append(piece[:end])
        piece = piece[end:]
    return [*parts, piece]


@dataclass(frozen=True)
class Rows:
    """The rows of a chart: their names in lines, and where each row stands."""

    names: list[list[str]]
    middles: list[float]
    heights: list[float]
    bottom: float
    width: float


def rows_of(
    names: Sequence[str], top: float, height: float, *, bold: bool = False, most: float = NAMES
) -> Rows:
    """Rows below ``top``, each at least so high, higher where its name needs several lines."""
    room = most / (BOLD if bold else 1)
    lines = [wrapped(name, room) for name in names]
    heights = [max(height, LEADING * SIZE * len(name) + 7) for name in lines]
    middles, down = [], top
    for high in heights:
        middles.append(down + high / 2)
        down += high
    width = widest((line for name in lines for line in name), bold=bold)
    return Rows(lines, middles, heights, down, width + 1)
