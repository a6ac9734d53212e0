"""The estimator and the tests on it against svy, another implementation of survey inference.

svy (Python and Rust) takes nothing from us; where both agree to 1e-10 on random designs, a shared
mistake is unlikely. Real data: the California schools of R's survey package.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import svy

from satisfaction.methods.association import survey_association
from satisfaction.methods.differences import group_difference
from satisfaction.methods.estimation import (
    survey_mean,
    survey_proportion,
    survey_ratio,
    survey_total,
)
from satisfaction.methods.pearson import survey_correlation
from satisfaction.methods.rank_tests import survey_rank_test
from satisfaction.methods.regression import survey_regression

REFERENCE = Path(__file__).parent / "reference"
CLOSE = {"rel": 1e-10, "abs": 1e-12}


def schools(name, **columns):
    data = pd.read_csv(REFERENCE / f"{name}.csv")
    data = data.rename(columns={"pw": "weight", "fpc": "stratum_population", **columns})
    used = ["api00", "enroll", "ell", "meals", "comp.imp", "stype", "weight", "stratum_population"]
    data = data[[*used, "sch.wide", *columns.values()]]
    return data.assign(met=(data["sch.wide"] == "Yes").astype(float))


def random_data(seed, *, strata, clusters, finite):
    """Scores that go with their stratum and cluster, unequal weights, groups across strata."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(150, 400))
    data = pd.DataFrame({"stratum": rng.integers(0, strata, n)}) if strata > 1 else None
    data = pd.DataFrame(index=range(n)) if data is None else data
    level = data["stratum"].to_numpy() if strata > 1 else np.zeros(n)
    if clusters:
        own = rng.integers(0, clusters, n)
        data["cluster"] = [f"{int(s)}/{c}" for s, c in zip(level, own, strict=True)]
        level = level + rng.normal(size=clusters)[own]
    if finite:
        key = "stratum" if strata > 1 else None
        unit = data["cluster"] if clusters else pd.Series(range(n))
        stratum = data[key] if key else pd.Series(0, index=data.index)
        units = unit.groupby(stratum).transform("nunique")
        data["stratum_population"] = (units * (1.2 + stratum)).round() + 1.0
    data["weight"] = rng.uniform(1, 9, n)
    latent = level / 2 + rng.normal(size=n)
    data["api00"] = np.clip(np.round(3 + latent), 1, 5)
    data["ell"] = rng.normal(size=n) + latent / 2
    data["meals"] = rng.normal(size=n) + data["ell"] / 3
    data["enroll"] = rng.uniform(1, 5, n)
    data["met"] = (latent + rng.normal(size=n) > 0).astype(float)
    data["comp.imp"] = np.where(latent + rng.normal(size=n) > 0.3, "Yes", "No")
    data["stype"] = rng.choice(list("EHM"), n, p=[0.5, 0.3, 0.2])
    return data


RANDOM = {
    f"random{seed} strata={strata} clusters={clusters} fpc={finite}": random_data(
        seed, strata=strata, clusters=clusters, finite=finite
    )
    for seed, (strata, clusters, finite) in enumerate(
        [(1, 0, False), (4, 0, True), (1, 20, True), (3, 9, False), (6, 5, True)]
    )
}
DATA = {
    "apisrs": schools("apisrs"),
    "apistrat": schools("apistrat").assign(stratum=lambda data: data["stype"]),
    "apiclus1": schools("apiclus1", dnum="cluster"),
    **RANDOM,
}


@pytest.fixture(scope="module", params=list(DATA))
def both(request):
    """The data for us, and the same sample for svy."""
    data = DATA[request.param]
    columns = {"stratum": "stratum", "psu": "cluster", "wgt": "weight"}
    columns["pop_size"] = "stratum_population"
    design = svy.Design(**{part: name for part, name in columns.items() if name in data})
    return data, svy.Sample(pl.from_pandas(data), design)


def agree(rows, theirs):
    theirs = theirs.to_dicts()
    assert len(rows) == len(theirs)
    for ours, other in zip(rows.to_dict("records"), theirs, strict=True):
        assert ours["estimate"] == pytest.approx(other["est"], **CLOSE)
        assert ours["std_error"] == pytest.approx(other["se"], **CLOSE)
        assert ours["df"] == other["df"]
        assert ours["n"] == other["n"]


def test_mean_with_interval(both):
    data, sample = both
    rows, theirs = survey_mean(data, ["api00"]).rows, sample.estimation.mean("api00")
    agree(rows, theirs)
    other = theirs.to_dicts()[0]
    assert rows["ci_low"][0] == pytest.approx(other["lci"], **CLOSE)
    assert rows["ci_high"][0] == pytest.approx(other["uci"], **CLOSE)


