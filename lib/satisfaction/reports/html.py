"""An executed notebook as one HTML file that needs nothing but a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from typing import Any
from urllib.parse import quote

import mistune
from nbconvert.exporters import TemplateExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode
from traitlets.config import Config

from satisfaction import i18n
from satisfaction.config.policy_words import CHINESE, key_text
from satisfaction.data.choices import PROPERTY_TYPES
from satisfaction.exhibits import fonts
from satisfaction.exhibits.words import clean
from satisfaction.i18n import LANGUAGES, _
from satisfaction.reports.certificate import in_words
from satisfaction.reports.notebooks import H1, tags
from satisfaction.reports.page import (
    LANGUAGE_CODES,
    LANGUAGE_NAMES,
    POLICY,
    TEMPLATE,
    kind_and_question,
    named,
    style_sheet,
    with_font,
)
from satisfaction.reports.page_check import page_problems
from satisfaction.reports.record import Record

SHOWN = ["text/html", "image/png", "image/svg+xml", "text/markdown", "text/plain"]
# a clause of the rules in running text, not inside a tag
CLAUSE = re.compile(r"(?<![\w-])S\d-\d+(?![^<]*>)")
# a p-value in running text, which is not broken over two lines
P_VALUE = re.compile(r"p (=|&lt;|&gt;) (?=\d)")


@dataclass(frozen=True)
class Page:
    """All that a page is made from."""

    notebook: NotebookNode
    record: Record
    languages: tuple[str, ...] = ()


def render(page: Page) -> str:
    """The page as HTML; ``ValueError`` if something in it would run or load anything."""
    with i18n.speaking(page.record.lang):
        text, _resources = exporter().from_notebook_node(page.notebook, {"made_from": page})
    text = P_VALUE.sub("p\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    problems = page_problems(text)
    if problems:
        raise ValueError(f"the page would not be safe: it holds {'; '.join(problems[:3])}")
    return with_font(text)


@cache
def exporter() -> ReportExporter:
    """The exporter, built once a process."""
    return ReportExporter()


class ReportExporter(TemplateExporter):
    """nbconvert with our template on ``base``: no code, no prompts, no messages."""

    output_mimetype = "text/html"

    def __init__(self) -> None:
        super().__init__(
            config=Config({"NbConvertBase": {"display_data_priority": SHOWN}}),
            extra_template_basedirs=[str(TEMPLATE.parent)],
            template_name=TEMPLATE.name,
            template_file="report.html.j2",
            exclude_input=True,
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )
        self.environment.globals["_"] = _
        self.register_filter("markdown", lambda source: markdown(source, []))

    def _preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """What a page shows of the notebook; ``nb`` is a copy already.

        Instead of nbconvert's preprocessors: for them it would copy and validate all once more.
        """
        page: Page = resources["made_from"]
        left_out = {str(tag) for tag in page.record.verdict.get("absent") or ()}
        sections = _make_readable(nb, page.record.lang, left_out)
        resources["page"] = {**_words(page, nb), "sections": sections}
        return nb, resources

    def _file_extension_default(self) -> str:
        return ".html"


class _SafeRenderer(mistune.HTMLRenderer):
    """Markdown without raw HTML, pictures or links out of the page; H2s become sections."""

    def __init__(self, sections: list[tuple[str, str]]) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False)
        self.sections = sections

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        if level != 2:
            return super().heading(text, level, **attrs)
        anchor = f"section-{len(self.sections) + 1}"
        self.sections.append((anchor, unescape(re.sub(r"<[^>]*>", "", text))))
        return f'<h2 id="{anchor}">{text}</h2>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if re.fullmatch(r"#[\w-]+", url):
            return f'<a href="{url}">{text}</a>'
        return text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return escape(text)


def markdown(source: str, sections: list[tuple[str, str]]) -> str:
    """Markdown as safe HTML; its sections are added to ``sections`` as (anchor, heading)."""
    write = mistune.create_markdown(renderer=_SafeRenderer(sections), plugins=["table"])
    # a clause such as S3-4 is not broken at its hyphen
    return CLAUSE.sub(r'<span class="clause">\g<0></span>', str(write(source)))


def _make_readable(notebook: NotebookNode, lang: str, left_out: set[str]) -> list[tuple[str, str]]:
    """Keep the cells of one language, write markdown as HTML; the sections that this makes.

    ``left_out``: tags of cells that do not apply to this study, such as a comparison with an
    earlier wave where there is none.
    """
    choose = TagRemovePreprocessor(
        enabled=True,
        remove_cell_tags={other for other in LANGUAGES if other != lang} | left_out,
        remove_all_outputs_tags={"parameters", "injected-parameters", "setup"},
    )
    choose.preprocess(notebook, {"global_content_filter": {}})
    sections: list[tuple[str, str]] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            is_title = lang in tags(cell) and H1.search(cell.source)
            source = H1.sub("", cell.source, count=1) if is_title else cell.source
            cell.metadata["html"] = markdown(source, sections)
            cell.metadata["is_title"] = bool(is_title)
        elif "open_study(" in cell.source:
            cell.outputs = []
    return sections


def _text(notebook: NotebookNode, record: Record) -> str:
    """All that a reader will see but our own words."""
    shown = [record.title, *record.project_name.values(), *record.wave_name.values()]
    for cell in notebook.cells:
        shown.append(cell.metadata.get("html", ""))
        shown += [
            str(each.get("data", {}).get("text/html", "")) for each in cell.get("outputs", [])
        ]
    return unescape("".join(shown))


def _words(page: Page, notebook: NotebookNode) -> dict[str, Any]:
    record = page.record
    verdict = record.verdict
    households = verdict.get("population")
    kind = PROPERTY_TYPES.get(record.property_type)
    about, question = kind_and_question(record.title)
    facts = [
        kind[record.lang == "en"] if kind else record.property_type,
        clean(record.region),
        _("{n} households").format(n=i18n.number(households)) if _is_count(households) else "",
    ]
    return {
        "code": LANGUAGE_CODES[record.lang],
        "kind": about,
        "question": question,
        "project": named(record.project_name, record.lang, record.project),
        "wave": named(record.wave_name, record.lang, record.wave),
        "facts": [fact for fact in facts if fact],
        "languages": list(_siblings(page)),
        "synthetic": bool(verdict.get("synthetic")),
        "style": style_sheet("report.css"),
        "policy": POLICY,
        "record": record,
        "method_note": _(
            "Each figure stands with its number of answers, its interval and its method; "
            "METHODS.md explains them with worked examples. Where the answers do not suffice, "
            "the report says that it cannot tell."
        ),
        "questionnaire": verdict.get("questionnaire") or "",
        "overrides": _overrides(verdict, record.lang),
        "methods": in_words(record.certificate),
        "missing": fonts.missing_glyphs(_text(notebook, record)),
    }


def _siblings(page: Page) -> Iterator[tuple[str, str, str]]:
    """(name, language code, file) of each language; no file for the one that this page is in."""
    record = page.record
    for lang in LANGUAGES:
        if lang == record.lang:
            yield LANGUAGE_NAMES[lang], LANGUAGE_CODES[lang], ""
        elif lang in page.languages:
            yield LANGUAGE_NAMES[lang], LANGUAGE_CODES[lang], quote(f"{record.report}.{lang}.html")


def _overrides(verdict: Mapping[str, Any], lang: str) -> list[str]:
    """The policy keys in which a project differs, in words; a notebook may have said anything."""
    found = verdict.get("overrides")
    keys = [str(key) for key in found] if isinstance(found, list | tuple) else []
    return [key_text(key, lang) if key in CHINESE else key for key in keys]


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
