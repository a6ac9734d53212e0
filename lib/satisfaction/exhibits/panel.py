"""Households asked twice, and the change against that of similar projects."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell, note
from satisfaction.exhibits.suppression import hidden_groups
from satisfaction.exhibits.tables import aligned, interval_text
from satisfaction.exhibits.words import method_note, numbers, reason_text, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

BANDS = {
    "dissatisfied": N_("dissatisfied"),
    "neutral": N_("neutral"),
    "satisfied": N_("satisfied"),
}


def panel_table(change: Result, moves: Result, *, minimum_n: int = 10) -> Exhibit:
    """Households that answered both times: their change, and who went from which band to which.

    ``change``: row of the same item from `panel_difference`; ``moves``: its `transitions`.
    """
    row, rows = change.rows.iloc[0], moves.rows
    if pd.isna(row["estimate"]):
        return cannot_tell(_("Households that answered both times"), change.rows)
    bands, ends = (list(dict.fromkeys(rows[side].astype(str))) for side in ("previous", "current"))
    base = rows.groupby("previous", sort=False, observed=True)["n_previous"].first().reindex(bands)
    hidden = dict(zip(bands, hidden_groups(base, minimum_n), strict=True))
    body = []
    for band in bands:
        part = rows[rows["previous"] == band].set_index("current")["estimate"]
        closed = hidden[band] or part.isna().all()
        cells = [_("too few") if closed else i18n.percent(part[other]) for other in ends]
        body.append([_band(band), *cells, _few(base[band], hidden[band], minimum_n)])
    heads = [_("Before ↓ now →"), *(_band(band) for band in ends), _("Households")]
    shown = rows[~rows["previous"].map(hidden).astype(bool)]
    title = _("Asked twice, {n} households: {before} satisfied before, {now} now ({move})").format(
        n=i18n.number(row["n"]),
        before=i18n.percent(row["previous"]),
        now=i18n.percent(row["current"]),
        move=_beyond(row["direction"]),
    )
    return Exhibit(
        "table",
        title,
        f'<div class="scroll">{aligned(pd.DataFrame(body, columns=heads))}</div>',
        lead=_conversion(shown),
        note=sentences(
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
            shown.assign(
                previous=[_band(band) for band in shown["previous"]],
                current=[_band(band) for band in shown["current"]],
            ),
            ["previous", "current", "estimate", "ci_low", "ci_high", "n_previous", "reason"],
            percent=["estimate", "ci_low", "ci_high"],
        ),
    )


def _band(code: str) -> str:
    """A band, or bands joined by a plus, in words."""
    return " + ".join(_(BANDS.get(band, band)) for band in str(code).split("+"))


def _few(count: float, hidden: bool, minimum_n: int) -> str:
    if not hidden:
        return i18n.number(count)
    return _("below {n}").format(n=minimum_n) if count < minimum_n else _("too few")


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
    stop = "。" if i18n.language() == "zh" else "."
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
    return note(title, [words + stop for words in (own, gap, spread)])