def test_total(both):
    data, sample = both
    agree(survey_total(data, ["enroll"]).rows, sample.estimation.total("enroll"))


def test_ratio(both):
    data, sample = both
    agree(survey_ratio(data, "api00", "enroll").rows, sample.estimation.ratio("api00", "enroll"))


def test_share(both):
    data, sample = both
    rows = survey_proportion(data, ["met"], interval="logit").rows
    theirs = sample.estimation.prop("met").to_polars(tidy=True)
    other = theirs.filter(pl.col("met") == 1).to_dicts()[0]
    for ours, name in (("estimate", "est"), ("std_error", "se"), ("df", "df"), ("n", "n")):
        assert rows[ours][0] == pytest.approx(other[name], **CLOSE)
    for ours, name in (("ci_low", "lci"), ("ci_high", "uci")):  # svy's interval is the logit
        assert rows[ours][0] == pytest.approx(other[name], **CLOSE)


@pytest.mark.parametrize("by", ["stype", "comp.imp"])
def test_domain_means(both, by):
    data, sample = both
    rows = survey_mean(data, ["api00"], by=by).rows
    theirs = sample.estimation.mean("api00", by=by).to_polars().sort(by)
    assert rows["group"].tolist() == theirs[by].to_list()
    for ours, name in (("estimate", "est"), ("std_error", "se"), ("df", "df"), ("n", "n")):
        assert rows[ours].tolist() == pytest.approx(theirs[name].to_list(), **CLOSE)


@pytest.mark.parametrize("family", ["gaussian", "logistic"])
def test_regression(both, family):
    data, sample = both
    outcome = "api00" if family == "gaussian" else "met"
    rows = survey_regression(data, outcome, ["ell", "meals"], family=family).rows
    name = "gaussian" if family == "gaussian" else "binomial"
    features = ["ell", "meals"]
    theirs = sample.glm.fit(outcome, x=features, family=name, tol=1e-14).to_polars()
    for ours, column in (("estimate", "estimate"), ("std_error", "std_err"), ("df", "df")):
        assert rows[ours].tolist() == pytest.approx(theirs[column].to_list(), **CLOSE)
    # The p-values of svy come from another implementation of the t distribution.
    assert rows["p_value"].tolist() == pytest.approx(theirs["p_value"].to_list(), rel=1e-8)


def test_group_difference(both):
    data, sample = both
    row = group_difference(data, "api00", "comp.imp").rows.iloc[0]
    theirs = sample.categorical.ttest("api00", group="comp.imp")
    assert row["estimate"] == pytest.approx(theirs.diff[0].diff, **CLOSE)
    assert row["std_error"] == pytest.approx(theirs.diff[0].se, **CLOSE)
    assert row["df"] == theirs.stats.df
    assert row["p_value"] == pytest.approx(theirs.stats.p_value, rel=1e-8)


def test_correlation(both):
    data, sample = both
    row = survey_correlation(data, ["api00", "meals"]).rows.iloc[0]
    other = sample.estimation.corr(("api00", "meals")).to_dicts()[0]
    for ours, name in (("estimate", "est"), ("std_error", "se"), ("df", "df"), ("ci_low", "lci")):
        assert row[ours] == pytest.approx(other[name], **CLOSE)


def test_association(both):
    data, sample = both
    row = survey_association(data, "comp.imp", "stype").rows.iloc[0]
    theirs = sample.categorical.tabulate("comp.imp", "stype").stats
    assert row["chi_square"] == pytest.approx(theirs.chisq.value, **CLOSE)
    assert row["statistic"] == pytest.approx(theirs.f.value, **CLOSE)
    assert row["ndf"] == pytest.approx(theirs.f.df_num, **CLOSE)
    assert row["ddf"] == pytest.approx(theirs.f.df_den, **CLOSE)
    assert row["p_value"] == pytest.approx(theirs.f.p_value, rel=1e-8)


def test_rank_test(both):
    data, sample = both
    # svy leaves the finite population correction out of its rank tests, so both do here.
    data = data.drop(columns="stratum_population", errors="ignore")
    sample = svy.Sample(sample.data, sample.design.update(pop_size=None))
    row = survey_rank_test(data, "ell", "stype", ties="r").rows.iloc[0]
    theirs = sample.categorical.ranktest("ell", group="stype", score="kruskal-wallis")
    assert row["ddf"] == theirs.stats.df_den
    assert row["p_value"] == pytest.approx(theirs.stats.p_value, rel=1e-8)
