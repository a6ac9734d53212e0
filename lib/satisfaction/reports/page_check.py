"""The last look at a page before it is published: it stands alone and nothing in it runs.

The Content-Security-Policy stops scripts in a browser; this check makes sure that there are none,
so that a page is also safe in a mail client or an intranet viewer that ignores the policy.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

FORBIDDEN = {"script", "iframe", "frame", "object", "embed", "applet", "link", "base", "form"}
ADDRESSES = {"href", "src", "xlink:href", "srcset", "poster", "data", "action", "formaction",
             "background", "cite", "ping"}  # fmt: skip
INSIDE = re.compile(r"#[\w.-]*|(?:\.\./){0,2}[\w.%-]+(?:/[\w.%-]+)*|data:text/csv;[^<>\s]*|")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
CSS_LOADS = re.compile(r"@import|expression\s*\(|url\(\s*['\"]?(?!data:font/|data:image/|#)", re.I)


def page_problems(page: str) -> list[str]:
    """What in an HTML page would run or load something; empty when it is safe."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return list(dict.fromkeys(reader.problems))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in FORBIDDEN:
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

    def handle_data(self, data: str) -> None:
        if self._in_style and CSS_LOADS.search(data):
            self.problems.append("a style sheet that loads something")


def _allowed(tag: str, address: str) -> bool:
    pattern = PICTURE if tag == "img" else INSIDE
    return pattern.fullmatch(address.strip()) is not None
