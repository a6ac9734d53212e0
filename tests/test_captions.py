"""Every exhibit tells its finding, how to read it, n and method, and says aloud what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest

from notebook_runs import REPORTS, Shown, run_notebook
from readable_text import pieces
from satisfaction import i18n
from satisfaction.exhibits.words import SENTENCE_ENDS
from small_workbook import Workbook

STUDIES = [("en", "P1"), ("zh", "P1"), ("en", "E-varied"), ("zh", "E-varied"), ("en", "E-five")]
FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|(?<!\d)\.\d+")
METHOD = {"en": "Method: ", "zh": "方法："}


@pytest.fixture(autouse=True)
def in_the_workbook(surveyed: Workbook, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SATISFACTION_HOME", str(surveyed.home))
    yield
    i18n.use("zh")


def shown_in(path: Path, project: str, lang: str) -> list[Shown]:
    """The exhibits that stand on the page of this study."""
    displayed, names = run_notebook(path, project=project, wave="2025", lang=lang, seed=7)
    absent = set(names["study"].absent)
    return [shown for shown in displayed if not absent & set(shown.tags)]


@pytest.mark.parametrize(("lang", "project"), STUDIES)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_an_exhibit_has_its_finding_and_its_caption(path: Path, project: str, lang: str) -> None:
    for shown in shown_in(path, project, lang):
        exhibit = shown.value
        kind = exhibit.kind.split()[0]
        assert exhibit.title, exhibit.kind
        assert not exhibit.title.endswith((".", "。")), exhibit.title
        assert exhibit.alt, exhibit.title
        for words in (exhibit.lead, exhibit.note):
            assert not words or words.endswith(SENTENCE_ENDS), words
        if kind in ("chart", "table", "cards"):
            assert exhibit.note.startswith("n = "), (exhibit.title, exhibit.note)
            assert METHOD[lang] in exhibit.note, (exhibit.title, exhibit.note)
        if kind in ("chart", "table"):
            assert exhibit.lead, exhibit.title


@pytest.mark.parametrize(("lang", "project"), STUDIES)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_chart_says_what_it_shows(path: Path, project: str, lang: str) -> None:
    for shown in shown_in(path, project, lang):
        exhibit = shown.value
        if not exhibit.kind.startswith("chart"):
            continue
        assert f'aria-label="{escape(exhibit.alt)}"' in exhibit.body
        assert exhibit.alt.startswith(exhibit.title), exhibit.alt
        seen = " ".join(p.text for p in pieces(shown.html) if "@" not in p.place)
        figures = set(figures_in(seen))
        assert sum(figure in figures for figure in figures_in(exhibit.alt)) >= 2, exhibit.alt


def figures_in(text: str) -> list[str]:
    """The numbers of a text; a correlation stands as ``.48`` in its narrow cell."""
    return [figure if figure[0] != "." else f"0{figure}" for figure in FIGURE.findall(text)]


def test_a_part_of_a_change_is_named_and_not_claimed() -> None:
    """The bridge's rows are names: that residents changed their answers is for the test to say."""
    path = next(path for path in REPORTS if path.stem == "year_over_year")
    (bridge,) = [
        shown for shown in shown_in(path, "E-varied", "en") if "bridge" in shown.value.kind
    ]
    assert "Answers of like residents" in bridge.html
    assert "changed their answers" not in bridge.html
