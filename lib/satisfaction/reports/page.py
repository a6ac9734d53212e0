"""What every page of ours shares: policy, style sheet, embedded font, languages and names."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from satisfaction.exhibits import fonts, palette
from satisfaction.exhibits.words import clean
from satisfaction.reports.page_check import script_hash

TEMPLATE = Path(__file__).parent / "template"
LANGUAGE_CODES = {"zh": "zh-CN", "en": "en"}
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_FONT_PLACE = "/*embedded font*/"


@cache
def style_sheet(*names: str) -> str:
    """These style sheets with the palette's colours and the place of the font."""
    rules = "\n".join((TEMPLATE / name).read_text(encoding="utf-8") for name in names)
    return f"{palette.css_variables()}\n{_FONT_PLACE}\n{rules}"


def policy(script: str) -> str:
    """The policy of a page that may run this one script."""
    return f"{POLICY}; script-src '{script_hash(script)}'"


def with_font(text: str) -> str:
    """The page with its own characters of the shipped font embedded."""
    # all of ASCII, so that another run id or time never asks for another font
    wanted = text + string.printable
    if '<html lang="en"' in text:  # these are as wide as a Chinese character in the font
        wanted = wanted.translate(dict.fromkeys(map(ord, "‘’“”±×·…")))
    return text.replace(_FONT_PLACE, fonts.font_face_css(wanted), 1)


def named(names: Mapping[str, str], lang: str, otherwise: str) -> str:
    """A name in ``lang``, in any language, or what stands for it; as one line of plain signs."""
    return clean(names.get(lang) or next(iter(names.values()), "") or otherwise)


def kind_and_question(title: str) -> tuple[str, str]:
    """``Descriptive statistics: how satisfied …?`` as the kind of report and its question."""
    title = clean(title)
    for colon in ("：", ": "):
        kind, found, question = title.partition(colon)
        if found and question:
            return kind, question[:1].upper() + question[1:]
    return "", title
