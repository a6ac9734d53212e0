"""Equal rows counted once: what makes a million answers as cheap as a few thousand.

Scores are few: in a portfolio of 1,000 projects, 3 strata and 5 scores a million rows are at most
18,000 different ones. Rows of the same domain, stratum, weight and score have the same influence,
so the estimator may as well be given each of them once with its count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from satisfaction.methods.design import Design, FloatArray, IntArray
from satisfaction.methods.linearisation import Domains, domains

# Below this many rows counting costs more than it saves.
WORTHWHILE = 20_000
# More different scores than this are measurements, not scores.
MOST_SCORES = 128


@dataclass(frozen=True)
class RowCounter:
    """Cells of (domain, stratum) whose rows have one weight each, ready to be counted by score."""

    design: Design
    size: int
    cell: IntArray  # of each row
    cell_group: IntArray
    cell_stratum: IntArray
    cell_weight: FloatArray

    @classmethod
    def of(cls, design: Design, group: npt.NDArray[np.intp] | None, size: int) -> RowCounter | None:
        """None where counting is not worth it, or rows of a cell differ (clusters, own weights)."""
        rows = len(design.stratum)
        plain = design.cluster is None and design.calibration is None and design.count is None
        if rows < WORTHWHILE or not plain:
            return None
        strata = len(design.units)
        code = design.stratum if group is None else (group + 1) * strata + design.stratum
        # domains and strata mostly nest, so most of their combinations do not occur
        present = np.flatnonzero(np.bincount(code, minlength=1))
        place = np.zeros(present[-1] + 1, dtype=np.int32)
        place[present] = np.arange(len(present))
        cell = place[code]
        weight = np.zeros(len(present))
        weight[cell] = design.weight
        if not (weight[cell] == design.weight).all():
            return None
        in_group = np.zeros(len(present), np.intp) if group is None else present // strata - 1
        return cls(design, size, cell, in_group, present % strata, weight)

    def count(self, answers: FloatArray) -> tuple[Domains, FloatArray] | None:
        """The counted rows' domains and scores (cells, 1); None where scores are not few."""
        if answers.shape[1] != 1:
            return None
        values = answers[:, 0]
        missing = np.isnan(values)
        score = np.where(missing, -1, values).astype(np.int16)
        few = ((score == values) & (score >= 0)) | missing
        if not few.all() or score.max() > MOST_SCORES:
            return None
        width = int(score.max()) + 2
        counts = np.bincount(self.cell * np.int64(width) + (score + 1))
        kept = np.flatnonzero(counts)
        cell, scored = kept // width, (kept % width - 1).astype(float)
        design = replace(
            self.design,
            weight=self.cell_weight[cell],
            stratum=self.cell_stratum[cell],
            count=counts[kept].astype(float),
        )
        scored[scored < 0] = np.nan
        return domains(design, self.cell_group[cell], self.size), scored[:, None]
