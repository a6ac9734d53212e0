"""How many to ask: for a margin of error, for the rules, and to see a change to the next wave."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.result import Result

# A size that exceeds a whole number by less than this is that number, not the next one.
ROUNDING = 1e-9
MOST = 1e12  # units per wave; a change that needs more cannot be seen


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
    change: float | None = None,
    expected_share: float = 0.5,
    power: float = 0.8,
    change_decides: bool = False,
) -> Result:
    """Answers needed and invitations to send, every stage kept (S0-10).

    ``cochran`` n0 = z^2 p (1-p) / margin^2; ``finite_population`` n0 / (1 + (n0-1)/N);
    ``minimum_share`` of the N households; ``minimum_strata`` = minimum_per_stratum x strata;
    ``see_change`` (where ``change`` is given) answers in each of two waves that find a true change
    of ``change`` from ``expected_share`` with probability ``power``: ``power_sample_size`` of the
    direction that needs more, with the same correction n / (1 + (n-1)/N), because the two waves are
    compared with standard errors that have it; it enters the maximum if ``change_decides``;
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
    finite = _finite(cochran, most)
    share = math.nan if population is None else minimum_share * population
    by_strata = float(minimum_per_stratum * strata)
    stages = {
        "cochran": cochran,
        "finite_population": finite if population is not None else math.nan,
        "minimum_share": share,
        "minimum_strata": by_strata,
    }
    demands = [finite, float(np.nan_to_num(share)), by_strata]
    if change is not None:
        stages["see_change"] = _finite(_change_size(expected_share, change, power, level), most)
        demands += [stages["see_change"]] * change_decides
    needed = min(max(map(whole_size, demands)), most)
    invitations = min(whole_size(needed / response_rate), most)
    stages |= {
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
            "n": [0 if np.isnan(v) else whole_size(v) for v in value],
            "method": "cochran",
            "reason": np.where(missing, "no_frame", ""),
        }
    )
    return Result(rows=rows, method="cochran", level=level, n=int(needed), stages=stages)


def whole_size(value: float) -> int:
    """A size rounded up, but not for the last bits of a double."""
    return math.ceil(value - ROUNDING)


def _finite(n: float, population: float) -> float:
    """n of an endless list -> n of ``population`` units that is as precise."""
    return 0.0 if population == 0 else n / (1 + (n - 1) / population)


def _change_size(share: float, change: float, power: float, level: float) -> float:
    if not 0 <= share <= 1 or not 0 < change <= 0.5:
        raise ValueError("expected_share must lie in [0, 1] and change in (0, 0.5]")
    reached = [p for p in (share - change, share + change) if 0 <= p <= 1]
    return max(float(power_sample_size(share, p, power, level)) for p in reached)


def power_sample_size(
    p1: npt.ArrayLike,
    p2: npt.ArrayLike,
    power: float = 0.8,
    level: float = 0.95,
    *,
    sides: int = 2,
) -> npt.NDArray[np.float64]:
    """Answers per wave (unrounded) to tell share ``p1`` from ``p2`` with probability ``power``.

    ``((z sqrt(2 P (1-P)) + z_power sqrt(p1 (1-p1) + p2 (1-p2))) / (p1 - p2))^2``, P the mean of the
    two shares: the solution of R's ``power.prop.test(p1, p2, power, sig.level = 1 - level)``.
    ``sides = 1`` for a test in one direction. Numbers or arrays, which broadcast; infinite where
    the shares are equal. No finite population correction: see ``sample_size``.

    Source: Fleiss (1981), 3.2. ValueError for shares outside [0, 1], or a power or level outside
    (0, 1).
    """
    check_level(level)
    z, z_power = _quantiles(power, level, sides)
    one, two = np.broadcast_arrays(np.asarray(p1, dtype=float), np.asarray(p2, dtype=float))
    if not ((one >= 0) & (one <= 1) & (two >= 0) & (two <= 1)).all():
        raise ValueError("p1 and p2 must lie between 0 and 1")
    pooled = (one + two) / 2
    null = z * np.sqrt(2 * pooled * (1 - pooled))
    real = z_power * np.sqrt(one * (1 - one) + two * (1 - two))
    with np.errstate(divide="ignore", invalid="ignore"):
        n = (np.maximum(null + real, 0) / np.abs(one - two)) ** 2
    return np.asarray(np.where(one == two, np.inf, n))[()]


def power_sample_size_means(
    difference: float,
    std_dev: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
    *,
    sides: int = 2,
    paired: bool = False,
) -> float:
    """Answers per wave (unrounded) to see a ``difference`` of two means with probability ``power``.

    Solves P(T > t) = power for n, T noncentral t with 2 (n-1) degrees of freedom and
    noncentrality sqrt(n/2) difference / std_dev, t its central quantile: R's
    ``power.t.test(delta, sd, power, sig.level = 1 - level)``. ``paired``: households of a panel, n
    pairs, ``std_dev`` of their differences (R's ``type = "paired"``).

    ValueError for a difference of 0, a std_dev that is not positive, or power and level outside
    (0, 1). Infinite where 10^12 a wave are too few.
    """
    check_level(level)
    _quantiles(power, level, sides)
    if not std_dev > 0 or difference == 0 or not math.isfinite(difference / std_dev):
        raise ValueError("std_dev must be positive and the difference not 0")
    groups = 1 if paired else 2
    effect = abs(difference) / std_dev

    def reached(n: float) -> bool:
        df = groups * (n - 1)
        t = special.stdtrit(df, 1 - (1 - level) / sides)
        return bool(1 - special.nctdtr(df, math.sqrt(n / groups) * effect, t) >= power)

    low, high = 1e-7, 1.0  # n - 1
    while not reached(1 + high):
        low, high = high, 4 * high
        if high > MOST:
            return math.inf
    for _ in range(80):  # halves the interval down to the last bits of a double
        middle = (low + high) / 2
        low, high = (low, middle) if reached(1 + middle) else (middle, high)
    return 1 + high


def _quantiles(power: float, level: float, sides: int) -> tuple[float, float]:
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, not {power!r}")
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, not {sides!r}")
    return float(special.ndtri(1 - (1 - level) / sides)), float(special.ndtri(power))
