"""What the weights do to the result (S0-11)."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.tables import aligned
from satisfaction.exhibits.words import Labels, labelled, method_note, n_text, numbers, sentences
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

WEIGHTINGS = {
    "unweighted": N_("No weights: every answer sheet counts the same"),
    "stratum_weights": N_("By stratum (the official figure)"),
    "raked": N_("Raked to the frame as well"),
}


def weighting_table(sensitivity: Result, labels: Labels) -> Exhibit:
    """The satisfied share without weights, with the official ones, and raked to the frame."""
    rows = sensitivity.rows.set_index("step")
    official, raked = rows.loc["stratum_weights"], rows.loc["raked"]
    if pd.isna(official["estimate"]):
        return cannot_tell(_("What the weights do"), sensitivity.rows)
    used = i18n.listing(labelled(sensitivity.stages["variables"], labels))
    if pd.isna(raked["estimate"]):
        title = _("Whether other weights would change the result: cannot tell")
    elif raked["p_value"] < 1 - sensitivity.level:
        title = _(
            "Weighted by {names} as well, {raked} would be satisfied instead of {official}: "
            "who answered goes with how they answered"
        ).format(
            names=used,
            raked=i18n.percent(raked["estimate"]),
            official=i18n.percent(official["estimate"]),
        )
    else:
        title = _("Weighting by {names} as well would change nothing beyond chance").format(
            names=used
        )
    known = sensitivity.rows[sensitivity.rows["estimate"].notna()]
    table = pd.DataFrame(
        {
            _("Weights"): [_(WEIGHTINGS[step]) for step in known["step"]],
            _("Satisfied"): [i18n.percent(p, 1) for p in known["estimate"]],
            _("Interval"): [
                i18n.interval(low, high, 1)
                for low, high in zip(known["ci_low"], known["ci_high"], strict=True)
            ],
            _("Difference (points)"): [
                i18n.points(d) if step != "stratum_weights" else i18n.MISSING
                for step, d in zip(known["step"], known["difference"], strict=True)
            ],
            _("Design effect of the weights"): [i18n.number(d, 2) for d in known["deff"]],
        }
    )
    note = sentences(
        n_text([sensitivity.n]),
        method_note(sensitivity.method),
        _("Difference to the official figure, tested within the same sample; level {level}").format(
            level=i18n.percent(sensitivity.level)
        ),
    )
    return Exhibit(
        "table",
        title,
        aligned(table),
        lead=_("Each row: the same answers under other weights."),
        note=note,
        alt=title,
        data=numbers(
            sensitivity.rows.assign(step=[_(WEIGHTINGS[s]) for s in sensitivity.rows["step"]]),
            [
                *("step", "estimate", "ci_low", "ci_high", "n", "n_eff", "deff"),
                *("difference", "p_value"),
            ],
            labels,
            percent=["estimate", "ci_low", "ci_high", "difference"],
        ),
    )
