"""Tables with a heading of their own: sizes, margins, samples, grades, mixes and standings."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell, note
from satisfaction.exhibits.tables import aligned, result_table, stages_table
from satisfaction.exhibits.verdict import GRADES, grade_words, probability_text
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    reason_text,
    sentences,
    untested_text,
)
from satisfaction.i18n import N_, _
from satisfaction.methods.result import Result

SIZE_STAGES = {
    "cochran": N_("Formula for a proportion"),
    "finite_population": N_("Corrected for the number of households"),
    "minimum_share": N_("Minimum share of households (S0-10)"),
    "minimum_strata": N_("Minimum per customer group (S0-10)"),
    "see_change": N_("To see a change of {points} points to the next wave (S0-18)"),
    "needed": N_("Answers needed"),
    "invitations": N_("Households to invite"),
    "expected_answers": N_("Answers to expect"),
}


def size_table(size: Result, *, change: float, power: float, decides: bool) -> Exhibit:
    """How the sample size was reached, stage by stage; whether the change to be seen decides."""
    words = {stage: _(text) for stage, text in SIZE_STAGES.items()}
    words["see_change"] = words["see_change"].format(points=f"{100 * change:g}")
    title = _("{needed} answers are needed, {invitations} households are invited").format(
        needed=i18n.number(size.stages["needed"]),
        invitations=i18n.number(size.stages["invitations"]),
    )
    binding = (
        _("The change to be seen counts in the size")
        if decides
        else _("The change to be seen is for information: policy does not let it decide the size")
    )
    how = _(
        "Answers in each of two waves that find such a change with probability {power}, from the "
        "share satisfied in the wave before (half, where there is none)"
    ).format(power=i18n.percent(power))
    # n here: the answers that the size aims at
    note = sentences(n_text([size.n]), method_note(size.method), binding, how)
    lead = _("Each row: one step of the calculation.")
    return stages_table(size, words, title=title, lead=lead, note=note)


def margin_table(margin: Result, labels: Labels) -> Exhibit:
    """Expected margins of error, the whole first, in points."""
    rows = margin.rows
    table = pd.DataFrame(
        {
            _("Customer group"): [
                _("All") if row.scope == "all" else label(row.stratum, labels)
                for row in rows.itertuples()
            ],
            _("Expected answers"): [i18n.number(n) for n in rows["n"]],
            _("Margin of error (points)"): [
                reason_text(reason) if reason else "±" + i18n.points(half).lstrip("+")
                for reason, half in zip(rows["reason"], rows["estimate"], strict=True)
            ],
        }
    )
    whole = rows["estimate"].iloc[0]
    title = (
        _("Expected margin of error: cannot tell")
        if pd.isna(whole)
        else _("Expected margin of error: ±{margin} points").format(
            margin=i18n.points(whole).lstrip("+")
        )
    )
    lead = _("Half the width of the interval to expect, for the whole and for each group.")
    note_text = sentences(
        n_text([rows["n"].iloc[0]]),
        method_note(margin.method),
        _("Worst case of half the residents satisfied; level {level}.").format(
            level=i18n.percent(margin.level)
        ),
    )
    return Exhibit("table", title, aligned(table), lead=lead, note=note_text, alt=title, data=table)


def sample_table(summary: Result, listed: pd.DataFrame, labels: Labels) -> Exhibit:
    """The draw by stratum; the household codes stand in the numbers below."""
    stages = summary.stages
    if not len(summary.rows):
        return note(
            _("No list can be drawn"),
            [_("There is no eligible household in the frame.")],
            "cannot_tell",
        )
    rows = summary.rows
    table = pd.DataFrame(
        {
            _("Customer group"): labelled(rows["stratum"], labels),
            _("Households"): [i18n.number(n) for n in rows["population"]],
            _("Main"): [i18n.number(n) for n in rows["main"]],
            _("Reserve"): [i18n.number(n) for n in rows["reserve"]],
            _("Probability of selection"): [i18n.percent(p, 1) for p in rows["probability"]],
        }
    )
    main = i18n.number(rows["main"].sum())
    title = (
        _("{main} households are drawn and on record").format(main=main)
        if stages["stored"]
        else _("{main} households would be drawn; nothing is on record yet").format(main=main)
    )
    repeat = {
        True: _("The same seed and frame give this list again."),
        False: _(
            "Today’s frame or policy differs from that of the draw: the same seed gives another "
            "list. The list on record counts."
        ),
        None: "",
    }[stages["repeatable"]]
    seed = _("Seed {seed}.").format(seed=stages["seed"])
    codes = pd.DataFrame(
        {
            _("Household"): listed["household"].to_numpy(),
            _("Customer group"): labelled(listed["stratum"], labels),
            _("List"): labelled(listed["role"], labels),
            _("Order"): listed["draw_order"].to_numpy(),
        }
    )
    words = sentences(n_text([rows["main"].sum()]), method_note(summary.method), seed, repeat)
    lead = _("Each row: a customer group, the households drawn, and the chance of each.")
    return Exhibit("table", title, aligned(table), lead=lead, note=words, alt=title, data=codes)


def grades_table(grades: Result) -> Exhibit:
    """Probability of each grade (S0-19)."""
    rows = grades.rows
    if rows["estimate"].isna().all():
        return cannot_tell(_("Grade"), rows)
    own = rows[rows["is_own"]].iloc[0]
    table = pd.DataFrame(
        {
            _("Grade"): [_(GRADES[code]) for code in rows["grade"]],
            _("From"): [i18n.percent(grades.stages.get(code, 0.0)) for code in rows["grade"]],
            _("Probability"): [probability_text(p) for p in rows["estimate"]],
        }
    )
    title = _("Grade by the estimate: {grade}, with probability {probability}").format(
        grade=_(GRADES[own["grade"]]), probability=probability_text(own["estimate"])
    )
    if own["estimate"] < 0.5:
        title = grade_words(grades)[:1].upper() + grade_words(grades)[1:]
    note_text = sentences(
        n_text([own["n"]]), method_note(grades.method), _("Counted in effective answers")
    )
    lead = _("From: where a grade begins. Probability: that the true share lies within it.")
    return Exhibit("table", title, aligned(table), lead=lead, note=note_text, alt=title, data=table)


def stated_table(stated: Result, labels: Labels) -> Exhibit:
    """Stated importance times dissatisfaction, the most urgent first."""
    known = stated.rows[stated.rows["estimate"].notna()]
    if not len(known):
        return cannot_tell(_("Residents’ own priorities"), stated.rows)
    title = _("By residents’ own word, begin with “{item}”").format(
        item=label(known["item"].iloc[0], labels)
    )
    columns = ["item", "named_share", "satisfied_share", "estimate", "interval", "n"]
    shares = ["named_share", "satisfied_share", "estimate", "ci_low", "ci_high"]
    lead = _("Estimate: share naming an item times share not satisfied with it.")
    return result_table(
        stated, columns, labels=labels, title=title, lead=lead, percent=shares, digits=1
    )


def means_table(change: Result, labels: Labels) -> Exhibit:
    """Mean scores before and now; only tested changes count."""
    moved = int(change.rows["significant"].sum())
    tested = int(change.stages["tested"])
    words = _("{moved} of {tested} mean scores changed beyond chance")
    if not tested:
        words = _("Change of the mean scores: cannot tell")
    title = words.format(moved=moved, tested=tested)
    moves = change.rows.assign(difference=change.rows["estimate"])
    columns = ["item", "previous", "current", "difference", "interval", "p_holm"]
    shown = Result(moves, change.method, change.level, change.n, change.stages)
    lead = _("Each row: the mean score before and now, and what the test says of the difference.")
    return result_table(shown, columns, labels=labels, title=title, lead=lead, percent=[], digits=2)


def mix_table(mix: Result, labels: Labels) -> Exhibit:
    """Who answered and how, in two waves."""
    rows = mix.rows
    table = pd.DataFrame(
        {
            _("Characteristic"): labelled(rows["variable"], labels),
            _("Category"): labelled(rows["category"], labels),
            _("Previous wave"): [i18n.percent(p) for p in rows["previous"]],
            _("This wave"): [i18n.percent(p) for p in rows["current"]],
            _("Difference (points)"): [i18n.points(d) for d in rows["difference"]],
            _("p (Holm)"): [
                i18n.p_value(p).removeprefix("p = ").removeprefix("p ") for p in rows["p_holm"]
            ],
        }
    )
    moved = rows.loc[rows["p_holm"] < 1 - mix.level, "variable"].unique()
    names = i18n.listing(labelled(moved, labels))
    tested = rows.loc[rows["p_holm"].notna(), "variable"].nunique()
    if not tested:
        title = _("Change of the mix: cannot tell")
    elif len(moved):
        title = _("The mix moved beyond chance: {names}").format(names=names)
    else:
        title = _("No change of the mix beyond chance ({m} tested)").format(m=tested)
    note_text = sentences(
        n_text([mix.n]),
        method_note(mix.method),
        _("Answer sheets of this wave; one test per characteristic"),
    )
    without = rows.loc[rows["p_holm"].isna(), "variable"].unique()
    left_out = untested_text(labelled(without, labels))
    body = aligned(table)
    lead = _("Each row: shares of the answer sheets in both waves.")
    words = sentences(note_text, left_out)
    return Exhibit("table", title, body, lead=lead, note=words, alt=title, data=table)


def standing_note(standing: Result, ranks: Result | None = None) -> Exhibit:
    """Where the project stands among its peers, as far as that can be told (S0-18, S0-31).

    ``standing`` of ``peer_comparison``; ``ranks`` of ``rank_intervals`` adds the estimate that
    allows for chance, and the chance of standing in the first or last quarter.
    """
    row = standing.rows.iloc[0]
    if row["reason"]:
        why = (
            _("only {peers} comparable projects of this type").format(peers=int(row["peers_n"]))
            if row["n"] and row["reason"] == "too_few"
            else reason_text(str(row["reason"]))
        )
        return note(
            _("Standing among peers: cannot tell"),
            [_("Why: {reason}.").format(reason=why)],
            "cannot_tell",
        )
    ends = _("interval {low} to {high}").format(
        low=i18n.points(row["ci_low"]), high=i18n.points(row["ci_high"])
    )
    gap = _("{gap} points against the {peers} peers together ({interval}, {p})").format(
        gap=i18n.points(row["estimate"]),
        peers=int(row["peers_n"]),
        interval=ends,
        p=i18n.p_value(row["p_value"]),
    )
    title = {
        "above": _("Above its peers beyond chance"),
        "below": _("Below its peers beyond chance"),
    }.get(str(row["direction"]), _("Not to be told from its peers"))
    place = (
        _("Place {low} of {total} is certain")
        if row["rank_low"] == row["rank_high"]
        else _("Place {low} to {high} of {total} is what the answers allow")
    ).format(low=int(row["rank_low"]), high=int(row["rank_high"]), total=int(row["peers_n"]) + 1)
    detail = _(
        "Certainly better: {above}; certainly worse: {below}; not to be told apart: {unclear}"
    ).format(above=int(row["above"]), below=int(row["below"]), unclear=int(row["unclear"]))
    paragraphs = [gap, sentences(place, detail), _fair_words(row, ranks)]
    return note(title, [sentences(words) for words in paragraphs if words])


def _fair_words(row: pd.Series, ranks: Result | None) -> str:
    """What remains of the place once the luck of the draw is allowed for."""
    if ranks is None:
        return ""
    found = ranks.rows[ranks.rows["project"] == row["project"]]
    if found.empty or found["reason"].iloc[0]:
        return ""
    own, stages = found.iloc[0], ranks.stages
    fair = _(
        "With chance allowed for, the best estimate is {fair} ({own} as answered): the fewer "
        "answers, the closer to the mean of all"
    ).format(fair=i18n.percent(own["estimate"], 1), own=i18n.percent(own["direct"], 1))
    chances = _("Chance to be among the best {k} of {total}: {top}; among the last {k}: {bottom}")
    return sentences(
        fair,
        chances.format(
            k=stages["quarter"],
            total=stages["projects"],
            top=probability_text(own["top_probability"]),
            bottom=probability_text(own["bottom_probability"]),
        ),
    )
