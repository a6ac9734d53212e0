"""Why a result moved: residents changed their answers, others answered, or in other ways.

Every wave's share is an average over who answered and how. With x a row's category indicators (a
resident's cell, the mode), xbar_t their weighted shares in wave t and b what a category adds:

    residents   (xbar_now - xbar_before) b   over the cells of residents
    modes       (xbar_now - xbar_before) b   over the modes
    answers     what is left: the change among like residents asked in like ways

The three add up to the whole change exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special  # the functions behind scipy.stats, which takes a second to import

from satisfaction.methods.covariance import covariance_of_totals
from satisfaction.methods.design import FloatArray
from satisfaction.methods.inference import require_columns
from satisfaction.methods.intervals import check_level, t_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.overlap import overlap
from satisfaction.methods.result import Result
from satisfaction.methods.slopes import Waves, averaged_slopes, pooled_slopes, wave_answers

ANSWERS, TOTAL = "answers", "total"
STANDARDS = ("pooled", "average")
UNKNOWN = "?"
# Relative size below which a weighted sum is rounding dust of an exact zero.
ROUNDING = 1e-8


def change_decomposition(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    item: str,
    factors: Mapping[str, Sequence[str]],
    *,
    at_least: float | None = 4,
    standard: str = "pooled",
    unit: str | None = None,
    comparable: bool = True,
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """The change of a share (``at_least``) or mean (None) as a sum of named parts.

    factors   part -> its columns, e.g. ``{"residents": ["customer_group", "occupancy"], "modes":
              ["mode"]}``; within a part the columns' combinations are its categories. Between the
              parts no interaction: a mode adds the same for all residents.
    standard  whose b: ``"pooled"`` one weighted regression of both waves on the categories and a
              dummy of the wave, whose coefficient is the part ``answers`` (Oaxaca-Blinder with
              pooled slopes, Neumark 1988 / Jann 2008). With one factor that is the
              Mantel-Haenszel average of the changes within its categories: those that only one
              wave holds say nothing about it. ``"average"`` the mean of the two waves' own
              coefficients: with one factor Kitagawa's (1955) components, within: mean shares x
              change of rates, between: change of shares x mean rates. It needs the same categories
              in both waves.
    unit      household column for the covariance of overlapping waves (see `overlap`)

    Weighted with the design weights; std_error by linearisation over both waves, coefficients
    included; t intervals. A column without values in a wave is left out (stage ``not_separated``:
    its part of the change stays in ``answers``); single missing values are a category of their own.

    Rows: ``part`` (``answers``, the factors, ``total``), ``estimate, std_error, ci_low, ci_high,
    df, p_value, p_holm`` (over the parts), ``n, n_previous, significant, direction, method,
    reason``. stages: ``current, previous`` levels; ``one_wave_only``: largest share of a wave's
    answers in categories that the other lacks; ``shifts``: per part the category whose share moved
    most, as ``(part, category, previous, current)``; ``not_separated``.
    reason: ``too_few`` answers; ``no_answers``; ``not_comparable`` item, or categories with
    "average"; ``no_group`` a factor of which nothing is known; ``confounded`` parts that no answer
    tells apart (say, all by phone before and all online now).
    """
    check_level(level)
    if standard not in STANDARDS:
        raise ValueError(f"standard must be one of {', '.join(STANDARDS)}, not {standard!r}")
    if {ANSWERS, TOTAL} & set(factors):
        raise ValueError(f"a factor may not be called {ANSWERS!r} or {TOTAL!r}")
    if item not in current.columns and item not in previous.columns:
        raise ValueError(f"neither wave holds {item}")
    both = pd.DataFrame(columns=[*{*current.columns, *previous.columns}])
    require_columns(both, [column for columns in factors.values() for column in columns])
    parts = [ANSWERS, *factors, TOTAL]
    if not comparable or item not in current.columns or item not in previous.columns:
        return _nothing(parts, "not_comparable", standard, level)
    waves = wave_answers(current, item, at_least), wave_answers(previous, item, at_least)
    n = [int(wave.used.sum()) for wave in waves]
    if min(n) < minimum_n:
        reason = "no_answers" if min(n) == 0 else "too_few"
        return _nothing(parts, reason, standard, level, n)
    known = _known_columns(waves, factors)
    blocks, mix = _indicators(waves, known)
    values, influence, reasons = _parts(waves, blocks, standard)
    for name in factors:
        if not known[name]:
            values[name], reasons[name] = np.nan, "no_group"
            for side in influence:
                side[name] = np.zeros_like(side[TOTAL])
    design_now, design_before = waves[0].design, waves[1].design
    pairs = overlap(current, previous, design_now, design_before, unit)
    z = [np.column_stack([side[part] for part in parts]) for side in influence]
    cross = pairs.covariance(z[0], z[1])
    covariance = covariance_of_totals(design_now, z[0])
    covariance = covariance + covariance_of_totals(design_before, z[1]) + cross + cross.T
    used = [wave.used[:, None].astype(float) for wave in waves]
    shared = float(pairs.degrees(used[0], used[1])[0])
    df = max(waves[0].df + waves[1].df - max(shared, 1.0), 1.0)
    estimate = np.array([values[part] for part in parts])
    std_error = np.sqrt(np.maximum(np.diag(covariance), 0))
    whole = std_error[-1]
    std_error = np.where(std_error <= ROUNDING * max(whole, ROUNDING), 0.0, std_error)
    std_error = np.where(np.isnan(estimate), np.nan, std_error)
    low, high = t_interval(estimate, std_error, df, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.abs(estimate) <= ROUNDING**1.5, 0.0, np.abs(estimate) / std_error)
    p_value = 2 * special.stdtr(df, -t)
    p_holm = np.append(adjusted_p_values(p_value[:-1]), p_value[-1])
    significant = (p_holm < 1 - level) & ((low > 0) | (high < 0))
    rows = pd.DataFrame(
        {
            "part": parts,
            "estimate": estimate,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
            "df": df,
            "p_value": p_value,
            "p_holm": p_holm,
            "n": n[0],
            "n_previous": n[1],
            "significant": significant,
            "direction": np.select(
                [significant & (estimate > 0), significant], ["up", "down"], default="none"
            ),
            "method": f"decomposition_{standard}",
            "reason": [reasons.get(part, "") for part in parts],
        }
    )
    given = {column for name in factors for column in factors[name]}
    kept = {column for name in known for column in known[name]}
    stages = {
        "current": waves[0].level,
        "previous": waves[1].level,
        "one_wave_only": mix["one_wave_only"],
        "shifts": mix["shifts"],
        "not_separated": sorted(given - kept),
    }
    return Result(rows, f"decomposition_{standard}", level, n[0], stages)


def _nothing(
    parts: list[str], reason: str, standard: str, level: float, n: Sequence[int] = (0, 0)
) -> Result:
    """Rows that say why nothing can be told."""
    empty = ("estimate", "std_error", "ci_low", "ci_high", "df", "p_value", "p_holm")
    rows = pd.DataFrame({"part": parts, **dict.fromkeys(empty, np.nan)})
    method = f"decomposition_{standard}"
    rows = rows.assign(n=n[0], n_previous=n[1], significant=False, direction="none")
    return Result(rows.assign(method=method, reason=reason), method, level, n[0])


def _known_columns(waves: Waves, factors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The columns of each factor of which both waves know something."""
    return {
        name: [
            column
            for column in columns
            if all(column in c.data and c.data[column].notna()[c.used].any() for c in waves)
        ]
        for name, columns in factors.items()
    }


