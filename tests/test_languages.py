"""Each report in one language only, written as its readers write: words, numbers, dates, marks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from notebook_runs import REPORTS, whole_page
from readable_text import faults, pieces
from satisfaction import FORMULA_VERSION, i18n
from satisfaction.checks import _overrides
from satisfaction.config.policy import Policy, meaning
from satisfaction.config.policy_words import CHINESE
from satisfaction.exhibits import fonts
from satisfaction.exhibits.glossary import METHODS
from satisfaction.exhibits.words import clean, spoken
from satisfaction.reports.html import Page, render
from satisfaction.reports.provenance import versions
from satisfaction.study import Study, open_study
from small_workbook import Workbook
from test_reports_pages import VERDICT, markdown, notebook, record, shows

# what may stand in a Chinese text: names of people behind a method, symbols, the zone of a time
LATIN = {
    "Bartlett", "Cochran", "Cramér", "Cronbach", "F", "Fay-Herriot", "Feldt", "Guttman", "Holm",
    "I-S", "Jeffreys", "Johnson", "Kish", "Laney", "McNemar", "Newcombe", "Oaxaca-Blinder",
    "Paule-Mandel", "Rao-Scott", "Shapley", "Spearman", "Spiegelhalter", "V", "Wilson",
    "CSV", "UTC",
    "LMG", "n", "p", "t",
    "S", "S0-", "S1-", "S2-", "S3-", "S4-",  # clauses
}  # fmt: skip
# results that no exhibit shows as a chart or table of their own
NEVER_IN_A_CAPTION = {
    "conversions_needed", "kish", "next_grade_distance", "ordinal_check", "peer_comparison",
    "target_verdict", "transitions",
}  # fmt: skip
RUN = ("20260102T030405Z-000000", "2026-01-02 03:04", "0123456789abcdef")
STUDIES = [("zh", "P1"), ("en", "P1"), ("zh", "E-varied"), ("en", "E-varied"), ("zh", "E-nobody")]


def names_of(study: Study) -> set[str]:
    """All that is a name in the data of a study, and the ids and versions of a page's footer."""
    parts, identity = study.slice, study.identity
    waves = [parts.wave, *(row for _place, row in parts.waves.iterrows())]
    waves += [row for _place, row in parts.monthly_waves.iterrows()]
    shown = {str(name) for row in (parts.project, *waves) for name in (row["name"], row["name_en"])}
    shown |= {study.project, str(parts.project["region"]), *(str(row["wave"]) for row in waves)}
    for column in ("building", "household"):
        if column in study.frame:
            shown |= set(study.frame[column].dropna().astype(str))
    if "collector" in study.responses:
        shown |= set(study.responses["collector"].dropna().astype(str))
    shown |= {study.questionnaire.key, FORMULA_VERSION, "METHODS.md", *RUN}
    shown |= {study.data_fingerprint, study.settings.fingerprint, *identity["overrides"]}
    shown |= {f"{name} {number}" for name, number in versions().items()}
    return {name for name in shown if not name.isdigit()}  # a building "3" is no word


