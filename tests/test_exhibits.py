"""Every exhibit: safe, the same bytes each time, readable aloud, and calm about thin data."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from satisfaction import exhibits as ex
from satisfaction import i18n
from satisfaction.exhibits.axes import spread, ticks
from satisfaction.exhibits.palette import NAMES, named
from satisfaction.exhibits.suppression import hidden_cells, hidden_groups
from satisfaction.methods.result import Result

ATTACKS = [
    "<script>alert(1)</script>",
    "</svg></td></style><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "$\\frac{1}{0}$ $x",
    "a\x00b\x08c\u202ed",
    "javascript:alert(1)",
    "&lt;b&gt; ]]>",
    "=HYPERLINK(1)",
]
LONG = "关于小区公共区域照明设施维护及时性与费用分摊公示透明度的总体评价以及改进建议"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with i18n.speaking("en"):
        yield


def names_of(count: int) -> list[str]:
    return [f"item {place + 1}" for place in range(count)]


def estimates(names: list[str], key: str = "item") -> Result:
    share = np.linspace(0.95, 0.5, max(len(names), 1))[: len(names)]
    rows = pd.DataFrame(
        {
            key: pd.Series(names, dtype=str),
            "estimate": share,
            "ci_low": share - 0.04,
            "ci_high": np.minimum(share + 0.04, 1),
            "n": 326,
            "reason": "",
        }
    )
    return Result(rows, "wilson_n_eff", n=326)


def distribution(names: list[str], points: int = 5) -> Result:
    rows = [
        {"item": name, "score": float(score), "estimate": 1 / points, "n": 326, "reason": ""}
        for name in names
        for score in range(1, points + 1)
    ]
    columns = ["item", "score", "estimate", "n", "reason"]
    return Result(pd.DataFrame(rows, columns=columns), "distribution", n=326)


def by_group(names: list[str], sizes: tuple[int, ...] = (200, 60, 30)) -> Result:
    rows = [
        {"item": name, "group": f"group {size}", "estimate": 0.8, "n": size, "reason": ""}
        for name in names
        for size in sizes
    ]
    columns = ["item", "group", "estimate", "n", "reason"]
    return Result(pd.DataFrame(rows, columns=columns), "wilson_n_eff", n=290)


def correlations(names: list[str]) -> Result:
    rows = [
        {"item_a": a, "item_b": b, "estimate": 0.5, "n": 300, "p_holm": 0.01, "reason": ""}
        for place, a in enumerate(names)
        for b in (names[place + 1 :] if len(names) > 1 else names)
    ]
    columns = ["item_a", "item_b", "estimate", "n", "p_holm", "reason"]
    return Result(pd.DataFrame(rows, columns=columns), "spearman", n=300)


def importance(names: list[str]) -> Result:
    share = np.linspace(2, 1, max(len(names), 1))[: len(names)]
    share = share / share.sum()
    rows = pd.DataFrame({"item": pd.Series(names, dtype=str), "share": share})
    rows = rows.assign(
        share_low=share - 0.01,
        share_high=share + 0.02,
        top3_probability=0.5,
        rank_low=1.0,
        rank_high=3.0,
        n=310,
        reason="",
    )
    return Result(rows, "shapley", n=310)


def correlations_with_outcome(names: list[str]) -> Result:
    r = np.linspace(0.5, 0.1, max(len(names), 1))[: len(names)]
    rows = pd.DataFrame({"item_a": pd.Series(names, dtype=str), "estimate": r})
    rows = rows.assign(ci_low=r - 0.1, ci_high=r + 0.1, p_holm=0.01, n=300, reason="")
    return Result(rows, "spearman", n=300)


def partial_correlations(names: list[str]) -> Result:
    rows = correlations_with_outcome(names).rows.rename(columns={"item_a": "item"})
    rows["estimate"] = rows["estimate"] - 0.3
    return Result(rows, "partial_linearised", n=300)


def penalties(names: list[str]) -> Result:
    size = np.linspace(0.5, 0.1, max(len(names), 1))[: len(names)]
    rows = pd.DataFrame({"item": pd.Series(names, dtype=str), "kano": "unclear"})
    for effect, value in {"penalty": -size, "reward": size / 2}.items():
        rows[effect] = value
        rows[f"{effect}_low"], rows[f"{effect}_high"] = value - 0.1, value + 0.1
        rows[f"{effect}_p_holm"] = 0.2
    rows = rows.assign(n=300, n_low=40, n_top=90, reason="")
    return Result(rows, "penalty_reward", n=300, stages={"low_below": 4, "top_from": 5})


def quadrants(names: list[str]) -> Result:
    size = len(names)
    random = np.random.default_rng(7)
    x, y = random.uniform(0.5, 0.9, size), random.uniform(0.02, 0.2, size)
    rows = pd.DataFrame({"item": pd.Series(names, dtype=str)})
    for name, value, width in (("importance", y, 0.02), ("performance", x, 0.04)):
        rows[name], rows[f"{name}_low"], rows[f"{name}_high"] = value, value - width, value + width
    codes = ["improve_first", "keep", "maintain", "secondary"]
    rows["quadrant"] = [codes[place % 4] for place in range(size)]
    rows["sure"] = [place % 3 == 0 for place in range(size)]
    return Result(rows.assign(n=300, reason=""), "priority_quadrant", n=300)


def change(names: list[str]) -> Result:
    size = len(names)
    current = np.linspace(0.9, 0.5, max(size, 1))[:size]
    step = np.where(np.arange(size) % 2 == 0, -0.12, 0.02)
    rows = pd.DataFrame(
        {
            "item": pd.Series(names, dtype=str),
            "current": current,
            "previous": current - step,
            "estimate": step,
            "p_holm": 0.01,
            "n": 326,
            "significant": np.abs(step) > 0.1,
            "direction": np.where(np.abs(step) > 0.1, "down", "none"),
            "detectable": 0.056,
            "reason": "",
        }
    )
    return Result(rows, "wave_difference", n=326)


def waterfall(names: list[str]) -> Result:
    size = len(names)
    counts = np.array([2480.0 - 90 * place for place in range(size)])
    rows = pd.DataFrame({"step": pd.Series(names, dtype=str), "n": counts})
    rows["removed"] = [0.0, *[90.0] * (size - 1)][:size]
    return Result(rows.assign(share_of_start=counts / 2480), "frame", n=326)


def allocation(names: list[str]) -> Result:
    rows = pd.DataFrame({"stratum": pd.Series(names, dtype=str)})
    rows = rows.assign(population=400.0, n=40.0, probability=0.1, reason="")
    return Result(rows, "proportional", n=40)


def representativeness(names: list[str]) -> Result:
    rows = pd.DataFrame({"category": pd.Series(names, dtype=str)})
    rows.insert(0, "variable", "building")
    rows = rows.assign(
        frame_share=0.3, respondent_share=0.4, difference=0.1, p_holm=0.01, reason=""
    )
    return Result(rows, "chi_square_goodness_of_fit", n=326)


def peers(names: list[str]) -> ex.Exhibit:
    own = {"estimate": 0.83, "ci_low": 0.79, "ci_high": 0.87, "n": 326}
    return ex.peer_strip_chart(own, estimates(names, "project"), own_label="".join(names[:1]))


CHARTS: dict[str, Callable[[list[str]], ex.Exhibit]] = {
    "waterfall": lambda names: ex.frame_waterfall_chart(waterfall(names)),
    "allocation": lambda names: ex.allocation_chart(allocation(names)),
    "representativeness": lambda names: ex.representativeness_chart(representativeness(names)),
    "distribution": lambda names: ex.distribution_chart(distribution(names)),
    "dots": lambda names: ex.dot_plot(
        estimates(names), target=0.9, target_clause="".join(names[:1]), flag=names[:1]
    ),
    "groups": lambda names: ex.group_dot_plot(estimates(names, "group")),
    "heat": lambda names: ex.group_heat_table(by_group(names)),
    "correlations": lambda names: ex.correlation_heatmap(correlations(names)),
    "importance": lambda names: ex.importance_chart(importance(names)),
    "outcome": lambda names: ex.outcome_plot(
        correlations_with_outcome(names), partial=partial_correlations(names)
    ),
    "penalty": lambda names: ex.penalty_reward_chart(penalties(names)),
    "quadrant": lambda names: ex.quadrant_chart(quadrants(names)),
    "slope": lambda names: ex.slope_chart(change(names), current_label="".join(names[:1])),
    "trend": lambda names: ex.trend_chart(estimates(names, "wave"), target=0.9),
    "peers": peers,
    "table": lambda names: ex.result_table(
        estimates(names), ["item", "estimate", "interval", "n"], title="Items"
    ),
}
each_chart = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())


class Page(HTMLParser):
    """Tags, attributes and text of a page as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@each_chart
