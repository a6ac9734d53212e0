"""How often a 95 % interval of a share holds the true share: 93 to 97 % of the samples.

Simple and stratified samples are not simulated: every possible outcome is estimated at once, from
tallies, and counted with its exact probability. Raked samples are drawn with a seed.
"""

import inspect
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, hypergeom

from satisfaction.methods.calibration import rake
from satisfaction.methods.covariance import calibration_residuals
from satisfaction.methods.design import survey_design
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.inference import proportion_method, proportion_statistics
from satisfaction.methods.linearisation import Estimates, domains, ratios, variance_of_totals
from satisfaction.methods.tallies import estimates_from_tallies

DEFAULT = inspect.signature(survey_proportion).parameters["interval"].default
SHARES = (0.5, 0.9, 0.98)
SIZES = (20, 60, 300)
BAND = (0.93, 0.97)

# name: households of the strata (infinite: no correction), parts of the sample, and how far the
# strata's shares lie from the whole's, as a part of share x (1 - share)
DESIGNS = {
    "simple": ((np.inf,), (1,), (0,)),
    "simple, 1000 households": ((1000,), (1,), (0,)),
    "one in four of the sample from half the households": ((1000, 1000), (1, 3), (0, 0)),
    "the same, the lesser sampled less satisfied": ((1000, 1000), (1, 3), (-0.6, 0.6)),
    "the same, the lesser sampled more satisfied": ((1000, 1000), (1, 3), (0.6, -0.6)),
    "one in four from three quarters": ((3000, 1000), (1, 3), (0, 0)),
    "proportional": ((1000, 3000), (1, 3), (0, 0)),
    "proportional, strata differ": ((1000, 3000), (1, 3), (-1.2, 0.4)),
}
# Where it does not, for either way of counting the answers.
# Below, "wilson": a part of the sample that stands for many shows no variation by chance, and
# counts as known. "wilson_kish": few outcomes are possible, one more or less decides.
# Above (cautious): few outcomes, or ("wilson_kish") strata that differ: it does not count on being
# narrower than the weights allow, which it would have to where the strata explain the answers.
OUTSIDE = {
    "wilson": {
        ("simple, 1000 households", 0.98, 60): (0.97, 0.98),
        ("simple, 1000 households", 0.98, 300): (0.91, 0.93),
        ("one in four of the sample from half the households", 0.9, 20): (0.97, 0.98),
        ("one in four of the sample from half the households", 0.9, 60): (0.90, 0.93),
        ("one in four of the sample from half the households", 0.98, 300): (0.90, 0.93),
        ("the same, the lesser sampled less satisfied", 0.5, 20): (0.89, 0.93),
        ("the same, the lesser sampled less satisfied", 0.9, 60): (0.89, 0.93),
        ("the same, the lesser sampled less satisfied", 0.98, 20): (0.97, 0.98),
        ("the same, the lesser sampled less satisfied", 0.98, 300): (0.89, 0.93),
        ("the same, the lesser sampled more satisfied", 0.5, 20): (0.89, 0.93),
        ("the same, the lesser sampled more satisfied", 0.98, 20): (0.97, 0.98),
        ("one in four from three quarters", 0.9, 20): (0.75, 0.93),
        ("one in four from three quarters", 0.9, 60): (0.76, 0.93),
        ("one in four from three quarters", 0.98, 20): (0.90, 0.93),
        ("one in four from three quarters", 0.98, 300): (0.75, 0.93),
    },
    "wilson_kish": {
        ("simple, 1000 households", 0.98, 60): (0.97, 0.98),
        ("simple, 1000 households", 0.98, 300): (0.91, 0.93),
        ("one in four of the sample from half the households", 0.9, 20): (0.97, 0.98),
        ("the same, the lesser sampled less satisfied", 0.5, 20): (0.97, 0.98),
        ("the same, the lesser sampled less satisfied", 0.98, 20): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.5, 20): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.9, 20): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.9, 60): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.9, 300): (0.97, 0.99),
        ("the same, the lesser sampled more satisfied", 0.98, 20): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.98, 60): (0.97, 0.98),
        ("the same, the lesser sampled more satisfied", 0.98, 300): (0.97, 0.99),
        ("one in four from three quarters", 0.98, 20): (0.90, 0.93),
        ("one in four from three quarters", 0.98, 300): (0.97, 0.98),
        ("proportional, strata differ", 0.5, 20): (0.97, 0.98),
    },
}
RAKED_BELOW = {
    "wilson": {(0.5, 20): (0.89, 0.93), (0.9, 60): (0.91, 0.93)},
    "wilson_kish": {},
}


