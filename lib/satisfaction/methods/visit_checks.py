"""Were households visited just before they answered, and did the visited answer otherwise?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.collector_checks import UNKNOWN, Mask, Row, without
from satisfaction.methods.exact_tests import fisher_p_value, sum_more

EARLIER_WINDOWS = 8  # as many windows before the visit window tell the usual rate


def visited(
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
    window = np.floor(_in_days(pairs["answered_at"] - pairs["visited_at"]) / days)
    fits = (window >= 0) & (window <= EARLIER_WINDOWS)
    seen[pairs["place"].to_numpy()[fits], window[fits].astype(int)] = True
    record = np.nan_to_num(_in_days(answered - visits["visited_at"].min()) / days)
    covered = np.floor(record).astype(np.int64) - 1
    return seen, np.clip(covered, 0, EARLIER_WINDOWS)


def _in_days(spans: pd.Series) -> npt.NDArray[np.float64]:
    return spans.dt.total_seconds().to_numpy(dtype=float) / 86400


def visit_rows(
    data: pd.DataFrame,
    visits: pd.DataFrame | None,
    days: int,
    satisfied: Mask,
    answered: Mask,
    minimum_n: int,
) -> Iterator[Row]:
    """Were more visited just before than usual, and are the visited more satisfied?"""
    known = {"household", "answered_at"} <= set(data.columns)
    usable = data["household"].notna() & data["answered_at"].notna() if known else None
    if visits is None or not len(visits) or usable is None or not usable.any():
        yield without("visited", "no_visits")
        return
    seen, earlier = visited(data, visits, days)
    judged = usable.to_numpy() & (earlier > 0)
    if judged.sum() < minimum_n:
        yield {**without("visited", "too_few"), "n": int(judged.sum())}
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
    p = fisher_p_value(hits, n, others, rest, "both")
    yield {**row, "estimate": hits / n, "expected": others / rest, "p_value": p, "reason": ""}
