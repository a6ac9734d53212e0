"""All that a page says, piece by piece, and what in it is not as a reader of the language writes.

Pieces are what is seen (a paragraph, cell, heading or label of a chart), heard (``aria-label``,
``alt``, ``title``) and downloaded (the cells of the CSV files).
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

APART = {
    "a", "button", "caption", "dd", "desc", "div", "dt", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "label", "li", "nav", "p", "pre", "summary", "td", "text", "th", "title",
}  # fmt: skip
UNSEEN = {"style", "script"}
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}
HEARD = ("aria-label", "alt", "title", "placeholder")
CSV = "data:text/csv;charset=utf-8;base64,"

HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
STOPS = "，。；：？！、（）《》【】％"
WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ][A-Za-zÀ-ÖØ-öø-ÿ’'-]*")
YEAR = re.compile(r"\b20\d\d\b")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
NAME = "§"  # stands for a name of the data or a day
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = {
    "en": re.compile(rf"(?:\d{{1,2}}–)?\d{{1,2}} (?:{MONTHS})(?: \d{{4}})?"),
    "zh": re.compile(r"\d{4}年\d{1,2}月\d{1,2}日(?:至(?:\d{1,2}月)?\d{1,2}日)?"),
}

EVERYWHERE = {
    "straight quote": re.compile(r"['\"]"),
    "hyphen as minus": re.compile(r"(?:^|[\s(（])-\d"),
    "hyphen as dash": re.compile(r"(?<![\w-])\d[\d.,]*%?-\d"),
    "double punctuation": re.compile(r"[.。,，;；:：?？!！]{2,}"),
    "placeholder": re.compile(r"\{\w*\}"),
    "no word": re.compile(r"\b(?:nan|NaN|NaT|None(?! of)|inf|null|undefined)\b|<NA>"),
    "name of the code": re.compile(r"\b[A-Za-z]+_\w+"),
    "number without separator": re.compile(r"(?<![\w.,-])\d{4,}(?![\w-])"),
}
LANGUAGE = {
    "en": {
        "Chinese": re.compile(f"[{HAN}]"),
        "full-width punctuation": re.compile(f"[{STOPS}]"),
        "sentence in lower case": re.compile(r"(?<=[a-z0-9%)”’][.?!]) (?!n = |p\s[=<]\s)[a-z]"),
    },
    "zh": {
        "half-width punctuation": re.compile(r"[;?!()]|,(?!\d{3})|:(?!\d\d)|\.(?!\d)"),
        "space at punctuation": re.compile(f"\\s[{STOPS}“”]|[{STOPS}“”]\\s"),
        "space inside": re.compile(f"[{HAN}] [{HAN}]"),
    },
}
NO_NUMBERS = {"number without separator", "hyphen as dash", "hyphen as minus", "straight quote"}


@dataclass(frozen=True)
class Piece:
    """One text with its place: the element, ``element@attribute`` or ``csv``."""

    place: str
    text: str
    lang: str = ""  # of the element, where it is another one than the page's


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Piece] = []
        self.open: list[tuple[str, str, str]] = []  # tag, class or "hidden", language
        self.words: list[str] = []

    def end_piece(self) -> None:
        text = " ".join("".join(self.words).split())
        self.words = []
        if text:
            tag, kind, lang = self.open[-1] if self.open else ("", "", "")
            self.found.append(Piece(f"{tag}.{kind}" if kind else tag, text, lang))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        lang = given.get("lang", "") if tag != "html" else ""
        for name in HEARD:
            if given.get(name):
                self.found.append(Piece(f"{tag}@{name}", given[name], lang))
        if given.get("href", "").startswith(CSV):
            content = base64.b64decode(given["href"].removeprefix(CSV)).decode("utf-8-sig")
            for row in csv.reader(io.StringIO(content)):
                self.found += [Piece("csv", cell) for cell in row if cell]
        if tag in VOID:
            return
        if tag in APART or lang:
            self.end_piece()
        mark = "hidden" if given.get("aria-hidden") == "true" else given.get("class", "")
        self.open.append((tag, mark, lang))

    def handle_endtag(self, tag: str) -> None:
        if tag in APART or (self.open and self.open[-1][2]):
            self.end_piece()
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(tag in UNSEEN or mark == "hidden" for tag, mark, _lang in self.open):
            self.words.append(data)


def pieces(page: str) -> list[Piece]:
    """All pieces of a page or an exhibit."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_piece()
    return reader.found


def faults(
    page: str, lang: str, names: Collection[str], allowed: Collection[str] = ()
) -> Iterator[str]:
    """What is wrong in the pieces, as ``rule: what was found: the piece (its place)``.

    ``names`` of the data stand in any language; ``allowed`` words in a Chinese text.
    """
    longest_first = sorted((name for name in names if name), key=len, reverse=True)
    for piece in pieces(page):
        if piece.lang:  # the switch to the other language
            continue
        text = piece.text
        for name in longest_first:
            text = text.replace(name, NAME)
        text = DAY[lang].sub(NAME, text).replace(" · ", NAME)
        rules = EVERYWHERE | LANGUAGE[lang]
        in_words = lang == "en" or re.search(f"[{HAN}]", text)
        for rule, pattern in rules.items():
            if piece.place == "csv" and rule in NO_NUMBERS:
                continue
            if rule == "half-width punctuation" and not in_words:
                continue
            if piece.place == "text" and rule == "number without separator":
                text = YEAR.sub(NAME, text)  # a wave's name broken into lines
            if hit := pattern.search(text):
                yield f"{rule}: {hit[0]!r}: {piece.text[:120]} ({piece.place})"
        if lang == "zh" and not NUMBER.fullmatch(text):
            for word in WORD.findall(text):
                if word not in allowed:
                    yield f"English: {word!r}: {piece.text[:120]} ({piece.place})"
