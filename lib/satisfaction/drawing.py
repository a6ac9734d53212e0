"""Planning and drawing the sample of a study by the policy; ``draw`` stores it, once."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from satisfaction.assembly import stratum_names
from satisfaction.data.choices import ROLES
from satisfaction.methods.coordination import (
    OVERLAPS,
    coordinated_plan,
    expected_repeats,
    observed_repeats,
    stretches,
)
from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.precision import expected_margin
from satisfaction.methods.result import Result
from satisfaction.methods.sampling import draw_sample
from satisfaction.methods.sizes import sample_size
from satisfaction.methods.stratification import allocation, stratum_deviations
from satisfaction.once import once
from satisfaction.problems import DataProblem, Problem
from satisfaction.study import Study

# Permanent random numbers, equal probability within strata; a list's version also names its overlap
# rule ("prn-2-rotate"). Lists of version prn-1 always started at 0.
DESIGN_VERSION = "prn-2"
MAIN = next(iter(ROLES))


@once
def planned_size(study: Study) -> Result:
    """Answers needed and households to invite by the policy (S0-10), every stage kept.

    The change to be seen is one from the previous wave's share of satisfied residents; where there
    is none, from one half, where a change is hardest to see.
    """
    rules = study.policy.sampling
    return sample_size(
        study.population,
        margin=rules.margin_of_error,
        level=rules.confidence_level,
        minimum_share=rules.minimum_share,
        minimum_per_stratum=rules.minimum_per_stratum,
        strata=study.eligible["stratum"].nunique(),
        response_rate=rules.expected_response,
        change=rules.change_to_detect,
        expected_share=_previous_share(study),
        power=study.policy.drivers.power,
        change_decides=rules.change_decides,
    )


def _previous_share(study: Study) -> float:
    before = study.previous
    if before is None:
        return 0.5
    share = survey_proportion(before.responses, [before.overall], **before.shares)
    estimate = float(share.rows["estimate"].iloc[0])
    return 0.5 if math.isnan(estimate) else estimate


@once
def planned_allocation(study: Study) -> Result:
    """Invitations per stratum; no stratum is planned below the minimum number of answers.

    Neyman's allocation takes its standard deviations from the previous wave's overall item. Where
    there are none, the allocation is proportional and the stage ``instead_of`` says ``neyman``.
    """
    rules = study.policy.sampling
    counts = study.eligible["stratum"].value_counts().sort_index()
    strata = counts.rename_axis("stratum").rename("population").reset_index()
    minimum = math.ceil(rules.minimum_per_stratum / rules.expected_response)
    least = int(counts.clip(upper=minimum).sum())
    wanted = int(planned_size(study).stages["invitations"]) if len(counts) else 0
    how = rules.allocation
    if how == "neyman":
        spread = _previous_deviations(study, strata["stratum"].tolist())
        if spread is None:
            plan = allocation(strata, max(wanted, least), minimum=minimum)
            return replace(plan, stages={**plan.stages, "instead_of": how})
        strata["std_dev"] = strata["stratum"].map(spread.set_index("stratum")["estimate"])
    return allocation(strata, max(wanted, least), how=how, minimum=minimum)


def _previous_deviations(study: Study, strata: list[str]) -> pd.DataFrame | None:
    before = study.previous
    if before is None:
        return None
    names = stratum_names(before.responses, study.policy.sampling.strata)
    rows = stratum_deviations(
        before.responses.assign(stratum=names),
        before.overall,
        at_least=before.satisfied_from,
        strata=strata,
        minimum_n=study.policy.reporting.minimum_cell,
    ).rows
    return None if rows["estimate"].isna().any() else rows


def planned_margin(study: Study) -> Result:
    """Margin of error to expect, whole and per stratum, if as many answer as are expected."""
    rules = study.policy.sampling
    rows = planned_allocation(study).rows
    answers = (rows["n"] * rules.expected_response).round().clip(upper=rows["population"])
    return expected_margin(rows.assign(n=answers), level=rules.confidence_level)


@once
def planned_draw(study: Study, seed: int) -> Result:
    """The allocation with the start and the seed of each stratum, coordinated with earlier lists.

    A project keeps the seed of its first list for all later ones (rotation and panel): with other
    numbers nobody could tell who was asked already. Independent samples have a seed of their own
    for each wave, made from ``seed`` and the wave's name. The stage ``seed`` is the one in use.
    """
    previous = study.previous_sample
    return coordinated_plan(
        planned_allocation(study).rows,
        study.eligible,
        study.earlier_samples,
        overlap=study.policy.sampling.overlap,
        seed=seed,
        wave=study.wave,
        repeats=str(previous["wave"].iloc[0]) if len(previous) else None,
    )


def drawn_sample(study: Study, seed: int) -> pd.DataFrame:
    """The main sample and its reserves, the same list for the same seed, frame and history (S0-6).

    ``seed`` starts the first list of a project; see ``planned_draw``.
    """
    if not len(study.eligible):
        raise DataProblem(
            Problem(
                "households",
                f"{study.project} has no eligible household to draw from",
                "Import the project's households with their handover dates first.",
            )
        )
    plan = planned_draw(study, seed)
    starts = dict(zip(plan.rows["stratum"], plan.rows["start"], strict=True))
    return _draw(study, plan, int(plan.stages["seed"]), starts)


def _draw(study: Study, plan: Result, seed: int, starts: dict[str, float]) -> pd.DataFrame:
    return draw_sample(
        study.eligible,
        plan,
        seed=seed,
        reserve_share=study.policy.sampling.reserve_share,
        start=starts,
    )


@once
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

    Stages: ``stored``; ``seed``, in use; ``repeatable`` (None where nothing is stored or the frame
    is unknown): whether today's frame and policy, the stored seed's numbers and the place where
    each stratum's list begins give the same main sample again.
    """
    listed = sample_list(study, seed)
    stored = bool(len(study.sample))
    used = int(listed["seed"].iloc[0]) if len(listed) else seed
    counts = listed.groupby(["stratum", "role"]).size().unstack(fill_value=0)  # noqa: PD010
    counts = counts.reindex(columns=list(ROLES), fill_value=0)
    facts = listed.groupby("stratum")[["stratum_population", "probability"]].first()
    rows = facts.join(counts).reset_index().rename(columns={"stratum_population": "population"})
    rows["reason"] = ""
    repeatable = _repeatable(study, used) if stored and len(study.eligible) else None
    stages = {"stored": stored, "seed": used, "repeatable": repeatable}
    return Result(rows, "stratified_random_sample", n=int(counts.sum().sum()), stages=stages)


