"""Categorical and ordinal association, rank tests, tests between groups, adjusted p-values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_results import R
from satisfaction.certification.samples import stratified_schools, tenants
from satisfaction.exhibits.group_tests import group_test_note
from satisfaction.i18n import speaking
from satisfaction.methods.association import group_tests, survey_association
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.multiplicity import METHODS, adjusted_p_values
from satisfaction.methods.ordinal_association import rank_association
from satisfaction.methods.rank_tests import kruskal_wallis, pairwise_ranks, survey_rank_test

CLOSE = {"rel": 1e-9}
TYPES = ["Tower", "Apartment", "Atrium", "Terrace"]


@pytest.fixture(scope="module")
def housing():
    data = tenants()
    return data.assign(Type=pd.Categorical(data["Type"], TYPES))


@pytest.fixture(scope="module")
def stratified():
    return stratified_schools()


def only(result):
    assert len(result) == 1
    return result.rows.iloc[0]


def scores(n=300, seed=5):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=n)
    return pd.DataFrame(
        {
            "a": np.clip(np.round(3 + latent + rng.normal(size=n)), 1, 5),
            "b": np.clip(np.round(3 + latent + rng.normal(size=n)), 1, 4),
            "g": rng.choice(list("xyz"), n),
            "weight": rng.uniform(1, 4, n),
            "stratum": rng.integers(0, 3, n),
        }
    )


# --- R ---------------------------------------------------------------------------------------


def test_rao_scott_test(stratified):
    # R: svychisq(~sch.wide + stype, dstrat), statistic = "F"
    v, row = (
        R["svychisq_strat"]["values"],
        only(survey_association(stratified, "sch.wide", "stype")),
    )
    names = {"F": "statistic", "ndf": "ndf", "ddf": "ddf", "p": "p_value", "X2": "chi_square"}
    for theirs, ours in names.items():
        assert row[ours] == pytest.approx(v[theirs], **CLOSE)


def test_plain_chi_square_test(housing):
    # R: chisq.test(xtabs(Freq ~ Infl + Sat)); Cramer's V
    v = R["housing_chisq"]["values"]
    row = only(survey_association(housing, "Infl", "Sat", test="pearson_chi_square"))
    assert row["statistic"] == pytest.approx(v["X2"], **CLOSE)
    assert row["ndf"] == v["df"]
    assert row["p_value"] == pytest.approx(v["p"], **CLOSE)
    assert row["estimate"] == pytest.approx(v["V"], **CLOSE)
    # The design-based test of an equally weighted sample is close to it.
    assert only(survey_association(housing, "Infl", "Sat"))["chi_square"] == pytest.approx(v["X2"])


def test_ordinal_measures(housing):
    # R: gamma, tau-b, Somers' d(Sat | Infl) and Spearman of Infl x Sat
    v = R["housing_ordinal_assoc"]["values"]
    rows = rank_association(housing, "influence", "satisfaction").rows.set_index("measure")
    for measure in ("gamma", "tau_b", "somers_d", "spearman"):
        assert rows.loc[measure, "estimate"] == pytest.approx(v[measure], **CLOSE)


def test_kruskal_wallis(housing):
    # R: kruskal.test(as.integer(Sat) ~ Type)
    v, row = R["housing_kruskal"]["values"], only(kruskal_wallis(housing, "satisfaction", "Type"))
    assert row["statistic"] == pytest.approx(v["H"], **CLOSE)
    assert row["p_value"] == pytest.approx(v["p"], **CLOSE)


@pytest.mark.parametrize(
    ("method", "name"),
    [("none", "raw"), ("holm", "holm"), ("fdr_bh", "BH"), ("hommel", "hommel"), ("fdr_by", "BY")],
)
def test_pairwise_rank_tests(housing, method, name):
    # R: pairwise.wilcox.test(sat, Type, "none", correct = FALSE), then p.adjust
    rows = pairwise_ranks(housing, "satisfaction", "Type", adjust=method).rows
    v = R["housing_pairwise_padj"]["values"]
    assert rows["p_adjusted"].tolist() == pytest.approx(v[name], **CLOSE)
    assert rows["p_value"].tolist() == pytest.approx(v["raw"], **CLOSE)


def test_adjusted_p_values_of_the_manual():
    v = R["padj_published"]["values"]
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert adjusted_p_values(p).tolist() == pytest.approx(v["holm"])
    assert adjusted_p_values(p, "fdr_bh").tolist() == pytest.approx(v["BH"])


def test_share_by_group_with_wilson_interval(housing):
    # R: share Sat == "High" by Type with Wilson 95 % intervals
    v = R["housing_high_by_type_wilson"]["values"]
    rows = survey_proportion(housing, ["satisfaction"], at_least=3, by="Type").rows
    rows = rows.set_index("group").loc[v["type"]]
    assert rows["estimate"].tolist() == pytest.approx(v["p"], **CLOSE)
    # Our n_eff = p(1-p)/SE² is n - 1 here: limits agree to a few units in the fourth decimal.
    assert rows["ci_low"].tolist() == pytest.approx(v["lo"], abs=2e-4)
    assert rows["ci_high"].tolist() == pytest.approx(v["hi"], abs=2e-4)


# --- statsmodels and scipy -------------------------------------------------------------------


def test_adjusted_p_values_equal_statsmodels():
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(1)
    names = {method: method for method in METHODS if method != "none"}
    names["hochberg"] = "simes-hochberg"
    for size in (1, 2, 5, 30):
        p = np.round(rng.uniform(size=size) ** 3, 3)
        for ours, theirs in names.items():
            expected = multipletests(p, method=theirs)[1]
            assert adjusted_p_values(p, ours).tolist() == pytest.approx(expected.tolist())
    assert np.isnan(adjusted_p_values([0.01, np.nan, 0.04], "hommel")[1])
    assert adjusted_p_values([], "hommel").tolist() == []


def test_rank_tests_equal_scipy():
    from scipy import stats

    data = scores()
    groups = [data.loc[data["g"] == name, "a"] for name in "xyz"]
    expected = stats.kruskal(*groups)
    row = only(kruskal_wallis(data, "a", "g"))
    assert row["statistic"] == pytest.approx(expected.statistic, rel=1e-12)
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    rows = pairwise_ranks(data, "a", "g").rows
    for row, (first, second) in zip(rows.itertuples(), [(0, 1), (0, 2), (1, 2)], strict=True):
        test = stats.mannwhitneyu(
            groups[second], groups[first], use_continuity=False, method="asymptotic"
        )
        assert row.p_value == pytest.approx(test.pvalue, rel=1e-9)
        sizes = len(groups[first]) * len(groups[second])
        assert row.estimate == pytest.approx(2 * test.statistic / sizes - 1, rel=1e-9)


def test_ordinal_measures_equal_scipy():
    from scipy import stats

    data = scores().drop(columns=["weight", "stratum"])
    rows = rank_association(data, "a", "b").rows.set_index("measure")["estimate"]
    assert rows["tau_b"] == pytest.approx(stats.kendalltau(data["a"], data["b"]).statistic)
    assert rows["spearman"] == pytest.approx(stats.spearmanr(data["a"], data["b"]).statistic)
    assert rows["somers_d"] == pytest.approx(stats.somersd(data["a"], data["b"]).statistic)


def test_a_published_table_with_its_asymptotic_errors():
    """Goodman & Kruskal's measures with the ASE1 of SAS PROC FREQ, by their own formula.

    ASE1 (gamma) = 16 / (P + Q)² sqrt(sum n_ij (Q A_ij - P D_ij)²) / ... written out below on plain
    counts; P and Q count ordered pairs. Ours is that times sqrt(n / (n - 1)).
    """
    counts = np.array([[20, 8, 3], [10, 15, 6], [4, 9, 25]])
    n = counts.sum()
    agree, oppose = np.zeros((3, 3)), np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            agree[i, j] = counts[:i, :j].sum() + counts[i + 1 :, j + 1 :].sum()
            oppose[i, j] = counts[:i, j + 1 :].sum() + counts[i + 1 :, :j].sum()
    p, q = (counts * agree).sum(), (counts * oppose).sum()
    gamma_error = 4 / (p + q) ** 2 * np.sqrt((counts * (q * agree - p * oppose) ** 2).sum())
    row = counts.sum(axis=1)
    untied = n**2 - (row**2).sum()
    inner = untied * (agree - oppose) - (p - q) * (n - row[:, None])
    somers_error = 2 / untied**2 * np.sqrt((counts * inner**2).sum())
    cells = [(i, j) for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    found = rank_association(pd.DataFrame(cells, columns=["a", "b"]), "a", "b").rows
    found = found.set_index("measure")
    assert found.loc["gamma", "estimate"] == pytest.approx((p - q) / (p + q))
    factor = np.sqrt(n / (n - 1))
    assert found.loc["gamma", "std_error"] == pytest.approx(gamma_error * factor, rel=1e-10)
    assert found.loc["somers_d", "std_error"] == pytest.approx(somers_error * factor, rel=1e-10)


def test_errors_of_the_ordinal_measures_equal_the_jackknife():
    """Leaving out one respondent after the other knows nothing of our derivatives."""
    data = scores(120)[["a", "b"]]
    rows = rank_association(data, "a", "b").rows.set_index("measure")
    left_out = pd.DataFrame(
        [
            rank_association(data.drop(index=place), "a", "b").rows.set_index("measure")["estimate"]
            for place in data.index
        ]
    )
    n = len(data)
    jackknife = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    for measure in rows.index:
        assert rows.loc[measure, "std_error"] == pytest.approx(jackknife[measure], rel=0.05)


# --- properties ------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_turning_a_table_changes_nothing(seed):
    data = scores(150, seed)
    first, second = survey_association(data, "a", "g"), survey_association(data, "g", "a")
    for column in ("estimate", "statistic", "ndf", "p_value"):
        assert only(first)[column] == pytest.approx(only(second)[column], rel=1e-8)
    measures, turned = (
        rank_association(data.assign(b=sign * data["b"]), "a", "b").rows for sign in (1, -1)
    )
    assert measures["estimate"].tolist() == pytest.approx((-turned["estimate"]).tolist())
    assert measures["p_value"].tolist() == pytest.approx(turned["p_value"].tolist())
    shuffled = data.sample(frac=1, random_state=seed)
    for test in (survey_rank_test, kruskal_wallis):
        again = only(test(shuffled, "a", "g"))
        assert only(test(data, "a", "g"))["p_value"] == pytest.approx(again["p_value"], rel=1e-8)


def test_two_by_two_is_the_test_of_the_difference():
    """Of one stratum, F is X² (n - 1) / n: the difference's score test with SE over n - 1."""
    data = pd.DataFrame(
        {"a": [1] * 40 + [0] * 60, "b": ([1] * 30 + [0] * 10 + [1] * 25 + [0] * 35)}
    )
    row = only(survey_association(data, "a", "b"))
    plain = only(survey_association(data, "a", "b", test="pearson_chi_square"))
    assert row["ndf"] == pytest.approx(1)
    assert row["ddf"] == pytest.approx(99)
    # X² by hand: n (ad - bc)² / (row and column totals)
    assert plain["statistic"] == pytest.approx(100 * (30 * 35 - 10 * 25) ** 2 / (40 * 60 * 55 * 45))
    assert plain["estimate"] == pytest.approx(np.sqrt(plain["statistic"] / 100))
    first = only(survey_association(data, "a", "b", test="rao_scott_1"))
    assert first["statistic"] == pytest.approx(row["statistic"])


