"""Weighted distribution functions of answers, and their quantiles, in many domains at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satisfaction.methods.design import FloatArray, IntArray
from satisfaction.methods.linearisation import Domains


class OrderedAnswers:
    """Answers sorted within domains, with their weighted distribution function."""

    def __init__(self, domain: Domains, answers: FloatArray) -> None:
        columns = answers.shape[1]
        values = domain.take(answers).ravel()
        group = np.repeat(domain.group, columns)
        weight = domain.design.weight
        if domain.design.count is not None:
            weight = weight * domain.design.count
        weight = np.repeat(domain.take(weight), columns)
        used = ~np.isnan(values) & (weight > 0)
        values, group, weight = values[used], group[used], weight[used]
        order = np.lexsort((values, group))
        self.values, self.group, weight = values[order], group[order], weight[order]
        self.size = domain.size
        self.n = np.bincount(self.group, minlength=self.size)
        self.start = np.concatenate([[0], np.cumsum(self.n)[:-1]]).astype(np.intp)
        running = np.cumsum(weight)
        before = np.concatenate([[0.0], running])[self.start][self.group]
        total = np.bincount(self.group, weights=weight, minlength=self.size)
        self.reached = (running - before) / total[self.group]

    def quantile(self, share: FloatArray, rule: str) -> FloatArray:
        """Quantile of each domain at its own share; NaN without answers or share."""
        if not len(self.values):
            return np.full(self.size, np.nan)
        tolerance = 1e-10  # the running sum of weights must not miss a share it reaches
        wanted = share[self.group]
        position = self._values_below(self.reached < wanted - tolerance)
        found = self.values[position]
        if rule == "school":
            following = self._values_below(self.reached <= wanted + tolerance)
            found = (found + self.values[following]) / 2
        return np.where((self.n > 0) & ~np.isnan(share), found, np.nan)

    def _values_below(self, below: npt.NDArray[np.bool_]) -> IntArray:
        count = np.bincount(self.group, weights=below, minlength=self.size).astype(np.intp)
        last = np.maximum(self.n - 1, 0)
        return np.minimum(self.start + np.minimum(count, last), len(self.values) - 1)
