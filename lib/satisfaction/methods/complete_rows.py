"""The rows that answered everything an analysis asks, as a domain of the whole sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.covariance import covariance_of_totals
from satisfaction.methods.design import Design, FloatArray, IntArray, survey_design


@dataclass(frozen=True)
class CompleteRows:
    """Who enters an analysis. The other rows stay in the variance, with an influence of zero.

    design  of all rows
    used    (rows,) complete and with a weight above 0
    """

    design: Design
    used: npt.NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Rows that enter."""
        return int(self.used.sum())

    @cached_property
    def weight(self) -> FloatArray:
        """Weights of the rows that enter, (n,)."""
        return self.design.weight[self.used]

    @cached_property
    def design_df(self) -> int:
        """Sampled units - strata among the rows that enter: R's ``degf(subset(design, ...))``."""
        strata = len(np.unique(self.design.stratum[self.used]))
        units = self.n
        if self.design.cluster is not None:
            units = len(np.unique(self.design.cluster[self.used]))
        return units - strata

    @property
    def census(self) -> bool:
        """Every unit of the strata (and clusters) that the rows lie in was sampled."""
        return bool((self.design.not_drawn[self.used] == 0).all())

    def covariance(self, influence: FloatArray) -> FloatArray:
        """Design covariance of the weighted sums of the influence values (n,) or (n, k)."""
        influence = influence.reshape(self.n, -1)
        z = np.zeros((len(self.used), influence.shape[1]))
        z[self.used] = self.weight[:, None] * influence
        return covariance_of_totals(self.design, z)


def complete_rows(data: pd.DataFrame, complete: npt.NDArray[np.bool_]) -> CompleteRows:
    """The rows marked complete of a table with design columns (see ``survey_design``)."""
    design = survey_design(data)
    return CompleteRows(design, complete & (design.weight > 0))


def category_codes(
    data: pd.DataFrame, column: str, *, ordered: bool = False
) -> tuple[IntArray, list[object]]:
    """Code of each row (-1 = missing) and the values in order: of a categorical, else sorted.

    ``ordered`` refuses text, whose order of letters means nothing.
    """
    values = data[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy().astype(np.intp), list(values.cat.categories)
    if ordered and not pd.api.types.is_numeric_dtype(values):
        raise ValueError(f"column {column!r} has no order: give scores or an ordered categorical")
    codes, labels = pd.factorize(values, sort=True)
    return codes, list(labels)


def present(
    codes: IntArray, labels: Sequence[object], used: npt.NDArray[np.bool_]
) -> tuple[IntArray, list[object]]:
    """Codes 0..k-1 of the used rows over the values that occur among them, and these values."""
    found, dense = np.unique(codes[used], return_inverse=True)
    return dense, [labels[code] for code in found]
