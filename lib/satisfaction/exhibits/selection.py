"""Who cannot be drawn and why, and how many households are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import (
    Labels,
    header_text,
    label,
    labelled,
    method_note,
    method_text,
    numbers,
    sentences,
)
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

NOTABLE = 0.1  # of the households asked before
WAITING = {
    "rotate": N_("{waves} at the earliest"),
    "independent": N_("{waves} on average"),
    "panel": N_("{waves}"),
}


def eligibility_table(counts: Result, labels: Labels | None = None) -> Exhibit:
    """Households that can be drawn, and the others by the rule that keeps them out."""
    rows = counts.rows
    if rows["estimate"].isna().any():
        return cannot_tell(_("Who can be drawn"), rows)
    table = pd.DataFrame(
        {
            header_text("eligibility"): labelled(rows["eligibility"], labels),
            _("Households"): [i18n.number(n) for n in rows["n"]],
            _("Share"): [i18n.percent(share, 1) for share in rows["estimate"]],
        }
    )
    left_out = int(rows["n"].iloc[1:].sum())
    title = (
        _("{out} of {all} households cannot be drawn; most often: {reason}").format(
            out=i18n.number(left_out),
            all=i18n.number(rows["n"].sum()),
            reason=label(rows["eligibility"].iloc[1], labels),
        )
        if left_out
        else _("All {all} households can be drawn").format(all=i18n.number(rows["n"].sum()))
    )
    note = sentences(
        _("n = {n} households").format(n=i18n.number(rows["n"].sum())),
        method_note(counts.method),
        _("A household that several rules keep out counts once, by the first of them."),
    )
    lead = _("First the households that can be drawn, then the others by the rule against them.")
    return Exhibit("table", title, aligned(table), lead=lead, note=note, alt=title, data=table)


def overlap_table(overlap: Result, labels: Labels | None = None) -> Exhibit:
    """Households asked again: on this list, and to expect under each rule (S0-6)."""
    rows, stages = overlap.rows, overlap.stages
    if not stages["invited"]:
        return cannot_tell(_("Households asked again"), rows)
    chosen = rows[rows["chosen"]].iloc[0]
    table = pd.DataFrame(
        {
            header_text("overlap"): [method_text(str(code)) for code in rows["method"]],
            _("Asked again, to expect"): [
                i18n.percent(share) if share == share else i18n.MISSING
                for share in rows["estimate"]
            ],
            _("Waves until a household is asked again"): [
                _waiting(str(rule), float(waves))
                for rule, waves in zip(rows["overlap"], rows["waves_until"], strict=True)
            ],
        }
    )
    rule = method_text(chosen["method"])
    if stages["wave"]:
        title = _("{again} of the {asked} households invited in “{wave}” are asked again").format(
            again=i18n.number(stages["again"]),
            asked=i18n.number(stages["asked"]),
            wave=label(stages["wave"], labels),
        )
    else:
        title = _("The first sample of its kind: there is no earlier one to ask again")
    ever = _(
        "{ever} of the {invited} households invited here were asked in any earlier wave, monthly "
        "and special ones included; reserves that stepped in count as invited"
    ).format(ever=i18n.number(stages["ever"]), invited=i18n.number(stages["invited"]))
    return Exhibit(
        "table",
        title,
        aligned(table),
        lead=sentences(
            _("Rule in force: {rule} (S0-6).").format(rule=rule),
            _beyond_the_rule(stages, float(chosen["estimate"]))
            if chosen["overlap"] == "rotate"
            else "",
        ),
        note=sentences(
            _("n = {n} households").format(n=i18n.number(stages["invited"])),
            method_note(overlap.method),
            ever,
            _("Expected: of the households asked in the wave before, by the sizes of the lists")
            if stages["wave"]
            else _("Nothing to expect: there is no earlier sample of this kind"),
        ),
        alt=sentences(title, rule),
        data=numbers(
            rows,
            ["overlap", "estimate", "waves_until", "chosen", "reason"],
            dict(zip(rows["overlap"].astype(str), table[header_text("overlap")], strict=True)),
            percent=["estimate"],
        ),
    )


def _beyond_the_rule(stages: Mapping[str, Any], expected: float) -> str:
    """Said where clearly more households are asked again than the rule in force would ask."""
    if not stages["observed"] - expected > NOTABLE:
        return ""
    return _(
        "This list asks {observed} of them again, the rule would ask {expected}: it does not start "
        "where the last list ended"
    ).format(observed=i18n.percent(stages["observed"]), expected=i18n.percent(expected))


def _waiting(rule: str, waves: float) -> str:
    if waves != waves:
        return i18n.MISSING
    return _(WAITING[rule]).format(waves=i18n.number(waves, 1).removesuffix(".0"))
