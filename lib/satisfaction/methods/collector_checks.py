"""Does one collector bring other answers than the others, and all at once?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from satisfaction.methods.exact_tests import fisher_p_value

Mask = npt.NDArray[np.bool_]
Row = dict[str, Any]

UNKNOWN = {"estimate": np.nan, "expected": np.nan, "p_value": np.nan, "n": 0}


class Collectors:
    """Sheets of each collector with enough of them, and the sheets to compare them with."""

    def __init__(self, data: pd.DataFrame, minimum_n: int) -> None:
        size = len(data)
        self.minimum_n = minimum_n
        nobody = pd.Series(None, index=data.index, dtype=object)
        name = data.get("collector", nobody)
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


def without(check: str, reason: str) -> Row:
    """A row that says why there is no check."""
    return {"check": check, "group": "", **UNKNOWN, "reason": reason}


def share_rows(
    check: str, collectors: Collectors, hit: Mask, usable: Mask, side: str
) -> Iterator[Row]:
    """Share of hits of each collector against those compared with, Fisher's test."""
    if not collectors.tested:
        yield without(check, "too_few" if collectors.names else "no_collector")
    for name, compared, own, other in collectors.pairs(usable):
        n, rest = int(own.sum()), int(other.sum())
        row = {"check": check, "group": name, "compared": compared, "n": n, "n_expected": rest}
        if min(n, rest) < collectors.minimum_n:
            yield {**row, **UNKNOWN, "n": n, "reason": "too_few"}
            continue
        hits, others = int(hit[own].sum()), int(hit[other].sum())
        p = fisher_p_value(hits, n, others, rest, side)
        yield {**row, "estimate": hits / n, "expected": others / rest, "p_value": p, "reason": ""}


def spread_row(score: npt.NDArray, collectors: Collectors, minimum_n: int) -> Row:
    """ANOVA estimate of the intraclass correlation, collectors within modes; F test."""
    check = "collector_icc"
    if not collectors.names:
        return without(check, "no_collector")
    usable = (collectors.code >= 0) & ~np.isnan(score)
    y = score[usable]
    cell = np.unique(
        np.stack([collectors.mode[usable], collectors.code[usable]]), axis=1, return_inverse=True
    )[1].ravel()
    mode = np.unique(collectors.mode[usable], return_inverse=True)[1]
    size = np.bincount(cell)
    between, within = len(size) - len(np.bincount(mode)), len(y) - len(size)
    if len(y) < minimum_n or between < 1 or within < 1:
        return {**without(check, "too_few"), "n": len(y)}
    mean = (np.bincount(cell, y) / size)[cell]
    of_mode = (np.bincount(mode, y) / np.bincount(mode))[mode]
    error = ((y - mean) ** 2).sum() / within
    spread = ((mean - of_mode) ** 2).sum() / between
    if error <= 0:
        return {**without(check, "constant"), "n": len(y)}
    squares = np.bincount(mode, size[cell].astype(float)) / np.bincount(mode)
    typical = (len(y) - squares.sum()) / between  # mean size of a collector's batch
    icc = (spread - error) / (spread + (typical - 1) * error)
    p = float(special.fdtrc(between, within, spread / error))
    return {
        "check": check, "group": "", "estimate": float(icc), "expected": 0.0, "p_value": p,
        "n": len(y), "reason": "",
    }  # fmt: skip


def burst_rows(data: pd.DataFrame, collectors: Collectors, days: int) -> Iterator[Row]:
    """Each collector's busiest window, tested as one of all windows (Bonferroni)."""
    known = "answered_at" in data and data["answered_at"].notna().any()
    if not collectors.tested or not known:
        few = "too_few" if collectors.names else "no_collector"
        yield without("burst", few if not collectors.tested else "no_time")
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
