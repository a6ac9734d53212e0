"""Whether items measure one thing, and whether ratings agree: R's ``psych``."""

from __future__ import annotations

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import AGREEABLENESS, agreeableness
from satisfaction.methods.agreement import intraclass_correlation
from satisfaction.methods.one_factor import omega_total, one_factor_loadings, sampling_adequacy
from satisfaction.methods.reliability import cronbach_alpha, dimension_reliability, item_reliability

DIMENSION = {"A": AGREEABLENESS}


def _pairwise() -> Values:
    data = agreeableness()
    row = dimension_reliability(data, DIMENSION, missing="pairwise").rows.iloc[0]
    items = item_reliability(data, DIMENSION, missing="pairwise").rows
    return {
        "raw": row["estimate"],
        "std": row["alpha_std"],
        "G6": row["lambda6"],
        "ase": row["std_error"],
        "item_drop": items["alpha_without"].to_numpy(),
        "r_drop": items["estimate"].to_numpy(),
    }


def _complete() -> Values:
    row = dimension_reliability(agreeableness(), DIMENSION).rows.iloc[0]
    alpha = cronbach_alpha(agreeableness(), DIMENSION).rows.iloc[0]  # by pingouin
    return {
        "n": alpha["n"],
        "raw": alpha["estimate"],
        "std": row["alpha_std"],
        "feldt": [alpha["ci_low"], alpha["ci_high"]],
        "ase": row["std_error"],
    }


def _omega() -> Values:
    complete = agreeableness().dropna()
    loadings = {fit: one_factor_loadings(complete.corr(), fit) for fit in ("minres", "ml")}
    omega = {
        fit: omega_total(complete, DIMENSION, fit=fit).rows["estimate"].iloc[0] for fit in loadings
    }
    return {
        "minres_loadings": loadings["minres"],
        "omega_minres": omega["minres"],
        "ml_loadings": loadings["ml"],
        "ml_uniq": 1 - loadings["ml"] ** 2,
        "omega_ml": omega["ml"],
    }


def _adequacy() -> Values:
    row = sampling_adequacy(agreeableness(), DIMENSION).rows.iloc[0]
    return {"MSA": row["estimate"], "chisq": row["statistic"], "df": row["df"]}


def _agreement() -> Values:
    rows = intraclass_correlation(agreeableness().dropna().head(200), AGREEABLENESS).rows
    return {"type": rows["type"].tolist(), "ICC": rows["estimate"].to_numpy()}


CASES = (
    Case("bfi_alpha_A", _pairwise),
    Case("bfi_alpha_A_complete", _complete),
    Case("bfi_omega_total_1f", _omega),
    Case("bfi_kmo", _adequacy),
    Case("bfi_icc", _agreement),
)
