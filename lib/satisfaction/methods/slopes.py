"""What a category adds to an answer: the regression behind a decomposition of change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.design import Design, FloatArray, survey_design
from satisfaction.methods.inference import scores

# Eigenvalues (relative to the largest) below which categories cannot be told apart.
SINGULAR = 1e-10

# Slopes, whether a contrast of them is determined, and per wave each row's influence on them.
Fit = tuple[FloatArray, Callable[[FloatArray], bool], list[FloatArray]]
Waves = tuple["Wave", "Wave"]


@dataclass(frozen=True)
class Wave:
    """One wave's answers to the item; ``weight`` is 0 where there is none, and sums to n."""

    data: pd.DataFrame
    design: Design
    value: FloatArray
    weight: FloatArray
    used: npt.NDArray[np.bool_]

    @property
    def level(self) -> float:
        """The wave's share or mean."""
        return float((self.weight * self.value).sum() / self.weight.sum())

    @property
    def df(self) -> float:
        """Sampled units less strata, among the answers."""
        units, stratum = self.used, self.design.stratum
        if self.design.cluster is not None:
            return float(
                len(np.unique(self.design.cluster[units])) - len(np.unique(stratum[units]))
            )
        return float(units.sum() - len(np.unique(stratum[units])))


def wave_answers(data: pd.DataFrame, item: str, at_least: float | None) -> Wave:
    """One wave as the decomposition needs it."""
    design = survey_design(data)
    answers = scores(data, [item])[:, 0]
    used = ~np.isnan(answers) & (design.weight > 0)
    value = np.where(used, answers if at_least is None else answers >= at_least, 0.0)
    weight = np.where(used, design.weight, 0.0)
    total = weight.sum()
    weight = weight * (used.sum() / total) if total > 0 else weight
    return Wave(data, design, value, weight, used)


def pooled_slopes(waves: Waves, x: list[FloatArray]) -> Fit:
    """One regression of both waves with a dummy of the wave; influence of each row on it."""
    full = [
        np.column_stack([np.ones(len(rows)), np.full(len(rows), 1.0 - place), rows])
        for place, rows in enumerate(x)
    ]
    moments = sum(f.T @ (w.weight[:, None] * f) for w, f in zip(waves, full, strict=True))
    inverse = np.linalg.pinv(moments, rcond=SINGULAR, hermitian=True)
    sums = sum(f.T @ (w.weight * w.value) for w, f in zip(waves, full, strict=True))
    return _fit(waves, full, [inverse @ sums] * 2, [inverse] * 2, [moments] * 2, 2, 1.0)


def averaged_slopes(waves: Waves, x: list[FloatArray]) -> Fit:
    """A regression of each wave; the mean of the two slopes."""
    full = [np.column_stack([np.ones(len(rows)), rows]) for rows in x]
    moments = [f.T @ (w.weight[:, None] * f) for w, f in zip(waves, full, strict=True)]
    inverse: list[FloatArray] = [
        np.asarray(np.linalg.pinv(m, rcond=SINGULAR, hermitian=True), dtype=np.float64)
        for m in moments
    ]
    slope: list[FloatArray] = [
        a @ (f.T @ (w.weight * w.value)) for a, w, f in zip(inverse, waves, full, strict=True)
    ]
    return _fit(waves, full, slope, inverse, moments, 1, 0.5)


def _fit(
    waves: Waves,
    full: list[FloatArray],
    slope: list[FloatArray],
    inverse: list[FloatArray],
    moments: list[FloatArray],
    first: int,
    share: float,
) -> Fit:
    """Slopes, which contrasts of them the answers determine, and each row's influence on them.

    A row's influence: w (x e - the wave's mean of x e) A^-1; the mean because the weights of a wave
    are scaled to its number of answers.
    """
    influence = []
    for w, f, b, a in zip(waves, full, slope, inverse, strict=True):
        moved = f * (w.value - f @ b)[:, None]
        centred = moved - w.weight @ moved / w.weight.sum()
        influence.append(share * (w.weight[:, None] * centred) @ a[:, first:])
    projections = [a @ m for a, m in zip(inverse, moments, strict=True)]

    def told(contrast: FloatArray) -> bool:
        whole = np.concatenate([np.zeros(first), contrast])
        miss = max(np.abs(whole @ p - whole).max() for p in projections)
        return bool(miss <= 1e-6 * max(np.abs(whole).max(), 1e-9))

    return (slope[0] + slope[1])[first:] / 2, told, influence
