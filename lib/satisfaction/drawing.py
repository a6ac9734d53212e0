"""Planning and drawing the sample of a study by the policy; ``draw`` stores it, once."""

from __future__ import annotations

import math
from datetime import datetime

import pandas as pd

from satisfaction.data.choices import ROLES
from satisfaction.data.database import database_path
from satisfaction.data.importing import store_rows
from satisfaction.methods.result import Result
from satisfaction.methods.sampling import allocation, draw_sample, sample_size
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


def store_sample(study: Study, seed: int, *, recorder: str, now: datetime) -> int:
    """Write the sample of this study into the database; DataProblem if it has one already."""
    if len(study.sample) or len(study.responses):
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
        invited=drawn["role"] == MAIN,
        design_version=DESIGN_VERSION,
        drawn_at=now,
    )
    store_rows(
        "samples",
        rows,
        database=database_path(study.home),
        source=f"draw {study.project} {study.wave}",
        recorder=recorder,
        now=now,
    )
    return len(rows)
