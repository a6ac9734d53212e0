"""Attacks in every text that somebody can enter: nothing runs, nothing is fetched, all is text."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made import LANGUAGES
from poisoned import HOSTILE_FILE, PROJECT, Poison, make
from watching import DESKTOP, OPEN_ALL, opened

from satisfaction.reports.batch import Batch
from satisfaction.reports.index import index_page
from satisfaction.reports.record import read_records
from satisfaction.reports.storage import storage_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATA_URI = re.compile(r"data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]*)")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n]")
# what of the page could run, load or lead out of it
ACTIVE = """() => [...document.querySelectorAll("*")].flatMap((one) => [
  ...(/^(script|iframe|object|embed|base|form|link|image|foreignobject|animate|set)$/i
    .test(one.tagName) ? [one.outerHTML.slice(0, 90)] : []),
  ...[...one.attributes].filter(({ name, value }) => /^on/i.test(name) ||
    /^(href|src|xlink:href|srcset|action|formaction)$/i.test(name) &&
    /^[^#.\\w%]|^\\w+:/.test(value) && !/^data:text\\/csv;/.test(value))
    .map(({ name, value }) => `${name}=${value.slice(0, 60)}`),
])"""
# places whose texts readers see; no page shows, say, what residents wrote
SEEN = (
    "name P1", "English P1", "region", "wave", "English wave", "item", "dimension", "overall",
    "owner", "tenant", "building", "excluded", "title of", "exception",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """The reports of the poisoned company."""

    home: Path
    poison: Poison
    batch: Batch

    @property
    def pages(self) -> list[Path]:
        return sorted((self.home / "reports").glob("*/*/*.html"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home, poison = tmp_path_factory.mktemp("poisoned") / "home", Poison()
    return Made(home, poison, make(home, poison))


@pytest.fixture(scope="module")
def index(made: Made) -> list[Path]:
    """The index in both languages, beside the one that the run wrote."""
    storage = storage_at(made.home / "reports")
    files = []
    for lang in LANGUAGES:
        page = index_page(read_records(storage.records()), lang)
        files.append(made.home / "reports" / f"index.{lang}.html")
        files[-1].write_text(page, "utf-8")
    return files


def test_all_reports_were_made_and_the_bad_ones_failed(made: Made) -> None:
    assert len(made.pages) == 4 * len(LANGUAGES)
    failed = {record.report for record in made.batch.failed}
    assert failed == {HOSTILE_FILE, f"half {HOSTILE_FILE}"}


def test_nothing_runs_in_a_report(browser: Browser, made: Made) -> None:
    for file in made.pages:
        said: list[str] = []
        with opened(browser, file, said, viewport=DESKTOP) as page:
            page.evaluate(OPEN_ALL)
            page.mouse.move(300, 300)
            assert page.evaluate(ACTIVE) == [], file.name
            assert page.evaluate("document.querySelectorAll('img, style').length") == 1
        assert said == [], file.name


def test_nothing_runs_in_the_index(browser: Browser, index: list[Path]) -> None:
    for file in index:
        said: list[str] = []
        with opened(browser, file, said, viewport=DESKTOP) as page:
            scripts = [each for each in page.evaluate(ACTIVE) if each.startswith("<script")]
            assert len(scripts) == 2  # ours and its data
            assert page.evaluate(ACTIVE) == scripts
            assert page.evaluate("document.querySelectorAll('img, svg').length") == 0
            for link in page.locator("a[href]").all():
                address = str(link.evaluate("(one) => one.href"))
                assert address.startswith(file.parent.as_uri()), address
        assert said == []


def test_every_text_stands_there_as_text(browser: Browser, made: Made, index: list[Path]) -> None:
    shown = ""
    for file in (*made.pages, *index):
        with opened(browser, file, [], viewport=DESKTOP) as page:
            page.evaluate(OPEN_ALL)
            shown += str(page.evaluate("document.title + document.body.textContent"))
    seen = {place: mark for place, mark in made.poison.marks.items() if place.startswith(SEEN)}
    assert {place for place, mark in seen.items() if mark not in shown} == set()
    assert {next(kind for kind in SEEN if place.startswith(kind)) for place in seen} == {*SEEN}
    for attack in ("<script>alert(1)", "<img src=x onerror=alert(2)>", "[x](javascript:alert(4))"):
        assert attack in shown
    for sign in "\u202e\u2066\u2028":
        assert sign not in shown, f"U+{ord(sign):04X} turns or breaks the text around it"


def test_tables_to_download_hold_no_formula(made: Made) -> None:
    cells = 0
    for file in made.pages:
        for part in DATA_URI.findall(html.unescape(file.read_text("utf-8"))):
            text = base64.b64decode(part).decode("utf-8-sig")
            for row in csv.reader(io.StringIO(text, newline="")):
                for cell in row:
                    cells += 1
                    assert PLAIN_NUMBER.fullmatch(cell) or not FORMULA.match(cell), cell
    assert cells > 1000
    assert "'=cmd" in "".join(
        base64.b64decode(part).decode("utf-8-sig")
        for file in made.pages
        for part in DATA_URI.findall(file.read_text("utf-8"))
    )


def test_no_attack_is_in_a_file_name(made: Made) -> None:
    folder = made.home / "reports" / "2025" / PROJECT
    assert {path.suffix for path in folder.iterdir()} == {".html", ".ipynb", ".json"}
