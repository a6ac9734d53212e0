"""The index over all reports: what it says, that it stays small, and that nothing foreign runs."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from satisfaction.exhibits.words import clean
from satisfaction.reports.index import STATIC_ROWS, build_index, index_page, index_script
from satisfaction.reports.page_check import page_problems
from satisfaction.reports.record import Record, publish, read_records
from satisfaction.reports.storage import storage_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ATTACK = "</style></title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
IN_DATA = "<!--<script>\u2028\u2029]]>&lt;\\u003c'\"`${alert(3)}</script>"
VERDICT = {"project": "yunqi", "wave": "2025", "verdict": "met", "sentence": "Met."}


def record(**more: Any) -> Record:
    plain: dict[str, Any] = {
        "run_id": "r1", "report": "descriptive_statistics", "project": "yunqi", "wave": "2025",
        "lang": "en", "state": "ok", "started_at": "2026-01-02T03:04:05+00:00",
        "finished_at": "2026-01-02T03:04:09+00:00", "title": "Description: how satisfied?",
        "order": 2, "verdict": VERDICT,
    }  # fmt: skip
    return Record(**{**plain, **more})


def surveyed(project: str, share: float, verdict: str = "met", **more: Any) -> Record:
    bundle = {**VERDICT, "verdict": verdict, "share": share, "ci_low": share - 0.1,
              "ci_high": share + 0.1, "n": 326, "population": 2480, "grade": "good"}  # fmt: skip
    return record(project=project, verdict=bundle, **more)


def year_over_year(project: str, change: Any, p: Any, **more: Any) -> Record:
    verdict = {**VERDICT, "verdict": "info", "change": change, "p_value": p,
               "false_discovery_rate": 0.05, **more}  # fmt: skip
    return record(project=project, report="year_over_year", title="Year over year", verdict=verdict)


def files(records: Iterable[Record]) -> list[tuple[str, str]]:
    return [(f"{r.wave}/{r.project}/{r.stem}.json", r.to_json()) for r in records]


def page_of(*records: Record, lang: str | None = None) -> str:
    page = index_page(read_records(files(records)), lang)
    assert page_problems(page, [index_script()]) == []
    return page


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', page)
    assert found is not None
    assert not re.search("[<\u2028\u2029]", found[1])
    return dict(json.loads(found[1]))


def row_of(page: str, project: str) -> str:
    found = re.search(rf'<th scope="row">{project}<.*?</tr>', page)
    assert found is not None
    return found[0]


def test_a_row_shows_share_and_interval_as_a_bar_where_both_are_known() -> None:
    unknown = record(project="b", verdict={**VERDICT, "share": 0.8})
    page = page_of(surveyed("a", 0.7), unknown)
    assert '<span class="bar" style="--a:60;--b:80;--p:70"></span>' in row_of(page, "a")
    assert "bar" not in row_of(page, "b")


def test_the_index_shows_as_many_decimals_as_the_verdict_needs() -> None:
    near = {**VERDICT, "share": 0.8961, "ci_low": 0.88, "ci_high": 0.8996, "digits": 2}
    shown = row_of(page_of(record(project="a", verdict=near)), "a")
    assert "89.61%" in shown
    assert "88.00–89.96%" in shown
    assert "--a:88.00;--b:89.96;--p:89.61" in shown
    for foreign in (99, -1, "2", None):
        page_of(record(project="a", verdict={**near, "digits": foreign}))


def test_an_index_of_nothing(tmp_path: Path) -> None:
    storage = storage_at(tmp_path / "new")
    build_index(storage, lang="en")
    page = (tmp_path / "new" / "index.html").read_text("utf-8")
    assert "There are no reports here yet." in page
    assert page_problems(page) == []


def test_the_worst_come_first_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    storage = storage_at(tmp_path)
    for project, verdict in [("a", "met"), ("b", "cannot_tell"), ("c", "not_met"), ("d", "met")]:
        publish(storage, surveyed(project, 0.8, verdict), {".html": b"x"})
    for report in ("other", "third"):
        lost = record(project="d", report=report, title="", state="failed", error="no wave")
        publish(storage, lost, {})
    broken = {
        "half": '{"schema": 1, ', "list": "[1]", "old": '{"schema": 0}', "deep": "[" * 100_000,
        "surrogate": replace(record(), title="\ud83d").to_json().encode("utf-8", "replace").decode()
        .replace('"title": "?"', '"title": "\\ud83d"'), "nowhere": record(wave="").to_json(),
    }  # fmt: skip
    for name, text in broken.items():
        (tmp_path / "2025" / "a" / f"{name}.json").write_text(text)
    build_index(storage)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert '<html lang="en">' in page
    assert re.findall(r'<th scope="row">(\w)</th>', page) == ["d", "c", "b", "a"]
    assert "<li>other, third: no wave</li>" in row_of(page, "d")
    for words in ("80%", "70–90%", "326 / 2,480", "Good", ">Met<"):
        assert words in row_of(page, "a")
    assert re.findall(r"2025/a/(\w+)\.json", page) == sorted(broken)
    assert page_problems(page, [index_script()]) == []


def test_falls_that_hold_in_the_whole_portfolio_are_named() -> None:
    # one-sided .0005, .04, .15, .7, .65: Benjamini-Hochberg at 5 % of five leaves the first alone
    moved = [("a", -0.12, 0.001), ("b", -0.06, 0.08), ("c", -0.03, 0.3), ("d", 0.01, 0.6),
             ("e", 0.01, 0.7), ("new", None, None), ("odd", "x", True)]  # fmt: skip
    shown = [year_over_year(*one, change_low=-0.2, change_high=0.051) for one in moved]
    page = page_of(*shown, *(replace(one, lang="zh") for one in shown), lang="en")
    assert "2025: 1 of 5 projects fell beyond chance, tested together" in page
    assert "at most 5% are expected to be false" in page
    assert re.findall(r'fell">([^<]*)<', page) == ["fallen beyond chance"]
    for words in ("fallen beyond chance", "−12.0", "−20.0 to +5.1"):
        assert words in row_of(page, "a")
    assert ">—<" in row_of(page, "new")


def test_falls_that_are_not_like_for_like_are_marked() -> None:
    own = {"mix": "none", "real": "down", "unknown": ""}
    page = page_of(
        *(year_over_year(name, -0.2, 1e-6, like_for_like=one) for name, one in own.items())
    )
    marks = dict(re.findall(r'<th scope="row">(\w+)<.*?fell">([^<]*)<', page))
    assert marks == {
        "mix": "fallen beyond chance, but not like for like",
        "real": "fallen beyond chance",
        "unknown": "fallen beyond chance",
    }


def test_without_falls_the_index_says_so() -> None:
    page = page_of(
        year_over_year("a", -0.02, 0.4),
        year_over_year("b", 0.2, 0.0001),
        year_over_year("c", -0.3, 0.001, false_discovery_rate=7),
    )
    assert "2025: none of 2 projects fell beyond chance, tested together." in page
    assert "fallen" not in page
    assert "tested together" not in page_of(record())


def test_a_planned_count_of_sheets_is_no_count_of_answers() -> None:
    design = record(report="sampling_design", verdict={**VERDICT, "verdict": "info", "n": 327})
    assert "327" not in row_of(page_of(design), "yunqi")


def many(count: int) -> list[Record]:
    return [
        surveyed(
            f"p{k:04d}",
            0.5 + k / (3 * count),
            ("not_met", "cannot_tell", "met")[k * 3 // count],
            region=("north", "south")[k % 2],
            property_type=("residential", "commercial")[k % 3 == 0],
            project_name={"en": f"Court {k}", "zh": f"小区{k}"},
        )
        for k in range(count)
    ]


def test_thousands_of_rows_come_as_data_and_the_worst_as_rows() -> None:
    records = many(600)
    page = page_of(*records)
    assert re.findall(r'"small">(p\d+)<', page) == [f"p{k:04d}" for k in range(STATIC_ROWS)]
    assert "The 200 worst of 600 rows" in page
    data = data_of(page)
    place = data["columns"].index("id")
    assert [row[place] for row in data["rows"]] == [f"p{k:04d}" for k in range(600)]
    one, other = (len(page_of(*records[:count])) for count in (300, 600))
    assert (other - one) / 300 < 160  # bytes of a row beyond the first: 5,000 stay below 1 MB


def test_the_order_of_files_does_not_matter() -> None:
    records = [*many(30), *(replace(one, lang="zh") for one in many(30)),
               *(year_over_year(f"p{k:04d}", -0.01 * k, 0.001 * k) for k in range(9))]  # fmt: skip
    shuffled = random.Random(3).sample(files(records), len(records))
    assert index_page(read_records(shuffled)) == index_page(read_records(files(records)))


def hostile() -> list[Record]:
    bad = {"zh": ATTACK, "en": IN_DATA}
    bundle = {**VERDICT, "grade": ATTACK, "share": "x", "n": float("nan"), "verdict": ATTACK}
    first = record(
        project_name=bad, wave_name=bad, title=ATTACK, region=IN_DATA, property_type=ATTACK,
        verdict=bundle, project="__proto__",
    )  # fmt: skip
    place = replace(first, project="../\"><script>!'()*", wave="javascript:alert(1)//")
    failing = replace(first, project="x", state="failed", error=IN_DATA + ATTACK, report=ATTACK)
    return [first, place, failing, replace(failing, lang=ATTACK)]


def test_hostile_records_cannot_attack_the_index() -> None:
    page = page_of(*hostile(), lang="en")
    assert len(re.findall(r"<script", page, re.I)) == 2
    assert not re.search(r"<img|<!--", page)
    assert 'href="javascript%3Aalert%281%29%2F%2F/..%2F%22%3E%3Cscript%3E' in page
    data = data_of(page)
    assert clean(IN_DATA) in {row[data["columns"].index("project")] for row in data["rows"]}


def test_only_our_script_may_run() -> None:
    page = page_of(*many(2))
    digest = base64.b64encode(hashlib.sha256(index_script().encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert f"script-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert policy[1].count("script-src") == 1
    assert page_problems(page) != []  # in a report no script may stand at all
    ours = [index_script()]
    assert page_problems(page.replace("const FIRST = 50", "const FIRST = 51"), ours) != []
    for foreign in (
        "<script>alert(1)</script>",
        "<script src='x.js'></script>",
        "<script type='application/json'>{} <b></script>",
        "<script type='application/json'>alert(1)</script>",
        "<script type='application/json' onload='x()'>{}</script>",
        f"<script nonce='x'>{index_script()}</script>",
        "<script type='module'>import 'x'</script>",
        "<script>",
    ):
        assert page_problems(f"<p>x</p>{foreign}", ours) != [], foreign


def opened(browser: Browser, place: Path, text: str, said: list[str], **options: Any) -> Page:
    """A page in the browser; dialogs, errors and requests beyond the file itself are noted."""
    place.write_text(text, "utf-8")
    page = browser.new_page(**options)
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url[:100]))
    page.goto(place.as_uri())
    return page


ROWS = "document.querySelector('.portfolio tbody').innerHTML"


def test_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    said: list[str] = []
    text = page_of(*many(230), *hostile(), lang="en")
    page = opened(browser, tmp_path / "index.html", text, said)
    status, rows = page.locator(".shown"), page.locator(".portfolio tbody tr")
    assert status.inner_text() == "200 of 233 rows shown"
    static = page.evaluate(ROWS)
    page.get_by_role("button", name="Clear choices").click()
    rows.nth(199).wait_for()
    assert page.evaluate(ROWS) == static  # the script writes rows as the page does
    page.get_by_role("button", name="Show all").click()
    assert rows.count() == 233
    assert not page.get_by_role("button", name="Show all").is_visible()

    page.get_by_label("Search").fill("ＣＯＵＲＴ 22 south")
    assert rows.count() == 5  # 221, 223, 225, 227, 229
    page.get_by_label("Search").fill("p000")
    assert rows.count() == 10
    page.get_by_label("Search").fill("south")
    page.get_by_label("Verdict").select_option(label="Met (76)")  # of the 76 from 154 to 229
    assert status.inner_text() == "38 of 38 rows shown"
    page.get_by_label("Search").fill("nobody")
    assert "Nothing matches" in status.inner_text()
    page.get_by_role("button", name="Clear choices").click()
    page.get_by_label("Region").select_option(label="north (115)")
    assert status.inner_text() == "115 of 115 rows shown"
    page.get_by_label("Region").select_option("")
    page.get_by_label("Search").fill("court")
    head = page.get_by_role("columnheader", name="Satisfied")
    for pressed, first, order in ((1, "Court 0", "ascending"), (2, "Court 229", "descending")):
        head.get_by_role("button").press("Enter")
        assert rows.first.inner_text().startswith(first), pressed
        assert head.get_attribute("aria-sort") == order
    assert page.locator("[aria-sort]").count() == 1
    assert said == [(tmp_path / "index.html").as_uri()]
    page.close()


def test_without_script_the_worst_rows_are_a_plain_table(browser: Browser, tmp_path: Path) -> None:
    said: list[str] = []
    page = opened(browser, tmp_path / "index.html", page_of(*many(230)), said,
                  java_script_enabled=False, viewport={"width": 390, "height": 844})  # fmt: skip
    assert page.locator(".portfolio tbody tr").count() == 200
    assert "The 200 worst of 230 rows" in page.locator(".shown").inner_text()
    assert not page.locator(".choose").is_visible()
    assert not page.locator(".more").is_visible()
    page.close()
