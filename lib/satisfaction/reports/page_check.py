"""The last look at a page before it is published: it stands alone and nothing foreign in it runs.

The Content-Security-Policy stops scripts in a browser; this check makes sure that there are none
but our own, so that a page is also safe in a mail client or an intranet viewer that ignores it. The
page is parsed as a browser does (HTML5), so that nothing hides where other parsers see only text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

# browsers read <noscript> and <select> in two ways, a <template> can hold what then stands in the
# page, and an animation can turn a link into a script
FORBIDDEN = {"script", "iframe", "frame", "object", "embed", "applet", "link", "base", "form",
             "template", "noscript", "select", "animate", "set"}  # fmt: skip
INDEX = {"select"}  # filters where our script runs
ADDRESSES = {"href", "src", "xlink:href", "srcset", "poster", "data", "action", "formaction",
             "background", "cite", "ping"}  # fmt: skip
STYLES = {"style", "fill", "stroke", "mask", "filter", "clip-path", "cursor",
          "marker-start", "marker-mid", "marker-end"}  # fmt: skip
# what nearly all elements of a page hold, and what never does anything by itself
PLAIN = {"class", "id", "role", "scope", "colspan", "rowspan", "lang", "title", "alt", "tabindex",
         "download", "name", "width", "height", "x", "y", "dx", "dy", "x1", "y1", "x2", "y2", "cx",
         "cy", "r", "d", "points", "viewbox", "aria-label", "aria-hidden"}  # fmt: skip
INSIDE = re.compile(r"#[\w.-]*|(?:\.\./){0,2}[\w.%-]+(?:/[\w.%-]+)*|data:text/csv;[^<>\s]*|")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
CSS_LOADS = re.compile(r"@import|expression\s*\(|url\(\s*['\"]?(?!data:font/|data:image/|#)", re.I)


def page_problems(page: str, scripts: Collection[str] = ()) -> list[str]:
    """What in an HTML page would run or load something; empty when it is safe.

    ``scripts``: the texts of those that may run; with them the page may also hold data for them.
    ``ValueError`` if the page cannot be written as UTF-8.
    """
    known = {script_hash(script) for script in scripts}
    tree = LexborHTMLParser(page.encode())
    nodes = tree.root.traverse() if tree.root is not None else iter(())
    looked_at = FORBIDDEN | {"style"}
    suspects = [
        node for node in nodes if node.tag in looked_at or not PLAIN.issuperset(node.attributes)
    ]
    return list(dict.fromkeys(said for node in suspects for said in _problems(node, known)))


def script_hash(script: str) -> str:
    """A script as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _problems(node: LexborNode, scripts: Collection[str]) -> Iterator[str]:
    tag, attributes = str(node.tag), node.attributes
    if tag == "script" and scripts:
        yield from _script_problems(node, scripts)
    elif tag in FORBIDDEN and not (tag in INDEX and scripts):
        yield f"a <{tag}> element"
    elif tag == "style" and CSS_LOADS.search(node.text()):
        yield "a style sheet that loads something"
    for name, given in attributes.items():
        value = given or ""
        if name.startswith("on"):
            yield f"an event handler {name} on <{tag}>"
        elif name in ADDRESSES and not _allowed(tag, value):
            yield f"an address {value[:40]!r} in {name} of <{tag}>"
        elif name in STYLES and CSS_LOADS.search(value):
            yield f"a {name} on <{tag}> that loads something"
        elif (name, value.strip().lower()) == ("http-equiv", "refresh"):
            yield "a page that forwards to another one"


def _script_problems(node: LexborNode, scripts: Collection[str]) -> Iterator[str]:
    text = node.text()
    is_data = node.attributes.get("type") == "application/json"
    if {*node.attributes} - {"id", *(["type"] if is_data else [])}:
        yield "a <script> element with foreign attributes"
    if not (_is_data(text) if is_data else script_hash(text) in scripts):
        yield "a <script> element that is not ours"


def _is_data(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return "<" not in text


def _allowed(tag: str, address: str) -> bool:
    pattern = PICTURE if tag == "img" else INSIDE
    return pattern.fullmatch(address.strip()) is not None
