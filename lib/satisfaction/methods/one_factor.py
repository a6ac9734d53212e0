"""Do the items of a dimension share one thing? One-factor model, omega total, KMO, Bartlett's test.

All on the correlations of the complete answers, unweighted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from satisfaction.methods.result import Result

FloatArray = npt.NDArray[np.float64]

FITS = ("minres", "ml")
LEAST_UNIQUE = 0.005  # smallest share of an item left unexplained, as in R


def one_factor_loadings(correlations: npt.ArrayLike, fit: str = "minres") -> FloatArray:
    """Loadings (k,) of the one factor that explains a correlation matrix; NaN if none is found.

    ``minres``: least squares of the correlations off the diagonal, by iterated principal axes (R
    ``psych::fa(fm = "minres")``, statsmodels ``Factor(method = "pa")`` at convergence). ``ml``:
    maximum likelihood (R ``factanal``, statsmodels ``Factor(method = "ml")``). The share of an item
    that stays unexplained is at least 0.005, as in R. Two items determine one correlation only:
    both get its root. The sign is chosen so that the loadings' sum is positive.
    """
    r = np.asarray(correlations, dtype=float)
    if fit not in FITS:
        raise ValueError(f"fit must be one of {', '.join(FITS)}, not {fit!r}")
    if r.ndim != 2 or r.shape[0] != r.shape[1]:
        raise ValueError("the correlations must form a square matrix")
    k = len(r)
    if k < 2 or not np.isfinite(r).all():
        return np.full(k, np.nan)
    if k == 2:
        root = np.sqrt(r[0, 1]) if r[0, 1] > 0 else np.nan
        return np.full(2, min(root, np.sqrt(1 - LEAST_UNIQUE)) if root == root else np.nan)
    loadings = _principal_axis(r) if fit == "minres" else _maximum_likelihood(r)
    return loadings if loadings.sum() >= 0 else -loadings


def omega_total(
    data: pd.DataFrame,
    dimensions: Mapping[str, Sequence[str]],
    *,
    fit: str = "minres",
    minimum_n: int = 10,
) -> Result:
    """McDonald's omega total of one factor, ``(sum l)^2 / ((sum l)^2 + sum(1 - l^2))``.

    The share of the standardised sum's variance that the common factor makes. Unlike alpha it does
    not take all items for equally good; the loadings l are those of ``one_factor_loadings``.

    Rows: ``dimension, estimate, n, n_items, smallest_loading, method, reason``; reasons of
    ``item_correlations``, and ``no_factor`` where no factor is found.
    """
    rows = []
    for name, (r, n, reason) in item_correlations(data, dimensions, minimum_n).items():
        loadings = one_factor_loadings(r, fit) if not reason else np.array([np.nan])
        omega = omega_of_loadings(loadings)
        rows.append(
            {
                "dimension": name,
                "estimate": omega,
                "n": n,
                "n_items": len(r),
                "smallest_loading": loadings.min(),
                "method": f"omega_total_{fit}",
                "reason": reason or ("" if np.isfinite(omega) else "no_factor"),
            }
        )
    columns = ["dimension", "estimate", "n", "n_items", "smallest_loading", "method", "reason"]
    return _result(rows, columns, f"omega_total_{fit}")


def omega_of_loadings(loadings: FloatArray) -> float:
    """Omega total of standardised loadings."""
    common = float(loadings.sum()) ** 2
    return float(common / (common + (1 - loadings**2).sum()))


def sampling_adequacy(
    data: pd.DataFrame, dimensions: Mapping[str, Sequence[str]], *, minimum_n: int = 10
) -> Result:
    """Kaiser-Meyer-Olkin measure, and Bartlett's test that no two items are correlated.

    ``KMO = sum r^2 / (sum r^2 + sum a^2)`` over the pairs, a their correlation with the other items
    held fixed: near 1, what two items share they share with all. Bartlett:
    ``-(n - 1 - (2k + 5)/6) ln det R``, chi-square with k(k - 1)/2 degrees of freedom. Equal R
    ``psych::KMO`` and ``psych::cortest.bartlett``.

    Rows: ``dimension, estimate, statistic, df, p_value, n, n_items, method, reason``; reasons of
    ``item_correlations``, and ``collinear`` where one item follows from the others.
    """
    rows = []
    for name, (r, n, reason) in item_correlations(data, dimensions, minimum_n).items():
        k = len(r)
        row: dict[str, object] = {
            "dimension": name,
            "estimate": np.nan,
            "statistic": np.nan,
            "df": k * (k - 1) // 2,
            "p_value": np.nan,
            "n": n,
            "n_items": k,
            "method": "kaiser_meyer_olkin",
            "reason": reason,
        }
        if not reason and np.linalg.eigvalsh(r).min() < 1e-10:
            row["reason"] = "collinear"
        elif not reason:
            inverse = np.linalg.inv(r)
            scale = np.sqrt(np.diag(inverse))
            partial = (inverse / np.outer(scale, scale))[~np.eye(k, dtype=bool)]
            shared = (r[~np.eye(k, dtype=bool)] ** 2).sum()
            statistic = -(n - 1 - (2 * k + 5) / 6) * np.linalg.slogdet(r)[1]
            row |= {
                "estimate": shared / (shared + (partial**2).sum()) if shared else np.nan,
                "statistic": statistic,
                "p_value": float(chdtrc(k * (k - 1) / 2, max(statistic, 0.0))),
                "reason": "" if shared else "no_factor",
            }
        rows.append(row)
    columns = ["dimension", "estimate", "statistic", "df", "p_value", "n", "n_items"]
    return _result(rows, [*columns, "method", "reason"], "kaiser_meyer_olkin")


def item_correlations(
    data: pd.DataFrame, dimensions: Mapping[str, Sequence[str]], minimum_n: int
) -> dict[str, tuple[FloatArray, int, str]]:
    """Pearson correlations of each dimension's items, complete answers n, and why there are none.

    Reason ``single_item``, ``no_answers`` or ``too_few`` complete sheets (``minimum_n``, at least
    one more than items), ``constant_item`` where an item does not vary.
    """
    unknown = [c for items in dimensions.values() for c in items if c not in data.columns]
    if unknown:
        raise ValueError(f"unknown columns: {', '.join(map(str, unknown))}")
    found = {}
    for name, items in dimensions.items():
        answers = data[list(items)].to_numpy(dtype=float, na_value=np.nan)
        answers = answers[~np.isnan(answers).any(axis=1)]
        n, k = answers.shape
        r, reason = np.full((k, k), np.nan), ""
        if k < 2:
            reason = "single_item"
        elif n < max(minimum_n, k + 1):
            reason = "too_few" if n else "no_answers"
        elif (np.ptp(answers, axis=0) == 0).any():
            reason = "constant_item"
        else:
            r = np.corrcoef(answers, rowvar=False)
        found[name] = (r, n, reason)
    return found


def _principal_axis(r: FloatArray) -> FloatArray:
    communality = squared_multiple_correlations(r)
    for _ in range(20_000):
        reduced = r.copy()
        np.fill_diagonal(reduced, communality)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
        following = np.minimum(loadings**2, 1 - LEAST_UNIQUE)
        if np.abs(following - communality).max() < 1e-13:
            return np.asarray(np.sign(loadings) * np.sqrt(following))
        communality = following
    return np.full(len(r), np.nan)


def _maximum_likelihood(r: FloatArray) -> FloatArray:
    from scipy.optimize import minimize  # only this fit needs it

    def loadings_at(unique: FloatArray) -> tuple[FloatArray, FloatArray]:
        scale = np.sqrt(unique)
        values, vectors = np.linalg.eigh(r / np.outer(scale, scale))
        return values, vectors[:, -1] * scale * np.sqrt(max(values[-1] - 1, 0.0))

    def discrepancy(unique: FloatArray) -> tuple[float, FloatArray]:
        values, loadings = loadings_at(unique)
        rest = values[:-1]
        slope = (loadings**2 + unique - np.diag(r)) / unique**2
        with np.errstate(divide="ignore"):
            return float((rest - np.log(np.maximum(rest, 1e-300)) - 1).sum()), slope

    start = np.clip(1 - squared_multiple_correlations(r), LEAST_UNIQUE, 1)
    bounds = [(LEAST_UNIQUE, 1.0)] * len(r)
    tight = {"ftol": 1e-16, "gtol": 1e-11, "maxiter": 2000}
    found = minimize(discrepancy, start, jac=True, method="L-BFGS-B", bounds=bounds, options=tight)
    return loadings_at(found.x)[1] if np.isfinite(found.fun) else np.full(len(r), np.nan)


def squared_multiple_correlations(r: FloatArray) -> FloatArray:
    """Share of each item's variance that the other items explain, also where they are collinear."""
    shares = np.empty(len(r))
    for place in range(len(r)):
        others = np.arange(len(r)) != place
        links = r[others, place]
        shares[place] = links @ np.linalg.lstsq(r[np.ix_(others, others)], links, rcond=1e-10)[0]
    return np.clip(shares, 0.0, 1.0)


def _result(rows: list[dict[str, object]], columns: list[str], method: str) -> Result:
    table = pd.DataFrame(rows, columns=columns)
    return Result(table, method, n=int(table["n"].max()) if len(table) else 0)