def test_no_association_is_found_in_five_of_a_hundred():
    """Independent answers in strata with unequal weights: 1-10 % of 150 p-values below 5 %."""
    rng = np.random.default_rng(11)
    hits = {"association": 0, "ranks": 0, "gamma": 0}
    for _ in range(150):
        n = 150
        stratum = rng.integers(0, 3, n)
        data = pd.DataFrame(
            {
                "s": rng.integers(1, 6, n),
                "g": rng.integers(0, 3, n),
                "stratum": stratum,
                "weight": 1.0 + stratum,
            }
        )
        hits["association"] += only(survey_association(data, "s", "g"))["p_value"] < 0.05
        hits["ranks"] += only(survey_rank_test(data, "s", "g"))["p_value"] < 0.05
        hits["gamma"] += rank_association(data, "s", "g").rows["p_value"][0] < 0.05
    assert all(0.01 <= count / 150 <= 0.10 for count in hits.values()), hits


# --- tests between groups --------------------------------------------------------------------


def grouped(shares, n=60):
    """``n`` answers per group with the given shares of satisfied ones."""
    rows = [
        {"group": name, "s": 5 if place < round(share * n) else 2}
        for name, share in shares.items()
        for place in range(n)
    ]
    return pd.DataFrame(rows)


def test_group_tests_find_what_is_there():
    data = grouped({"x": 0.9, "y": 0.6, "z": 0.7})
    data["even"] = np.arange(len(data)) % 2
    result = group_tests(data, "s", ["group", "even"], at_least=4)
    row, even = result.row(variable="group"), result.row(variable="even")
    assert (row["highest"], row["lowest"], row["groups"]) == ("x", "y", 3)
    assert (row["highest_share"], row["lowest_share"]) == pytest.approx((0.9, 0.6))
    assert row["significant"]
    assert not even["significant"]
    assert row["p_holm"] == pytest.approx(2 * row["p_value"])
    marked = data.assign(yes=data["s"] >= 4)
    assert row["p_value"] == pytest.approx(only(survey_association(marked, "yes", "group")).p_value)


