"""Can the answers be trusted? Checks that flag answer sheets and never remove one.

Data first: one row per answer sheet, score columns (NaN = no answer), and as far as known
``collector``, ``mode``, ``answered_at`` and ``household``. Every check compares what was found with
what could be expected, by an exact test; the p-values of all checks of one survey are adjusted
together (Holm), so that of a hundred clean surveys no more than 100 (1 - level) get any flag.

Checks (rows), each on sheets that can be judged:

``all_top``          share of sheets with the top score everywhere, against ``uniform_sheets``
``uniform``          the same for any other score everywhere (straight-lining)
``collector_share``  is a collector's satisfied share above that of other collectors?
``collector_top``    is a collector's share of all-top sheets above that of the others?
``collector_icc``    how alike the sheets of one collector are: intraclass correlation of the
                     outcome, one-way analysis of variance of collectors within modes
``burst``            share of a collector's sheets in the busiest ``burst_days`` days against the
                     share of the others' sheets in the same days, times the windows tried
``visited``          share of sheets answered within ``visit_days`` days after a visit, against
                     the same households' rate of visits in the windows before (case-crossover)
``visited_share``    satisfied share of the visited against the others

Collectors are compared with others of the same mode, where these brought ``minimum_n`` sheets (a
mode may differ for reasons of its own); else with all other sheets, and ``compared`` says so.
Counts are unweighted: the question is how sheets came about, not what the residents think.

Shares of satisfied are tested on both sides and flagged only above the others, which keeps wrong
flags below the level: a flag questions people. It is a reason to ask, no proof: an agency that
works in one week, or one butler's satisfied building, looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from satisfaction.methods.collector_checks import (
    UNKNOWN,
    Collectors,
    Mask,
    Row,
    burst_rows,
    share_rows,
    spread_row,
)
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.inference import DEFAULT_INTERVAL, require_columns
from satisfaction.methods.intervals import check_level
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.uniform_sheets import uniform_sheets
from satisfaction.methods.visit_checks import visit_rows, visited

METHOD = "response_quality"
MINIMUM_ITEMS = 5  # fewer answers may well be equal
COLUMNS = [
    "check", "group", "compared", "estimate", "expected", "p_value", "p_holm", "n", "n_expected",
    "flagged", "method", "reason",
]  # fmt: skip


def response_quality(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str,
    at_least: float,
    scores: Sequence[float],
    visits: pd.DataFrame | None = None,
    visit_days: int = 7,
    burst_days: int = 2,
    minimum_n: int = 10,
    level: float = 0.99,
) -> Result:
    """All checks of one survey.

    items      scored items of a sheet (3 and more), the outcome among them
    at_least   smallest satisfied score of the ``outcome``
    scores     the scale
    visits     ``household, visited_at``: visits of any kind, also before the field work
    minimum_n  collectors with fewer sheets are not tested

    Rows: ``check``, ``group`` (collector or ""), ``compared`` ("mode", "all", "expected"),
    ``estimate`` (a share; ICC for ``collector_icc``), ``expected``, ``p_value``, ``p_holm``, ``n``
    sheets judged, ``n_expected`` sheets compared with, ``flagged`` (p_holm < 1 - level and more
    than expected) and ``reason``: ``too_few``, ``no_collector``, ``no_time``, ``no_visits``,
    ``constant``, ``no_variation`` (nearly all sheets uniform: nothing to compare with).
    """
    check_level(level)
    require_columns(data, [*items, outcome])
    if burst_days < 1 or visit_days < 1 or minimum_n < 1:
        raise ValueError("burst_days, visit_days and minimum_n must be at least 1")
    pattern = _patterns(data, items, max(scores))
    collectors = Collectors(data, minimum_n)
    satisfied = data[outcome].to_numpy(dtype=float) >= at_least
    answered = data[outcome].notna().to_numpy()
    found = [
        *_uniform_rows(data, items, scores, pattern, minimum_n),
        *share_rows("collector_share", collectors, satisfied, answered, "both"),
        *share_rows("collector_top", collectors, pattern["top"], pattern["judged"], "more"),
        spread_row(data[outcome].to_numpy(dtype=float), collectors, minimum_n),
        *burst_rows(data, collectors, burst_days),
        *visit_rows(data, visits, visit_days, satisfied, answered, minimum_n),
    ]
    rows = pd.DataFrame([{"compared": "expected", "n_expected": 0, **row} for row in found])
    rows["p_holm"] = adjusted_p_values(rows["p_value"].to_numpy(dtype=float))
    unlikely = rows["p_holm"].to_numpy() < 1 - level
    rows["flagged"] = unlikely & (rows["estimate"] > rows["expected"]).to_numpy()
    rows["method"] = METHOD
    stages = {
        "tests": int(rows["p_value"].notna().sum()), "flagged": int(rows["flagged"].sum()),
        "visit_days": visit_days, "burst_days": burst_days, "minimum_n": minimum_n,
    }  # fmt: skip
    return Result(rows[COLUMNS], METHOD, level, len(data), stages)


def flagged_sheets(
    data: pd.DataFrame,
    items: Sequence[str],
    checks: Result,
    *,
    scores: Sequence[float],
    visits: pd.DataFrame | None = None,
) -> Result:
    """Which sheets a flag of ``response_quality`` concerns, one row a sheet.

    All sheets of a flagged collector and, where visits are flagged, those answered after one. Where
    only their pattern is flagged, the uniform sheets: leaving these out always moves the share, as
    they were chosen by their answers.

    Rows: ``estimate`` (1 flagged, 0 not), ``reason`` (always ""), with the index of ``data``.
    """
    hit = checks.rows[checks.rows["flagged"]]
    chosen = np.zeros(len(data), dtype=bool)
    if "collector" in data:
        chosen |= data["collector"].isin(set(hit["group"]) - {""}).to_numpy()
    if hit["check"].isin(["visited", "visited_share"]).any() and visits is not None:
        chosen |= visited(data, visits, int(checks.stages["visit_days"]))[0][:, 0]
    if not chosen.any():
        pattern = _patterns(data, items, max(scores))
        if hit["check"].eq("all_top").any():
            chosen |= pattern["top"]
        if hit["check"].eq("uniform").any():
            chosen |= pattern["uniform"] & ~pattern["top"]
    rows = pd.DataFrame({"estimate": chosen.astype(float), "reason": ""}, index=data.index)
    return Result(rows, METHOD, checks.level, int(chosen.sum()))


def quality_sensitivity(
    data: pd.DataFrame,
    outcome: str,
    flagged: Result,
    *,
    at_least: float,
    level: float = 0.95,
    interval: str = DEFAULT_INTERVAL,
) -> Result:
    """The satisfied share of all sheets (the official one) beside that without the flagged ones.

    Rows: ``sheets`` ("all", "unflagged") and the columns of ``survey_proportion``. The second is no
    corrected result: it says how much hangs on the sheets in question.
    """
    kept = data[flagged.rows["estimate"].to_numpy() == 0]
    parts = [
        survey_proportion(part, [outcome], at_least=at_least, level=level, interval=interval).rows
        for part in (data, kept)
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows.insert(0, "sheets", ["all", "unflagged"])
    stages = {"flagged": flagged.n}
    return Result(rows, str(rows["method"].iloc[0]), level, len(data), stages)


# --- sheets of one score -------------------------------------------------------------------------


def _patterns(data: pd.DataFrame, items: Sequence[str], top: float) -> dict[str, Mask]:
    values = data[list(items)].to_numpy(dtype=float)
    judged = (~np.isnan(values)).sum(axis=1) >= min(MINIMUM_ITEMS, max(len(items), 3))
    filled = np.where(np.isnan(values), -np.inf, values)
    highest = filled.max(axis=1, initial=-np.inf)
    lowest = np.where(np.isnan(values), np.inf, values).min(axis=1, initial=np.inf)
    uniform = judged & (highest == lowest)
    return {"judged": judged, "uniform": uniform, "top": uniform & (highest == top)}


def _uniform_rows(
    data: pd.DataFrame,
    items: Sequence[str],
    scores: Sequence[float],
    pattern: dict[str, Mask],
    minimum_n: int,
) -> Iterator[Row]:
    judged = pattern["judged"]
    n, other = int(judged.sum()), int((judged & ~pattern["uniform"]).sum())
    if n < minimum_n or other < minimum_n:
        reason = "too_few" if n < minimum_n else "no_variation"
        share = {"estimate": pattern["top"].sum() / n if n >= minimum_n else np.nan, "n": n}
        yield {"check": "all_top", "group": "", **UNKNOWN, **share, "reason": reason}
        return
    values = data.loc[judged, list(items)].to_numpy(dtype=float)
    answered = (~np.isnan(values)).sum(axis=1)
    by_score = {
        score: uniform_sheets(answered, (values == score).sum(axis=1))
        for score in sorted(set(scores) | {max(scores)})
    }
    top = by_score.pop(max(scores))
    yield {
        "check": "all_top", "group": "", "estimate": top.found / n, "expected": top.expected / n,
        "p_value": top.p_value, "n": n, "reason": "",
    }  # fmt: skip
    least = min((u.p_value for u in by_score.values()), default=1.0)
    yield {
        "check": "uniform", "group": "",
        "estimate": sum(u.found for u in by_score.values()) / n,
        "expected": sum(u.expected for u in by_score.values()) / n,
        "p_value": min(1.0, least * len(by_score)), "n": n, "reason": "",
    }  # fmt: skip
