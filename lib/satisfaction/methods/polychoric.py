"""Polychoric correlation: how two rated questions go together behind their few scores.

Scores are taken for cuts through two normally distributed opinions; the correlation of those is
estimated, so that it does not shrink because most residents give 4 or 5. With two answers each it
is the tetrachoric correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from satisfaction.methods.design import survey_design
from satisfaction.methods.inference import require_columns, scores
from satisfaction.methods.intervals import check_level, critical_value
from satisfaction.methods.linearisation import domains, variance_of_totals
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.polychoric_fit import Table, influence, joint_maximum, two_step
from satisfaction.methods.result import Result

ESTIMATORS = ("two_step", "ml")


def polychoric_correlations(
    data: pd.DataFrame,
    items: Sequence[str],
    *,
    outcome: str | None = None,
    estimator: str = "two_step",
    correct: float = 0.0,
    level: float = 0.95,
    minimum_n: int = 10,
) -> Result:
    """Polychoric correlation of every pair of items, or of each item with ``outcome`` only.

    estimator  ``"two_step"`` (the default): thresholds from the pair's margins, then rho by maximum
        likelihood. Weighted by the design columns of ``data``; the standard error counts that the
        thresholds are estimated too (Olsson 1979) and goes through the linearised engine.
        ``"ml"``: rho and thresholds together; unweighted, standard error from the observed
        information.
    correct  what a cell without answers gets instead of 0; 0.5 keeps sparse tables off +-1

    Answers that a pair has in common (pairwise n); scores that nobody gave are no category.
    Intervals and p-values by Fisher's z, ``atanh(rho)`` with SE / (1 - rho^2). ``p_holm`` takes all
    pairs of the call as one family.

    Rows: ``item_a, item_b, estimate, std_error, ci_low, ci_high, n, p_value, p_holm, method,
    reason``; reason ``no_answers`` in common, ``too_few`` below ``minimum_n`` of them (never fewer
    than 5), ``constant`` where an item does not vary among them, ``perfect_association`` where the
    likelihood rises up to a correlation of 1 or -1 (estimate 1 or -1, without interval: a table
    of two by two with an empty cell does this), ``no_maximum`` where ``ml`` does not converge.

    Source: Olsson (1979). Estimates equal R ``psych::polychoric(correct = 0)`` on complete answers
    (with gaps psych takes the thresholds from all answers to an item, here from the pair's) and
    ``polycor::polychor`` to about 1e-5, where R's one-dimensional search stops; polycor's SE for
    two-step takes the thresholds as known. SPSS has no polychoric correlation.
    """
    items = list(items)
    columns = items if outcome is None else [*items, outcome]
    require_columns(data, columns)
    check_level(level)
    if len(set(columns)) < len(columns):
        raise ValueError("each item may be named once, and the outcome is not an item")
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, not {estimator!r}")
    if correct < 0:
        raise ValueError(f"correct must not be negative, it is {correct!r}")
    answers = scores(data, columns)
    last = len(columns) - 1
    pairs = (
        list(combinations(range(len(items)), 2))
        if outcome is None
        else [(place, last) for place in range(len(items))]
    )
    design = survey_design(data) if estimator == "two_step" else None
    weight = np.ones(len(data)) if design is None else design.weight
    tables = [Table.of(answers[:, a], answers[:, b], weight, correct) for a, b in pairs]
    n = np.array([table.n for table in tables], dtype=int)
    reason = np.array([table.reason(max(minimum_n, 5)) for table in tables], dtype=object)
    rho, std_error = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    fitted = np.flatnonzero(reason == "")
    if len(fitted):
        rho[fitted] = two_step([tables[place] for place in fitted])
        reason[np.abs(rho) == 1] = "perfect_association"
    whole = None if design is None else domains(design)
    for place in np.flatnonzero(reason == ""):
        table = tables[place]
        if whole is None:
            rho[place], std_error[place] = joint_maximum(table, rho[place])
        else:
            share = weight * table.per_row(influence(table, rho[place])) / table.weight_sum
            std_error[place] = np.sqrt(variance_of_totals(whole, share)[0])
    reason[(reason == "") & np.isnan(rho)] = "no_maximum"
    with np.errstate(divide="ignore", invalid="ignore"):
        z, z_error = np.arctanh(rho), std_error / (1 - rho**2)
        p_value = 2 * ndtr(-np.abs(z) / z_error)
        half = critical_value(level) * z_error
        low, high = np.tanh(z - half), np.tanh(z + half)
    method = f"polychoric_{estimator}"
    rows = pd.DataFrame(
        {
            "item_a": [columns[a] for a, _ in pairs],
            "item_b": [columns[b] for _, b in pairs],
            "estimate": rho,
            "std_error": std_error,
            "ci_low": low,
            "ci_high": high,
            "n": n,
            "p_value": p_value,
            "p_holm": adjusted_p_values(p_value),
            "method": method,
            "reason": reason,
        }
    )
    stages = {"pairs": len(pairs), "pairs_tested": int(np.isfinite(p_value).sum())}
    return Result(rows, method, level, int(n.max(initial=0)), stages)
