"""The rows of the index as data for its script, small and harmless, and what they can be chosen by.

What many rows share stands once in a table, in the order in which a reader expects it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from satisfaction import i18n
from satisfaction.data.choices import PROPERTY_TYPES
from satisfaction.i18n import MISSING, _
from satisfaction.reports.index_rows import GRADES, STATES, Row, newest_first

COLUMNS = tuple(field.name for field in fields(Row))

Tables = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Choice:
    """A column to choose by: value in the data, word and count of each option."""

    column: str
    label: str
    options: Sequence[tuple[int, str, str]]


def tables_of(rows: Sequence[Row]) -> Tables:
    """All values of the columns that many rows share."""
    types = [word for words in PROPERTY_TYPES.values() for word in words]
    grades = [_(word) for word in GRADES.values()]
    states = [*STATES, ""]
    keys: dict[str, Callable[[Any], Any]] = {
        "wave": lambda wave: (newest_first(wave[0]), wave[1]),
        "type": lambda word: _place(word, types),
        "region": lambda word: _place(word, ()),
        "state": states.index,
        "verdict": states.index,
        "grade": lambda word: _place(word, grades),
        "fell": str,
        "links": len,
        "errors": len,
    }
    return {
        column: sorted(sorted({getattr(row, column) for row in rows}), key=key)
        for column, key in keys.items()
    }


def as_json(rows: Sequence[Row], tables: Tables) -> str:
    """The rows as lists in the order of ``columns``; a number where there is a table of values.

    No ``<`` stands in it, so nothing in it can end the element that holds it.
    """
    places = {
        column: {value: place for place, value in enumerate(values)}
        for column, values in tables.items()
    }
    plain = {
        "columns": COLUMNS,
        "tables": tables,
        "words": {state: _(word) for state, word in STATES.items()},
        "missing": MISSING,
        "colon": _(": "),
        "rows": [
            [
                places[column][getattr(row, column)] if column in places else getattr(row, column)
                for column in COLUMNS
            ]
            for row in rows
        ],
    }
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def choices(rows: Sequence[Row], tables: Tables) -> list[Choice]:
    """What rows can be chosen by: the columns in which they differ."""
    labels = {
        "state": _("Verdict"), "wave": _("Survey"), "type": _("Type"), "region": _("Region"),
    }  # fmt: skip
    found = []
    for column, label in labels.items():
        counts = Counter(getattr(row, column) for row in rows)
        options = [
            (place, _word(column, value) or _("unknown"), i18n.number(counts[value]))
            for place, value in enumerate(tables[column])
        ]
        if len(options) > 1:
            found.append(Choice(column, label, options))
    return found


def _word(column: str, value: Any) -> str:
    if column == "state":
        return _(STATES[value])
    return str(value[1] if column == "wave" else value)


def _place(word: str, known: Sequence[str]) -> tuple[int, str]:
    """Known words in their order, then others, then nothing."""
    if word in known:
        return known.index(word), word
    return len(known) + (word in ("", MISSING)), word
