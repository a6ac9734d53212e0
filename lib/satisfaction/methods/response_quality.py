"""Can the answers be trusted? Checks that flag answer sheets and never remove one.

Data first: one row per answer sheet, score columns (NaN = no answer), and as far as known
``collector``, ``mode``, ``answered_at`` and ``household``. Every check compares what was found with
what could be expected, by an exact test; the p-values of all checks of one survey are adjusted
together (Holm), so that of a hundred clean surveys no more than 100 (1 - level) get any flag.

Checks (rows), each on sheets that can be judged:

``all_top``          share of sheets with the top score everywhere, against ``uniform_sheets``
``uniform``          the same for any other score everywhere (straight-lining)
``collector_share``  satisfied share of a collector's sheets against those of other collectors
``collector_top``    a collector's share of all-top sheets against that of the others
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

A flag is a reason to ask, no proof: an agency that works in one week, or one butler's satisfied
building, looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.exact_tests import fisher_p_value, sum_more
from satisfaction.methods.inference import require_columns
from satisfaction.methods.intervals import check_level
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result
from satisfaction.methods.uniform_sheets import uniform_sheets

Mask = npt.NDArray[np.bool_]
Row = dict[str, Any]

METHOD = "response_quality"
MINIMUM_ITEMS = 5  # fewer answers may well be equal
EARLIER_WINDOWS = 8  # as many windows before a visit window tell the usual rate
UNKNOWN = {"estimate": np.nan, "expected": np.nan, "p_value": np.nan, "n": 0}
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
    sheets judged, ``n_expected`` sheets compared with, ``flagged`` (p_holm < 1 - level), ``reason``:
    ``too_few``, ``no_collector``, ``no_time``, ``no_visits``, ``constant``. Stages: the arguments.
    """
    check_level(level)
    require_columns(data, [*items, outcome])
    if burst_days < 1 or visit_days < 1 or minimum_n < 1:
        raise ValueError("burst_days, visit_days and minimum_n must be at least 1")
    pattern = _patterns(data, items, max(scores))
    collectors = _Collectors(data, minimum_n)
    satisfied = data[outcome].to_numpy(dtype=float) >= at_least
    answered = data[outcome].notna().to_numpy()
    found = [
        *_uniform_rows(data, items, scores, pattern, minimum_n),
        *_share_rows("collector_share", collectors, satisfied, answered, "both"),
        *_share_rows("collector_top", collectors, pattern["top"], pattern["judged"], "more"),
        _spread_row(data[outcome].to_numpy(dtype=float), collectors, minimum_n),
        *_burst_rows(data, collectors, burst_days),
        *_visit_rows(data, visits, visit_days, satisfied, answered, minimum_n),
    ]
    rows = pd.DataFrame([{"compared": "expected", "n_expected": 0, **row} for row in found])
    rows["p_holm"] = adjusted_p_values(rows["p_value"].to_numpy(dtype=float))
    rows["flagged"] = rows["p_holm"].to_numpy() < 1 - level
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
        chosen |= _visited(data, visits, int(checks.stages["visit_days"]))[0][:, 0]
    if not chosen.any():
        pattern = _patterns(data, items, max(scores))
        if hit["check"].eq("all_top").any():
            chosen |= pattern["top"]
        if hit["check"].eq("uniform").any():
            chosen |= pattern["uniform"] & ~pattern["top"]
    rows = pd.DataFrame({"estimate": chosen.astype(float), "reason": ""}, index=data.index)
    return Result(rows, METHOD, checks.level, int(chosen.sum()))