def _repeatable(study: Study, seed: int) -> bool:
    place = stretches(study.sample)
    starts = dict(zip(place["stratum"], place["first"], strict=True))
    plan = planned_draw(study, seed)
    if not place["on_line"].all() or set(starts) != set(plan.rows["stratum"]):
        return False
    again, listed = _draw(study, plan, seed, starts), study.sample
    main = (set(rows.loc[rows["role"] == MAIN, "household"]) for rows in (again, listed))
    return next(main) == next(main)


def overlap_summary(study: Study, seed: int) -> Result:
    """How many households of the previous sample are asked again: by each rule, and by this list.

    Rows: ``overlap`` (rotate, independent, panel), ``estimate`` (share of the households asked in
    the previous sample of this kind that is asked again, to expect), ``waves_until`` (smallest over
    the strata), ``chosen`` (by the policy), method, reason (``first_list``). Stages: ``wave`` (the
    previous one, "" for a first list), ``asked``, ``again``, ``observed`` (share of them on this
    list), ``ever`` (of this list, asked in any earlier wave), ``invited`` (this list).
    """
    listed, before = sample_list(study, seed), study.previous_sample
    main = listed[listed["role"] == MAIN]
    facts = main.groupby("stratum")["stratum_population"].first().astype(float)
    strata = pd.DataFrame({"population": facts, "n": main.groupby("stratum").size()})
    asked = before[before["invited"].astype(bool)]
    later = study.earlier_samples
    later = later[later["invited"].astype(bool) & (later["drawn_at"] > before["drawn_at"].max())]
    for name, rows in (("asked", asked), ("between", later)):
        strata[name] = rows["stratum"].value_counts().reindex(strata.index).fillna(0)
    strata = strata.reset_index()
    rules = [
        expected_repeats(strata, overlap=rule).rows.iloc[[0]].assign(overlap=rule)
        for rule in OVERLAPS
    ]
    rows = pd.concat(rules, ignore_index=True)
    rows["chosen"] = rows["overlap"] == study.policy.sampling.overlap
    seen = observed_repeats(listed, before)
    found = seen.rows.iloc[-1].to_dict() if len(seen) else {}
    stages = {
        "wave": str(found.get("wave", "")),
        "asked": int(found.get("asked", 0)),
        "again": int(found.get("again", 0)),
        "observed": float(found.get("estimate", math.nan)),
        "ever": int(observed_repeats(listed, study.earlier_samples).stages["ever"]),
        "invited": int(seen.n),
    }
    columns = ["overlap", "estimate", "waves_until", "chosen", "method", "reason"]
    return Result(rows[columns], "observed_repeats", n=int(seen.n), stages=stages)


def store_sample(study: Study, seed: int, *, recorder: str | None, now: datetime) -> Path:
    """Draw the sample of this study and import it, once; the list stays in ``data/raw/samples``.

    The stored seed is the one that the list's numbers come from (see ``planned_draw``).
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
        design_version=f"{DESIGN_VERSION}-{study.policy.sampling.overlap}",
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
