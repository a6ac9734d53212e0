"""The shipped font: what it holds, and subsets that are always the same bytes."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from satisfaction.exhibits import fonts


def _gb2312_hanzi() -> str:
    cells = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", "ignore") for pair in cells)


def test_font_holds_all_gb2312_hanzi_and_the_signs_of_charts() -> None:
    hanzi = _gb2312_hanzi()
    assert len(hanzi) == 6763
    signs = "±−×÷≥≤≈▲▼●◆■○★☆–—…‘’“”•√←→↑↓①⑳℃％，。；：？！（）《》【】、·￥€°²½éüαβχτ"
    ascii_letters = "".join(map(chr, range(0x20, 0x7F)))
    assert fonts.missing_glyphs(hanzi + signs + ascii_letters) == []


def test_rare_characters_are_reported() -> None:
    assert fonts.missing_glyphs("张𠮷\n𬎆𠮷") == ["𠮷", "𬎆"]


def test_font_file_is_small_and_comes_with_its_licence() -> None:
    assert fonts.FILE.stat().st_size <= 1_700_000
    licence = fonts.FILE.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "Adobe" in licence
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


def test_subset_holds_just_the_characters_and_same_bytes_whatever_the_order() -> None:
    font_bytes = fonts.subset("满意度 83%满")
    fonts._subset.cache_clear()
    assert font_bytes == fonts.subset("%83 度意满")
    with TTFont(io.BytesIO(font_bytes)) as font:
        assert set(map(chr, font.getBestCmap())) == set("满意度 83%")
    assert len(font_bytes) < 6000


@pytest.mark.parametrize("text", ["", "𠮷"])
def test_subset_of_nothing_is_still_a_font(text: str) -> None:
    assert fonts.subset(text)[:4] == b"OTTO"


def test_font_face_is_a_data_uri_only() -> None:
    css = fonts.font_face_css("业主")
    found = re.search(r"url\(data:font/otf;base64,([A-Za-z0-9+/=]+)\)", css)
    assert found
    assert base64.b64decode(found.group(1))[:4] == b"OTTO"
    assert "http" not in css


def test_width_counts_full_and_half_width() -> None:
    assert fonts.width("满意", 10) == pytest.approx(20)
    assert 0 < fonts.width("ii", 10) < fonts.width("mm", 10) < 20
