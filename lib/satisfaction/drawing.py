"""Planning and drawing the sample of a study by the policy; ``draw`` stores it, once."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from satisfaction.data.choices import ROLES
from satisfaction.methods.result import Result
from satisfaction.methods.sampling import draw_sample, expected_margin, sample_size
from satisfaction.methods.stratification import allocation
from satisfaction.problems import DataProblem, Problem
from satisfaction.study import Study

DESIGN_VERSION = "prn-1"  # permanent random numbers, equal probability within strata
MAIN = next(iter(ROLES))


def planned_size(study: Study) -> Result:
    """Answers needed and households to invite by the policy (S0-10), every stage kept."""
    rules = study.policy.sampling
    return sample_size(
        study.population,
        margin=rules.margin_of_error,
        level=rules.confidence_level,
        minimum_share=rules.minimum_share,
        minimum_per_stratum=rules.minimum_per_stratum,
        strata=study.eligible["stratum"].nunique(),
        response_rate=rules.expected_response,
    )


def planned_allocation(study: Study) -> Result:
    """Invitations per stratum; no stratum is planned below the minimum number of answers."""
    rules = study.policy.sampling
    counts = study.eligible["stratum"].value_counts().sort_index()
    strata = counts.rename_axis("stratum").rename("population").reset_index()
    minimum = math.ceil(rules.minimum_per_stratum / rules.expected_response)
    least = int(counts.clip(upper=minimum).sum())
    wanted = int(planned_size(study).stages["invitations"]) if len(counts) else 0
    return allocation(strata, max(wanted, least), how=rules.allocation, minimum=minimum)


def planned_margin(study: Study) -> Result:
    """Margin of error to expect, whole and per stratum, if as many answer as are expected."""
    rules = study.policy.sampling
    rows = planned_allocation(study).rows
    answers = (rows["n"] * rules.expected_response).round().clip(upper=rows["population"])
    return expected_margin(rows.assign(n=answers), level=rules.confidence_level)


def drawn_sample(study: Study, seed: int) -> pd.DataFrame:
    """The main sample and its reserves, the same list for the same seed and frame (S0-6)."""
    if not len(study.eligible):
        raise DataProblem(
            Problem(
                "households",
                f"{study.project} has no eligible household to draw from",
                "Import the project's households with their handover dates first.",
            )
        )
    return draw_sample(
        study.eligible,
        planned_allocation(study),
        seed=seed,
        reserve_share=study.policy.sampling.reserve_share,
    )


def sample_list(study: Study, seed: int) -> pd.DataFrame:
    """The stored sample; where none is stored, the list that ``draw`` would store now."""
    if len(study.sample):
        return study.sample
    if not len(study.eligible):
        return study.sample
    drawn = drawn_sample(study, seed)
    return drawn.assign(invited=drawn["role"] == MAIN)


def sample_summary(study: Study, seed: int) -> Result:
    """Main units and reserves per stratum, and whether the record can be repeated from its seed.

    Stages: ``stored``; ``seed``; ``repeatable`` (None where nothing is stored or the frame is
    unknown): the stored list is drawn again from its own seed and today's frame.
    """
    listed = sample_list(study, seed)
    stored = bool(len(study.sample))
    used = int(study.sample["seed"].iloc[0]) if stored else seed
    counts = listed.groupby(["stratum", "role"]).size().unstack(fill_value=0)  # noqa: PD010
    counts = counts.reindex(columns=list(ROLES), fill_value=0)
    facts = listed.groupby("stratum")[["stratum_population", "probability"]].first()
    rows = facts.join(counts).reset_index().rename(columns={"stratum_population": "population"})
    repeatable = None
    if stored and len(study.eligible):
        again = drawn_sample(study, used)
        repeatable = set(again.loc[again["role"] == MAIN, "household"]) == set(
            listed.loc[listed["role"] == MAIN, "household"]
        )
    rows["reason"] = ""
    stages = {"stored": stored, "seed": used, "repeatable": repeatable}
    return Result(rows, "stratified_random_sample", n=int(counts.sum().sum()), stages=stages)


def store_sample(study: Study, seed: int, *, recorder: str | None, now: datetime) -> Path:
    """Draw the sample of this study and import it, once; the list stays in ``data/raw/samples``.

    DataProblem, and nothing changed, where the study has a sample or answers already.
    """
    from satisfaction.data.importing import import_file  # slow to import; notebooks never store

    if len(study.sample) or len(study.slice.responses):
        found = "a sample" if len(study.sample) else "responses"
        raise DataProblem(
            Problem(
                "samples",
                f"{study.project} already has {found} in wave {study.wave}",
                "A sample is drawn once, before the field work; nothing was changed.",
            )
        )
    drawn = drawn_sample(study, seed)
    rows = drawn.assign(
        project=study.project,
        wave=study.wave,
        invited=np.where(drawn["role"] == MAIN, "yes", "no"),
        design_version=DESIGN_VERSION,
        drawn_at=now.strftime("%Y-%m-%d %H:%M:%S"),
    )
    path = study.home / "data" / "raw" / "samples" / f"{study.wave}-{study.project}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False, encoding="utf-8-sig")
    try:
        import_file("samples", path, home=study.home, recorder=recorder)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
