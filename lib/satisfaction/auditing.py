"""Two audits of a study: who was kept out of the survey (S3-4), and can the answers be trusted?"""

from __future__ import annotations

import pandas as pd

from satisfaction.methods.exclusion import exclusion_audit
from satisfaction.methods.exclusion_scenario import exclusion_scenario
from satisfaction.methods.response_quality import (
    flagged_sheets,
    quality_sensitivity,
    response_quality,
)
from satisfaction.methods.result import Result
from satisfaction.once import once
from satisfaction.study import Study

EXCLUDING_FLAG = "blacklisted"


@once
def exclusion_traces(study: Study) -> Result:
    """Late flags, marked households missing among the drawn, more of them than before or elsewhere.

    Reads the flags of this project and the counted frames of its earlier draws and its peers.
    """
    flags = study.slice.flags
    return exclusion_audit(
        _frames(study),
        flags[flags["flag"] == EXCLUDING_FLAG],
        project=study.project,
        wave=study.wave,
        strata=_drawn_by_stratum(study),
        since=study.frame["handed_over_on"].min() if len(study.frame) else None,
        **study.exclusion_rule,
    )


def without_exclusion(study: Study) -> Result:
    """What all households would score, the excluded ones taken as comparable dissatisfied ones."""
    left_out = study.frame.loc[study.frame["eligibility"] == EXCLUDING_FLAG, "stratum"]
    left_out = left_out.replace(study.joined)
    return exclusion_scenario(
        study.responses,
        study.items,
        outcome=study.overall,
        excluded={str(name): int(n) for name, n in left_out.value_counts().items()},
        population=study.population or 0,
        minimum_n=study.policy.reporting.minimum_cell,
        **study.mark,
    )


@once
def answer_quality(study: Study) -> Result:
    """All checks of the answer sheets of a study; nothing is removed."""
    return response_quality(
        study.responses, study.scored_items, visits=study.slice.visits, **study.quality_rule
    )


def without_flagged(study: Study, quality: Result) -> Result:
    """The official share beside that without the sheets which a check flagged."""
    flagged = flagged_sheets(
        study.responses,
        study.scored_items,
        quality,
        scores=study.questionnaire.scale.scores,
        visits=study.slice.visits,
    )
    return quality_sensitivity(study.responses, study.overall, flagged, **study.shares)


def _frames(study: Study) -> pd.DataFrame:
    own, peers = study.slice.own_frames, study.slice.peer_frames
    own = own[own["wave"].isin([*study.wave_order, study.wave])]
    return pd.concat([own, peers[peers["project"] != study.project]], ignore_index=True)


def _drawn_by_stratum(study: Study) -> pd.DataFrame | None:
    """The counts of the table ``frames`` of this draw, by stratum."""
    if not len(study.frame) or not len(study.sample):
        return None
    frame = study.frame[study.frame["handed_over"] & study.frame["moved_in"]]
    return (
        frame.assign(eligible=1, drawn_blacklisted=frame["drawn"] & frame["blacklisted"])
        .groupby("stratum")[["eligible", "blacklisted", "drawn", "drawn_blacklisted"]]
        .sum()
    )