def test_attack_strings_stay_text(chart: Callable[[list[str]], ex.Exhibit]) -> None:
    exhibit = chart(ATTACKS)
    html = exhibit.html()
    page = Page(html)
    assert not {"script", "img", "style", "iframe"} & set(page.tags)
    assert not [name for name, _value in page.attributes if name.startswith("on")]
    links = [value or "" for name, value in page.attributes if name in ("href", "src")]
    assert all(link.startswith("data:text/csv;") for link in links)
    assert "\x00" not in html
    assert "\x08" not in html
    assert "\u202e" not in html.split("<details>")[0]
    ElementTree.fromstring(f"<div>{exhibit.body}</div>")  # well-formed


def test_dollar_signs_are_not_mathematics() -> None:
    assert "$x^2$" in ex.dot_plot(estimates(["$x^2$", "b"])).body


@each_chart
@pytest.mark.parametrize("count", [0, 1, 2, 25])
def test_any_number_of_items(chart: Callable[[list[str]], ex.Exhibit], count: int) -> None:
    exhibit = chart(names_of(count))
    assert exhibit.alt.strip()
    assert exhibit.title.strip()
    assert "nan" not in exhibit.html().lower().replace("data:text/csv", "")[:2000]
    if count == 0 and exhibit.kind != "chart peers":
        assert exhibit.kind == "note cannot_tell"
    else:
        assert re.search(r"\d", exhibit.alt)
        assert exhibit.data is not None
        assert len(exhibit.data)


