"""The card that opens a report: a sentence, what supports it, and the same as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.suppression import recorded
from satisfaction.exhibits.words import clean, sentences
from satisfaction.i18n import N_, _

MIME = "application/vnd.satisfaction.verdict+json"
VERDICTS = {
    "met": N_("Target met"),
    "not_met": N_("Target not met"),
    "cannot_tell": N_("Cannot tell"),
    "info": N_("In brief"),
}


def bottom_line(
    verdict: str,
    sentence: str,
    support: Sequence[str],
    identity: Mapping[str, Any],
    *,
    picture: str = "",
    note: str = "",
    **facts: Any,
) -> Exhibit:
    """The card that opens a report; its MIME bundle is what the index and the archive keep.

    ``picture``: HTML between the sentence and its support; ``note``: how the figures were made.
    """
    data = {"verdict": verdict, "sentence": sentence, **identity, **facts}
    body = f'<p class="verdict-sentence">{escape(clean(sentence))}</p>{picture}' + "".join(
        f'<p class="verdict-support">{escape(clean(words))}</p>' for words in support if words
    )
    return Exhibit(
        kind=f"verdict {verdict}",
        title=_(VERDICTS[verdict]),
        body=body,
        note=note,
        alt=sentence,
        bundle={MIME: {key: _json(value) for key, value in data.items()}},
    )


def clauses(*parts: str) -> str:
    """One sentence made of clauses, with its capital letter and full stop; empty ones left out."""
    joined = ("；" if i18n.language() == "zh" else "; ").join(part for part in parts if part)
    return sentences(joined[:1].upper() + joined[1:])


def phrases(*parts: str) -> str:
    """One clause made of phrases; empty ones left out."""
    return ("，" if i18n.language() == "zh" else ", ").join(part for part in parts if part)


def _json(value: Any) -> Any:
    """Plain JSON: numpy scalars unwrapped, what is not known as null, numbers as published."""
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, float):
        return value
    return None if value != value else recorded(value)
