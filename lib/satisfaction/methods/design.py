"""How the answers were sampled and weighted: what every variance needs to know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.weighting import stratum_counts

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

# Columns with this prefix say by which margins the weights were calibrated.
MARGIN = "margin_"


@dataclass(frozen=True)
class Calibration:
    """Margins that the weights reproduce: codes of each row, and the weights before."""

    margins: tuple[IntArray, ...]
    base_weight: FloatArray


@dataclass(frozen=True)
class Design:
    """What the variance needs to know about how the rows were sampled.

    weight     (rows,) how many units a row stands for
    stratum    (rows,) code 0..S-1
    units      (S,) sampled units n_h: rows, or clusters
    remaining  (S,) 1 - f_h; 1 where N_h is unknown
    cluster    (rows,) code, or None
    asked_share (clusters,) units asked / units of the cluster; None with one stage
    calibration margins behind the weights, or None
    count      (rows,) identical respondents that the row stands for (tallies), or None for one each
    weighting  where the weights come from: "given", "stratum_population" or "equal"
    """

    weight: FloatArray
    stratum: IntArray
    units: FloatArray
    remaining: FloatArray
    cluster: IntArray | None = None
    count: FloatArray | None = None
    weighting: str = "given"
    asked_share: FloatArray | None = None
    calibration: Calibration | None = None

    @property
    def not_drawn(self) -> FloatArray:
        """Of the units that a row stands for, the share that was not drawn, over all stages."""
        left = self.remaining[self.stratum]
        if self.asked_share is not None and self.cluster is not None:
            left = 1 - (1 - left) * self.asked_share[self.cluster]
        return np.asarray(left)


def survey_design(data: pd.DataFrame) -> Design:
    """The design in the columns ``stratum, weight, stratum_population, cluster`` (all optional).

    Without ``weight`` the weights are ``stratum_weights(data)``. Further columns: with clusters
    ``cluster_population`` (units of the cluster), and what `calibration` adds (``base_weight``,
    ``margin_...``). ValueError for a weight that is missing, infinite or negative, or a missing
    cluster.
    """
    stratum, units, population = stratum_counts(data)
    if "weight" in data.columns:
        weight = pd.to_numeric(data["weight"]).to_numpy(dtype=float, na_value=np.nan)
        wrong = int((~np.isfinite(weight) | (weight < 0)).sum())
        if wrong:
            raise ValueError(f"{wrong} rows have a weight that is missing, infinite or negative")
        weighting = "given"
    else:
        known = not np.isnan(population).any()
        weight = (population / units)[stratum] if known else np.ones(len(data))
        weighting = "stratum_population" if known else "equal"
    cluster, asked_share = None, None
    if "cluster" in data.columns:
        if data["cluster"].isna().any():
            raise ValueError(f"{int(data['cluster'].isna().sum())} rows have no cluster")
        own = pd.factorize(data["cluster"])[0]
        cluster = pd.factorize(stratum.astype(np.int64) * (own.max(initial=0) + 1) + own)[0]
        asked_share = _asked_share(data, cluster)
        if asked_share is not None and "weight" not in data.columns:
            weight = weight / asked_share[cluster]
    margins = [c for c in data.columns if isinstance(c, str) and c.startswith(MARGIN)]
    calibration = None
    if margins:
        base = data["base_weight"] if "base_weight" in data.columns else pd.Series(1.0, data.index)
        codes = tuple(pd.factorize(data[c], use_na_sentinel=False)[0] for c in margins)
        calibration = Calibration(codes, np.asarray(base, dtype=float))
    return Design(
        weight=weight,
        stratum=stratum,
        units=units,
        remaining=remaining_share(units, population),
        cluster=cluster,
        weighting="calibrated" if margins else weighting,
        asked_share=asked_share,
        calibration=calibration,
    )


def _asked_share(data: pd.DataFrame, cluster: IntArray) -> FloatArray | None:
    """m/M of each cluster (R: the second column of fpc); None where M is nowhere given."""
    if "cluster_population" not in data.columns:
        return None
    given = pd.to_numeric(data["cluster_population"]).to_numpy(dtype=float, na_value=np.nan)
    asked = np.bincount(cluster).astype(float)
    whole = np.full(len(asked), np.nan)
    whole[cluster] = given
    if not (whole >= asked).all() or not (given == whole[cluster]).all():
        raise ValueError(
            "cluster_population must be one number for each cluster, at least its rows"
        )
    return asked / whole


def remaining_share(units: FloatArray, population: FloatArray) -> FloatArray:
    """Finite population correction 1 - n_h/N_h; 1 where N_h is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(population), 1.0, 1 - units / population)
