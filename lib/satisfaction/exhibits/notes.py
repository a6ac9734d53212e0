"""Cards with single figures, and notes in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

import pandas as pd

from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.words import clean, main_reason
from satisfaction.i18n import _, language

Tone = Literal["info", "warning", "cannot_tell"]
CARD_TONES = ("neutral", "satisfied", "focus", "quiet")


def kpi_cards(cards: Sequence[tuple[str, str, str, str]]) -> Exhibit:
    """Figures side by side; each card is (value text, label, hint, tone).

    ``tone`` is one of ``CARD_TONES``: ``satisfied`` for what is reached, ``focus`` for what needs
    attention, ``quiet`` for what cannot be told.
    """
    shown = []
    for value, name, hint, tone in cards:
        if tone not in CARD_TONES:
            raise ValueError(f"tone must be one of {', '.join(CARD_TONES)}, not {tone!r}")
        extra = f'<dd class="card-hint">{escape(clean(hint))}</dd>' if hint else ""
        shown.append(
            f'<div class="card {tone}"><dt class="card-label">{escape(clean(name))}</dt>'
            f'<dd class="card-value">{escape(clean(value))}</dd>{extra}</div>'
        )
    colon = "：" if language() == "zh" else ": "
    said = [f"{clean(name)}{colon}{clean(value)}" for value, name, _hint, _tone in cards]
    alt = ("；" if language() == "zh" else "; ").join(said)
    columns = [_("Indicator"), _("Value"), _("Detail")]
    rows = [(name, value, hint) for value, name, hint, _tone in cards]
    data = pd.DataFrame(rows, columns=columns)
    body = f'<dl class="card-row">{"".join(shown)}</dl>'
    return Exhibit("cards", "", body, alt=alt, data=data)


def note(title: str, paragraphs: Sequence[str], tone: Tone = "info") -> Exhibit:
    """A few sentences: background, a warning, or what cannot be told and why."""
    if tone not in ("info", "warning", "cannot_tell"):
        raise ValueError(f"tone must be info, warning or cannot_tell, not {tone!r}")
    body = "".join(f"<p>{escape(clean(words))}</p>" for words in paragraphs)
    alt = " ".join([title, *paragraphs])
    return Exhibit(f"note {tone}", clean(title), body, alt=clean(alt))


def cannot_tell(subject: str, rows: pd.DataFrame, why: str = "") -> Exhibit:
    """The calm note in place of a chart that has nothing to show."""
    title = _("{subject}: cannot tell").format(subject=subject)
    because = _("Why: {reason}.").format(reason=why or main_reason(rows))
    return note(title, [because], "cannot_tell")
