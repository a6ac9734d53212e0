"""The last look at a page before it is published: it stands alone and nothing foreign in it runs.

The Content-Security-Policy stops scripts in a browser; this check makes sure that there are none
but our own, so that a page is also safe in a mail client or an intranet viewer that ignores it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection
from html.parser import HTMLParser

FORBIDDEN = {"script", "iframe", "frame", "object", "embed", "applet", "link", "base", "form"}
ADDRESSES = {"href", "src", "xlink:href", "srcset", "poster", "data", "action", "formaction",
             "background", "cite", "ping"}  # fmt: skip
INSIDE = re.compile(r"#[\w.-]*|(?:\.\./){0,2}[\w.%-]+(?:/[\w.%-]+)*|data:text/csv;[^<>\s]*|")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
CSS_LOADS = re.compile(r"@import|expression\s*\(|url\(\s*['\"]?(?!data:font/|data:image/|#)", re.I)


def page_problems(page: str, scripts: Collection[str] = ()) -> list[str]:
    """What in an HTML page would run or load something; empty when it is safe.

    ``scripts``: the texts of those that may run; with them the page may also hold data for them.
    """
    reader = _Reader({script_hash(script) for script in scripts})
    reader.feed(page)
    reader.close()
    return list(dict.fromkeys(reader.problems))


def script_hash(script: str) -> str:
    """A script as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class _Reader(HTMLParser):
    def __init__(self, scripts: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self._scripts = scripts
        self._in_style = False
        self._script: list[str] | None = None  # the text so far of the one that is being read
        self._is_data = False

    def close(self) -> None:
        super().close()
        if self._script is not None:
            self.problems.append("a <script> element without end")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag == "script" and self._scripts:
            given = dict(attrs)
            self._script, self._is_data = [], given.pop("type", "") == "application/json"
            given.pop("id", None)
            if given:
                self.problems.append("a <script> element with foreign attributes")
        elif tag in FORBIDDEN:
            self.problems.append(f"a <{tag}> element")
        for name, value in attrs:
            if name.startswith("on"):
                self.problems.append(f"an event handler {name} on <{tag}>")
            elif name in ADDRESSES and not _allowed(tag, value or ""):
                self.problems.append(f"an address {(value or '')[:40]!r} in {name} of <{tag}>")
            elif name == "style" and CSS_LOADS.search(value or ""):
                self.problems.append(f"a style on <{tag}> that loads something")
            elif (name, (value or "").strip().lower()) == ("http-equiv", "refresh"):
                self.problems.append("a page that forwards to another one")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if tag == "script" and self._script is not None:
            text, self._script = "".join(self._script), None
            if not (_is_data(text) if self._is_data else script_hash(text) in self._scripts):
                self.problems.append("a <script> element that is not ours")

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
        elif self._in_style and CSS_LOADS.search(data):
            self.problems.append("a style sheet that loads something")


def _is_data(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return "<" not in text


def _allowed(tag: str, address: str) -> bool:
    pattern = PICTURE if tag == "img" else INSIDE
    return pattern.fullmatch(address.strip()) is not None
