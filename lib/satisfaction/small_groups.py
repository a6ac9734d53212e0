"""What few answered, before anything is computed: taken out, or weighted together with others.

Figures made afterwards cannot tell it, whatever a report or another one shows beside them (S4-6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from satisfaction.config.policy import Policy
from satisfaction.config.questionnaire import Questionnaire


def protected(
    responses: pd.DataFrame, questionnaire: Questionnaire, policy: Policy
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, str]]:
    """Answer sheets without rare answers and with small strata joined; these items and strata."""
    minimum_n = policy.reporting.minimum_cell
    kept, withheld = without_rare_answers(responses, questionnaire, minimum_n)
    kept, joined = with_joined_strata(kept, minimum_n)
    return kept, withheld, joined


def without_rare_answers(
    responses: pd.DataFrame, questionnaire: Questionnaire, minimum_n: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The sheets without the answers to items that fewer than ``minimum_n`` answer; these items.

    So no figure of the study, no total of several items either, contains them (S4-6).
    """
    items = questionnaire.select("overall", "item", "detail")
    named = questionnaire.select("priority")  # one question, asked for several answers
    scores = responses[[*items, *named]].to_numpy(dtype=float)
    answered = ~np.isnan(scores)
    named_any = int(answered[:, len(items) :].any(axis=1).sum())
    counts = [*answered[:, : len(items)].sum(axis=0), *[named_any] * len(named)]
    rare = [item for item, n in zip([*items, *named], counts, strict=True) if 0 < n < minimum_n]
    return responses.assign(**dict.fromkeys(rare, np.nan)) if rare else responses, tuple(rare)


def joined_strata(sheets: Mapping[str, int], minimum_n: int) -> dict[str, str]:
    """Strata that are weighted as one, with its name: those with fewer than ``minimum_n`` sheets.

    The next larger ones are joined to them until they are enough; empty where no stratum is small.
    Then all these sheets weigh alike, and no total, weighted or not, and no interval tells a small
    stratum from its companions (S4-6).
    """
    ordered = sorted((n, name) for name, n in sheets.items() if n)
    joined: list[str] = []
    together = 0
    for n, name in ordered:
        if n >= minimum_n and (not joined or (together >= minimum_n and len(joined) > 1)):
            break
        joined.append(name)
        together += n
    return dict.fromkeys(joined, " + ".join(map(str, sorted(joined)))) if len(joined) > 1 else {}


def with_joined_strata(
    responses: pd.DataFrame, minimum_n: int
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Answer sheets with their small strata joined, and which these are."""
    names = responses["stratum"].tolist()
    joined = joined_strata(Counter(names), minimum_n)
    if not joined:
        return responses, joined
    sizes = dict(zip(names, responses["stratum_population"].tolist(), strict=True))
    population = sum(sizes[name] for name in joined)
    return responses.assign(
        stratum=[joined.get(name, name) for name in names],
        stratum_population=[population if name in joined else sizes[name] for name in names],
    ), joined


def with_joined_tallies(tallies: pd.DataFrame, minimum_n: int) -> pd.DataFrame:
    """The same for tallies of one item of a project, each wave by itself."""
    if not (tallies["responses"] < minimum_n).any():
        return tallies
    columns = ["wave", "stratum", "responses", "stratum_population"]
    rows = list(zip(*(tallies[name].tolist() for name in columns), strict=True))
    waves: dict[str, dict[str, tuple[int, float]]] = {}
    for wave, stratum, *facts in rows:
        waves.setdefault(wave, {})[stratum] = (facts[0], facts[1])
    found: dict[tuple[str, str], tuple[str, float, float]] = {}
    for wave, strata in waves.items():
        joined = joined_strata({name: n for name, (n, _) in strata.items()}, minimum_n)
        sheets, households = (sum(strata[name][fact] for name in joined) for fact in (0, 1))
        found |= {(wave, name): (whole, sheets, households) for name, whole in joined.items()}
    changed = [found.get((wave, stratum), (stratum, *facts)) for wave, stratum, *facts in rows]
    values = zip(*changed, strict=True)
    return tallies.assign(
        **{name: list(column) for name, column in zip(columns[1:], values, strict=True)}
    )
