"""Households asked twice, and the change against that of similar projects."""

from __future__ import annotations

from html import escape

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell, note
from satisfaction.exhibits.tables import aligned, interval_text
from satisfaction.exhibits.words import method_note, n_text, numbers, reason_text, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

BANDS = {
    "dissatisfied": N_("dissatisfied"),
    "neutral": N_("neutral"),
    "satisfied": N_("satisfied"),
}


def panel_table(change: Result, moves: Result, *, minimum_n: int = 10) -> Exhibit:
    """Households that answered both times: their change, and who went from which band to which.

    ``change``: row of the same item from `panel_difference`; ``moves``: its `transitions`. Where a
    band held fewer than ``minimum_n`` households before, no moves are shown: the bands add up.
    """
    row, rows = change.rows.iloc[0], moves.rows
    if pd.isna(row["estimate"]):
        return cannot_tell(_("Households that answered both times"), change.rows)
    bands, ends = (list(dict.fromkeys(rows[side].astype(str))) for side in ("previous", "current"))
    base = rows.groupby("previous", sort=False, observed=True)["n_previous"].first().reindex(bands)
    if ((base > 0) & (base < minimum_n)).any():
        rows, body = rows.iloc[:0], _paragraph(minimum_n)
    else:
        body = _moves(rows, bands, ends, base)
    title = _("Asked twice, {n} households: {before} satisfied before, {now} now ({move})").format(
        n=i18n.number(row["n"]),
        before=i18n.percent(row["previous"]),
        now=i18n.percent(row["current"]),
        move=_beyond(row["direction"]),
    )
    return Exhibit(
        "table",
        title,
        body,
        lead=_conversion(rows) if len(rows) else "",
        note=sentences(
            n_text([row["n"]]),
            _("Difference {change} points ({low} to {high}, {p})").format(
                change=i18n.points(row["estimate"]),
                low=i18n.points(row["ci_low"]),
                high=i18n.points(row["ci_high"]),
                p=i18n.p_value(row["p_value"]),
            ),
            method_note(str(row["method"])),
            _("They speak for households that answer again, not for all."),
        ),
        alt=title,
        data=numbers(
            rows.assign(
                previous=[_band(band) for band in rows["previous"]],
                current=[_band(band) for band in rows["current"]],
            ),
            ["previous", "current", "estimate", "ci_low", "ci_high", "n_previous", "reason"],
            percent=["estimate", "ci_low", "ci_high"],
        ),
    )


def _moves(rows: pd.DataFrame, bands: list[str], ends: list[str], base: pd.Series) -> str:
    lines = []
    for band in bands:
        part = rows[rows["previous"] == band].set_index("current")["estimate"]
        cells = [i18n.percent(part[other]) for other in ends]
        lines.append([_band(band), *cells, i18n.number(base[band])])
    heads = [_("Before ↓ now →"), *(_band(band) for band in ends), _("Households")]
    return aligned(pd.DataFrame(lines, columns=heads))


def _paragraph(minimum_n: int) -> str:
    words = _("Who moved from where is not shown: a band held fewer than {n} households.")
    return f'<p class="quiet">{escape(words.format(n=minimum_n))}</p>'


def _band(code: str) -> str:
    """A band, or bands joined by a plus, in words."""
    return " + ".join(_(BANDS.get(band, band)) for band in str(code).split("+"))


def _beyond(direction: str) -> str:
    return {"up": _("risen beyond chance"), "down": _("fallen beyond chance")}.get(
        direction, _("no change beyond chance")
    )


def _conversion(rows: pd.DataFrame) -> str:
    """S3-9: how many of those just below satisfied turned satisfied."""
    lower = rows["previous"].astype(str).str.contains("neutral")
    found = rows[lower & (rows["current"] == "satisfied")].dropna(subset=["estimate"])
    if found.empty:
        return _("Each row: where the households of that band are now.")
    row = found.iloc[0]
    return _("Of “{band}” before, {share} are satisfied now (interval {interval}).").format(
        band=_band(row["previous"]),
        share=i18n.percent(row["estimate"]),
        interval=interval_text(row["ci_low"], row["ci_high"]),
    )


def peer_change_note(result: Result) -> Exhibit:
    """Own change against the change of projects of the same type: a difference in differences."""
    row = result.rows.iloc[0]
    subject = _("Change against projects of the same type")
    if row["reason"]:
        few_peers = row["reason"] == "too_few" and row["peers_n"] < result.stages["minimum_peers"]
        why = (
            _("only {peers} comparable projects of this type").format(peers=int(row["peers_n"]))
            if few_peers
            else reason_text(str(row["reason"]))
        )
        return cannot_tell(subject, result.rows, why)
    title = {
        "above": _("Moved up against its peers beyond chance"),
        "below": _("Moved down against its peers beyond chance"),
    }.get(str(row["direction"]), _("The change is not to be told from that of its peers"))
    own = _("Own change {own} points; {peers} projects of the same type together {mean}").format(
        own=i18n.points(row["own"]),
        peers=int(row["peers_n"]),
        mean=i18n.points(row["peers"]),
    )
    gap = _("Difference {gap} points (interval {low} to {high}, {p})").format(
        gap=i18n.points(row["estimate"]),
        low=i18n.points(row["ci_low"]),
        high=i18n.points(row["ci_high"]),
        p=i18n.p_value(row["p_value"]),
    )
    spread = _(
        "Their true changes differ by about ±{tau} points among themselves; that is allowed for"
    ).format(tau=i18n.number(100 * row["tau"], 1))
    return note(title, [sentences(words) for words in (own, gap, spread)])