def test_small_groups_do_not_enter():
    data = pd.concat([grouped({"x": 0.9, "y": 0.6}), grouped({"tiny": 0.0}, n=4)])
    row = only(group_tests(data, "s", ["group"], at_least=4, minimum_n=10))
    assert (row["groups"], row["left_out"], row["lowest"], row["n"]) == (2, 1, "y", 120)
    alone = pd.concat([grouped({"x": 0.9}), grouped({"tiny": 0.0}, n=4)])
    row = only(group_tests(alone, "s", ["group"], at_least=4, minimum_n=10))
    assert row["reason"] == "too_few"
    assert np.isnan(row["p_value"])


@pytest.mark.parametrize(
    ("change", "reason"), [({"s": 5}, "constant"), ({"s": np.nan}, "no_answers")]
)
def test_group_tests_without_information(change, reason):
    row = only(
        group_tests(grouped({"x": 0.9, "y": 0.6}).assign(**change), "s", ["group"], at_least=4)
    )
    assert row["reason"] == reason
    assert not row["significant"]


def test_note_says_what_was_found_and_hides_small_groups():
    labels = {"group": "Customer group", "even": "Parity", "x": "Owners", "y": "Tenants"}
    data = grouped({"x": 0.9, "y": 0.6}).assign(even=lambda rows: np.arange(len(rows)) % 2)
    with speaking("en"):
        note = group_test_note(group_tests(data, "s", ["group", "even"], at_least=4), labels)
        assert note.title == "Groups differ beyond chance: Customer group"
        assert "highest: Owners 90%, lowest: Tenants 60%" in note.html()
        assert "Parity: no difference beyond chance" in note.html()
        few = pd.concat([data, grouped({"z": 0.0}, n=4)]).assign(even=0)
        note = group_test_note(group_tests(few, "s", ["group", "even"], at_least=4), labels)
        assert "highest: Owners, lowest: Tenants." in note.html()
        assert "Parity: cannot tell (too few answers)." in note.html()
        assert "fewer than 10 answers are left out" in note.note
        same = group_tests(data.assign(s=5), "s", ["group"], at_least=4)
        assert "cannot tell" in group_test_note(same, labels).title
        none = group_test_note(group_tests(data, "s", ["even"], at_least=4), labels)
        assert none.title == "No difference between groups is beyond chance"