@each_chart
def test_size_at_25_items(chart: Callable[[list[str]], ex.Exhibit]) -> None:
    assert len(chart(names_of(8)).body) < 16_000
    assert len(chart(names_of(25)).body) < 48_000


@each_chart
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_long_chinese_labels_in_both_languages(
    chart: Callable[[list[str]], ex.Exhibit], lang: str
) -> None:
    with i18n.speaking(lang):
        exhibit = chart([f"{LONG}{place}" for place in range(6)])
    assert ex.missing_glyphs(exhibit.html()) == []
    if "<svg" in exhibit.body:  # in several lines, nothing cut
        drawn = "".join(ElementTree.fromstring(f"<div>{exhibit.body}</div>").itertext())
        assert LONG in drawn
        assert "…" not in drawn


@each_chart
def test_no_ids_no_foreign_addresses(chart: Callable[[list[str]], ex.Exhibit]) -> None:
    html = chart(names_of(5)).html()
    assert not re.search(r"\sid=", html)
    assert set(re.findall(r"https?://[^\"' )]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert "<?xml" not in html
    assert "<!DOCTYPE" not in html
    assert "clip-path" not in html
    assert "<metadata" not in html
    assert "url(" not in html


@each_chart
def test_charts_are_named_for_screen_readers(chart: Callable[[list[str]], ex.Exhibit]) -> None:
    exhibit = chart(names_of(5))
    if "<svg" in exhibit.body:
        svg = ElementTree.fromstring(f"<div>{exhibit.body}</div>").find("div/svg")
        assert svg is not None
        assert svg.get("role") == "img"
        assert svg.get("aria-label") == exhibit.alt
        assert svg.get("width") == "100%"


@each_chart
def test_all_missing_is_cannot_tell_with_the_reason(
    chart: Callable[[list[str]], ex.Exhibit], monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Result.__init__

    def thin(self: Result, rows: pd.DataFrame, *args: object, **kwargs: object) -> None:
        figures = rows.select_dtypes("number").columns
        build(
            self, rows.assign(**dict.fromkeys(figures, np.nan), reason="too_few"), *args, **kwargs
        )

    monkeypatch.setattr(Result, "__init__", thin)
    exhibit = chart(names_of(3))
    if exhibit.kind == "table":  # a table shows the reason beside each row
        assert "too few answers" in exhibit.body
    elif exhibit.kind != "chart peers":
        assert exhibit.kind == "note cannot_tell"


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
import hashlib, test_exhibits as t
from satisfaction import i18n; i18n.use("en")
html = "".join(chart(t.names_of(5)).html() for chart in t.CHARTS.values())
css = t.ex.font_face_css(html)
print(hashlib.sha256((html + css).encode()).hexdigest())
"""


def test_same_bytes_in_every_process() -> None:
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _run in range(2)
    ]
    assert runs[0] == runs[1]
    html = "".join(chart(names_of(5)).html() for chart in CHARTS.values())
    here = hashlib.sha256((html + ex.font_face_css(html)).encode()).hexdigest()
    assert runs[0].strip() == here


@pytest.mark.parametrize("points", [2, 3, 5, 7, 10, 11])
def test_distribution_on_other_scales(points: int) -> None:
    exhibit = ex.distribution_chart(distribution(["a", "b"], points), satisfied_from=points)
    assert i18n.percent(1 / points) in exhibit.alt


def test_slope_claims_only_tested_changes() -> None:
    steady = change(names_of(3)).rows.assign(significant=False)
    exhibit = ex.slope_chart(Result(steady, "wave_difference", n=326))
    assert exhibit.title == "No detectable change in any of 3 items"
    assert "▲" not in exhibit.body
    assert "▼" not in exhibit.body
    assert "6 points" in exhibit.note  # what could have been seen


def test_slope_says_where_the_headline_and_its_line_differ() -> None:
    rows = change(names_of(3)).rows.assign(significant=False, p_value=[0.006, 0.02, 0.4])
    result = Result(rows, "wave_difference", n=326)
    first = rows["item"].iloc[0]
    assert "tested on its own the change is beyond chance (p = 0.006), as one of 3 tests" in (
        ex.slope_chart(result, headline=first).note
    )
    for quiet in (ex.slope_chart(result), ex.slope_chart(result, headline=rows["item"].iloc[2])):
        assert "on its own" not in quiet.note
    claimed = Result(rows.assign(significant=True), "wave_difference", n=326)
    assert "on its own" not in ex.slope_chart(claimed, headline=first).note


def test_slope_shows_no_levels_that_must_not_be_compared() -> None:
    rows = change(names_of(3)).rows
    rows.loc[1, ["estimate", "significant", "reason"]] = [np.nan, False, "not_comparable"]
    exhibit = ex.slope_chart(Result(rows, "wave_difference", n=326))
    assert "item 2" not in exhibit.body
    assert "Not compared: item 2." in exhibit.note
    assert exhibit.data is not None
    assert exhibit.data["This wave (%)"].isna().tolist() == [False, True, False]


def test_dot_plot_counts_what_is_clearly_below_target() -> None:
    exhibit = ex.dot_plot(estimates(names_of(3)), target=0.9, target_clause="S2-2")
    assert exhibit.title.startswith("Below the target of 90% with the whole interval: 2 of 3")
    assert "S2-2" in exhibit.body


def test_small_cells_are_hidden_with_a_second_one() -> None:
    exhibit = ex.group_heat_table(by_group(["a", "b"], (200, 60, 30, 8)))
    assert "n&lt;10" in exhibit.body
    assert "withheld" in exhibit.body
    assert exhibit.data is not None
    assert exhibit.data["group 30"].tolist() == ["withheld", "withheld"]
    assert exhibit.data["group 200"].tolist() == ["80%", "80%"]


def test_caution_mark_up_to_twenty() -> None:
    exhibit = ex.group_heat_table(by_group(["a"], (200, 15)))
    assert "80%*" in exhibit.body
    assert "80%</td>" in exhibit.body


def test_hidden_cells_cannot_be_found_by_subtraction() -> None:
    random = np.random.default_rng(3)
    for _trial in range(50):
        sizes = random.integers(0, 60, size=tuple(random.integers(1, 6, size=2)))
        counts = pd.DataFrame(sizes)
        hidden = hidden_cells(counts, 10)
        assert hidden[(sizes > 0) & (sizes < 10)].all()
        for line, mask in zip(sizes, hidden, strict=True):
            shown = ((line > 0) & ~mask).sum()
            alone = mask.sum() == 1 or 0 < line[mask].sum() < 10
            assert not alone or shown == 0


def test_group_dots_hide_small_groups_everywhere() -> None:
    rows = estimates(["big", "middle", "small", "tiny"], "group").rows
    rows = rows.assign(n=[200, 60, 30, 4])
    exhibit = ex.group_dot_plot(Result(rows, "wilson_n_eff", n=294))
    assert hidden_groups(rows["n"], 10).tolist() == [False, False, True, True]
    assert exhibit.data is not None
    assert exhibit.data["Group"].tolist() == ["big", "middle", "small", "tiny"]
    assert (
        exhibit.data.set_index("Group")["Estimate (%)"].isna().tolist() == [False] * 2 + [True] * 2
    )
    assert "tiny" not in exhibit.body
    assert "tiny" in exhibit.note
    only = ex.group_dot_plot(Result(rows.iloc[3:], "wilson_n_eff", n=4))
    assert only.kind == "note cannot_tell"


def test_items_on_few_answers_are_named_not_shown() -> None:
    rows = estimates(["many", "few"]).rows.assign(n=[40, 9])
    exhibit = ex.dot_plot(Result(rows, "wilson_n_eff", n=40))
    assert "few" not in exhibit.body
    assert "Cannot tell: few." in exhibit.note
    assert exhibit.data is not None
    assert exhibit.data.iloc[1, 1:5].isna().all()
    for chart in (ex.dot_plot, ex.trend_chart):
        thin = Result(rows.rename(columns={"item": "wave"}).assign(item="x", n=3), "w", n=3)
        assert chart(thin).kind == "note cannot_tell"
    spread_thin = Result(distribution(["a"]).rows.assign(n=3), "w", n=3)
    assert ex.distribution_chart(spread_thin).kind == "note cannot_tell"


def test_peers_are_never_named() -> None:
    own = {"estimate": 0.83, "ci_low": 0.79, "ci_high": 0.87, "n": 326}
    html = ex.peer_strip_chart(own, estimates(["Secret Garden", "Lake View"], "project")).html()
    assert "Secret" not in html
    assert "Lake" not in html
    assert "median of 2 other projects" in html


def test_csv_has_no_live_formulas() -> None:
    frame = pd.DataFrame(
        {
            "=a": ["=1+1", "+x", "-5", "-x", "@a", "\tq", "＝1", " =1", "fine", None],
            "n": range(-5, 5),
        }
    )
    lines = ex.csv_bytes(frame).decode("utf-8-sig").split("\r\n")
    assert lines[0] == "'=a,n"
    firsts = [line.rsplit(",", 1)[0].strip('"') for line in lines[1:-1]]
    expected = ["'=1+1", "'+x", "-5", "'-x", "'@a", "'\tq", "'＝1", "' =1", "fine", ""]
    assert firsts == expected
    assert lines[1].endswith(",-5")  # numbers stay numbers


def test_download_is_the_same_csv() -> None:
    exhibit = ex.dot_plot(estimates(["=cmd", "b"]))
    found = re.search(r"base64,([A-Za-z0-9+/=]+)", exhibit.html())
    assert found
    assert exhibit.data is not None
    assert base64.b64decode(found.group(1)) == ex.csv_bytes(exhibit.data)
    assert b"'=cmd" in base64.b64decode(found.group(1))


def test_cards_and_notes() -> None:
    cards = ex.kpi_cards([("83%", "<b>", "", "satisfied"), ("4.2", "mean", "sd 0.9", "neutral")])
    assert "&lt;b&gt;" in cards.body
    assert cards.alt == "<b>: 83%; mean: 4.2"
    with pytest.raises(ValueError, match="tone must be one of"):
        ex.kpi_cards([("1", "a", "", "loud")])
    with pytest.raises(ValueError, match="tone must be"):
        ex.note("a", ["b"], "loud")  # type: ignore[arg-type]
    assert (
        ex.note("a", ["<i>"], "warning")
        .html()
        .startswith('<div role="note" class="exhibit note warning">')
    )


def test_tables() -> None:
    result = estimates(["a", "b"])
    table = ex.result_table(result, ["item", "estimate", "interval", "n"])
    assert (
        '<td class="num">95%</td><td class="num">91–99%</td><td class="num">326</td>' in table.body
    )
    with pytest.raises(ValueError, match="no column rank"):
        ex.result_table(result, ["item", "rank"])
    stages = ex.stages_table(
        Result(pd.DataFrame(), "cochran", stages={"n0": 384.1588, "fpc": 278, "full": True}),
        {"n0": "Without FPC"},
    )
    assert "Without FPC" in stages.body
    assert "384.159" in stages.body
    assert ">278<" in stages.body


def test_codes_in_words_with_fallback() -> None:
    assert ex.reason_text("too_few") == "too few answers"
    assert ex.reason_text("something_new") == "something new"
    assert ex.method_text("korn_graubard") == "Korn-Graubard interval"
    assert ex.method_text("other_way") == "other way"


def test_labels_are_spread_without_crossing() -> None:
    places = [50.0, 51.0, 52.0, 200.0, 10.0]
    moved = spread(places, [20] * 5, 0, 300)
    order = np.argsort(places)
    assert (np.diff(np.array(moved)[order]) >= 20 - 1e-9).all()
    assert moved[3] == 200
    assert moved[4] == 10
    assert min(spread([0.0] * 5, [20] * 5, 0, 300)) >= 0
    assert max(spread([300.0] * 5, [20] * 5, 0, 300)) <= 300
    assert ticks(0.42, 0.93) == [0.5, 0.6, 0.7, 0.8, 0.9]


def test_each_colour_has_one_name() -> None:
    assert len(set(NAMES.values())) == len(NAMES)
    assert named("#0B6E78") == "var(--satisfied,#0b6e78)"
    assert "--focus:#c05517;" in ex.css_variables()
