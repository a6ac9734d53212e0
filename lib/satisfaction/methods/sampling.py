"""Survey design: who can be drawn, and exactly whom to ask."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.result import Result
from satisfaction.methods.sizes import ROUNDING

FloatArray = npt.NDArray[np.float64]


def permanent_random_numbers(units: Iterable[object], seed: int) -> pd.Series:
    """A uniform number in [0, 1) for each unit, for ever the same (indexed by unit).

    The first 53 bits of BLAKE2b of the unit's id, keyed with the seed: it depends on nothing else,
    neither row order nor machine nor who else is in the frame. That is what lets later waves
    avoid (or repeat) earlier ones: Ohlsson (1995), "Coordination of samples using permanent random
    numbers".
    """
    ids = [str(unit) for unit in units]
    key = str(int(seed)).encode()
    digests = [hashlib.blake2b(i.encode(), key=key, digest_size=8).digest() for i in ids]
    numbers = np.frombuffer(b"".join(digests), dtype=">u8") >> 11
    return pd.Series(numbers.astype(float) / 2**53, index=ids, name="random_number")


def draw_sample(
    frame: pd.DataFrame,
    allocation: Result | pd.DataFrame,
    *,
    seed: int,
    reserve_share: float = 0.0,
    start: float | Mapping[str, float] = 0.0,
    unit: str = "household",
) -> pd.DataFrame:
    """Draw n_h units per stratum with equal probability, and a reserve list (S0-6).

    In each stratum the units whose permanent random numbers follow ``start`` first (going round at
    1; one number, or one per stratum) are the main sample, the next ceil(reserve_share x n_h) the
    reserve. The same seed and start give the same list in any row order; a later wave that starts
    where the earlier ones ended asks other households first (``coordinated_plan``).

    Returns one row per drawn unit: the unit, stratum, stratum_population, stratum_sample,
    probability (n_h/N_h, also for reserves: they replace main units), role ("main"/"reserve"),
    draw_order (from 1 in each stratum, main first), seed; sorted by stratum and draw_order.
    ValueError for units listed twice, strata that do not match, or n_h above the stratum's units.
    """
    rows = allocation.rows if isinstance(allocation, Result) else allocation
    for column, table, name in (
        (unit, frame, "frame"), ("stratum", frame, "frame"),
        ("stratum", rows, "allocation"), ("n", rows, "allocation"),
    ):  # fmt: skip
        if column not in table.columns:
            raise ValueError(f"the {name} has no column {column!r}")
    if reserve_share < 0:
        raise ValueError("reserve_share must not be negative")
    if frame[unit].isna().any() or frame[unit].astype(str).duplicated().any():
        raise ValueError(f"every row of the frame needs its own {unit}")
    wanted = rows.set_index("stratum")["n"].astype(int)
    available = frame.groupby("stratum", observed=True).size()
    unplanned = sorted(set(frame["stratum"].astype(str)) - set(wanted.index.astype(str)))
    if unplanned or frame["stratum"].isna().any():
        raise ValueError(f"the allocation says nothing about strata {unplanned or ['(missing)']}")
    short = wanted[wanted > available.reindex(wanted.index, fill_value=0)]
    if len(short):
        raise ValueError(f"stratum {short.index[0]!r} has fewer than the {short.iloc[0]} to draw")
    first = frame["stratum"].map(start) if isinstance(start, Mapping) else start
    begin = np.broadcast_to(np.asarray(first, dtype=float), len(frame))
    if not ((begin >= 0) & (begin < 1)).all():
        raise ValueError("start must lie in [0, 1) and be given for every stratum")
    number = (permanent_random_numbers(frame[unit], seed).to_numpy() - begin) % 1.0
    drawn = pd.DataFrame(
        {unit: frame[unit].to_numpy(), "stratum": frame["stratum"].to_numpy(), "number": number}
    )
    drawn["stratum_population"] = drawn["stratum"].map(available).astype(int)
    drawn["stratum_sample"] = drawn["stratum"].map(wanted).astype(int)
    drawn["probability"] = drawn["stratum_sample"] / drawn["stratum_population"]
    drawn["name"] = drawn[unit].astype(str)
    drawn = drawn.sort_values(["stratum", "number", "name"], ignore_index=True)
    drawn["draw_order"] = drawn.groupby("stratum", observed=True).cumcount() + 1
    main = drawn["draw_order"] <= drawn["stratum_sample"]
    reserve = np.ceil(reserve_share * drawn["stratum_sample"] - ROUNDING)
    drawn["role"] = np.where(main, "main", "reserve")
    drawn["seed"] = int(seed)
    kept = drawn[drawn["draw_order"] <= drawn["stratum_sample"] + reserve]
    columns = [
        unit, "stratum", "stratum_population", "stratum_sample", "probability", "role",
        "draw_order", "seed",
    ]  # fmt: skip
    return kept[columns].reset_index(drop=True)


def eligibility_counts(frame: pd.DataFrame) -> Result:
    """Units that can be drawn, and why the others cannot (S3-3, S3-4).

    frame: column ``eligibility``, "" or the reason why the unit cannot be drawn.

    Rows: ``eligibility`` ("eligible" first, then the most frequent reason), ``n``, ``estimate``
    (share of all units), method, reason (``no_frame`` where the frame is empty).
    """
    why = frame["eligibility"].replace("", "eligible")
    counts = why.value_counts().drop("eligible", errors="ignore")
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    n = [int((why == "eligible").sum()), *counts.astype(int)]
    rows = pd.DataFrame(
        {
            "eligibility": ["eligible", *counts.index],
            "n": n,
            "estimate": np.array(n) / len(frame) if len(frame) else np.full(len(n), np.nan),
            "method": "eligibility",
            "reason": "" if len(frame) else "no_frame",
        }
    )
    exclusions = {str(reason): int(count) for reason, count in counts.items()}
    return Result(rows, "eligibility", n=n[0], exclusions=exclusions)


def frame_waterfall(frame: pd.DataFrame, *, steps: Mapping[str, pd.Series]) -> Result:
    """From all units to those that can be drawn: who is left after each step (S3-3, S3-4).

    steps: name -> boolean Series "still in" with the frame's index. A unit that one step removed
    stays out. Rows: ``step`` ("frame" first), ``n`` left, ``removed`` by this step,
    ``share_of_start``, method, reason (``no_frame`` where the frame is empty).
    """
    inside = np.ones(len(frame), dtype=bool)
    names, left = ["frame"], [len(frame)]
    for name, still_in in steps.items():
        if not still_in.index.equals(frame.index) or still_in.isna().any():
            raise ValueError(f"step {name!r} must say yes or no for every row of the frame")
        inside &= still_in.to_numpy(dtype=bool)
        names.append(name)
        left.append(int(inside.sum()))
    n = np.array(left)
    rows = pd.DataFrame(
        {
            "step": names,
            "n": n,
            "removed": -np.diff(n, prepend=n[0]),
            "share_of_start": n / n[0] if n[0] else np.full(len(n), np.nan),
            "method": "frame_waterfall",
            "reason": "" if n[0] else "no_frame",
        }
    )
    return Result(rows=rows, method="frame_waterfall", n=left[-1])


def exclusion_bounds(estimate: float, excluded_share: float) -> Result:
    """How far excluding a share b of the households could have moved a satisfied share S (S3-4).

    If all excluded households were dissatisfied the full population would score (1-b) S, if all
    were satisfied (1-b) S + b. One row: ``excluded_share``, ``estimate`` = S, the bounds in
    ``ci_low, ci_high`` (bounds, not a confidence interval), method, reason (``no_answers`` or
    ``no_frame`` where S or b is unknown).
    """
    for name, share in (("estimate", estimate), ("excluded_share", excluded_share)):
        if not (math.isnan(share) or 0 <= share <= 1):
            raise ValueError(f"{name} must lie between 0 and 1, not {share!r}")
    low = (1 - excluded_share) * estimate
    reason = "no_answers" if math.isnan(estimate) else "no_frame" if math.isnan(low) else ""
    rows = pd.DataFrame(
        {
            "excluded_share": [excluded_share],
            "estimate": [estimate],
            "ci_low": [low],
            "ci_high": [low + excluded_share],
            "method": ["exclusion_bounds"],
            "reason": [reason],
        }
    )
    return Result(rows=rows, method="exclusion_bounds")
