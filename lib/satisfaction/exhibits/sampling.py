"""From all households to the answers: who is in the frame, whom we drew, who answered."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.axes import scale
from satisfaction.exhibits.canvas import NARROW, Canvas, header
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.lettering import SMALL, rows_of, wide, widest
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
    spoken,
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
    alt = sentences(title, spoken(steps, [i18n.number(count) for count in counts]))
    return Exhibit(
        "chart waterfall",
        title,
        _waterfall(steps, counts, removed, named).html(alt),
        lead=_("Each bar is what is left; the figure in brackets is what the step took away."),
        note=sentences(
            _("n = {n} households").format(n=i18n.number(counts[0])),
            method_note(waterfall.method),
            _("Shares are of the first step."),
        ),
        alt=alt,
        data=numbers(
            rows,
            ["step", "n", "removed", "share_of_start", "reason"],
            labels,
            percent=["share_of_start"],
        ).rename(columns={_("Answers (n)"): _("Number")}),
    )


def _waterfall(steps: list[str], counts: list[float], removed: list[float], largest: int) -> Canvas:
    values = [i18n.number(count) for count in counts]
    losses = [
        f"(−{i18n.number(lost)})" if place and lost else "" for place, lost in enumerate(removed)
    ]
    ends = [max(pair) for pair in zip(counts, [counts[0], *counts], strict=False)]
    beside = [wide(value, bold=True) + 12 for value in values]
    lines, last = rows_of(steps, 4, ROW, bold=True), len(steps) - 1
    right = max(wide(lost, SMALL) + room for lost, room in zip(losses, beside, strict=True))
    canvas = Canvas(lines.bottom + 4, lines.width + 10, right)
    along = scale(0, max(counts))
    canvas.names(lines, gap=10, bold=[last])
    for place, (middle, count) in enumerate(zip(lines.middles, counts, strict=True)):
        if place:  # what the step took away, as the missing part of the bar before
            lost = FOCUS if place == largest and removed[place] > 0 else RULE
            canvas.bar(along(count), middle - 8, along(counts[place - 1]), middle + 8, lost)
        canvas.bar(0, middle - 8, along(count), middle + 8, SATISFIED if place == last else FRAME)
    for middle, end, value in zip(lines.middles, ends, values, strict=True):
        canvas.text(along(end), middle, value, dx=7, bold=True)
    for place, (middle, end, lost) in enumerate(zip(lines.middles, ends, losses, strict=True)):
        colour = FOCUS if place == largest else MUTED
        canvas.text(along(end), middle, lost, dx=beside[place], colour=colour, size=SMALL)
    return canvas


def allocation_chart(allocation: Result, labels: Labels | None = None) -> Exhibit:
    """Households to invite per stratum against its share of households."""
    rows = allocation.rows
    usable = rows[rows["n"].notna()] if len(rows) else rows
    if usable.empty or not usable["n"].sum() > 0:
        return cannot_tell(_("Households to invite, by stratum"), rows)
    usable = usable.sort_values("n", ascending=False, kind="stable")
    usable = usable.assign(share=usable["n"] / usable["n"].sum())
    strata, sizes = labelled(usable["stratum"], labels), usable["n"].astype(float)
    smallest = int(sizes.to_numpy().argmin())
    title = _(
        "{n} households to invite in {k} strata; the smallest, {stratum}, has {least}"
    ).format(
        n=i18n.number(sizes.sum()),
        k=len(usable),
        stratum=strata[smallest],
        least=i18n.number(sizes.iloc[smallest]),
    )
    if len(usable) == 1:
        title = _("{n} households to invite in one stratum").format(n=i18n.number(sizes.sum()))
    canvas = _allocation(usable, strata)
    alt = sentences(title, spoken(strata, [i18n.number(size) for size in sizes]))
    return Exhibit(
        "chart allocation",
        title,
        canvas.html(alt),
        lead=_("Bar: share of those to invite. Tick: share of the households."),
        note=sentences(
            n_text([sizes.sum()]),
            method_note(allocation.method),
            _("At the right: to invite / households, and the chance of each to be drawn."),
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
    sizes = rows["n"].astype(float) / rows["n"].sum()
    homes = rows["population"].astype(float)
    frame = homes / homes.sum() if homes.notna().all() and homes.sum() > 0 else homes * float("nan")
    drawn = [i18n.number(count) for count in rows["n"]]
    of = ["" if count != count else f"/ {i18n.number(count)}" for count in homes]
    chances = [
        "" if chance != chance else i18n.percent(chance, 1) for chance in rows["probability"]
    ]
    edges = list(accumulate([widest(drawn, bold=True) + 10, widest(of) + 5, widest(chances) + 10]))
    lines = rows_of(strata, 4, ROW)
    canvas = Canvas(lines.bottom + 4, lines.width + 10, edges[-1])
    along = scale(0, max(sizes.max(), frame.max() if frame.notna().any() else 0))
    canvas.names(lines, gap=10)
    for middle, size in zip(lines.middles, sizes, strict=True):
        canvas.bar(0, middle - 7, along(size), middle + 7, SATISFIED)
    for middle, share in zip(lines.middles, frame, strict=True):
        if share == share:
            canvas.line([(along(share), middle - 11), (along(share), middle + 11)], INK, 2)
    for middle, words in zip(lines.middles, drawn, strict=True):
        canvas.text(100, middle, words, dx=edges[0], bold=True, align="right")
    for edge, texts in zip(edges[1:], (of, chances), strict=True):
        for middle, words in zip(lines.middles, texts, strict=True):
            canvas.text(100, middle, words, dx=edge, colour=MUTED, align="right")
    return canvas


def representativeness_chart(result: Result, labels: Labels | None = None) -> Exhibit:
    """Shares among respondents against shares in the frame, per characteristic and category."""
    rows = result.rows
    known = ["frame_share", "respondent_share"]
    usable = rows.dropna(subset=known) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("Likeness of the respondents to all households"), rows)
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
    far = usable.loc[gap.abs().sort_values(ascending=False, kind="stable").index]
    shares = [
        _("{share} of the respondents, {frame} of the households").format(
            share=i18n.percent(row["respondent_share"]), frame=i18n.percent(row["frame_share"])
        )
        for row in records(far)
    ]
    alt = sentences(title, spoken(labelled(far["category"], labels), shares))
    return Exhibit(
        "chart representativeness",
        title,
        _dumbbells(usable, uneven, labels).html(alt),
        lead=_("Grey dot: share of all households. Coloured dot: share of the respondents."),
        note=sentences(
            n_text([result.n]),
            method_note(result.method),
            _("Orange: the characteristic differs beyond chance (Holm's correction)."),
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
    before, after = rows["frame_share"], rows["respondent_share"]
    points = [i18n.points(step) for step in after - before]
    shares = [
        f"{i18n.percent(there)} / {i18n.percent(here)}"
        for there, here in zip(after, before, strict=True)
    ]
    edges = list(accumulate([widest(shares, SMALL) + 16, widest(points, bold=True) + 10]))
    lines = records(rows.assign(uneven=uneven, points=points, shares=shares))
    blocks = []  # a characteristic, its rows and the place of its head
    down = 8.0
    for variable in variables:
        own = [row for row in lines if row["variable"] == variable]
        block = rows_of(labelled([row["category"] for row in own], labels), down + 28, 22)
        blocks.append((label(variable, labels), own, block, down + 14))
        down = block.bottom
    left = max(block.width for _name, _own, block, _head in blocks) + 16
    canvas = Canvas(down + 10, left, edges[-1])
    along = scale(0, max(before.max(), after.max(), 0.05))
    header(canvas, 100, 10, _("respondents − households"), "right", dx=edges[-1])
    for name, own, block, head in blocks:
        canvas.text(0, head, name, dx=1 - left, bold=True, room=NARROW / 2)
        canvas.names(block, gap=16)
        for middle in block.middles:
            canvas.line([(0, middle), (100, middle)])
        for row, middle in zip(own, block.middles, strict=True):
            colour = FOCUS if row["uneven"] else SATISFIED
            ends = along(row["frame_share"]), along(row["respondent_share"])
            canvas.line([(ends[0], middle), (ends[1], middle)], colour, 3)
            canvas.dot(ends[0], middle, QUIET, 8)
            canvas.dot(ends[1], middle, colour, 10)
        for row, middle in zip(own, block.middles, strict=True):
            header(canvas, 100, middle, row["shares"], "right", dx=edges[0])
        for row, middle in zip(own, block.middles, strict=True):
            colour = FOCUS if row["uneven"] and row["points"] != "0.0" else INK
            canvas.text(
                100, middle, row["points"], dx=edges[1], colour=colour, bold=True, align="right"
            )
    return canvas
