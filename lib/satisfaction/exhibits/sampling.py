"""From all households to the answers: who is in the frame, whom we drew, who answered."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import SMALL, WIDTH, Canvas, fit, header, label_room, scale
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import FOCUS, FRAME, INK, MUTED, QUIET, RULE, SATISFIED
from satisfaction.exhibits.records import records
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    sentences,
    untested_text,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 26.0


def frame_waterfall_chart(
    waterfall: Result, labels: Labels | None = None, *, focus: str | None = None
) -> Exhibit:
    """How many households remain after each step (columns step, n, removed, share_of_start).

    ``focus`` names the step that the title speaks of, where it takes any household away.
    """
    rows = waterfall.rows.dropna(subset=["n"]) if len(waterfall) else waterfall.rows
    if rows.empty or not rows["n"].iloc[0] > 0:
        return cannot_tell(_("From all households to the answers"), waterfall.rows)
    steps, counts = labelled(rows["step"], labels), rows["n"].astype(float).tolist()
    removed = rows["removed"].fillna(0).astype(float).tolist()
    named = list(rows["step"]).index(focus) if focus in list(rows["step"]) else -1
    if named >= 0 and removed[named] > 0:
        title = _("{step}: {removed} households are left out of {start}").format(
            step=steps[named],
            removed=i18n.number(removed[named]),
            start=i18n.number(counts[0]),
        )
    else:
        named = -1
        title = _("From {start} households to {end}: {step}").format(
            start=i18n.number(counts[0]), end=i18n.number(counts[-1]), step=steps[-1]
        )
    parts = zip(steps, counts, strict=True)
    return Exhibit(
        "chart waterfall",
        title,
        _waterfall(steps, counts, removed, named).svg(
            alt := i18n.listing([f"{step} {i18n.number(count)}" for step, count in parts])
        ),
        lead=_("Each bar is what is left; the figure in brackets is what the step took away."),
        note=_("Shares are of the first step."),
        alt=alt,
        data=numbers(
            rows,
            ["step", "n", "removed", "share_of_start", "reason"],
            labels,
            percent=["share_of_start"],
        ).rename(columns={_("Answers (n)"): _("Number")}),
    )


def _waterfall(steps: list[str], counts: list[float], removed: list[float], largest: int) -> Canvas:
    height = ROW * len(steps) + 8
    canvas = Canvas(height)
    left = label_room(steps)
    along = scale(0, max(counts), left, WIDTH - 150)
    for place, (step, count) in enumerate(zip(steps, counts, strict=True)):
        middle = 4 + ROW * (place + 0.5)
        last = place == len(steps) - 1
        canvas.text(left - 10, middle, step, align="right", bold=last, room=left - 12)
        if place:  # what the step took away, as the missing part of the bar before
            lost = FOCUS if place == largest and removed[place] > 0 else RULE
            canvas.bar(along(count), middle - 8, along(counts[place - 1]), middle + 8, lost)
        canvas.bar(left, middle - 8, along(count), middle + 8, SATISFIED if last else FRAME)
        end = along(max(count, counts[place - 1] if place else count))
        value = i18n.number(count)
        canvas.text(end + 7, middle, value, bold=True)
        if place and removed[place]:
            share = f"(−{i18n.number(removed[place])})"
            colour = FOCUS if place == largest else MUTED
            beside = end + 13 + 8 * len(value)
            canvas.text(beside, middle, share, colour=colour, size=SMALL)
    return canvas


def allocation_chart(allocation: Result, labels: Labels | None = None) -> Exhibit:
    """Interviews per stratum against its share of households."""
    rows = allocation.rows
    usable = rows[rows["n"].notna()] if len(rows) else rows
    if usable.empty or not usable["n"].sum() > 0:
        return cannot_tell(_("Interviews per stratum"), rows)
    usable = usable.sort_values("n", ascending=False, kind="stable")
    usable = usable.assign(share=usable["n"] / usable["n"].sum())
    strata, sizes = labelled(usable["stratum"], labels), usable["n"].astype(float)
    smallest = int(sizes.to_numpy().argmin())
    title = _("{n} interviews over {k} strata; the smallest, {stratum}, gets {least}").format(
        n=i18n.number(sizes.sum()),
        k=len(usable),
        stratum=strata[smallest],
        least=i18n.number(sizes.iloc[smallest]),
    )
    if len(usable) == 1:
        title = _("{n} interviews in one stratum").format(n=i18n.number(sizes.sum()))
    canvas = _allocation(usable, strata)
    alt = sentences(
        title,
        i18n.listing(
            [f"{name} {i18n.number(size)}" for name, size in zip(strata[:6], sizes, strict=False)]
        ),
    )
    return Exhibit(
        "chart allocation",
        title,
        canvas.svg(alt),
        lead=_("Bar: share of the interviews. Tick: share of the households."),
        note=sentences(
            _("Far right: interviews of households, and the chance of each to be drawn."),
            method_note(allocation.method),
            _("Neyman allocation needs a previous wave; there is none to plan by")
            if allocation.stages.get("instead_of") == "neyman"
            else "",
        ),
        alt=alt,
        data=numbers(
            usable,
            ["stratum", "population", "n", "share", "probability", "reason"],
            labels,
            percent=["share", "probability"],
        ).rename(columns={_("Answers (n)"): _("Interviews")}),
    )


def _allocation(rows: pd.DataFrame, strata: list[str]) -> Canvas:
    canvas = Canvas(ROW * len(rows) + 8)
    sizes = rows["n"].astype(float) / rows["n"].sum()
    homes = rows["population"].astype(float)
    frame = homes / homes.sum() if homes.notna().all() and homes.sum() > 0 else homes * float("nan")
    left = label_room(strata)
    along = scale(0, max(sizes.max(), frame.max() if frame.notna().any() else 0), left, WIDTH - 190)
    columns = strata, sizes, frame, rows["n"], homes, rows["probability"]
    for place, line in enumerate(zip(*columns, strict=True)):
        name, size, share, interviews, population, chance = line
        middle = 4 + ROW * (place + 0.5)
        canvas.text(left - 10, middle, name, align="right", room=left - 12)
        canvas.bar(left, middle - 7, along(size), middle + 7, SATISFIED)
        if share == share:
            canvas.line([(along(share), middle - 11), (along(share), middle + 11)], INK, 2)
        canvas.text(WIDTH - 132, middle, i18n.number(interviews), bold=True, align="right")
        if population == population:
            canvas.text(WIDTH - 126, middle, f"/ {i18n.number(population)}", colour=MUTED)
        if chance == chance:
            canvas.text(WIDTH, middle, i18n.percent(chance, 1), colour=MUTED, align="right")
    return canvas


def representativeness_chart(result: Result, labels: Labels | None = None) -> Exhibit:
    """Shares among respondents against shares in the frame, per characteristic and category."""
    rows = result.rows
    known = ["frame_share", "respondent_share"]
    usable = rows.dropna(subset=known) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("Do the respondents resemble all households?"), rows)
    usable = usable.reset_index(drop=True)
    gap = usable["respondent_share"] - usable["frame_share"]
    uneven = (usable["p_holm"] < 1 - result.level).fillna(False)  # one test per variable
    tested = usable.loc[usable["p_holm"].notna(), "variable"].nunique()
    untested = usable.loc[usable["p_holm"].isna(), "variable"].unique()
    if uneven.any():
        worst = int(gap.abs().where(uneven, -1.0).to_numpy().argmax())
        title = _(
            "{k} of {m} characteristics differ from the frame beyond chance; "
            "most: {group} {points} points"
        ).format(
            k=usable.loc[uneven, "variable"].nunique(),
            m=tested,
            group=label(usable["category"].iloc[worst], labels),
            points=i18n.points(gap.iloc[worst]),
        )
    elif tested:
        title = _("Respondents do not differ from the frame beyond chance ({m} tested)").format(
            m=tested
        )
    else:
        title = _("Too few respondents to test whether they resemble all households")
    alt = sentences(title, n_text([result.n]))
    return Exhibit(
        "chart representativeness",
        title,
        _dumbbells(usable, uneven, labels).svg(alt),
        lead=_("Grey dot: share of all households. Coloured dot: share of the respondents."),
        note=sentences(
            n_text([result.n]),
            _("Orange: the characteristic differs beyond chance (chi-square, Holm)."),
            untested_text(labelled(untested, labels)),
        ),
        alt=alt,
        data=numbers(
            rows,
            [*("variable", "category"), *known, "difference", "weighted_share", "p_holm", "reason"],
            labels,
            percent=[*known, "difference", "weighted_share"],
        ),
    )


def _dumbbells(rows: pd.DataFrame, uneven: pd.Series, labels: Labels | None) -> Canvas:
    variables = rows["variable"].drop_duplicates().tolist()
    canvas = Canvas(22 * len(rows) + 28 * len(variables) + 26)
    names = labelled(rows["category"], labels)
    left = label_room(names)
    top_share = max(rows["frame_share"].max(), rows["respondent_share"].max(), 0.05)
    along = scale(0, top_share, left + 6, WIDTH - 130)
    header(canvas, WIDTH, 10, _("respondents − households"), "right")
    down = 8.0
    lines = records(rows.assign(uneven=uneven, name=names))
    for variable in variables:
        words = label(variable, labels)
        canvas.text(0, down + 12, fit(words, WIDTH / 2), bold=True)
        down += 28
        for row in (line for line in lines if line["variable"] == variable):
            middle = down + 11
            colour = FOCUS if row["uneven"] else SATISFIED
            before, after = row["frame_share"], row["respondent_share"]
            canvas.text(left - 10, middle, row["name"], align="right", room=left - 12)
            canvas.line([(along(0), middle), (along(top_share), middle)])
            canvas.line([(along(before), middle), (along(after), middle)], colour, 3)
            canvas.dot(along(before), middle, QUIET, 8)
            canvas.dot(along(after), middle, colour, 10)
            shares = f"{i18n.percent(after)} / {i18n.percent(before)}"
            canvas.text(WIDTH - 48, middle, shares, colour=MUTED, size=SMALL, align="right")
            points = i18n.points(after - before)
            colour = FOCUS if row["uneven"] and points != "0.0" else INK
            canvas.text(WIDTH, middle, points, colour=colour, bold=True, align="right")
            down += 22
    return canvas