@pytest.fixture(autouse=True)
def in_the_workbook(surveyed: Workbook, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SATISFACTION_HOME", str(surveyed.home))
    yield
    i18n.use("zh")


@pytest.mark.parametrize(("lang", "project"), STUDIES)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_speaks_one_language_as_its_readers_write_it(
    path: Path, lang: str, project: str
) -> None:
    page, study = whole_page(path, project, "2025", lang)
    assert len(pieces(page)) > 40
    assert list(faults(page, lang, names_of(study), LATIN)) == []


@pytest.mark.parametrize(
    ("lang", "html", "rule"),
    [
        ("en", "<p>Share: 满意</p>", "Chinese"),
        ("en", "<p>Half， not full</p>", "full-width punctuation"),
        ("en", "<p>n = 235. difference of two waves.</p>", "sentence in lower case"),
        ("en", "<p>A fall of -5 points</p>", "hyphen as minus"),
        ("en", "<p>Between 79-87%</p>", "hyphen as dash"),
        ("en", "<p>Cramér's V</p>", "straight quote"),
        ("en", "<p>Sentence.. Again</p>", "double punctuation"),
        ("en", "<p>From {low} on</p>", "placeholder"),
        ("en", "<td>nan</td>", "no word"),
        ("en", "<td>wave_difference</td>", "name of the code"),
        ("en", "<td>2087</td>", "number without separator"),
        ("zh", "<p>满意率，见下 。</p>", "space at punctuation"),
        ("zh", "<p>满意率(加权)</p>", "half-width punctuation"),
        ("zh", "<p>满意 率</p>", "space inside"),
        ("zh", "<p>方法：raking</p>", "English"),
        ("zh", '<svg role="img" aria-label="Lifts 80%"></svg>', "English"),
    ],
)
def test_the_checker_sees(lang: str, html: str, rule: str) -> None:
    assert [found.split(":")[0] for found in faults(html, lang, [], LATIN)] == [rule]


def test_what_is_right_is_no_fault() -> None:
    english = "<p>On 3 November 2025, n = 2,087. P1’s share fell by −5.2 points (79–87%).</p>"
    chinese = "<p>2025年11月3日收回 2,087 份（p < 0.001），n = 318–326。见 S3-4。</p>"
    assert list(faults(english, "en", ["P1"], ())) == []
    assert list(faults(chinese, "zh", [], LATIN)) == []


def test_every_method_that_a_result_names_has_words() -> None:
    """Codes of ``Result.method`` in the sources of the methods, as far as they are literals."""
    folder = Path(i18n.__file__).parent
    named = set()
    for path in [*(folder / "methods").glob("*.py"), folder / "drawing.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Result":
                given = node.args[1:2] + [key.value for key in node.keywords if key.arg == "method"]
                named |= {each.value for each in given if isinstance(each, ast.Constant)}
    assert len(named) > 20
    assert named - set(METHODS) == NEVER_IN_A_CAPTION


def test_every_policy_key_is_named_in_both_languages() -> None:
    keys = {
        f"{section}.{name}"
        for section, field in Policy.model_fields.items()
        for model in [field.annotation, *get_args(field.annotation)]
        if isinstance(model, type) and issubclass(model, BaseModel) and section != "customer_groups"
        for name in model.model_fields
    }
    assert set(CHINESE) == keys
    assert all(meaning(key) for key in keys)


def test_an_override_and_its_reason_stand_in_the_language_of_the_page(own_copy: Workbook) -> None:
    own = own_copy.home / "params" / "projects" / "P1.yaml"
    own.write_text(
        "reason: x\napproved_by: y\napproved_on: 2025-01-01\npolicy:\n  sampling:\n"
        "    exclude_blacklisted: true\n    exclusion_reason: {zh: 专人跟进, en: Agreed}\n",
        "utf-8",
    )
    said: dict[str, Any] = {}
    for lang in i18n.LANGUAGES:
        study = open_study("P1", "2025", lang, home=own_copy.home)
        said[lang] = (study.declared_exclusion["reason"], _overrides(study)[0][1])
    assert said["zh"][0] == "专人跟进"
    assert said["en"][0] == "Agreed"
    assert "不抽黑色客户为“是”，公司为“否”" in said["zh"][1]
    assert "leave blacklisted customers out of the sample: “yes” instead of “no”" in said["en"][1]


RARE = ("㐂寿园", "䶮苑", "𠮷野家", "乐园😀")


@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_a_rare_name_is_whole_and_its_characters_are_named(name: str, lang: str) -> None:
    absent = fonts.missing_glyphs(name)
    assert len(absent) == 1
    assert clean(name) == name
    assert fonts.width(name, 10) >= 10 * sum(len(character) for character in name)
    cells = notebook(markdown("## A"), shows({"text/html": f"<p>{name}</p>"}))
    made = record(lang=lang, project_name={"zh": name, "en": name}, verdict=VERDICT)
    page = render(Page(cells, made))
    said = [piece.text for piece in pieces(page)]
    assert sum(name in text for text in said) >= 3  # title, heading and text
    footer = page[page.index("<footer") :]
    with i18n.speaking(lang):
        heading = i18n._("Characters that need an installed font")
    assert f"{heading}</dt><dd>{absent[0]}" in footer


def test_many_rows_are_spoken_from_both_ends() -> None:
    names = [f"item {place}" for place in range(20)]
    with i18n.speaking("en"):
        said = spoken(names, [f"{place}%" for place in range(20)])
        assert said.startswith("item 0 0%, item 1 1%")
        assert "item 5 5%; 8 between them; item 14 14%" in said
        assert spoken(["a", "b"], ["1, of 2", "3"]) == "a: 1, of 2; b: 3"
        assert spoken(["a", "b"], ["1,234", "3"]) == "a 1,234, b 3"
    with i18n.speaking("zh"):
        assert spoken(["甲", "乙"], ["1", "2"]) == "甲 1、乙 2"
