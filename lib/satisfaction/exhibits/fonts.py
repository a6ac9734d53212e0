"""The shipped font: measured with, and embedded with just the characters in use."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

FAMILY = "Noto Sans SC Subset"
FALLBACKS = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
FILE = Path(__file__).parent / "fonts" / "NotoSansSC-Regular-subset.otf"
_MEASURED_SIZE = 100  # points; widths scale linearly without hinting


@cache
def register() -> None:
    """Make the font known to matplotlib (once a process)."""
    from matplotlib.font_manager import fontManager  # a page is made without matplotlib

    fontManager.addfont(FILE)
    regular = next(entry for entry in fontManager.ttflist if entry.name == FAMILY)
    # Browsers thicken the one weight for bold; without this entry matplotlib logs a warning.
    fontManager.ttflist.append(replace(regular, weight=700))


def missing_glyphs(text: str) -> list[str]:
    """Characters of ``text`` that the shipped font cannot draw, each once, sorted.

    A browser falls back to an installed font for them; on a machine without one they are boxes.
    """
    return sorted(set(text) - _characters() - set("\n\t\r"))


def width(text: str, size: float) -> float:
    """Width of ``text`` in CSS pixels at this font size."""
    return sum(map(_advance, text)) * size


def woff2_subset(characters: str) -> bytes:
    """The font with only these characters, as WOFF2; the same characters give the same bytes."""
    return _woff2("".join(sorted(set(characters) & _characters())))


def font_face_css(text: str) -> str:
    """``@font-face`` with the characters of ``text`` as a data URI."""
    font = base64.b64encode(woff2_subset(text)).decode()
    return (
        f"@font-face{{font-family:'{FAMILY}';font-style:normal;font-weight:400;"
        f"font-display:block;src:url(data:font/woff2;base64,{font}) format('woff2')}}"
    )


@cache
def _characters() -> frozenset[str]:
    with TTFont(FILE, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _face() -> FT2Font:
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(FILE))
    face.set_size(_MEASURED_SIZE, 72)
    return face


@cache
def _advance(character: str) -> float:
    """Advance width in em; full width for what the font lacks."""
    if character not in _characters():
        return 1.0
    from matplotlib.ft2font import LoadFlags

    glyph = _face().load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / _MEASURED_SIZE


@lru_cache(maxsize=64)
def _woff2(characters: str) -> bytes:
    # The file has no hints: looking for some to remove would run every glyph's program.
    options = Options(layout_features=[], hinting=True, name_IDs=[0, 1, 2, 13, 14], flavor="woff2")
    # no time stamp: the same bytes every day; the bounds of the whole font fit any part of it
    font = TTFont(FILE, recalcTimestamp=False, recalcBBoxes=False, lazy=True)
    subsetter = Subsetter(options)
    subsetter.populate(text=characters or " ")
    subsetter.subset(font)
    font.flavor = "woff2"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()
