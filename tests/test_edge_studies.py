"""All four notebooks on thin data: they run to their end and show nothing that is no word."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notebook_runs import REPORTS, run_notebook
from satisfaction import i18n
from satisfaction.exhibits.bottom_line import MIME
from satisfaction.exhibits.exhibit import Exhibit
from small_study import EDGES
from small_workbook import Workbook

NO_WORDS = re.compile(r"\b(?:nan|NaN|NAN|NaT|None(?! of)|inf|null|undefined)\b|<NA>|\{[a-z_]*\}")
UNROUNDED = re.compile(r"\d\.\d{5,}")
DATA_URI = re.compile(r"data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]*)")


def words_of(html: str) -> str:
    """What stands on the page and what a reader of its pictures hears, without tags."""
    plain = re.sub(r"<style.*?</style>", " ", html, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|alt|title)="([^"]*)"', plain)
    return "\n".join([re.sub(r"<[^>]*>", " ", plain), *spoken])


def tables_of(html: str) -> str:
    """The tables that the page offers for download, in the clear."""
    return "\n".join(base64.b64decode(part).decode("utf-8-sig") for part in DATA_URI.findall(html))


@pytest.fixture(autouse=True)
def in_the_workbook(surveyed: Workbook, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SATISFACTION_HOME", str(surveyed.home))
    yield
    i18n.use("zh")


# every edge in English; in Chinese those that differ most, as the numbers are the same
STUDIES = [("en", name) for name in ("P1", *EDGES)]
STUDIES += [("zh", name) for name in ("P1", "E-nobody", "E-two", "E-five", "E-other")]


@pytest.mark.parametrize(("lang", "project"), STUDIES)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_on_thin_data(path: Path, project: str, lang: str) -> None:
    displayed, names = run_notebook(path, project=project, wave="2025", lang=lang, seed=7)
    absent = set(names["study"].absent)
    for cell in displayed:
        assert isinstance(cell.value, Exhibit), type(cell.value)
        if absent & set(cell.tags):
            continue  # left out of the page
        words, tables = words_of(cell.html), tables_of(cell.html)
        assert not NO_WORDS.findall(words + tables), words[:600] + tables[:600]
        assert not UNROUNDED.findall(words), words[:600]
    verdicts = [cell for cell in displayed if MIME in cell.value.bundle]
    assert len(verdicts) == 1
    bundle = verdicts[0].value.bundle[MIME]
    assert json.loads(json.dumps(bundle, allow_nan=False)) == bundle
    assert (bundle["project"], bundle["wave"]) == (project, "2025")
    assert bundle["sentence"]
    assert bundle["n"] >= 0


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_without_any_wave_or_answer(path: Path) -> None:
    displayed, _names = run_notebook(path, project="E-nobody", wave="2026", lang="en", seed=7)
    assert displayed


def verdict(report: str, project: str) -> dict[str, Any]:
    path = next(path for path in REPORTS if path.stem == report)
    displayed, _names = run_notebook(path, project=project, wave="2025", lang="en", seed=7)
    (bundle,) = [c.value.bundle[MIME] for c in displayed if MIME in c.value.bundle]
    return bundle


@pytest.mark.parametrize(
    ("project", "verdict_is", "n"),
    [
        ("E-nobody", "cannot_tell", 0),
        ("E-one", "cannot_tell", 0),  # too few to be shown: not evaluated
        ("E-two", "cannot_tell", 0),
        ("E-unknown", "cannot_tell", 0),
        ("E-five", "met", 60),
        ("E-varied", "not_met", 60),
    ],
)
def test_thin_data_get_no_verdict(project: str, verdict_is: str, n: int) -> None:
    bundle = verdict("descriptive_statistics", project)
    assert (bundle["verdict"], bundle["n"]) == (verdict_is, n)
    if verdict_is == "cannot_tell":
        assert bundle["grade"] == ""


@pytest.mark.parametrize("project", ["E-nobody", "E-one", "E-two", "E-five", "E-unknown"])
def test_thin_data_have_no_drivers(project: str) -> None:
    bundle = verdict("correlation_drivers", project)
    assert bundle["verdict"] == "cannot_tell"
    assert bundle["sentence"].startswith("Cannot tell what drives satisfaction")


@pytest.mark.parametrize("project", ["E-nobody", "E-one", "E-first", "E-frameless", "E-other"])
def test_no_change_is_claimed_without_something_to_compare(project: str) -> None:
    bundle = verdict("year_over_year", project)
    assert bundle["verdict"] == "cannot_tell"
    assert bundle["change"] is None
    assert bundle["direction"] in ("", "none", "cannot_tell")


def test_the_change_of_identical_answers_is_none() -> None:
    bundle = verdict("year_over_year", "E-five")
    assert bundle["direction"] == "none"
    assert "No detectable change" in bundle["sentence"]


def test_the_helper_reads_the_offered_tables() -> None:
    data = base64.b64encode("a,b\nNaN,1\n".encode("utf-8-sig")).decode()
    html = f'<p>fine</p><a href="data:text/csv;charset=utf-8;base64,{data}">x</a>'
    assert NO_WORDS.findall(tables_of(html)) == ["NaN"]
    assert NO_WORDS.findall(words_of('<img alt="None">')) == ["None"]
    assert NO_WORDS.findall(words_of("<p>{share} nanometre Nonesuch</p>")) == ["{share}"]