# --- thin and odd data -----------------------------------------------------------------------


def test_thin_tables_give_reasons():
    data = pd.DataFrame({"a": [1, 1, 1], "b": [1, 2, np.nan], "none": np.nan})
    assert only(survey_association(data, "a", "b"))["reason"] == "constant"
    assert only(survey_association(data, "none", "b"))["reason"] == "no_answers"
    assert only(survey_association(data.head(0), "a", "b"))["reason"] == "no_answers"
    assert set(rank_association(data, "a", "b").rows["reason"]) == {"constant"}
    assert set(rank_association(data, "none", "b").rows["reason"]) == {"no_answers"}
    diagonal = pd.DataFrame({"a": [1, 2, 3] * 4, "b": [1, 2, 3] * 4})
    assert only(survey_association(diagonal, "a", "b"))["reason"] == "too_few"
    assert set(rank_association(diagonal, "a", "b").rows["reason"]) == {"no_exception"}
    assert only(kruskal_wallis(data, "a", "b"))["reason"] == "constant"
    assert only(kruskal_wallis(data, "b", "a"))["reason"] == "too_few"
    assert only(survey_rank_test(data, "none", "a"))["reason"] == "no_answers"
    assert pairwise_ranks(data, "a", "b").rows["reason"].tolist() == ["constant"]
    assert len(pairwise_ranks(data, "b", "a")) == 0


