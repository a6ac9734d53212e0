"""``index.html``: all projects at a glance, built from nothing but the records."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

from satisfaction import i18n
from satisfaction.data.choices import PROPERTY_TYPES
from satisfaction.i18n import LANGUAGES, MISSING, N_, _
from satisfaction.reports.discoveries import Discoveries, discoveries
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
from satisfaction.reports.record import Record, read_records

HEADLINE = "descriptive_statistics"  # the report whose verdict speaks for the project
WORDS = {  # worst first: the order of the rows
    "failed": N_("Failed"),
    "not_met": N_("Not met"),
    "cannot_tell": N_("Cannot tell"),
    "met": N_("Met"),
    "info": N_("Information"),
}
GRADES = {
    "excellent": N_("Excellent"),
    "good": N_("Good"),
    "average": N_("Average"),
    "poor": N_("Poor"),
}


def build_index(out: Path, lang: str | None = None) -> Path:
    """Write ``index.html`` over all reports under ``out``; in Chinese if any report is."""
    records, unreadable = read_records(out)
    if lang is None:
        spoken = {record.lang for record in records}
        lang = "en" if spoken == {"en"} else "zh"
    out.mkdir(parents=True, exist_ok=True)
    place = out / "index.html"
    temporary = out / f".index.html.{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.write_text(index_page(records, unreadable, lang), encoding="utf-8", newline="\n")
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
    return place


def index_page(records: Sequence[Record], unreadable: Sequence[Path], lang: str) -> str:
    """The page as HTML."""
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[(record.wave, record.project)].append(record)
    with i18n.speaking(lang):
        found = discoveries(records)
        rows = [_row(group, lang, found) for group in groups.values()]
        worst = list(WORDS)
        rows.sort(key=lambda row: (row["wave_id"], row["share_value"], row["id"]))
        rows.sort(key=lambda row: worst.index(row["state"]))
        counts = [
            (name, _(word), sum(row["state"] == name for row in rows))
            for name, word in WORDS.items()
        ]
        environment = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
        environment.globals["_"] = _
        page = environment.get_template("index.html.j2").render(
            code=LANGUAGE_CODES[lang],
            policy=POLICY,
            style=style_sheet(),
            rows=rows,
            counts=counts,
            waves=list(dict.fromkeys(row["wave"] for row in rows)),
            drops=_drop_sentences(groups, found, lang),
            synthetic=any(record.verdict.get("synthetic") for record in records),
            unreadable=[path.as_posix() for path in unreadable],
        )
    return with_font(page)


def _drop_sentences(
    groups: Mapping[tuple[str, str], list[Record]], found: Discoveries, lang: str
) -> list[str]:
    """Per wave, newest first: how many projects fell, tested together."""
    names = {
        wave: named(_headline(group, lang).wave_name, lang, wave)
        for (wave, _project), group in groups.items()
    }
    said = []
    for wave in sorted(found.tested, key=_newest_first):
        fell, tested = len(found.dropped[wave]), len(found.tested[wave])
        words = (
            _(
                "{wave}: {k} of {m} projects fell beyond chance, tested together; of such claims "
                "at most {rate} are expected to be false."
            )
            if fell
            else _("{wave}: none of {m} projects fell beyond chance, tested together.")
        )
        rate = i18n.percent(found.rates[wave])
        said.append(words.format(wave=names[wave], k=fell, m=tested, rate=rate))
    return said


def _row(records: list[Record], lang: str, found: Discoveries) -> dict[str, Any]:
    """One project in one wave."""
    speaks = _headline(records, lang)
    verdict = speaks.verdict
    failures = [record for record in records if not record.ok]
    kind = str(verdict.get("verdict", ""))
    kind = kind if kind in WORDS else ""
    state = "failed" if failures else kind or "info"
    property_type = PROPERTY_TYPES.get(speaks.property_type)
    share = _figure(verdict, "share")
    return {
        "id": speaks.project,
        "project": named(speaks.project_name, lang, speaks.project),
        "wave": named(speaks.wave_name, lang, speaks.wave),
        "wave_id": _newest_first(speaks.wave),
        "place": [
            text
            for text in (
                property_type[lang == "en"] if property_type else speaks.property_type,
                speaks.region,
            )
            if text
        ],
        "state": state,
        "word": _(WORDS[state]),
        "verdict": kind,
        "verdict_word": _(WORDS[kind]) if kind else "",
        "errors": _errors(failures, lang),
        "share": i18n.percent(share) if share is not None else MISSING,
        "share_value": share if share is not None else 2.0,
        "interval": _interval(verdict),
        "n": _answers(verdict),
        "grade": _grade(verdict),
        "drop": _drop(speaks, found),
        "links": _links(records, lang),
    }


def _headline(records: list[Record], lang: str) -> Record:
    """The record that speaks for the project: made, the descriptive one, in our language."""
    return min(
        records,
        key=lambda record: (
            not record.verdict,
            record.report != HEADLINE,
            record.verdict.get("verdict") == "info",
            record.lang != lang,
            _order(record),
        ),
    )


def _drop(speaks: Record, found: Discoveries) -> str:
    """The fall of a project that holds in the whole portfolio."""
    change = found.dropped.get(speaks.wave, {}).get(speaks.project)
    if change is None:
        return ""
    words = (
        _("fell by {size} points, but not like for like")
        if speaks.project in found.unlike.get(speaks.wave, ())
        else _("fell by {size} points")
    )
    return words.format(size=i18n.points(-change, 0).lstrip("+"))


def _errors(failures: list[Record], lang: str) -> list[tuple[str, str]]:
    """Title and error of each failed report, once: in our language if it failed in that one."""
    told: dict[str, tuple[str, str]] = {}
    for record in sorted(failures, key=lambda each: (each.lang != lang, _order(each))):
        told.setdefault(record.report, (_short_title(record), record.error))
    return list(told.values())


def _links(records: list[Record], lang: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Title and (address, language code, language name) of each report; our language first."""
    reports: dict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=_order):
        if record.ok:
            reports[record.report].append(record)
    links = []
    for versions in reports.values():
        versions.sort(key=lambda record: (record.lang != lang, record.lang))
        links.append(
            (
                _short_title(versions[0]),
                [
                    (_address(each), LANGUAGE_CODES.get(each.lang, each.lang), _language(each))
                    for each in versions
                ],
            )
        )
    return links