def quality_sensitivity(
    data: pd.DataFrame, outcome: str, flagged: Result, *, at_least: float, level: float = 0.95
) -> Result:
    """The satisfied share of all sheets (the official one) beside that without the flagged ones.

    Rows: ``sheets`` ("all", "unflagged") and the columns of ``survey_proportion``. The second is no
    corrected result: it says how much hangs on the sheets in question.
    """
    kept = data[flagged.rows["estimate"].to_numpy() == 0]
    parts = [
        survey_proportion(part, [outcome], at_least=at_least, level=level).rows
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


# --- collectors ----------------------------------------------------------------------------------


class _Collectors:
    """Sheets of each collector with enough of them, and the sheets to compare them with."""

    def __init__(self, data: pd.DataFrame, minimum_n: int) -> None:
        size = len(data)
        self.minimum_n = minimum_n
        nobody = pd.Series(None, index=data.index, dtype=object)
        name = data["collector"] if "collector" in data else nobody
        self.code, names = pd.factorize(name)
        self.names = [str(one) for one in names]
        self.mode = pd.factorize(data["mode"])[0] if "mode" in data else np.zeros(size, dtype=int)
        self.tested = [
            (one, number)
            for number, one in enumerate(self.names)
            if (self.code == number).sum() >= minimum_n
        ]

    def pairs(self, usable: Mask) -> Iterator[tuple[str, str, Mask, Mask]]:
        """Collector, basis of the comparison, its sheets, the sheets to compare them with."""
        for name, number in self.tested:
            own = usable & (self.code == number)
            same = usable & (self.code != number) & np.isin(self.mode, np.unique(self.mode[own]))
            same &= self.code >= 0
            enough = same.sum() >= self.minimum_n
            other = same if enough else usable & (self.code != number)
            yield name, "mode" if enough else "all", own, other


def _without(check: str, reason: str) -> Row:
    return {"check": check, "group": "", **UNKNOWN, "reason": reason}


def _share_rows(
    check: str, collectors: _Collectors, hit: Mask, usable: Mask, side: str
) -> Iterator[Row]:
    if not collectors.tested:
        yield _without(check, "too_few" if collectors.names else "no_collector")
    for name, compared, own, other in collectors.pairs(usable):
        n, rest = int(own.sum()), int(other.sum())
        row = {"check": check, "group": name, "compared": compared, "n": n, "n_expected": rest}
        if min(n, rest) < collectors.minimum_n:
            yield {**row, **UNKNOWN, "n": n, "reason": "too_few"}
            continue
        hits, others = int(hit[own].sum()), int(hit[other].sum())
        p = fisher_p_value(hits, n, others, rest, side)
        yield {**row, "estimate": hits / n, "expected": others / rest, "p_value": p, "reason": ""}


def _spread_row(score: npt.NDArray, collectors: _Collectors, minimum_n: int) -> Row:
    """ANOVA estimate of the intraclass correlation, collectors within modes; F test."""
    check = "collector_icc"
    if not collectors.names:
        return _without(check, "no_collector")
    usable = (collectors.code >= 0) & ~np.isnan(score)
    y = score[usable]
    cell = np.unique(
        np.stack([collectors.mode[usable], collectors.code[usable]]), axis=1, return_inverse=True
    )[1].ravel()
    mode = np.unique(collectors.mode[usable], return_inverse=True)[1]
    size = np.bincount(cell)
    between, within = len(size) - len(np.bincount(mode)), len(y) - len(size)
    if len(y) < minimum_n or between < 1 or within < 1:
        return {**_without(check, "too_few"), "n": len(y)}
    mean = (np.bincount(cell, y) / size)[cell]
    of_mode = (np.bincount(mode, y) / np.bincount(mode))[mode]
    error = ((y - mean) ** 2).sum() / within
    spread = ((mean - of_mode) ** 2).sum() / between
    if error <= 0:
        return {**_without(check, "constant"), "n": len(y)}
    squares = np.bincount(mode, size[cell].astype(float)) / np.bincount(mode)
    typical = (len(y) - squares.sum()) / between  # mean size of a collector's batch
    icc = (spread - error) / (spread + (typical - 1) * error)
    p = float(special.fdtrc(between, within, spread / error))
    return {
        "check": check, "group": "", "estimate": float(icc), "expected": 0.0, "p_value": p,
        "n": len(y), "reason": "",
    }  # fmt: skip


# --- time ----------------------------------------------------------------------------------------


def _burst_rows(data: pd.DataFrame, collectors: _Collectors, days: int) -> Iterator[Row]:
    """Each collector's busiest window, tested as one of all windows (Bonferroni)."""
    known = "answered_at" in data and data["answered_at"].notna().any()
    if not collectors.tested or not known:
        few = "too_few" if collectors.names else "no_collector"
        yield _without("burst", few if not collectors.tested else "no_time")
        return
    moment = pd.to_datetime(data["answered_at"])
    usable = moment.notna().to_numpy()
    day = np.full(len(data), -1, dtype=np.int64)
    day[usable] = moment[usable].to_numpy().astype("datetime64[D]").astype(np.int64)
    windows = len(np.unique(day[usable]))
    for name, compared, own, other in collectors.pairs(usable):
        n, rest = int(own.sum()), int(other.sum())
        row = {"check": "burst", "group": name, "compared": compared, "n": n, "n_expected": rest}
        if min(n, rest) < collectors.minimum_n:
            yield {**row, **UNKNOWN, "n": n, "reason": "too_few"}
            continue
        tried = []
        for start in np.unique(day[own]):
            inside = (day >= start) & (day < start + days)
            hits, others = int(inside[own].sum()), int(inside[other].sum())
            p = fisher_p_value(hits, n, others, rest, "more")
            tried.append((p, -hits, others))
        p, hits, others = min(tried)
        yield {
            **row, "estimate": -hits / n, "expected": others / rest,
            "p_value": min(1.0, p * windows), "reason": "",
        }  # fmt: skip


# --- visits --------------------------------------------------------------------------------------


def _visited(
    data: pd.DataFrame, visits: pd.DataFrame, days: int
) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Sheet x window: visited in the window that ends with the answer (first), or in those before.

    The second array is how many earlier windows the record of visits covers.
    """
    answered = pd.to_datetime(data["answered_at"])
    seen = np.zeros((len(data), EARLIER_WINDOWS + 1), dtype=bool)
    sheets = pd.DataFrame(
        {"place": np.arange(len(data)), "household": data["household"], "answered_at": answered}
    )
    pairs = sheets.dropna().merge(visits[["household", "visited_at"]], on="household")
    before = (pairs["answered_at"] - pairs["visited_at"]) / pd.Timedelta(days=days)
    window = np.floor(before.to_numpy(dtype=float))
    fits = (window >= 0) & (window <= EARLIER_WINDOWS)
    seen[pairs["place"].to_numpy()[fits], window[fits].astype(int)] = True
    record = (answered - visits["visited_at"].min()) / pd.Timedelta(days=days)
    covered = np.floor(record.fillna(0).to_numpy(dtype=float)).astype(np.int64) - 1
    return seen, np.clip(covered, 0, EARLIER_WINDOWS)


def _visit_rows(
    data: pd.DataFrame,
    visits: pd.DataFrame | None,
    days: int,
    satisfied: Mask,
    answered: Mask,
    minimum_n: int,
) -> Iterator[Row]:
    known = {"household", "answered_at"} <= set(data.columns)
    usable = data["household"].notna() & data["answered_at"].notna() if known else None
    if visits is None or not len(visits) or usable is None or not usable.any():
        yield _without("visited", "no_visits")
        return
    seen, earlier = _visited(data, visits, days)
    judged = usable.to_numpy() & (earlier > 0)
    if judged.sum() < minimum_n:
        yield {**_without("visited", "too_few"), "n": int(judged.sum())}
        return
    covered = np.arange(EARLIER_WINDOWS + 1) <= earlier[:, None]
    times = (seen & covered).sum(axis=1)
    chance = (times / (earlier + 1))[judged]
    hits = int(seen[judged, 0].sum())
    before = ((seen & covered)[:, 1:].sum(axis=1) / np.maximum(earlier, 1))[judged]
    n = int(judged.sum())
    yield {
        "check": "visited", "group": "", "estimate": hits / n, "expected": float(before.mean()),
        "p_value": sum_more(chance[chance > 0], hits), "n": n, "n_expected": n, "reason": "",
    }  # fmt: skip
    asked = usable.to_numpy() & answered
    own, other = asked & seen[:, 0], asked & ~seen[:, 0]
    n, rest = int(own.sum()), int(other.sum())
    row = {"check": "visited_share", "group": "", "n": n, "n_expected": rest}
    if min(n, rest) < minimum_n:
        yield {**row, **UNKNOWN, "n": n, "reason": "too_few"}
        return
    hits, others = int(satisfied[own].sum()), int(satisfied[other].sum())
    p = fisher_p_value(hits, n, others, rest, "more")
    yield {**row, "estimate": hits / n, "expected": others / rest, "p_value": p, "reason": ""}
