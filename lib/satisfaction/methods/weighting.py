"""Weights of answers, what they cost in precision, and whom the answers represent."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.result import Result

# Cochran's rule for the chi-square approximation: no expected count below 1, few below 5.
LEAST_EXPECTED = 1.0
USUAL_EXPECTED = 5.0
SHARE_BELOW_USUAL = 0.2


def stratum_weights(data: pd.DataFrame, *, within: str | Sequence[str] | None = None) -> pd.Series:
    """Weight N_h / n_h of each row: how many units of the frame one respondent stands for.

    n_h counts the rows (with a ``cluster`` column: the clusters) of the stratum, that is its
    *respondents*: non-response is taken to be ignorable within a stratum, and a stratum in which
    nobody answered is not represented. Where ``stratum_population`` is unknown (NaN) for any
    stratum, all weights are 1, because weights of 1 cannot be mixed with weights that count
    households; with ``within`` (say ``"project"``) that is decided in each of its groups alone.

    ValueError if a stratum has two different populations, or more rows than population.
    """
    if "stratum_population" not in data.columns or data.empty:
        return pd.Series(1.0, index=data.index, name="weight")
    stratum, sampled, population = stratum_counts(data)
    known = ~np.isnan(population)[stratum]
    if within is None:
        usable = np.full(len(data), bool(known.all()))
    else:
        names = [within] if isinstance(within, str) else list(within)
        group = data.groupby(names, dropna=False, observed=True).ngroup().to_numpy()
        usable = np.bincount(group, weights=~known, minlength=1)[group] == 0
    weight = np.where(usable, (population / sampled)[stratum], 1.0)
    return pd.Series(weight, index=data.index, name="weight")


def stratum_counts(
    data: pd.DataFrame,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Stratum code of each row, sampled units n_h and population N_h (NaN unknown) per stratum.

    Without a ``stratum`` column all rows form one; rows whose stratum is missing form another.
    With a ``cluster`` column units are clusters and N_h counts clusters, as in R's ``svydesign``.
    """
    if "stratum" in data.columns:
        codes, values = pd.factorize(data["stratum"], use_na_sentinel=False)
        labels = np.asarray(values)
    else:
        codes, labels = np.zeros(len(data), dtype=np.intp), np.array(["all"])
    strata = max(len(labels), 1)
    sampled = np.bincount(codes, minlength=strata).astype(float)
    if "cluster" in data.columns:
        pairs = pd.DataFrame({"stratum": codes, "cluster": data["cluster"].to_numpy()})
        sampled = np.bincount(pairs.drop_duplicates()["stratum"], minlength=strata).astype(float)
    population = np.full(strata, np.nan)
    if "stratum_population" not in data.columns or data.empty:
        return codes, sampled, population
    given = pd.to_numeric(data["stratum_population"]).to_numpy(dtype=float, na_value=np.nan)
    population[codes] = given
    differs = ~((given == population[codes]) | (np.isnan(given) & np.isnan(population[codes])))
    if differs.any():
        name = labels[codes[differs][0]]
        raise ValueError(f"stratum {name!r} has more than one value of stratum_population")
    short = np.flatnonzero(population < sampled)
    if len(short):
        raise ValueError(
            f"stratum {labels[short[0]]!r} has {sampled[short[0]]:g} sampled units "
            f"but a stratum_population of only {population[short[0]]:g}"
        )
    return codes, sampled, population


def kish_deff(weights: npt.ArrayLike) -> float:
    """Kish's design effect of unequal weights, ``n sum(w^2) / (sum w)^2`` = 1 + cv^2(w).

    1 for equal weights, NaN without a positive weight; ValueError for a negative or missing one.
    An effective sample size is n / deff. Rows of weight 0 count in n, as in Kish (1965).
    """
    w = np.asarray(weights, dtype=float)
    if not np.all(np.isfinite(w)) or (w < 0).any():
        raise ValueError("weights must be finite and not negative")
    total = w.sum()
    return float(len(w) * (w**2).sum() / total**2) if total > 0 else float("nan")


def representativeness(
    respondents: pd.DataFrame, frame: pd.DataFrame, variables: Sequence[str]
) -> Result:
    """Respondents against the frame, per category of each variable (S0-11).

    Rows: variable, category, frame_n, frame_share, respondent_n, respondent_share, difference
    (respondent minus frame share), weighted_share (of the respondents under their ``weight``, or
    their stratum weights), p_value, p_holm, reason. The p value belongs to the variable:
    chi-square goodness of fit of the counts to the frame shares, Holm-adjusted over the
    variables that could be tested. It ignores the FPC, so it is conservative (p too large) when
    a good part of the frame answered.

    reason: ``too_few`` the expected counts are too small for a test (one below 1, or more than a
    fifth below 5); ``not_comparable`` the category is not in the frame (left out of the test);
    ``no_variation`` the frame has one category only. Missing values are left out and counted in
    ``exclusions``. An empty frame gives no rows. ValueError for an unknown column.
    """
    for variable in variables:
        for name, table in (("respondents", respondents), ("frame", frame)):
            if variable not in table.columns and not (name == "frame" and frame.empty):
                raise ValueError(f"{name} have no column {variable!r}")
    blocks: list[pd.DataFrame] = []
    stages: dict[str, dict[str, float]] = {}
    exclusions: dict[str, int] = {}
    if not frame.empty:
        given = "weight" in respondents.columns
        weight = respondents["weight"] if given else stratum_weights(respondents)
        for variable in variables:
            block, stages[variable] = _variable_balance(variable, respondents, frame, weight)
            blocks.append(block)
            missing = int(respondents[variable].isna().sum())
            if missing:
                exclusions[f"missing_{variable}"] = missing
    columns = [
        "variable", "category", "frame_n", "frame_share", "respondent_n", "respondent_share",
        "difference", "weighted_share", "p_value", "p_holm", "reason",
    ]  # fmt: skip
    rows = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=columns)
    p = pd.Series({v: s["p_value"] for v, s in stages.items()}, dtype=float).dropna()
    adjusted = dict(zip(p.index, adjusted_p_values(p), strict=True))
    rows["p_holm"] = rows["variable"].map(adjusted).astype(float)
    return Result(
        rows=rows[columns],
        method="chi_square_goodness_of_fit",
        n=len(respondents),
        stages=stages,
        exclusions=exclusions,
    )


