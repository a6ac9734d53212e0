"""``index.html``: all projects at a glance, built from nothing but the records.

One file that needs no server. The worst rows stand in the page; all rows come with it as data for
a script that searches, filters and sorts. Its hash stands in the policy: nothing else can run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from jinja2 import Environment, FileSystemLoader

from satisfaction import i18n
from satisfaction.i18n import _
from satisfaction.reports.discoveries import Discoveries, discoveries
from satisfaction.reports.entries import Entry, entry
from satisfaction.reports.index_data import as_json, choices, tables_of
from satisfaction.reports.index_rows import STATES, Group, grouped, headline, newest_first, rows_of
from satisfaction.reports.page import (
    LANGUAGE_CODES,
    TEMPLATE,
    named,
    policy,
    style_sheet,
    with_font,
)
from satisfaction.reports.record import Record, read_records
from satisfaction.reports.storage import Storage

NAME = "index.html"
STATIC_ROWS = 200  # what a reader sees where no script runs, as in a mail viewer
MOST_NAMED = 200  # of the records that cannot be read


def build_index(storage: Storage, lang: str | None = None) -> str:
    """Write ``index.html`` over all reports of the storage; in Chinese if any report is.

    Returns the page.
    """
    page = index_page(read_records(storage.records()), lang)
    storage.put({NAME: page.encode()})
    return page


def index_page(records: Iterable[tuple[str, Record | None]], lang: str | None = None) -> str:
    """The page over records by file name (None: cannot be read), whatever their order."""
    entries: list[Entry] = []
    unreadable: list[str] = []
    for file, record in records:
        if record is None:
            unreadable.append(file)
        else:
            entries.append(entry(file, record))
    if lang is None:
        lang = "en" if {each.lang for each in entries} == {"en"} else "zh"
    with i18n.speaking(lang):
        groups = grouped(entries)
        found = discoveries(each for group in groups.values() for each in group)
        rows = rows_of(groups.values(), lang, found)
        tables = tables_of(rows)
        counts = Counter(row.state for row in rows)
        environment = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
        environment.globals.update({"_": _, "number": i18n.number})
        page = environment.get_template("index.html.j2").render(
            code=LANGUAGE_CODES[lang],
            policy=policy(index_script()),
            style=style_sheet("report.css", "index.css"),
            script=index_script(),
            data=as_json(rows, tables),
            choices=choices(rows, tables),
            rows=rows[:STATIC_ROWS],
            total=len(rows),
            words={state: _(word) for state, word in STATES.items()},
            counts=[(state, _(word), counts[state]) for state, word in STATES.items()],
            waves=list(dict.fromkeys(name for _id, name in tables["wave"])),
            drops=_drop_sentences(groups, found, lang),
            synthetic=any(each.synthetic for each in entries),
            unreadable=sorted(unreadable)[:MOST_NAMED],
            unnamed=max(0, len(unreadable) - MOST_NAMED),
        )
    return with_font(page)


@cache
def index_script() -> str:
    """The only script of the page."""
    return (TEMPLATE / "index.js").read_text(encoding="utf-8")


def _drop_sentences(
    groups: Mapping[tuple[str, str], Group], found: Discoveries, lang: str
) -> list[str]:
    """Per wave, newest first: how many projects fell, tested together."""
    names = {
        wave: named(headline(group, lang).wave_name, lang, wave)
        for (wave, _project), group in groups.items()
    }
    said = []
    for wave in sorted(found.tested, key=newest_first):
        fell, tested = len(found.dropped[wave]), len(found.tested[wave])
        words = (
            _(
                "{wave}: {k} of {m} projects fell beyond chance, tested together; of such claims "
                "at most {rate} are expected to be false."
            )
            if fell
            else _("{wave}: none of {m} projects fell beyond chance, tested together.")
        )
        counts = {"k": i18n.number(fell), "m": i18n.number(tested)}
        said.append(words.format(wave=names[wave], rate=i18n.percent(found.rates[wave]), **counts))
    return said