def _indicators(
    waves: Waves, known: Mapping[str, list[str]]
) -> tuple[dict[str, tuple[FloatArray, FloatArray]], dict[str, Any]]:
    """Per factor the indicators of its categories but one, for both waves; and how they moved."""
    blocks: dict[str, tuple[FloatArray, FloatArray]] = {}
    shifts: list[tuple[str, tuple[str, ...], float, float]] = []
    alone = [0.0, 0.0]
    for name, columns in known.items():
        if not columns:
            continue
        cells = [
            list(zip(*(_known(w.data[column]) for column in columns), strict=True)) for w in waves
        ]
        codes, labels = pd.factorize(pd.Series([*cells[0], *cells[1]], dtype=object))
        size = len(labels)
        whole = np.eye(size)[codes]
        both = whole[: len(cells[0])], whole[len(cells[0]) :]
        shares = [w.weight @ x / w.weight.sum() for w, x in zip(waves, both, strict=True)]
        held = np.array(shares) > 0
        for place in (0, 1):
            alone[place] = max(alone[place], float(shares[place][~held[1 - place]].sum()))
        answered = held.any(axis=0)
        most = int(np.abs(shares[0] - shares[1]).argmax())
        category = tuple(str(value) for value in labels[most])
        shifts.append((name, category, float(shares[1][most]), float(shares[0][most])))
        # The most frequent category is the base: nothing depends on the choice but rounding.
        base = int((shares[0] + shares[1]).argmax())
        kept = np.flatnonzero(answered & (np.arange(size) != base))
        blocks[name] = both[0][:, kept], both[1][:, kept]
    return blocks, {"shifts": shifts, "one_wave_only": max(alone)}


def _known(column: pd.Series) -> npt.NDArray[np.object_]:
    values = column.to_numpy(dtype=object)
    return np.where(pd.isna(values), UNKNOWN, values)


def _parts(
    waves: Waves,
    blocks: Mapping[str, tuple[FloatArray, FloatArray]],
    standard: str,
) -> tuple[dict[str, float], tuple[dict[str, FloatArray], ...], dict[str, str]]:
    """The parts, the influence of every row of both waves on each, and why one is missing."""
    x = [
        np.hstack([np.zeros((len(w.value), 0)), *(block[place] for block in blocks.values())])
        for place, w in enumerate(waves)
    ]
    mean = [w.weight @ rows / w.weight.sum() for w, rows in zip(waves, x, strict=True)]
    step = mean[0] - mean[1]
    slope, told, fitted = (pooled_slopes if standard == "pooled" else averaged_slopes)(waves, x)
    why = "confounded" if standard == "pooled" else "not_comparable"
    values = {TOTAL: waves[0].level - waves[1].level, ANSWERS: waves[0].level - waves[1].level}
    influence: tuple[dict[str, FloatArray], ...] = ({}, {})
    for place, w in enumerate(waves):
        own = (1 - 2 * place) * w.weight * (w.value - w.level) / w.weight.sum()
        influence[place].update({TOTAL: own, ANSWERS: own})
    reasons = {ANSWERS: "" if told(step) else why}
    start = 0
    for name, (block, _) in blocks.items():
        inside = (np.arange(len(step)) >= start) & (np.arange(len(step)) < start + block.shape[1])
        start += block.shape[1]
        contrast, added = np.where(inside, step, 0.0), np.where(inside, slope, 0.0)
        reasons[name] = "" if told(contrast) else why
        values[name] = float(contrast @ slope)
        values[ANSWERS] -= values[name]
        for place, w in enumerate(waves):
            mixed = (1 - 2 * place) * w.weight / w.weight.sum() * ((x[place] - mean[place]) @ added)
            part = mixed + fitted[place] @ contrast
            influence[place][name] = part
            influence[place][ANSWERS] = influence[place][ANSWERS] - part
    for name, reason in reasons.items():
        values[name] = float("nan") if reason else values[name]
    return values, influence, reasons
