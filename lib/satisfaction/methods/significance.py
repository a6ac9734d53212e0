"""p-values from test statistics, by the functions behind scipy.stats (which imports slowly)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]


def t_p_value(estimate: npt.ArrayLike, std_error: npt.ArrayLike, df: npt.ArrayLike) -> FloatArray:
    """Two-sided p of ``estimate / std_error``; 0 / 0 is no evidence (1), df below 1 is NaN."""
    estimate, error = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    freedom = np.asarray(df, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((estimate == 0) & (error == 0), 0.0, np.abs(estimate) / error)
        return np.where(freedom >= 1, 2 * special.stdtr(np.maximum(freedom, 1.0), -ratio), np.nan)


def f_p_value(statistic: npt.ArrayLike, ndf: npt.ArrayLike, ddf: npt.ArrayLike) -> FloatArray:
    """Upper tail of the F distribution; infinite statistic: 0."""
    return np.asarray(special.fdtrc(ndf, ddf, statistic))


def chi2_p_value(statistic: npt.ArrayLike, df: npt.ArrayLike) -> FloatArray:
    """Upper tail of the chi-square distribution."""
    return np.asarray(special.chdtrc(df, statistic))


def normal_p_value(z: npt.ArrayLike) -> FloatArray:
    """Two-sided p of a standard normal statistic."""
    return np.asarray(2 * special.ndtr(-np.abs(np.asarray(z, dtype=float))))