def _variable_balance(
    variable: str, respondents: pd.DataFrame, frame: pd.DataFrame, weight: pd.Series
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Rows of one variable, and its test."""
    in_frame = frame[variable].value_counts(sort=False)
    answered = respondents[variable].value_counts(sort=False)
    weighted = weight.groupby(respondents[variable], observed=True).sum()
    in_frame, answered = in_frame[in_frame > 0], answered[answered > 0]
    category = sorted(set(in_frame.index) | set(answered.index), key=_natural)
    frame_n = in_frame.reindex(category, fill_value=0).to_numpy(dtype=float)
    respondent_n = answered.reindex(category, fill_value=0).to_numpy(dtype=float)
    known = frame_n > 0
    expected = frame_n[known] / frame_n.sum() * respondent_n[known].sum()
    test = {"chi_square": np.nan, "df": float(known.sum() - 1), "p_value": np.nan}
    few = len(expected) == 0 or (
        expected.min() < LEAST_EXPECTED or (expected < USUAL_EXPECTED).mean() > SHARE_BELOW_USUAL
    )
    whole = "no_variation" if known.sum() == 1 else "too_few" if few else ""
    if not whole:
        test["chi_square"] = float(((respondent_n[known] - expected) ** 2 / expected).sum())
        test["p_value"] = float(chdtrc(test["df"], test["chi_square"]))
    total = respondent_n.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        frame_share = frame_n / frame_n.sum()
        respondent_share = respondent_n / total
    rows = pd.DataFrame(
        {
            "variable": variable,
            "category": category,
            "frame_n": frame_n.astype(int),
            "frame_share": frame_share,
            "respondent_n": respondent_n.astype(int),
            "respondent_share": respondent_share,
            "difference": respondent_share - frame_share,
            "weighted_share": (weighted / weighted.sum())
            .reindex(category, fill_value=0)
            .to_numpy(),
            "p_value": test["p_value"],
            "reason": np.where(known, "no_answers" if total == 0 else whole, "not_comparable"),
        }
    )
    return rows, test


def composition(current: pd.DataFrame, previous: pd.DataFrame, variables: Sequence[str]) -> Result:
    """Who answered, and how, in two waves: counts and shares per category of each variable.

    Rows: ``variable, category, n, n_previous, current, previous`` (shares), ``difference``,
    ``p_value`` (chi-square of the two waves' counts, one per variable; NaN with expected counts
    below 1 or more than a fifth below 5), ``p_holm`` over the variables, ``reason``.
    """
    blocks = []
    tests: dict[str, float] = {}
    for variable in variables:
        counts = pd.DataFrame(
            {
                "n": current[variable].value_counts(),
                "n_previous": previous[variable].value_counts(),
            }
        ).fillna(0)
        counts = counts[counts.sum(axis=1) > 0].sort_index()
        table = counts.to_numpy(dtype=float)
        tests[variable] = _homogeneity(table)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = table / table.sum(axis=0)
        blocks.append(
            pd.DataFrame(
                {
                    "variable": variable,
                    "category": counts.index.astype(str),
                    "n": table[:, 0].astype(int),
                    "n_previous": table[:, 1].astype(int),
                    "current": shares[:, 0],
                    "previous": shares[:, 1],
                    "difference": shares[:, 0] - shares[:, 1],
                    "p_value": tests[variable],
                    "reason": "" if table.sum(axis=0).all() else "no_answers",
                }
            )
        )
    adjusted = dict(zip(tests, adjusted_p_values(list(tests.values())), strict=True))
    rows = pd.concat(blocks, ignore_index=True)
    rows["p_holm"] = rows["variable"].map(adjusted).astype(float)
    return Result(rows, "chi_square_homogeneity", n=len(current))


def _natural(name: object) -> list[tuple[int, str]]:
    """Sorting key by which block 2 comes before block 10."""
    parts = re.split(r"(\d+)", str(name))
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _homogeneity(table: npt.NDArray) -> float:
    """p-value of the chi-square test of homogeneity; NaN where the counts do not carry it."""
    if table.shape[0] < 2 or not table.sum(axis=0).all():
        return float("nan")
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if expected.min() < LEAST_EXPECTED or (expected < USUAL_EXPECTED).mean() > SHARE_BELOW_USUAL:
        return float("nan")
    chi_square = ((table - expected) ** 2 / expected).sum()
    return float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), chi_square))