def exact_coverage(design: str, share: float, n: int, interval: str = DEFAULT) -> float:
    """Probability that the interval holds the true share, over all outcomes of the sample."""
    populations, parts, shifts = DESIGNS[design]
    sizes = [n * part // sum(parts) for part in parts]
    outcomes, chances, satisfied = [], [], []
    for population, size, shift in zip(populations, sizes, shifts, strict=True):
        own = share + shift * share * (1 - share)
        counts = np.arange(size + 1)
        if np.isinf(population):
            chances.append(binom.pmf(counts, size, own))
            satisfied.append(own)
        else:
            households = round(population * own)
            chances.append(hypergeom.pmf(counts, population, households, size))
            satisfied.append(households / population)
        outcomes.append(counts)
    whole = np.ones(1) if np.isinf(populations[0]) else np.array(populations, dtype=float)
    truth = float(whole @ satisfied / whole.sum())
    probability = np.prod(list(itertools.product(*chances)), axis=1)
    grid = np.array(list(itertools.product(*outcomes)))
    likely = probability > 1e-8
    grid, probability = grid[likely], probability[likely]
    blocks = [
        pd.DataFrame(
            {
                "outcome": np.arange(len(grid)),
                "stratum": place,
                "stratum_population": population if np.isfinite(population) else np.nan,
                "score": score,
                "n": grid[:, place] if score else size - grid[:, place],
                "responses": size,
            }
        )
        for place, (population, size) in enumerate(zip(populations, sizes, strict=True))
        for score in (0, 1)
    ]
    rows = estimates_from_tallies(
        pd.concat(blocks), at_least=1, keys=["outcome"], interval=interval
    ).rows.sort_values("outcome")
    holds = (rows["ci_low"] <= truth + 1e-12) & (rows["ci_high"] >= truth - 1e-12)
    return float(probability @ holds.to_numpy())


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("interval", OUTSIDE)
def test_the_interval_holds_the_truth_as_often_as_it_says(interval, design, share, n):
    covered = exact_coverage(design, share, n, interval)
    low, high = OUTSIDE[interval].get((design, share, n), BAND)
    assert low <= covered <= high


def test_korn_graubard_stays_above_the_level_where_samples_are_simple():
    for share, n in itertools.product(SHARES, SIZES):
        assert exact_coverage("simple", share, n, "korn_graubard") >= 0.95


# --- raked ---------------------------------------------------------------------------------------

AGE, SEX = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4])
RESPONSE = np.array([[0.3, 0.5], [0.5, 0.7], [0.7, 0.9]])  # of each age by sex
LEAN = np.array([[-0.5, 0.5], [0.0, 0.7], [-0.3, 1.0]])  # how their shares differ
SPREAD = {0.5: 0.2, 0.9: 0.06, 0.98: 0.012}


def raked_samples(share: float, n: int, samples: int) -> tuple[pd.DataFrame, float]:
    """Many samples stacked, each a stratum, with age and sex numbered sample by sample."""
    generator = np.random.default_rng(20 + n)
    cells = np.outer(AGE, SEX).ravel()
    satisfied = share + SPREAD[share] * LEAN.ravel()
    answering = cells * RESPONSE.ravel() / (cells @ RESPONSE.ravel())
    cell = generator.choice(6, size=(2 * samples, n), p=answering)
    cell = cell[reachable(cell, n)][:samples]
    sample = np.repeat(np.arange(samples), n)
    data = pd.DataFrame(
        {
            "sample": sample,
            "stratum": sample,
            "age": 3 * sample + cell.ravel() // 2,
            "sex": 2 * sample + cell.ravel() % 2,
            "satisfied": (generator.random(cell.shape) < satisfied[cell]).ravel() * 1.0,
        }
    )
    return data, float(cells @ satisfied)


def reachable(cell: np.ndarray, n: int) -> np.ndarray:
    """Samples whose cells can be raked to the margins."""
    counts = np.stack([(cell == place).sum(axis=1) for place in range(6)], axis=1).astype(float)
    counts = counts.reshape(-1, 3, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(60):
            counts *= n * AGE[:, None] / counts.sum(axis=2, keepdims=True)
            counts *= n * SEX / counts.sum(axis=1, keepdims=True)
        off = np.abs(counts.sum(axis=2) / (n * AGE) - 1).max(axis=1)
    return np.nan_to_num(off, nan=1.0) < 1e-7


def raked_estimates(data: pd.DataFrame, n: int) -> Estimates:
    """Share and variance of every sample, as ``survey_proportion`` has them for one."""
    samples = len(data) // n
    margins = {
        "age": {3 * s + k: n * AGE[k] for s in range(samples) for k in range(3)},
        "sex": {2 * s + k: n * SEX[k] for s in range(samples) for k in range(2)},
    }
    raked = rake(data, margins, tolerance=1e-6)
    design = survey_design(raked)
    each = domains(replace(design, calibration=None), data["sample"].to_numpy(), samples)
    answers = data["satisfied"].to_numpy()
    found = ratios(each, answers, np.ones(len(data)))
    own, size = found.estimate[data["sample"]], found.weight_sum[data["sample"]]
    influence = design.weight * (answers - own) / size
    residuals = calibration_residuals(design, influence[:, None])[:, 0]
    return replace(found, variance=variance_of_totals(each, residuals))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("share", SHARES)
def test_the_interval_of_a_raked_share_holds_the_truth(share, n):
    data, truth = raked_samples(share, n, 600 if n == 300 else 2000)
    found = raked_estimates(data, n)
    for interval, outside in RAKED_BELOW.items():
        rows = proportion_statistics(found, 0.95, proportion_method(interval))
        covered = ((rows["ci_low"] <= truth) & (rows["ci_high"] >= truth)).mean()
        low, high = outside.get((share, n), BAND)
        assert low <= covered <= high


def test_stacked_raked_samples_are_those_of_the_public_functions():
    n = 60
    data, _ = raked_samples(0.9, n, 3)
    together = proportion_statistics(raked_estimates(data, n), 0.95, proportion_method(DEFAULT))
    for sample, one in data.groupby("sample"):
        one = one.drop(columns="stratum").assign(
            age=one["age"] - 3 * sample, sex=one["sex"] - 2 * sample
        )
        margins = {"age": dict(enumerate(n * AGE)), "sex": dict(enumerate(n * SEX))}
        row = survey_proportion(rake(one, margins), ["satisfied"]).rows.iloc[0]
        for column in ("estimate", "std_error", "ci_low", "ci_high"):
            assert together[column][sample] == pytest.approx(row[column], abs=1e-6)
