"""Survey design: how many to ask, how many in each stratum, and exactly whom."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.result import Result

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# A size that exceeds a whole number by less than this is that number, not the next one.
ROUNDING = 1e-9


def sample_size(
    population: int | None,
    *,
    margin: float,
    level: float = 0.95,
    proportion: float = 0.5,
    minimum_share: float = 0.0,
    minimum_per_stratum: int = 0,
    strata: int = 1,
    response_rate: float = 1.0,
) -> Result:
    """Answers needed and invitations to send, every stage kept (S0-10).

    ``cochran`` n0 = z^2 p (1-p) / margin^2; ``finite_population`` n0 / (1 + (n0-1)/N);
    ``minimum_share`` of the N households; ``minimum_strata`` = minimum_per_stratum x strata;
    ``needed`` the largest of these, at most N; ``invitations`` = needed / response_rate, at most N;
    ``expected_answers`` of those, at most needed (below needed: the frame is too small). Only the
    last step of a stage is rounded, upwards: rounding n0 first would give 279 for N = 1000.

    Rows: ``stage``, ``estimate`` (unrounded), ``n`` (rounded up), reason (``no_frame`` where
    the population is unknown; there is no FPC then). ``stages`` holds the same unrounded values.

    Source: Cochran (1977), 4.4. ValueError for arguments outside their range.
    """
    check_level(level)
    for name, share in (("margin", margin), ("proportion", proportion)):
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie between 0 and 1, not {share!r}")
    if not 0 <= minimum_share <= 1 or not 0 < response_rate <= 1:
        raise ValueError("minimum_share must lie in [0, 1] and response_rate in (0, 1]")
    if minimum_per_stratum < 0 or strata < 0 or (population is not None and population < 0):
        raise ValueError("population, strata and minimum_per_stratum must not be negative")
    most = math.inf if population is None else population
    z = float(critical_value(level))
    cochran = z**2 * proportion * (1 - proportion) / margin**2
    finite = 0.0 if most == 0 else cochran / (1 + (cochran - 1) / most)
    share = math.nan if population is None else minimum_share * population
    by_strata = float(minimum_per_stratum * strata)
    needed = min(max(map(_ceil, (finite, np.nan_to_num(share), by_strata))), most)
    invitations = min(_ceil(needed / response_rate), most)
    stages = {
        "cochran": cochran,
        "finite_population": finite if population is not None else math.nan,
        "minimum_share": share,
        "minimum_strata": by_strata,
        "needed": float(needed),
        "invitations": float(invitations),
        "expected_answers": min(invitations * response_rate, float(needed)),
    }
    value = np.array(list(stages.values()))
    missing = np.isnan(value)
    rows = pd.DataFrame(
        {
            "stage": list(stages),
            "estimate": value,
            "n": [0 if np.isnan(v) else _ceil(v) for v in value],
            "method": "cochran",
            "reason": np.where(missing, "no_frame", ""),
        }
    )
    return Result(rows=rows, method="cochran", level=level, n=int(needed), stages=stages)


def _ceil(value: float) -> int:
    return math.ceil(value - ROUNDING)


def permanent_random_numbers(units: Iterable[object], seed: int) -> pd.Series:
    """A uniform number in [0, 1) for each unit, for ever the same (indexed by unit).

    The first 53 bits of BLAKE2b of the unit's id, keyed with the seed: it depends on nothing else,
    neither row order nor machine nor who else is in the frame. That is what lets later waves
    avoid (or repeat) earlier ones: Ohlsson (1995), "Coordination of samples using permanent random
    numbers".
    """
    ids = [str(unit) for unit in units]
    key = str(int(seed)).encode()
    numbers = [
        int.from_bytes(hashlib.blake2b(i.encode(), key=key, digest_size=8).digest(), "big") >> 11
        for i in ids
    ]
    return pd.Series(np.array(numbers, dtype=float) / 2**53, index=ids, name="random_number")


def draw_sample(
    frame: pd.DataFrame,
    allocation: Result | pd.DataFrame,
    *,
    seed: int,
    reserve_share: float = 0.0,
    start: float = 0.0,
    unit: str = "household",
) -> pd.DataFrame:
    """Draw n_h units per stratum with equal probability, and a reserve list (S0-6).

    In each stratum the units whose permanent random numbers follow ``start`` first (going round at
    1) are the main sample, the next ceil(reserve_share x n_h) the reserve. The same seed and start
    give the same list in any row order; a later wave with ``start`` moved on by the fraction drawn
    asks other households first.

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
    if reserve_share < 0 or not 0 <= start < 1:
        raise ValueError("reserve_share must not be negative and start must lie in [0, 1)")
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
    number = (permanent_random_numbers(frame[unit], seed).to_numpy() - start) % 1.0
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


def expected_margin(
    allocation_rows: pd.DataFrame, *, proportion: float = 0.5, level: float = 0.95
) -> Result:
    """Margin of error to expect before the field work if everybody drawn answers.

    ``SE^2 = sum_h W_h^2 p(1-p)/n_h (N_h - n_h)/(N_h - 1)``, margin = z SE: the inverse of
    ``sample_size``. Where a ``population`` is missing, W_h = n_h/n and no FPC.

    Rows: ``scope`` ("all", then "stratum"), ``stratum`` ("" for all), ``estimate`` (half width of
    the interval), ``std_error``, ``n``, reason: ``empty_stratum`` if nobody is drawn from a stratum
    that has units; the whole then has no margin either.
    """
    if not 0 < proportion < 1:
        raise ValueError(f"proportion must lie between 0 and 1, not {proportion!r}")
    n = allocation_rows["n"].to_numpy(dtype=float)
    population = (
        allocation_rows["population"].to_numpy(dtype=float, na_value=np.nan)
        if "population" in allocation_rows.columns
        else np.full(len(n), np.nan)
    )
    if (population < n).any() or (n < 0).any():
        raise ValueError("n must lie between 0 and the population in every stratum")
    known = not np.isnan(population).any()
    sizes = population if known else n
    with np.errstate(divide="ignore", invalid="ignore"):
        fpc = np.where(population > 1, (population - n) / (population - 1), population - n)
        variance = proportion * (1 - proportion) / n * np.where(np.isnan(population), 1.0, fpc)
        share = sizes / sizes.sum()
    whole = np.sum((share**2 * variance)[share > 0]) if (share > 0).any() else np.nan
    std_error = np.sqrt(np.append(whole, variance))
    std_error[~np.isfinite(std_error)] = np.nan
    rows = pd.DataFrame(
        {
            "scope": ["all"] + ["stratum"] * len(n),
            "stratum": ["", *allocation_rows["stratum"].astype(str)],
            "estimate": critical_value(level) * std_error,
            "std_error": std_error,
            "n": np.append(n.sum(), n).astype(int),
            "method": "expected_margin",
            "reason": np.where(np.isnan(std_error), "empty_stratum", ""),
        }
    )
    return Result(rows=rows, method="expected_margin", level=level, n=int(n.sum()))


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
