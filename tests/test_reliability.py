"""Reliability of dimensions against psych: alpha, lambda 6, omega, KMO, and awkward items."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_results import R
from satisfaction import i18n
from satisfaction.exhibits.reliability import reliability_table
from satisfaction.methods.one_factor import (
    omega_total,
    one_factor_loadings,
    sampling_adequacy,
)
from satisfaction.methods.reliability import (
    cronbach_alpha,
    dimension_reliability,
    item_reliability,
    ordinal_alpha,
)

REFERENCE = Path(__file__).parent / "reference"
A = ["A1", "A2", "A3", "A4", "A5"]


@pytest.fixture(scope="module")
def agreeableness() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "bfi_agreeableness.csv")
    return data.assign(A1=7 - data["A1"])


@pytest.fixture
def english() -> Iterator[None]:
    with i18n.speaking("en"):
        yield


def test_listwise_alpha_and_feldt_interval_equal_psych(agreeableness):
    # R: psych::alpha(na.omit(bfi[A1..A5])), feldt interval
    expected = R["bfi_alpha_A_complete"]["values"]
    row = cronbach_alpha(agreeableness, {"A": A}).row(dimension="A")
    assert row["n"] == expected["n"]
    assert row["n_items"] == 5
    assert row["estimate"] == pytest.approx(expected["raw"], rel=1e-9)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(expected["feldt"], rel=1e-6)


def test_pairwise_alpha_equals_psych(agreeableness):
    # R: psych::alpha(bfi[A1..A5], A1 reversed 7-x), pairwise covariances
    row = cronbach_alpha(agreeableness, {"A": A}, missing="pairwise").row(dimension="A")
    assert row["estimate"] == pytest.approx(R["bfi_alpha_A"]["values"]["raw"], rel=1e-9)


def test_identical_items_have_alpha_one():
    scores = pd.Series(np.tile([1.0, 2, 3, 4, 5], 4))
    data = pd.DataFrame({"a": scores, "b": scores})
    row = cronbach_alpha(data, {"d": ["a", "b"]}).row(dimension="d")
    assert row["estimate"] == pytest.approx(1)


def test_thin_dimensions_give_a_reason():
    data = pd.DataFrame({"a": np.arange(20.0), "b": 4.0, "c": 5.0, "e": np.nan})
    data["f"] = -data["a"]
    dimensions = {
        "single": ["a"],
        "none": ["a", "e"],
        "same": ["b", "c"],
        "opposite": ["a", "f"],
    }
    rows = cronbach_alpha(data, dimensions).rows.set_index("dimension")
    assert rows["reason"].to_dict() == {
        "single": "single_item",
        "none": "no_answers",
        "same": "no_variation",
        "opposite": "no_variation",
    }
    assert rows["estimate"].isna().all()
    few = cronbach_alpha(data.head(9).assign(b=data["a"] ** 2), {"d": ["a", "b"]})
    assert few.rows["reason"][0] == "too_few"


def test_wrong_arguments_are_errors():
    data = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(ValueError, match="unknown columns: z"):
        cronbach_alpha(data, {"d": ["a", "z"]})
    with pytest.raises(ValueError, match="missing"):
        cronbach_alpha(data, {"d": ["a", "b"]}, missing="drop")
    with pytest.raises(ValueError, match="level"):
        cronbach_alpha(data, {"d": ["a", "b"]}, level=2)


def test_everything_that_psych_says_of_a_scale(agreeableness):
    # R: psych::alpha(bfi[A1..A5], A1 reversed 7-x), pairwise
    expected = R["bfi_alpha_A"]["values"]
    row = dimension_reliability(agreeableness, {"A": A}, missing="pairwise").rows.iloc[0]
    assert row["estimate"] == pytest.approx(expected["raw"], rel=1e-9)
    assert row["alpha_std"] == pytest.approx(expected["std"], rel=1e-9)
    assert row["lambda6"] == pytest.approx(expected["G6"], rel=1e-9)
    assert row["std_error"] == pytest.approx(expected["ase"], rel=1e-9)
    items = item_reliability(agreeableness, {"A": A}, missing="pairwise").rows
    assert items["item"].tolist() == A
    assert items["estimate"].tolist() == pytest.approx(expected["r_drop"], rel=1e-9)
    assert items["alpha_without"].tolist() == pytest.approx(expected["item_drop"], rel=1e-9)
    assert row["alpha_without"] == pytest.approx(max(expected["item_drop"]), rel=1e-9)
    # R: psych::alpha(na.omit(...)), with feldt interval
    expected = R["bfi_alpha_A_complete"]["values"]
    row = dimension_reliability(agreeableness, {"A": A}).rows.iloc[0]
    assert row["alpha_std"] == pytest.approx(expected["std"], rel=1e-9)
    assert row["std_error"] == pytest.approx(expected["ase"], rel=1e-9)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(expected["feldt"], rel=1e-6)


def test_the_report_says_what_pingouin_says(agreeableness):
    dimensions = {"all": A, "two": A[1:3], "one": A[:1]}
    for missing in ("listwise", "pairwise"):
        ours = dimension_reliability(agreeableness, dimensions, missing=missing).rows
        theirs = cronbach_alpha(agreeableness, dimensions, missing=missing).rows
        for column in ("estimate", "ci_low", "ci_high", "n"):
            assert ours[column].tolist() == pytest.approx(
                theirs[column].tolist(), rel=1e-9, nan_ok=True
            )
        assert ours["reason"].tolist() == theirs["reason"].tolist()


def test_one_factor_equals_psych_and_factanal(agreeableness):
    # R: psych::fa(complete A, 1, fm = 'minres'), factanal(complete A, 1).
    # R's optim stops at a relative 1e-8 of its criterion: 1e-6 in a loading.
    expected = R["bfi_omega_total_1f"]["values"]
    r = agreeableness.dropna().corr()
    minres, ml = one_factor_loadings(r), one_factor_loadings(r, "ml")
    assert minres.tolist() == pytest.approx(expected["minres_loadings"], abs=2e-6)
    assert ml.tolist() == pytest.approx(expected["ml_loadings"], abs=2e-6)
    assert (1 - ml**2).tolist() == pytest.approx(expected["ml_uniq"], abs=2e-6)
    for fit in ("minres", "ml"):
        row = omega_total(agreeableness, {"A": A}, fit=fit).rows.iloc[0]
        assert row["estimate"] == pytest.approx(expected[f"omega_{fit}"], abs=1e-6)
    report = dimension_reliability(agreeableness, {"A": A}).rows.iloc[0]
    assert report["omega_total"] == pytest.approx(expected["omega_minres"], abs=1e-6)


def test_one_factor_equals_statsmodels():
    from statsmodels.multivariate.factor import Factor

    generator = np.random.default_rng(3)
    common = generator.normal(size=(400, 1))
    scores = common * [0.9, 0.7, 0.5, 0.3, -0.6, 0.8] + generator.normal(size=(400, 6))
    r = np.corrcoef(scores, rowvar=False)
    axes = Factor(corr=r, n_factor=1, method="pa").fit(maxiter=2000, tol=1e-12)
    likelihood = Factor(corr=r, n_factor=1, method="ml").fit()
    for fit, found in (("minres", axes), ("ml", likelihood)):
        theirs = found.loadings[:, 0] * np.sign(found.loadings.sum())
        assert one_factor_loadings(r, fit).tolist() == pytest.approx(theirs.tolist(), abs=2e-4)


def test_loadings_of_an_exact_factor_are_found():
    loadings = np.array([0.9, 0.8, 0.5, -0.3])
    r = np.outer(loadings, loadings)
    np.fill_diagonal(r, 1)
    for fit in ("minres", "ml"):
        assert one_factor_loadings(r, fit).tolist() == pytest.approx(loadings.tolist(), abs=1e-5)
    two = one_factor_loadings(r[:2, :2])
    assert two.tolist() == pytest.approx([np.sqrt(0.72)] * 2)
    assert np.isnan(one_factor_loadings(r[2:, 2:])).all()  # negative: nothing in common
    assert one_factor_loadings(np.ones((3, 3))).tolist() == pytest.approx([np.sqrt(0.995)] * 3)
    with pytest.raises(ValueError, match="fit"):
        one_factor_loadings(r, "pca")
    with pytest.raises(ValueError, match="square"):
        one_factor_loadings(r[:2])


def test_kmo_and_bartlett_equal_psych(agreeableness):
    # R: psych::KMO(complete A), psych::cortest.bartlett
    expected = R["bfi_kmo"]["values"]
    row = sampling_adequacy(agreeableness, {"A": A}).rows.iloc[0]
    assert row["estimate"] == pytest.approx(expected["MSA"], rel=1e-9)
    assert row["statistic"] == pytest.approx(expected["chisq"], rel=1e-9)
    assert row["df"] == expected["df"]
    assert row["p_value"] < 1e-300
    copied = agreeableness.assign(A2=agreeableness["A1"] * 2)
    assert sampling_adequacy(copied, {"A": A}).rows["reason"][0] == "collinear"


def test_ordinal_alpha_equals_psych(agreeableness):
    # R: psych::polychoric(complete A, correct = 0)$rho, then alpha; R's search stops at 1e-5
    row = ordinal_alpha(agreeableness, {"A": A, "one": A[:1]}).rows.iloc[0]
    expected = R["bfi_polychoric"]["values"]["alpha_ordinal"]
    assert row["estimate"] == pytest.approx(expected, abs=1e-5)
    assert row["n"] == 2709
    data = agreeableness.head(50).assign(A2=3)
    rows = ordinal_alpha(data, {"A": A, "one": A[:1]}).rows
    assert rows["reason"].tolist() == ["constant", "single_item"]


def test_an_item_that_does_not_belong_is_named():
    generator = np.random.default_rng(5)
    common = generator.normal(size=(300, 1))
    data = pd.DataFrame(common + generator.normal(size=(300, 4)) * 0.7, columns=list("abcd"))
    data["stray"] = generator.normal(size=300) * 2
    rows = dimension_reliability(data, {"with": [*"abcd", "stray"], "without": list("abcd")}).rows
    assert rows["drop_item"].tolist() == ["stray", ""]
    assert rows["alpha_without"][0] == pytest.approx(rows["estimate"][1], rel=1e-12)
    assert rows["alpha_without"][0] > rows["ci_high"][0]
    two = dimension_reliability(data, {"two": ["a", "b"]}).rows.iloc[0]
    assert np.isnan(two["alpha_without"])
    assert two["drop_item"] == ""
    assert two["omega_total"] == pytest.approx(two["alpha_std"])


def test_awkward_items_give_a_reason():
    data = pd.DataFrame({"a": np.arange(20.0), "b": 4.0, "e": np.nan})
    data["f"], data["g"] = -data["a"], data["a"] * 2
    dimensions = {"constant": ["a", "b"], "copy": ["a", "g", "a"], "single": ["a"]}
    rows = dimension_reliability(data, dimensions).rows.set_index("dimension")
    assert rows["reason"].to_dict() == {
        "constant": "constant_item",
        "copy": "",
        "single": "single_item",
    }
    assert np.isfinite(rows["estimate"]["constant"])
    assert np.isnan(rows["omega_total"]["constant"])
    assert rows["lambda6"]["copy"] == pytest.approx(1)
    items = item_reliability(data, dimensions).rows
    assert items["reason"].tolist() == ["constant_item"] * 2 + [""] * 3 + ["single_item"]
    assert items["estimate"].isna().sum() == 3
    for function in (omega_total, sampling_adequacy):
        rows = function(data, {**dimensions, "none": ["a", "e"], "opposite": ["a", "f"]}).rows
        assert rows.loc[rows["estimate"].isna(), "reason"].ne("").all()
    assert len(dimension_reliability(data, {}).rows) == 0


def test_the_table_names_the_weakest_dimension_and_what_cannot_be_told(english):
    generator = np.random.default_rng(5)
    common = generator.normal(size=(300, 1))
    data = pd.DataFrame(common + generator.normal(size=(300, 4)) * 0.7, columns=list("abcd"))
    data["stray"] = generator.normal(size=300) * 2
    dimensions = {"first": list("abcd"), "mixed": [*"abc", "stray"], "one": ["a"]}
    labels = {"mixed": "Mixed <b>", "stray": "Stray item", "one": "Alone"}
    result = dimension_reliability(data, dimensions)
    exhibit = reliability_table(result, labels)
    assert exhibit.title.startswith("“Mixed <b>” holds together least: Cronbach’s alpha 0.")
    assert f"{result.rows['alpha_without'][1]:.2f} without “Stray item”" in exhibit.body
    assert "cannot tell: a single item" in exhibit.body
    assert "Alone: cannot tell: a single item" in exhibit.alt
    assert "<b>" not in exhibit.html()
    assert "nan" not in exhibit.html().lower()
    alone = reliability_table(dimension_reliability(data, {"first": list("abcd")}), labels)
    assert alone.title.startswith("Cronbach’s alpha of “first”: 0.")
    assert "Remark" not in alone.body
    nothing = reliability_table(dimension_reliability(data, {"one": ["a"]}), labels)
    assert nothing.kind == "note cannot_tell"
