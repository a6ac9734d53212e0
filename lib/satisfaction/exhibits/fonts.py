"""The shipped font: measured with, and embedded with just the characters in use."""

from __future__ import annotations

import base64
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

import uharfbuzz as harfbuzz

FAMILY = "Noto Sans SC Subset"
FALLBACKS = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
FILE = Path(__file__).parent / "fonts" / "NotoSansSC-Regular-subset.otf"
_ASCII = bytes(range(128))
_UNDRAWN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}  # control signs, directions, spaces: no pictures


def missing_glyphs(text: str) -> list[str]:
    """Characters of ``text`` that the shipped font cannot draw, each once, sorted.

    A browser falls back to an installed font for them; on a machine without one they are boxes.
    """
    # the font has all of ASCII, and this leaves it out many times faster than a set
    rare = text.encode(errors="surrogatepass").translate(None, _ASCII)
    missing = set(rare.decode(errors="surrogatepass")) - _advances().keys()
    return sorted(sign for sign in missing if unicodedata.category(sign) not in _UNDRAWN)


def width(text: str, size: float) -> float:
    """Width of ``text`` in CSS pixels at this font size."""
    advances = _advances()
    # full width for what the font lacks
    return sum(advances.get(character, 1.0) for character in text) * size


def subset(characters: str) -> bytes:
    """The font with only these characters, as OpenType; the same characters give the same bytes."""
    return _subset("".join(sorted(set(characters) & _advances().keys())))


def font_face_css(text: str) -> str:
    """``@font-face`` with the characters of ``text`` as a data URI."""
    font = base64.b64encode(subset(text)).decode()
    return (
        f"@font-face{{font-family:'{FAMILY}';font-style:normal;font-weight:400;"
        f"font-display:block;src:url(data:font/otf;base64,{font}) format('opentype')}}"
    )


@cache
def _face() -> harfbuzz.Face:
    return harfbuzz.Face(harfbuzz.Blob(FILE.read_bytes()))


@cache
def _advances() -> dict[str, float]:
    """The characters of the font with their advance widths in em."""
    face = _face()
    font = harfbuzz.Font(face)
    glyphs = {code: font.get_nominal_glyph(code) for code in face.unicodes}
    em = face.upem
    return {chr(code): font.get_glyph_h_advance(glyph) / em for code, glyph in glyphs.items()}


@lru_cache(maxsize=64)
def _subset(characters: str) -> bytes:
    # uncompressed: outlines hardly shrink, and packing them costs more than all else of a page
    wanted = harfbuzz.SubsetInput()
    wanted.unicode_set.update(map(ord, characters or " "))
    wanted.layout_feature_tag_set.clear()
    wanted.name_id_set.update([13, 14])  # the licence goes with the font
    return bytes(harfbuzz.subset(_face(), wanted).blob.data)
