"""Who was kept out of the survey, and is it more than usual (S3-4)?

Traces of an exclusion: flags changed just before the draw, marked households missing among the
drawn, more of them than before or than peers have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.exact_tests import binomial_more, draw_p_value, fisher_more
from satisfaction.methods.inference import require_columns
from satisfaction.methods.intervals import check_level
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

Row = dict[str, Any]

METHOD = "exclusion_audit"
USUAL_DAYS = 365  # the year before the late days tells the usual rate
UNKNOWN = {"estimate": np.nan, "expected": np.nan, "p_value": np.nan, "n": 0}
COUNTS = ["eligible", "blacklisted", "drawn", "drawn_blacklisted"]
COLUMNS = [
    "check", "estimate", "expected", "p_value", "p_holm", "n", "n_expected", "flagged", "method",
    "reason",
]  # fmt: skip


def exclusion_audit(
    frames: pd.DataFrame,
    flags: pd.DataFrame,
    *,
    project: str,
    wave: str,
    late_days: int,
    strata: pd.DataFrame | None = None,
    since: pd.Timestamp | None = None,
    minimum_peers: int = 3,
    level: float = 0.99,
) -> Result:
    """Traces of an exclusion at the draw of one survey, whatever the policy says.

    frames  ``project, wave, drawn_at, eligible, blacklisted, drawn, drawn_blacklisted``: this
            project's draws of the same kind up to this one, and its peers' of this wave
    flags   ``set_at, cleared_at`` of every flag that could lead to an exclusion
    strata  the four counts by stratum of this draw; without it the draw is taken as one stratum
    since   when flags could first be set (first handover); default: always

    Rows ``check``:

    - ``late_set``, ``late_cleared``  flags changed in the ``late_days`` before the draw (estimate
      and expected are numbers of flags) against the rate of the year before; given all changes,
      the late ones are binomial: the exact test of two Poisson rates, one-sided
    - ``drawn``    marked share of the drawn against that of the eligible; exact chance of so few
      marked households in a draw from these strata (hypergeometric)
    - ``earlier``  marked share of the eligible against that at the previous draw, Fisher, one-sided
    - ``peers``    the same against the peers together; p is the largest of Fisher's tests against
      each single peer: it is small only where the share is above that of every peer

    Columns: ``check, estimate, expected, p_value, p_holm, n, n_expected, flagged`` (p_holm below
    1 - level), ``method, reason``: ``no_frame``, ``not_drawn``, ``no_changes``,
    ``no_earlier_draw``, ``too_few`` (peers). Stages: ``by_day`` (day -> flags set, cleared, of the
    late days), ``drawn_at``, ``late_days``, counts of the draw.

    Flags changed in batches (S3-2 asks for an update before each draw) are not Poisson: a flagged
    ``late_set`` is a reason to ask who changed them and why, no proof. Source of the rate test:
    Przyborowski & Wilenski (1940); R ``poisson.test(c(x1, x2), c(t1, t2), alternative = "g")``.
    """
    check_level(level)
    require_columns(frames, ["project", "wave", "drawn_at", *COUNTS])
    require_columns(flags, ["set_at", "cleared_at"])
    if late_days < 1 or minimum_peers < 1:
        raise ValueError("late_days and minimum_peers must be at least 1")
    own = frames[(frames["project"] == project) & (frames["wave"] == wave)]
    peers = frames[(frames["project"] != project) & (frames["wave"] == wave)]
    history = frames[(frames["project"] == project) & (frames["wave"] != wave)]
    if len(own) != 1:
        if len(own) > 1:
            raise ValueError("frames must hold one row per project and wave")
        checks = ("late_set", "late_cleared", "drawn", "earlier", "peers")
        found = [{"check": check, **UNKNOWN, "reason": "not_drawn"} for check in checks]
        return _audit(found, level, {})
    this = own.iloc[0]
    drawn_at = pd.Timestamp(this["drawn_at"])
    history = history[history["drawn_at"] < drawn_at].sort_values("drawn_at")
    found = [
        *_late_rows(flags, drawn_at, late_days, since),
        _drawn_row(this, strata),
        _earlier_row(this, history),
        _peer_row(this, peers, minimum_peers),
    ]
    stages = {
        "drawn_at": drawn_at,
        "late_days": late_days,
        "by_day": _by_day(flags, drawn_at, late_days),
        **{name: int(this[name]) for name in COUNTS},
    }
    return _audit(found, level, stages)


def _audit(found: list[Row], level: float, stages: Mapping[str, Any]) -> Result:
    rows = pd.DataFrame([{"n_expected": 0, **row} for row in found])
    rows["p_holm"] = adjusted_p_values(rows["p_value"].to_numpy(dtype=float))
    rows["flagged"] = rows["p_holm"].to_numpy() < 1 - level
    rows["method"] = METHOD
    return Result(rows[COLUMNS], METHOD, level, int(stages.get("eligible", 0)), stages)


def _late_rows(
    flags: pd.DataFrame, drawn_at: pd.Timestamp, days: int, since: pd.Timestamp | None
) -> list[Row]:
    late_from = drawn_at - pd.Timedelta(days=days)
    usual_from = late_from - pd.Timedelta(days=USUAL_DAYS)
    if since is not None and pd.notna(since):
        usual_from = min(max(usual_from, pd.Timestamp(since)), late_from)
    usual_days = (late_from - usual_from) / pd.Timedelta(days=1)
    rows = []
    for check, column in (("late_set", "set_at"), ("late_cleared", "cleared_at")):
        moment = flags[column]
        late = int(((moment > late_from) & (moment <= drawn_at)).sum())
        usual = int(((moment > usual_from) & (moment <= late_from)).sum())
        row = {"check": check, "n": late, "n_expected": usual}
        if not late + usual or not usual_days:
            rows.append({**UNKNOWN, **row, "reason": "no_changes"})
            continue
        p = binomial_more(late, late + usual, days / (days + usual_days))
        expected = usual / usual_days * days
        rows.append(
            {**row, "estimate": float(late), "expected": expected, "p_value": p, "reason": ""}
        )
    return rows


def _by_day(flags: pd.DataFrame, drawn_at: pd.Timestamp, days: int) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, column in (("set", "set_at"), ("cleared", "cleared_at")):
        moment = flags[column]
        late = moment[(moment > drawn_at - pd.Timedelta(days=days)) & (moment <= drawn_at)]
        for day, count in late.dt.date.value_counts().items():
            found.setdefault(str(day), {"set": 0, "cleared": 0})[name] = int(count)
    return dict(sorted(found.items()))


def _drawn_row(this: pd.Series, strata: pd.DataFrame | None) -> Row:
    eligible, marked, drawn, hit = (int(this[name]) for name in COUNTS)
    row = {"check": "drawn", "n": drawn, "n_expected": eligible}
    if not eligible or not drawn:
        return {**UNKNOWN, **row, "reason": "not_drawn" if eligible else "no_frame"}
    parts = [(eligible, marked, drawn)]
    chance = marked / eligible
    if strata is not None:
        counts = strata[COUNTS].astype(int).to_numpy()
        parts = [(int(size), int(black), int(n)) for size, black, n, _hit in counts]
        hit = int(counts[:, 3].sum())
        chance = sum(n * black / size for size, black, n in parts if size) / drawn
    p = draw_p_value(parts, hit)
    return {**row, "estimate": hit / drawn, "expected": chance, "p_value": p, "reason": ""}


def _earlier_row(this: pd.Series, history: pd.DataFrame) -> Row:
    row = {"check": "earlier", "n": int(this["eligible"]), "n_expected": 0}
    if not this["eligible"]:
        return {**UNKNOWN, **row, "reason": "no_frame"}
    history = history[history["eligible"] > 0]
    if not len(history):
        return {**UNKNOWN, **row, "reason": "no_earlier_draw"}
    return {**row, **_shares(this, history.iloc[[-1]]), "reason": ""}


def _peer_row(this: pd.Series, peers: pd.DataFrame, minimum_peers: int) -> Row:
    peers = peers[peers["eligible"] > 0]
    row = {"check": "peers", "n": int(this["eligible"]), "n_expected": 0}
    if not this["eligible"]:
        return {**UNKNOWN, **row, "reason": "no_frame"}
    if len(peers) < minimum_peers:
        return {**UNKNOWN, **row, "reason": "too_few"}
    return {**row, **_shares(this, peers), "reason": ""}


def _shares(this: pd.Series, others: pd.DataFrame) -> Row:
    size, marked = int(this["eligible"]), int(this["blacklisted"])
    counts = others[["blacklisted", "eligible"]].to_numpy(dtype=int)
    p = float(fisher_more(marked, size, *_nearest(counts).T).max())
    pool = int(others["eligible"].sum())
    expected = float(others["blacklisted"].sum()) / pool
    return {"estimate": marked / size, "expected": expected, "p_value": p, "n_expected": pool}


def _nearest(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Those (marked, size) from which the test may take its largest p.

    It rises with the marked of a peer and falls with its size: whoever has no fewer marked among
    no more households leaves another peer without influence.
    """
    ordered = counts[np.lexsort((-counts[:, 0], counts[:, 1]))]
    highest = np.maximum.accumulate(ordered[:, 0])
    return ordered[np.append(True, highest[1:] > highest[:-1])]
