"""From database rows to the frames of a study: who could be drawn, and whose answers count."""

from __future__ import annotations

import pandas as pd

from satisfaction.config.policy import Policy
from satisfaction.config.questionnaire import Questionnaire
from satisfaction.data import choices
from satisfaction.data.slices import Slice

WHOLE = "all"  # the only stratum of a survey without a drawn sample


def frame_at_draw(rows: Slice, policy: Policy) -> pd.DataFrame:
    """Households with what held when the sample was drawn (or would be drawn: at the opening)."""
    households = rows.households.copy()
    drawn_at = rows.samples["drawn_at"].min() if len(rows.samples) else rows.wave["opened_on"]
    flags = rows.flags
    held = flags[
        (flags["set_at"] <= drawn_at)
        & (flags["cleared_at"].isna() | (flags["cleared_at"] > drawn_at))
    ]
    for flag in choices.FLAGS:
        marked = held.loc[held["flag"] == flag, "household"]
        households[flag] = households["household"].isin(marked)
    handed = households["handed_over_on"]
    households["handed_over"] = handed.notna() & (handed <= drawn_at)
    households["moved_in"] = households["occupancy"] != "not_moved_in"
    households["eligibility"] = _why_not(households, policy)
    households["eligible"] = households["eligibility"] == ""
    strata = households[list(policy.sampling.strata)].astype(str)
    households["stratum"] = strata.agg(" / ".join, axis=1) if len(strata) else ""
    sample = rows.samples
    households["drawn"] = households["household"].isin(sample["household"])
    asked = sample.loc[sample["invited"].astype(bool), "household"]
    households["invited"] = households["household"].isin(asked)
    return households


def _why_not(households: pd.DataFrame, policy: Policy) -> pd.Series:
    """The first rule that keeps a household from being drawn, "" where none does."""
    why = pd.Series("", index=households.index)
    out = {"not_handed_over": ~households["handed_over"]}
    if policy.sampling.exclude_not_moved_in:
        out["not_moved_in"] = ~households["moved_in"]
    if policy.sampling.exclude_blacklisted:
        out["blacklisted"] = households["blacklisted"]
    for reason, applies in out.items():
        why = why.mask((why == "") & applies, reason)
    return why


def counted_responses(
    rows: Slice, frame: pd.DataFrame, questionnaire: Questionnaire
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Counted answer sheets, wide, with frame facts and stratum; and those that do not count."""
    sheets = rows.responses.drop(columns=["project", "wave"])
    uncounted: dict[str, int] = {}
    if len(rows.samples):
        strata = rows.samples[["household", "stratum", "stratum_population"]]
        outside = ~sheets["household"].isin(strata["household"])
        uncounted["not_in_sample"] = int(outside.sum())
        sheets = sheets[~outside].merge(strata, on="household", how="left")
    else:
        sheets = sheets.assign(stratum=WHOLE, stratum_population=float("nan"))
    sheets["stratum_population"] = sheets["stratum_population"].astype(float)
    facts = frame[["household", "building", "occupancy", "customer_group"]]
    sheets = sheets.rename(columns={"customer_group": "stated_group"})
    sheets = sheets.merge(facts, on="household", how="left", validate="m:1")
    sheets["customer_group"] = sheets["customer_group"].fillna(sheets["stated_group"])
    items = questionnaire.select("overall", "item", "detail", "priority")
    wide = rows.answers.set_index(["response", "item"])["score"].unstack()  # noqa: PD010
    wide = wide.reindex(index=sheets["response"], columns=items).astype(float)
    wide.columns.name = None
    joined = sheets.drop(columns="stated_group").set_index("response").join(wide)
    return joined.reset_index(), {reason: n for reason, n in uncounted.items() if n}