def test_groups_that_answer_without_exception_fall_back_to_plain_counts():
    """All of x satisfied, none of y: no variance is left to divide by; X² = n = 24."""
    data = pd.DataFrame({"g": ["x"] * 12 + ["y"] * 12, "s": [5] * 12 + [1] * 12})
    row = only(survey_association(data, "g", "s"))
    assert (row["method"], row["reason"]) == ("pearson_chi_square", "")
    assert row["estimate"] == pytest.approx(1)
    assert row["p_value"] == pytest.approx(9.634e-7, rel=1e-3)  # P(chi²(1) > 24)
    assert only(group_tests(data, "s", ["g"], at_least=4))["significant"]


def test_missing_rows_and_unused_categories(stratified):
    gaps = stratified.copy()
    gaps.loc[gaps.index[::5], "sch.wide"] = None
    result = survey_association(gaps, "sch.wide", "stype")
    assert result.n == 160
    assert result.exclusions == {"rows_with_missing": 40}
    unused = stratified.assign(stype=pd.Categorical(stratified["stype"], ["E", "nobody", "M", "H"]))
    first = only(survey_association(stratified, "sch.wide", "stype"))
    assert only(survey_association(unused, "sch.wide", "stype"))["p_value"] == pytest.approx(
        first["p_value"], rel=1e-9
    )


def test_a_census_is_certain():
    data = grouped({"x": 0.9, "y": 0.6}).assign(stratum="all", stratum_population=120)
    row = only(survey_association(data, "group", "s"))
    assert (row["p_value"], row["reason"]) == (0, "")
    assert row["ci_low"] == row["ci_high"] == row["estimate"] > 0


def test_wrong_arguments_are_named():
    data = scores(20).assign(text="low")
    with pytest.raises(ValueError, match="no order"):
        rank_association(data, "text", "a")
    with pytest.raises(ValueError, match="test must be one of"):
        survey_association(data, "a", "b", test="wald")
    with pytest.raises(ValueError, match="no column z"):
        group_tests(data, "a", ["z"], at_least=4)
    with pytest.raises(ValueError, match="middle or r"):
        survey_rank_test(data, "a", "g", ties="max")
    with pytest.raises(ValueError, match="method must be one of"):
        pairwise_ranks(data, "a", "g", adjust="sidak")
