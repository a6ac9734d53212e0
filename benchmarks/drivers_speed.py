"""Bootstrapped importance of 12 items against pingouin's relimp in a loop, in the same run.

Run by ``make bench``. Both divide R² among the same items (LMG); ours redraws 400 answers within
strata 1,000 times, pingouin gets a few draws one by one and its time per draw is compared.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pingouin

from satisfaction.methods import shapley_importance

ANSWERS, ITEMS, DRAWS, PINGOUIN_DRAWS = 400, 12, 1000, 2


def answers() -> pd.DataFrame:
    """Scores 1-5 of items that share an attitude, and an overall score made of them."""
    random = np.random.default_rng(1)
    latent = 4 + random.normal(size=(ANSWERS, ITEMS)) + random.normal(size=(ANSWERS, 1))
    scores = np.clip(np.round(latent), 1, 5)
    overall = scores @ np.linspace(0.2, 0.01, ITEMS) + random.normal(size=ANSWERS)
    frame = pd.DataFrame(scores, columns=[f"q{number:02d}" for number in range(ITEMS)])
    return frame.assign(overall=overall, stratum=np.arange(ANSWERS) % 3)


def seconds_of(what: str, data: pd.DataFrame, items: list[str]) -> float:
    """One run of the bootstrap."""
    start = time.perf_counter()
    result = shapley_importance(data, "overall", items, draws=DRAWS, seed=1)
    took = time.perf_counter() - start
    print(f"{what}: {took:.2f} s for {DRAWS:,} draws ({result.method})")
    return took


def main() -> None:
    """Time both, with and without missing answers, and print the ratio per draw."""
    data = answers()
    items = [str(name) for name in data if str(name).startswith("q")]
    print(f"importance of {ITEMS} items, {ANSWERS} answers, 3 strata")
    seconds_of("first call", data, items)
    ours = seconds_of("satisfaction", data, items) / DRAWS
    random = np.random.default_rng(2)
    gaps = data.assign(**data[items].mask(random.random((ANSWERS, ITEMS)) < 0.05))
    seconds_of("with 5 % of the answers missing", gaps, items)
    start = time.perf_counter()
    for draw in range(PINGOUIN_DRAWS):
        sample = data.sample(ANSWERS, replace=True, random_state=draw)
        table = pingouin.linear_regression(sample[items], sample["overall"], relimp=True)
    theirs = (time.perf_counter() - start) / PINGOUIN_DRAWS
    ranked = shapley_importance(sample, "overall", items, draws=2, seed=1).rows
    both = ranked.set_index("item")["estimate"] - table.set_index("names")["relimp"].drop(
        "Intercept"
    )
    print(f"pingouin {pingouin.__version__}: {theirs:.2f} s a draw, of {PINGOUIN_DRAWS} timed")
    print(f"largest difference between the two on one draw: {both.abs().max():.1e}")
    print(f"satisfaction is {theirs / ours:,.0f} times as fast a draw")


if __name__ == "__main__":
    main()
