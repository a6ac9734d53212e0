"""Charts fit a phone and a page: words keep their size, wrap, and stay clear of each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape

import pytest

from satisfaction import exhibits as ex
from satisfaction import i18n
from satisfaction.exhibits import fonts
from satisfaction.exhibits.axes import axis_across, labels_along, spread
from satisfaction.exhibits.canvas import NARROW, WIDE, Canvas
from satisfaction.exhibits.lettering import rows_of, wrapped
from test_exhibits import CHARTS, LONG, change, names_of, quadrants

FIGURES = {name: chart for name, chart in CHARTS.items() if name not in ("heat", "table")}
each_figure = pytest.mark.parametrize("chart", FIGURES.values(), ids=FIGURES.keys())
ITEMS = [
    *("Overall satisfaction", "Community activities", "Repairs", "Timeliness of answers"),
    *("公共区域清洁卫生", "停车", "Lifts", "Charging points for bicycles"),
]

GROUP = re.compile(r'<g (class="wide-only" )?style="([^"]*)">(.*?)</g>')
TEXT = re.compile(r'<text x="([-\d.]+)(%?)"(?: dx="([-\d.]+)")? y="([-\d.]+)">([^<]*)</text>')


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with i18n.speaking("en"):
        yield


@dataclass(frozen=True)
class Word:
    text: str
    left: float
    right: float
    top: float
    bottom: float

    def covers(self, other: Word) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 0.5 and min(self.bottom, other.bottom) > max(self.top, other.top)


def words_of(body: str, width: float) -> list[Word]:
    """All words of a chart in a column so wide, with the room that they take."""
    right, left = map(float, re.findall(r"padding:0 ([\d.]+)px 0 ([\d.]+)px", body)[0])
    found = []
    for wide_only, style, marks in GROUP.findall(body):
        if wide_only and width == NARROW:
            continue
        for x, percent, dx, y, text in TEXT.findall(marks):
            size = float(re.findall(r"font-size:([\d.]+)px", style)[0])
            place = float(x) / 100 * (width - left - right) if percent else float(x)
            wide = fonts.width(unescape(text), size)
            shift = {"start": 0, "middle": wide / 2, "end": wide}
            start = left + place + float(dx or 0)
            start -= shift[re.findall(r"text-anchor:(\w+)", style)[0]]
            middle = float(y) - 0.36 * size
            half = 0.48 * size
            found.append(Word(text, start, start + wide, middle - half, middle + half))
    return found


@each_figure
@pytest.mark.parametrize("names", [ITEMS[:1], ITEMS, names_of(25)], ids=["one", "eight", "many"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_words_stay_in_the_box_and_clear_of_each_other(
    chart: Callable[[list[str]], ex.Exhibit], names: list[str], width: float
) -> None:
    body = chart(names).body
    height = float(re.findall(r'width="100%" height="([\d.]+)"', body)[0])
    words = words_of(body, width)
    assert len(words) >= 2
    for place, word in enumerate(words):
        assert -1 < word.left < word.right < width + 1, word
        assert -1 < word.top < word.bottom < height + 1, word
        assert not [other for other in words[:place] if word.covers(other)], word


@each_figure
def test_every_colour_is_one_of_the_palette(chart: Callable[[list[str]], ex.Exhibit]) -> None:
    body = chart(names_of(5)).body
    paints = re.findall(r"(?:fill|stroke|color):([^;\"]+)", body)
    assert paints
    assert all(paint == "none" or paint.startswith("var(--") for paint in paints), set(paints)
    assert not re.search(r'(?:fill|stroke)="', body)


def test_words_keep_their_size_and_marks_move_apart() -> None:
    canvas = Canvas(40, 30, 20)
    canvas.text(50, 20, "middle", dx=6)
    canvas.bar(10, 5, 35.5, 15, "#c05517")
    html = canvas.html("about")
    assert "viewBox" not in html  # nothing is scaled
    assert 'style="max-width:764px;padding:0 20px 0 30px"' in html
    assert '<text x="50%" dx="6" y="24.5">middle</text>' in html
    assert '<rect x="10%" width="25.5%" y="5" height="10"/>' in html


@pytest.mark.parametrize(
    ("words", "room", "lines"),
    [
        ("Parking", 100, ["Parking"]),
        ("Community activities in the yard", 110, ["Community", "activities", "in the yard"]),
        ("公共区域清洁卫生状况", 70, ["公共区域清", "洁卫生状况"]),
        ("清洁卫生，绿化", 60, ["清洁卫", "生，绿化"]),
        ("", 60, []),
    ],
)
def test_names_wrap_into_even_lines(words: str, room: float, lines: list[str]) -> None:
    assert wrapped(words, room) == lines


@pytest.mark.parametrize("room", [13, 40, 77, 200])
def test_wrapping_loses_nothing(room: float) -> None:
    for words in (LONG, "Supercalifragilistic n=1,234 （说明）", "a b c d e f g h i j k l"):
        lines = wrapped(words, room)
        assert "".join(lines).replace(" ", "") == words.replace(" ", "")
        assert all(fonts.width(line, 12.5) <= room or len(line) == 1 for line in lines)


def test_rows_grow_with_their_names() -> None:
    rows = rows_of(["short", LONG], 10, 26)
    assert [len(name) for name in rows.names] == [1, 5]
    assert rows.middles[0] == 23
    assert rows.heights[1] > 75
    assert rows.bottom == pytest.approx(10 + sum(rows.heights))


def test_an_axis_has_fewer_values_where_a_phone_has_no_room() -> None:
    def values(left: float) -> int:
        canvas = Canvas(50, left)
        axis_across(canvas, 0, 100, lambda value: f"{value:.0f}%", 20, 40)
        return canvas.html("").count("<text")

    assert values(40) == 6
    assert values(240) == 3


def test_labels_along_are_hidden_on_a_phone_where_they_would_touch() -> None:
    canvas = Canvas(50, 40)
    months = [f"2025-{month:02}" for month in range(1, 13)]
    labels_along(canvas, [100 / 12 * (place + 0.5) for place in range(12)], 10, months, months)
    html = canvas.html("")
    always = "".join(marks for hidden, _style, marks in GROUP.findall(html) if not hidden)
    assert html.count(">2025-") == 24
    assert re.findall(r">(2025-\d\d)<", always) == ["2025-03", "2025-06", "2025-09", "2025-12"] * 2


def test_tall_labels_get_more_room() -> None:
    assert spread([50.0, 51.0, 52.0], [20, 40, 20], 0, 300) == pytest.approx([21, 51, 81])


def test_the_key_of_a_quadrant_lists_each_item_in_its_field() -> None:
    body = ex.quadrant_chart(quadrants(["a", "b<", "c", "d"])).body
    key = body[body.index('<dl class="chart-key">') :]
    assert re.findall(r"<dt[^>]*>([^<]+)</dt>", key) == [
        "Improve first",
        "Keep up",
        "Maintain",
        "Secondary",
    ]
    assert key.count("<b>") == 4
    assert "b&lt;" in key


def test_a_slope_names_what_changed_by_how_much() -> None:
    body = ex.slope_chart(change(["Lifts", "Parking"])).body
    assert "Lifts ▼−12" in body
    assert "Parking<" in body
