"""The rows of the index: one project in one wave, from the entries of its reports."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from satisfaction import i18n
from satisfaction.data.choices import PROPERTY_TYPES
from satisfaction.exhibits.words import clean
from satisfaction.i18n import LANGUAGES, MISSING, N_, _
from satisfaction.reports.discoveries import SOURCE, Discoveries
from satisfaction.reports.entries import Entry
from satisfaction.reports.page import LANGUAGE_CODES, LANGUAGE_NAMES, kind_and_question, named

FIGURE = re.compile(r"\d+(\.\d+)?", re.ASCII)
HEADLINE = "descriptive_statistics"  # the report whose verdict speaks for the project
STATES = {  # worst first: the order of the rows
    "failed": N_("Failed"),
    "not_met": N_("Not met"),
    "cannot_tell": N_("Cannot tell"),
    "met": N_("Met"),
    "info": N_("Information"),
}
GRADES = {  # worst first
    "poor": N_("Poor"),
    "average": N_("Average"),
    "good": N_("Good"),
    "excellent": N_("Excellent"),
}

Group = list[Entry]
Version = tuple[str, str, str, str]  # file, language code, language name, its PDF or nothing
Link = tuple[str, tuple[Version, ...]]  # title of the report, its versions


@dataclass(frozen=True, slots=True)
class Row:
    """What a reader sees of one project in one wave, in words.

    wave     its id and its name
    state    failed if a report failed, else the verdict; verdict: empty if not known
    fell     what is to be said of a fall that holds in the whole portfolio
    links    files lie in ``folder``
    errors   reports that failed for one reason, and the reason
    """

    project: str
    id: str
    folder: str
    wave: tuple[str, str]
    type: str
    region: str
    state: str
    verdict: str
    share: str
    interval: str
    change: str
    change_interval: str
    fell: str
    n: str
    grade: str
    links: tuple[Link, ...]
    errors: tuple[tuple[str, str], ...]

    @property
    def bar(self) -> str:
        """Ends of the interval and the share between them, for a style sheet to draw."""
        figures = [*self.interval.removesuffix("%").split("–"), self.share.removesuffix("%")]
        if len(figures) != 3 or not all(FIGURE.fullmatch(figure) for figure in figures):
            return ""
        return ";".join(f"--{name}:{figure}" for name, figure in zip("abp", figures, strict=True))


def grouped(entries: Iterable[Entry]) -> dict[tuple[str, str], Group]:
    """Entries by wave and project, in an order that no disk decides."""
    groups: dict[tuple[str, str], Group] = defaultdict(list)
    for entry in sorted(
        entries, key=lambda e: (e.wave, e.project, e.order, e.report, e.lang, e.file)
    ):
        groups[entry.wave, entry.project].append(entry)
    return groups


def rows_of(groups: Iterable[Group], lang: str, found: Discoveries) -> list[Row]:
    """One row for each group: worst first, then the newest wave, then the smallest share."""
    worst = list(STATES)
    rows = []
    for group in groups:
        speaks, row = headline(group, lang), _row(group, lang, found)
        share = speaks.figures.get("share", 2.0)
        rows.append((worst.index(row.state), newest_first(speaks.wave), share, row.id, row))
    return [row for *_order, row in sorted(rows, key=lambda each: each[:-1])]


def headline(group: Group, lang: str) -> Entry:
    """The entry that speaks for the project: made, the descriptive one, in our language."""
    return min(
        group,
        key=lambda entry: (
            not entry.verdict,
            entry.report != HEADLINE,
            entry.verdict == "info",
            entry.lang != lang,
        ),
    )


def newest_first(wave: str) -> tuple[int, ...]:
    """A key that sorts later names of waves to the front."""
    return tuple(-ord(character) for character in wave)


def _row(group: Group, lang: str, found: Discoveries) -> Row:
    speaks = headline(group, lang)
    property_type = PROPERTY_TYPES.get(speaks.property_type)
    failures = [entry for entry in group if not entry.ok]
    change, change_interval = _change(group)
    return Row(
        project=named(speaks.project_name, lang, speaks.project),
        id=speaks.project,
        folder=f"{quote(speaks.wave, safe='')}/{quote(speaks.project, safe='')}",
        wave=(speaks.wave, named(speaks.wave_name, lang, speaks.wave)),
        type=property_type[lang == "en"] if property_type else speaks.property_type,
        region=clean(speaks.region),
        state="failed" if failures else speaks.verdict or "info",
        verdict="" if failures and speaks.verdict == "info" else speaks.verdict,
        share=i18n.percent(speaks.figures.get("share"), _digits(speaks)),
        interval=_interval(speaks),
        change=change,
        change_interval=change_interval,
        fell=_fell(speaks, found),
        n=_answers(speaks),
        grade=_(GRADES[speaks.grade]) if speaks.grade in GRADES else speaks.grade or MISSING,
        links=_links(group, lang),
        errors=_errors(failures, lang),
    )


def _interval(speaks: Entry) -> str:
    low, high = speaks.figures.get("ci_low"), speaks.figures.get("ci_high")
    if low is None or high is None:
        return ""
    return i18n.interval(low, high, _digits(speaks))


def _digits(speaks: Entry) -> int:
    """Decimals at which the figures agree with the verdict, as the report shows them."""
    return min(max(int(speaks.figures.get("digits", 0)), 0), 2)


def _change(group: Group) -> tuple[str, str]:
    """The change since the last wave in points, and its interval."""
    for entry in group:
        change = entry.figures.get("change")
        if entry.ok and entry.report == SOURCE and change is not None:
            low, high = entry.figures.get("change_low"), entry.figures.get("change_high")
            if low is None or high is None:
                return i18n.points(change), ""
            interval = _("{low} to {high}").format(low=i18n.points(low), high=i18n.points(high))
            return i18n.points(change), interval
    return MISSING, ""


def _fell(speaks: Entry, found: Discoveries) -> str:
    if speaks.project not in found.dropped.get(speaks.wave, {}):
        return ""
    if speaks.project in found.unlike.get(speaks.wave, ()):
        return _("fallen beyond chance, but not like for like")
    return _("fallen beyond chance")


def _answers(speaks: Entry) -> str:
    n, population = speaks.figures.get("n"), speaks.figures.get("population")
    if n is None or speaks.report != HEADLINE:  # the n of a design is what was aimed at
        return MISSING
    known = i18n.number(population) if population is not None else _("unknown")
    return f"{i18n.number(n)} / {known}"


def _errors(failures: Group, lang: str) -> tuple[tuple[str, str], ...]:
    """Reports that failed and why, each once: in our language if it failed in that one."""
    told: dict[str, Entry] = {}
    for entry in sorted(failures, key=lambda each: each.lang != lang):
        told.setdefault(entry.report, entry)
    reasons: dict[str, list[str]] = defaultdict(list)
    for entry in told.values():
        reasons[entry.error].append(_short_title(entry))
    return tuple((i18n.listing(titles), error) for error, titles in reasons.items())


def _links(group: Group, lang: str) -> tuple[Link, ...]:
    """All versions of each report that was made; our language first."""
    reports: dict[str, Group] = defaultdict(list)
    for entry in group:
        if entry.ok:
            reports[entry.report].append(entry)
    links = []
    for versions in reports.values():
        versions.sort(key=lambda entry: (entry.lang != lang, entry.lang))
        links.append((_short_title(versions[0]), tuple(map(_version, versions))))
    return tuple(links)


def _version(entry: Entry) -> Version:
    name = LANGUAGE_NAMES[entry.lang] if entry.lang in LANGUAGES else entry.lang
    stem = quote(f"{entry.report}.{entry.lang}", safe="")
    code = LANGUAGE_CODES.get(entry.lang, entry.lang)
    return f"{stem}.html", code, name, f"{stem}.pdf" if entry.pdf else ""


def _short_title(entry: Entry) -> str:
    kind, question = kind_and_question(entry.title)
    return kind or question or entry.report
