"""What moved between two waves, and what movement could have been seen at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.detection import detectable_difference
from satisfaction.methods.estimation import survey_mean, survey_proportion
from satisfaction.methods.inference import DEFAULT_INTERVAL
from satisfaction.methods.intervals import check_level, newcombe_difference
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.overlap import shared_covariances
from satisfaction.methods.result import Result

Array = npt.NDArray[np.float64]

ROUNDING = 1e-7


def wave_difference(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    items: Sequence[str] | Mapping[str, Sequence[str]],
    *,
    at_least: float | None = 4,
    by: str | None = None,
    unit: str | None = None,
    comparable: Collection[str] | None = None,
    minimum_n: int = 10,
    level: float = 0.95,
    power: float = 0.8,
    interval: str = DEFAULT_INTERVAL,
) -> Result:
    """Change of shares (``at_least``) or means (``at_least=None``) between two waves.

    unit      column that says which household answered: those in both waves are then accounted
              for (`overlap`); None: independent waves.
    estimate  current - previous, std_error = sqrt(SE1² + SE2² - 2 Cov), df = df1 + df2 - max(1,
              df of the common households). Without common households Cov = 0: what R gives for
              the stacked waves with strata wave x stratum, ``svyttest(y ~ wave)``; with all in
              common the paired t test.
    p_value   two-sided t test on them. Where a wave stands at 0 % or 100 % its SE is 0 and says
              nothing: there the pooled score test on n_eff (R's ``prop.test(correct = FALSE)``).
    p_holm    over all rows that were tested, as one family.
    interval  shares: Newcombe's hybrid of the two Wilson intervals (with the correlation that Cov
              means); means: t. The shares' interval
              and the test are different constructions and can disagree close to ``1 - level``;
              ``significant`` needs both: p_holm < 1 - level and an interval without 0.
    detectable  the change that this design sees with probability ``power`` in a single test:
              ``detectable_difference`` at the previous share (means: (t + t_power) SE).

    comparable  items asked in the same words in both waves; None: all that both waves hold. The
                others keep their two levels but get no difference, reason ``not_comparable``.

    Rows: ``item`` (``by, group``), ``current, previous, estimate, std_error, ci_low, ci_high, df,
    p_value, p_holm, n, n_previous, n_eff, n_eff_previous, n_common`` (households that answered
    the item in both waves), ``significant, direction`` (up, down, none), ``detectable, method,
    reason``.
    """
    check_level(level)
    check_level(power)
    named = dict(items) if isinstance(items, Mapping) else {item: [item] for item in items}
    now = _estimates(current, named, at_least, by, level, interval)
    before = _estimates(previous, named, at_least, by, level, interval)
    rows = _paired(now, before, list(named))
    keys = [key for key in ("item", "by", "group") if key in rows]
    shared = shared_covariances(current, previous, named, at_least=at_least, by=by, unit=unit)
    alone = (0.0, 0.0, 0.0)
    found = [shared.get(key, alone) for key in zip(*(rows[key] for key in keys), strict=True)]
    covariance, common, common_df = np.array(found, dtype=float).reshape(-1, 3).T
    same = {
        name
        for name, columns in named.items()
        if (comparable is None or name in comparable or set(columns) <= set(comparable))
        and all(c in current.columns and c in previous.columns for c in columns)
    }
    changed = np.array([item not in same for item in rows["item"]], dtype=bool)
    unknown = np.isnan(rows["current"]) | np.isnan(rows["previous"])
    few = (rows["n"] < minimum_n) | (rows["n_previous"] < minimum_n)
    reason = np.select(
        [changed, unknown, few],
        ["not_comparable", np.where(rows["reason"] == "", "no_answers", rows["reason"]), "too_few"],
        default="",
    )
    fine = reason == ""
    differences = _differences(rows, covariance, common_df, at_least is not None, level, power)
    tested = {name: np.where(fine, values, np.nan) for name, values in differences.items()}
    # Answers without any variation in both waves, short of a census: the change has no yardstick.
    reason = np.where(fine & np.isnan(tested["p_value"]), "no_variation", reason)
    p_holm = adjusted_p_values(tested["p_value"])
    # The interval and the test are different constructions: a change is claimed where both agree.
    significant = (p_holm < 1 - level) & ((tested["ci_low"] > 0) | (tested["ci_high"] < 0))
    detectable = tested.pop("detectable")
    keyed: dict[str, Any] = {key: rows[key] for key in keys}
    table = pd.DataFrame(
        {
            **keyed,
            "current": rows["current"],
            "previous": rows["previous"],
            **tested,
            "p_holm": p_holm,
            "n": rows["n"],
            "n_previous": rows["n_previous"],
            "n_eff": rows["n_eff"],
            "n_eff_previous": rows["n_eff_previous"],
            "n_common": common.astype(int),
            "significant": significant,
            "direction": np.select(
                [significant & (tested["estimate"] > 0), significant],
                ["up", "down"],
                default="none",
            ),
            "detectable": detectable,
            "method": "newcombe" if at_least is not None else "t",
            "reason": reason,
        }
    )
    stages = {
        "tested": int((~np.isnan(tested["p_value"])).sum()),
        "significant": int(significant.sum()),
        "not_comparable": sorted(set(named) - same),
        "power": power,
    }
    return Result(
        table,
        "wave_difference",
        level,
        int(rows["n"].max(initial=0)),
        stages,
        {"not_comparable": len(set(named) - same)},
    )


def share_difference_p_value(
    p1: npt.ArrayLike,
    std_error1: npt.ArrayLike,
    n_eff1: npt.ArrayLike,
    p2: npt.ArrayLike,
    std_error2: npt.ArrayLike,
    n_eff2: npt.ArrayLike,
    df: npt.ArrayLike = np.inf,
    covariance: npt.ArrayLike = 0.0,
) -> Array:
    """Two-sided p-value of a difference of shares (see `wave_difference`)."""
    p1, se1, n1 = (np.asarray(x, dtype=float) for x in (p1, std_error1, n_eff1))
    p2, se2, n2 = (np.asarray(x, dtype=float) for x in (p2, std_error2, n_eff2))
    at_the_end = (np.minimum(p1, p2) <= 0) | (np.maximum(p1, p2) >= 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # n1/(n1 + n2), written so that a census (n_eff infinite) keeps its weight
        weight1 = np.where(np.isinf(n1), np.where(np.isinf(n2), 0.5, 1.0), n1 / (n1 + n2))
        pooled = weight1 * p1 + (1 - weight1) * p2
        score = special.ndtr(-_ratio(p1 - p2, np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))))
        wald = special.stdtr(df, -_ratio(p1 - p2, _std_error(se1, se2, covariance)))
    return np.asarray(2 * np.where(at_the_end, score, wald))


def _std_error(se1: npt.ArrayLike, se2: npt.ArrayLike, covariance: npt.ArrayLike) -> Array:
    """SE of a difference; exactly sqrt(SE1² + SE2²) where nothing is shared."""
    se1, se2 = np.asarray(se1, dtype=float), np.asarray(se2, dtype=float)
    shared = np.asarray(covariance, dtype=float)
    correlated = np.sqrt(np.maximum(se1**2 + se2**2 - 2 * shared, 0))
    # what rounding leaves of households that all changed alike is no variation
    correlated = np.where(correlated <= ROUNDING * np.hypot(se1, se2), 0.0, correlated)
    return np.where(shared == 0, np.hypot(se1, se2), correlated)


def _ratio(difference: Array, std_error: Array) -> Array:
    """|difference| / SE; equal values are no evidence even where SE is 0."""
    return np.where(
        difference == 0, np.where(np.isnan(std_error), np.nan, 0.0), np.abs(difference) / std_error
    )


def _estimates(
    data: pd.DataFrame,
    named: Mapping[str, Sequence[str]],
    at_least: float | None,
    by: str | None,
    level: float,
    interval: str,
) -> pd.DataFrame:
    """Rows of the items that this wave holds; an item is left out if a column of it is missing."""
    held = {k: list(v) for k, v in named.items() if all(c in data.columns for c in v)}
    keys = ["item", "by", "group"] if by else ["item"]
    if not held:
        return pd.DataFrame(columns=[*keys, *WAVE_COLUMNS]).astype({"item": str})
    if at_least is None:
        found = survey_mean(data, held, by=by, level=level)
    else:
        found = survey_proportion(
            data, held, at_least=at_least, by=by, level=level, interval=interval
        )
    return found.rows


WAVE_COLUMNS = ["estimate", "std_error", "ci_low", "ci_high", "n", "n_eff", "df", "reason"]


def _paired(now: pd.DataFrame, before: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    """Columns with one row per item (and group) of either wave, in the order of the items."""
    unknown = set(names) - set(now["item"]) - set(before["item"])
    if unknown:
        raise ValueError(f"neither wave holds {', '.join(sorted(unknown))}")
    keys = [c for c in ("item", "by", "group") if c in now.columns or c in before.columns]
    places = [
        {key: row for row, key in enumerate(zip(*(wave[key] for key in keys), strict=True))}
        for wave in (now, before)
    ]
    rank = {name: place for place, name in enumerate(names)}
    order = sorted({**places[0], **places[1]}, key=lambda key: (rank[key[0]], *key[1:]))
    rows: dict[str, Any] = {key: [row[place] for row in order] for place, key in enumerate(keys)}
    rows["item"] = np.array(rows["item"], dtype=str)
    reasons = []
    for wave, place, suffix in zip((now, before), places, ("", "_previous"), strict=True):
        at = np.array([place.get(key, -1) for key in order], dtype=int)  # -1: not in this wave
        for name in WAVE_COLUMNS:
            if name != "reason":
                values = np.append(wave[name].to_numpy(dtype=float), np.nan)
                rows[name + suffix] = values[at]
        reasons.append(np.append(wave["reason"].to_numpy(dtype=object), "no_answers")[at])
        rows[f"n{suffix}"] = np.nan_to_num(rows[f"n{suffix}"]).astype(int)
    rows["reason"] = np.where(reasons[0] == "", reasons[1], reasons[0]).astype(str)
    rows["current"], rows["previous"] = rows["estimate"], rows["estimate_previous"]
    return rows


def _differences(
    rows: dict[str, Any],
    covariance: Array,
    common_df: Array,
    shares: bool,
    level: float,
    power: float,
) -> dict[str, Array]:
    now, before = rows["current"], rows["previous"]
    se, se_before = rows["std_error"], rows["std_error_previous"]
    n_eff, n_eff_before = rows["n_eff"], rows["n_eff_previous"]
    difference, std_error = now - before, _std_error(se, se_before, covariance)
    df = np.maximum(rows["df"] + rows["df_previous"] - np.maximum(common_df, 1), 1)
    if shares:
        p_value = share_difference_p_value(
            now, se, n_eff, before, se_before, n_eff_before, df, covariance
        )
        product = se * se_before
        varies = product > 0
        correlation = np.where(varies, covariance / np.where(varies, product, 1.0), 0.0)
        low, high = newcombe_difference(
            *(now, rows["ci_low"], rows["ci_high"]),
            *(before, rows["ci_low_previous"], rows["ci_high_previous"]),
            np.clip(correlation, -1, 1),
        )
        # Common households see a change as well as a larger independent sample would.
        both = std_error > 0
        gain = np.where(both, np.hypot(se, se_before) / np.where(both, std_error, 1.0), 1.0) ** 2
        detectable = detectable_difference(
            before, n_eff * gain, n_eff_before * gain, power=power, level=level
        )
    else:
        census = np.isinf(n_eff) & np.isinf(n_eff_before)
        usable = np.where((std_error > 0) | census, std_error, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2 * special.stdtr(df, -_ratio(difference, usable))
        critical = special.stdtrit(df, (1 + level) / 2)
        low, high = difference - critical * usable, difference + critical * usable
        detectable = (critical + special.stdtrit(df, power)) * usable
    return {
        "estimate": difference,
        "std_error": std_error,
        "ci_low": low,
        "ci_high": high,
        "df": df,
        "p_value": p_value,
        "detectable": detectable,
    }