def _short_title(record: Record) -> str:
    kind, question = kind_and_question(record.title)
    return kind or question or record.report


def _address(record: Record) -> str:
    parts = (record.wave, record.project, f"{record.stem}.html")
    return "/".join(quote(part, safe="") for part in parts)


def _language(record: Record) -> str:
    return LANGUAGE_NAMES[record.lang] if record.lang in LANGUAGES else record.lang


def _order(record: Record) -> tuple[float, str]:
    known = isinstance(record.order, int | float) and not isinstance(record.order, bool)
    return (record.order if known else 0, record.report)


def _newest_first(wave: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in wave)


def _figure(verdict: Mapping[str, Any], key: str) -> float | None:
    value = verdict.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _interval(verdict: Mapping[str, Any]) -> str:
    low, high = _figure(verdict, "ci_low"), _figure(verdict, "ci_high")
    return i18n.interval(low, high) if low is not None and high is not None else ""


def _answers(verdict: Mapping[str, Any]) -> str:
    n, population = _figure(verdict, "n"), _figure(verdict, "population")
    if n is None:
        return MISSING
    known = i18n.number(population) if population is not None else _("unknown")
    return f"{i18n.number(n)} / {known}"


def _grade(verdict: Mapping[str, Any]) -> str:
    grade = str(verdict.get("grade") or "")
    return _(GRADES[grade]) if grade in GRADES else grade or MISSING
