"""A matplotlib figure as inline SVG: responsive, safe, and the same bytes every time.

matplotlib's document is parsed and written anew with only what draws: no prolog, metadata, style
block (it would leak into the page), groups or ids (so charts on one page can never clash).
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from satisfaction.exhibits import fonts
from satisfaction.exhibits.palette import named
from satisfaction.exhibits.words import clean

_STYLE = Path(__file__).with_name("workbook.mplstyle")
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_NUMBER = re.compile(r"-?\d+\.\d+")
_SPACE_AT_LETTER = re.compile(r" ?([A-Za-z]) ?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


@contextmanager
def workbook_style() -> Iterator[None]:
    """matplotlib with its own defaults and our style, whatever a user's settings say."""
    fonts.register()
    with mpl.rc_context(_settings()):
        yield


@cache
def _settings() -> Any:  # a dict; matplotlib types its keys as literals
    settings = dict(mpl.rc_params_from_file(_STYLE, use_default_template=True))
    return {name: value for name, value in settings.items() if "backend" not in name}


def svg(figure: Figure, alt: str) -> str:
    """``figure`` as an ``<svg>`` element with ``alt`` as its text for screen readers."""
    document = io.StringIO()
    with workbook_style(), warnings.catch_warnings():
        # The browser draws the text; fonts.missing_glyphs tells what the shipped font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(document, format="svg", metadata=_NO_METADATA)
    drawn = "".join(_grouped(_elements(ElementTree.fromstring(document.getvalue()))))
    across, down = (f"{72 * inches:g}" for inches in figure.get_size_inches())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
        f'aria-label="{escape(clean(alt))}" viewBox="0 0 {across} {down}" width="100%" '
        f"style=\"max-width:{across}px;height:auto;font-family:'{fonts.FAMILY}',{fonts.FALLBACKS}\">"
        f"{drawn}</svg>"
    )


def _elements(node: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """What draws, in order, as (style, element)."""
    for child in node:
        tag = child.tag.rpartition("}")[2]
        style = _style(child)
        if tag == "path" and not (style.get("fill") == "none" and "stroke" not in style):
            outline = _SPACE_AT_LETTER.sub(r"\1", _rounded(" ".join(child.get("d", "").split())))
            yield _css(style), f'<path d="{escape(outline)}"/>'
        elif tag == "text":
            yield _css(style), _text(child)
        elif tag in ("g", "svg"):
            yield from _elements(child)


def _text(node: ElementTree.Element) -> str:
    place = {name: _rounded(node.get(name, "")) for name in ("x", "y", "transform")}
    if place["transform"].startswith("rotate(-0 "):
        del place["transform"]
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in place.items() if value)
    return f"<text{attributes}>{escape(node.text or '')}</text>"


def _grouped(elements: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Neighbours with the same style share one group."""
    for style, members in groupby(elements, key=lambda element: element[0]):
        yield f'<g style="{style}">{"".join(drawn for _, drawn in members)}</g>'


def _style(node: ElementTree.Element) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in node.get("style", "").split(";") if pair.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _css(style: dict[str, str]) -> str:
    css = ";".join(f"{name}:{value}" for name, value in style.items() if name != "font-family")
    return escape(_COLOUR.sub(lambda colour: named(colour.group()), css))


def _rounded(numbers: str) -> str:
    """Tenths of a pixel are enough for the eye."""
    return _NUMBER.sub(lambda found: f"{round(float(found.group()), 1) + 0.0:g}", numbers)
