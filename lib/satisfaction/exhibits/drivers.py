"""What goes together with overall satisfaction: importance with its uncertainty."""

from __future__ import annotations

import pandas as pd

from satisfaction import i18n
from satisfaction.exhibits.canvas import SMALL, WIDTH, Canvas, header, label_room, scale, ticks
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.notes import cannot_tell
from satisfaction.exhibits.palette import DISSATISFIED, INK, MUTED, RULE, SATISFIED, ink_on, tint
from satisfaction.exhibits.records import records
from satisfaction.exhibits.verdict import probability_text
from satisfaction.exhibits.words import (
    Labels,
    label,
    labelled,
    method_note,
    n_text,
    numbers,
    reason_text,
    sentences,
)
from satisfaction.i18n import _
from satisfaction.methods.result import Result

ROW = 26.0
TOP = 3
TINTS = 20  # steps of a heat map, so that cells of one step are one shape


def importance_chart(
    result: Result, labels: Labels | None = None, check: Result | None = None
) -> Exhibit:
    """Shares of the explained part per item, with interval, rank range and top-three probability.

    Columns item, share, share_low, share_high (or ci_low, ci_high), top3_probability, rank_low,
    rank_high, and tier: a line parts the groups that cannot be told apart. ``check`` is the one
    row of ``ordinal_check``.
    """
    rows = result.rows
    usable = rows.dropna(subset=["share"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("What goes with overall satisfaction"), rows)
    usable = usable.sort_values("share", ascending=False, kind="stable")
    names = labelled(usable["item"], labels)
    grouped = "tier" in usable and usable["tier"].max() > 1
    spoken = zip(names, usable["share"], strict=True)
    alt = i18n.listing([f"{name} {i18n.percent(share)}" for name, share in spoken])
    low, high = _ends(usable)
    left_out = labelled(rows.loc[rows["share"].isna(), "item"], labels)
    return Exhibit(
        "chart importance",
        importance_finding(usable, names),
        _importance(usable, names).svg(alt),
        lead=sentences(
            _("Share of the explained part, its interval, the range of ranks. Not a cause."),
            _("A line parts groups: within one, no item can be told apart from its first")
            if grouped
            else "",
        ),
        note=sentences(
            sheets_text(result),
            method_note(result.method),
            check_text(check, labels),
            _("Cannot tell: {items}.").format(items=i18n.listing(left_out)) if left_out else "",
            _("Association, not proof of cause."),
        ),
        alt=alt,
        data=numbers(
            rows,
            [
                "item",
                "share",
                low,
                high,
                "rank_low",
                "rank_high",
                "top3_probability",
                "tier",
                "n",
                "reason",
            ],
            labels,
            percent=["share", low, high, "top3_probability"],
        ),
    )


def top_three_text(chance: float) -> str:
    """A chance in whole percent for a narrow column: never 0 or 100 %."""
    if chance < 0.01:
        return "<1%"
    return ">99%" if chance > 0.99 else i18n.percent(chance)


def importance_finding(rows: pd.DataFrame, names: list[str]) -> str:
    """Which item leads, and whether it stands out: rows by falling share."""
    first = rows.iloc[0]
    leading = names[: int((rows["tier"] == 1).sum())] if "tier" in rows else names[:1]
    if len(leading) == 1:
        return _(
            "“{item}” goes most closely with overall satisfaction: {share} of what the items "
            "explain (in the top three with probability {p})"
        ).format(
            item=names[0],
            share=i18n.percent(first["share"]),
            p=probability_text(first["top3_probability"]),
        )
    if len(leading) == len(names):
        return _("No item stands out: all {m} may go equally closely with the whole").format(
            m=len(names)
        )
    if len(leading) <= TOP:
        return _(
            "{items} go most closely with overall satisfaction; which comes first is open"
        ).format(items=i18n.listing(leading))
    return _(
        "“{item}” goes most closely with overall satisfaction, but cannot be told apart from {k} "
        "other items"
    ).format(item=names[0], k=len(leading) - 1)


def sheets_text(result: Result) -> str:
    """How many answer sheets enter, and what their gaps cost."""
    stages = result.stages
    if not stages.get("missing_share"):
        return n_text([result.n])
    return _(
        "{n}: sheets with gaps enter with the answers they have ({share} of the answers are "
        "missing, {complete} sheets have no gap; any two questions have {pair} or more in common)"
    ).format(
        n=n_text([result.n]),
        share=i18n.percent(stages["missing_share"], 1),
        complete=i18n.number(stages["complete_cases"]),
        pair=i18n.number(stages["smallest_pair"]),
    )


def check_text(check: Result | None, labels: Labels | None = None) -> str:
    """Whether a model of ordered scores puts the same items on top, in one sentence."""
    if check is None:
        return ""
    row = check.rows.iloc[0]
    if row["estimate"] != row["estimate"]:
        return _("Check by an ordinal model: cannot tell ({reason})").format(
            reason=reason_text(str(row["reason"]))
        )
    words = (
        _("Check: an ordinal model ({n}) puts the same item first; {k} of the first {of} agree")
        if row["same_first"]
        else _("Check: an ordinal model ({n}) puts {item} first; {k} of the first {of} agree")
    )
    return words.format(
        n=n_text([row["n"]]),
        item=label(row["ordinal_first"], labels),
        k=row["in_common"],
        of=row["of"],
    )


def _ends(rows: pd.DataFrame) -> tuple[str, str]:
    return ("share_low", "share_high") if "share_low" in rows else ("ci_low", "ci_high")


def _importance(rows: pd.DataFrame, names: list[str]) -> Canvas:
    top, bottom = 30.0, 30 + ROW * len(names)
    canvas = Canvas(bottom + 6)
    left, right = label_room(names), WIDTH - 200
    low, high = _ends(rows)
    most = float(max(rows["share"].max(), rows[high].max(), 0.01))
    along = scale(0, most, left, right)
    for place in ticks(0, most, 5):
        canvas.line([(along(place), top - 6), (along(place), bottom)])
        header(canvas, along(place), 12, i18n.percent(place))
    header(canvas, WIDTH - 80, 12, _("rank"), "right")
    header(canvas, WIDTH, 12, _("in top 3"), "right")
    lines = records(rows)
    for place, (name, row) in enumerate(zip(names, lines, strict=True)):
        middle = top + ROW * (place + 0.5)
        if place and row.get("tier") != lines[place - 1].get("tier"):
            canvas.line([(0, middle - ROW / 2), (WIDTH, middle - ROW / 2)], MUTED, 1, dashed=True)
        canvas.text(left - 8, middle, name, align="right", room=left - 10)
        canvas.bar(left, middle - 7, along(row["share"]), middle + 7, SATISFIED)
        if row[low] == row[low] and row[high] == row[high]:
            canvas.line([(along(row[low]), middle), (along(row[high]), middle)], INK, 1.5)
        canvas.text(WIDTH - 140, middle, i18n.percent(row["share"]), bold=True, align="right")
        if row["rank_low"] == row["rank_low"]:
            ranks = f"{row['rank_low']:.0f}–{row['rank_high']:.0f}"
            header(canvas, WIDTH - 80, middle, ranks, "right")
        header(canvas, WIDTH, middle, top_three_text(row["top3_probability"]), "right")
    return canvas


def correlation_heatmap(result: Result, labels: Labels | None = None) -> Exhibit:
    """Pairwise correlations (item_a, item_b, estimate, n, p_holm) as a triangle, up to 25 items."""
    rows = result.rows
    usable = rows.dropna(subset=["estimate"]) if len(rows) else rows
    if usable.empty:
        return cannot_tell(_("Which answers go together"), rows)
    items = list(dict.fromkeys([*rows["item_a"], *rows["item_b"]]))
    names = labelled(items, labels)
    strongest = usable.iloc[int(usable["estimate"].abs().to_numpy().argmax())]
    title = _("Strongest link: {a} and {b} ({value})").format(
        a=label(strongest["item_a"], labels),
        b=label(strongest["item_b"], labels),
        value=i18n.signed(strongest["estimate"]),
    )
    alt = sentences(title, n_text(usable["n"]))
    return Exhibit(
        "chart correlations",
        title,
        _triangle(rows, items, names, result.level).svg(alt),
        lead=_("The darker, the closer two answers go together; grey figures: could be chance."),
        note=sentences(
            n_text(usable["n"]), _("Chance judged with Holm's correction over all pairs.")
        ),
        alt=alt,
        data=numbers(rows, ["item_a", "item_b", "estimate", "n", "p_holm", "reason"], labels),
    )


def _triangle(rows: pd.DataFrame, items: list[object], names: list[str], level: float) -> Canvas:
    count = len(items)
    left = label_room(names, most=190) + 24
    side = min((WIDTH - left - 2) / max(count, 1), 46.0)
    down = max(min(side, 30.0), 20.0)
    top = 22.0
    canvas = Canvas(top + down * count + 4)
    place_of = {item: place for place, item in enumerate(items)}
    size = SMALL if side >= 30 else 9.0
    for place, name in enumerate(names):
        middle = top + down * (place + 0.5)
        canvas.text(left - 30, middle, name, align="right", room=left - 32)
        header(canvas, left - 6, middle, str(place + 1), "right")
        header(canvas, left + side * (place + 0.5), 10, str(place + 1))
    cells: dict[str, list[tuple[float, float]]] = {}
    figures = []
    for row in records(rows):
        pair = sorted((place_of[row["item_a"]], place_of[row["item_b"]]))
        x, y = left + side * pair[0], top + down * pair[1]
        value = float(row["estimate"])
        if value != value:
            figures.append((MUTED, x, y, i18n.MISSING))
            continue
        step = round(abs(value) * TINTS) / TINTS
        ground = tint(step, SATISFIED if value >= 0 else DISSATISFIED)
        cells.setdefault(ground, []).append((x, y))
        words = i18n.number(value, 2).replace("0.", ".").replace("-", "−")
        ink = ink_on(ground) if row["p_holm"] < 1 - level else MUTED
        figures.append((ink, x, y, words))
    for ground, corners in cells.items():
        canvas.bars(
            [(x + 0.5, y + 0.5, x + side - 0.5, y + down - 0.5) for x, y in corners], ground
        )
    for ink, x, y, words in sorted(figures):
        canvas.text(x + side / 2, y + down / 2, words, colour=ink, size=size, align="center")
    for place in range(count):
        x, y = left + side * place, top + down * place
        canvas.bar(x + 0.5, y + 0.5, x + side - 0.5, y + down - 0.5, RULE)
    return canvas
