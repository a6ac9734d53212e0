"""The shipped font: measured with, and embedded with just the characters in use."""

from __future__ import annotations

import base64
import io
from functools import cache, lru_cache
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Noto Sans SC Subset"
FALLBACKS = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
FILE = Path(__file__).parent / "fonts" / "NotoSansSC-Regular-subset.otf"


def missing_glyphs(text: str) -> list[str]:
    """Characters of ``text`` that the shipped font cannot draw, each once, sorted.

    A browser falls back to an installed font for them; on a machine without one they are boxes.
    """
    return sorted(set(text) - _advances().keys() - set("\n\t\r"))


def width(text: str, size: float) -> float:
    """Width of ``text`` in CSS pixels at this font size."""
    advances = _advances()
    # full width for what the font lacks
    return sum(advances.get(character, 1.0) for character in text) * size


def woff2_subset(characters: str) -> bytes:
    """The font with only these characters, as WOFF2; the same characters give the same bytes."""
    return _woff2("".join(sorted(set(characters) & _advances().keys())))


def font_face_css(text: str) -> str:
    """``@font-face`` with the characters of ``text`` as a data URI."""
    font = base64.b64encode(woff2_subset(text)).decode()
    return (
        f"@font-face{{font-family:'{FAMILY}';font-style:normal;font-weight:400;"
        f"font-display:block;src:url(data:font/woff2;base64,{font}) format('woff2')}}"
    )


@cache
def _advances() -> dict[str, float]:
    """The characters of the font with their advance widths in em."""
    with TTFont(FILE, lazy=True) as font:
        widths, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {chr(code): widths[name][0] / em for code, name in font.getBestCmap().items()}


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
