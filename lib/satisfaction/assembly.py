"""From database rows to the frames of a study: who could be drawn, and whose answers count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.config.policy import Policy
from satisfaction.config.questionnaire import Questionnaire
from satisfaction.data import choices
from satisfaction.data.slices import Slice

WHOLE = "all"  # the only stratum of a survey without a drawn sample


def frame_at_draw(rows: Slice, policy: Policy) -> pd.DataFrame:
    """Households with what held when the sample was drawn (or would be drawn: at the opening)."""
    households, sample, flags = rows.households.copy(), rows.samples, rows.flags
    drawn_at = sample["drawn_at"].min() if len(sample) else rows.wave["opened_on"]
    held = flags[
        (flags["set_at"] <= drawn_at)
        & (flags["cleared_at"].isna() | (flags["cleared_at"] > drawn_at))
    ]
    for flag in choices.FLAGS:
        households[flag] = among(households, held[held["flag"] == flag])
    handed = households["handed_over_on"]
    households["handed_over"] = handed.notna() & (handed <= drawn_at)
    households["moved_in"] = households["occupancy"] != "not_moved_in"
    households["eligibility"] = _why_not(households, policy)
    households["eligible"] = households["eligibility"] == ""
    households["stratum"] = stratum_names(households, policy.sampling.strata)
    households["drawn"] = among(households, sample)
    households["invited"] = among(households, sample[sample["invited"].astype(bool)])
    return households


def among(rows: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Whether the household of each row is one of the others'."""
    # as objects: pandas looks texts of Arrow up one by one
    return rows["household"].astype(object).isin(others["household"].astype(object))


def stratum_names(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The stratum of each row, named by its values in the columns that make the strata."""
    first, *others = (rows[column].astype(str) for column in columns)
    for other in others:
        first = first + " / " + other
    return first.rename("stratum")


def _why_not(households: pd.DataFrame, policy: Policy) -> pd.Series:
    """The first rule that keeps a household from being drawn, "" where none does."""
    out = {"not_handed_over": ~households["handed_over"]}
    if policy.sampling.exclude_not_moved_in:
        out["not_moved_in"] = ~households["moved_in"]
    if policy.sampling.exclude_blacklisted:
        out["blacklisted"] = households["blacklisted"]
    why = np.select([applies.to_numpy(dtype=bool) for applies in out.values()], list(out), "")
    return pd.Series(why, index=households.index, dtype="str")


def counted_responses(
    rows: Slice, frame: pd.DataFrame, questionnaire: Questionnaire
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Counted answer sheets, wide, with frame facts and stratum; and those that do not count."""
    sheets = rows.responses.drop(columns=["project", "wave"])
    uncounted: dict[str, int] = {}
    if len(rows.samples):
        inside = among(sheets, rows.samples)
        uncounted["not_in_sample"] = int((~inside).sum())
        sheets = sheets[inside]
        strata = _of_households(sheets, rows.samples, ["stratum", "stratum_population"])
    else:
        strata = pd.DataFrame({"stratum": WHOLE, "stratum_population": np.nan}, sheets.index)
    facts = _of_households(sheets, frame, ["building", "occupancy", "customer_group"])
    facts["customer_group"] = facts["customer_group"].fillna(sheets["customer_group"])
    known = sheets.drop(columns=["response", "customer_group"])
    strata["stratum_population"] = strata["stratum_population"].astype(float)
    items = questionnaire.select("overall", "item", "detail", "priority")
    parts = [sheets[["response"]], known, strata, facts, _wide(sheets, rows.answers, items)]
    joined = pd.concat(parts, axis=1).reset_index(drop=True)
    return joined, {reason: n for reason, n in uncounted.items() if n}


def _of_households(
    sheets: pd.DataFrame, households: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """Facts of each sheet's household, missing where it is unknown."""
    facts = households[columns].set_axis(households["household"].astype(object))
    return facts.reindex(sheets["household"].astype(object)).set_axis(sheets.index)


def _wide(sheets: pd.DataFrame, answers: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Scores of each sheet, a column an item."""
    sheet = _places(sheets["response"], answers["response"])
    item = _places(pd.Series(items, dtype=object), answers["item"])
    kept = (sheet >= 0) & (item >= 0)
    scores = np.full((len(sheets), len(items)), np.nan)
    scores[sheet[kept], item[kept]] = answers["score"].to_numpy(dtype=float, na_value=np.nan)[kept]
    return pd.DataFrame(scores, index=sheets.index, columns=list(items))


def _places(known: pd.Series, wanted: pd.Series) -> npt.NDArray[np.intp]:
    """Place of each wanted value among the known ones, -1 where it is none of them."""
    return pd.Index(known.astype(object)).get_indexer(pd.Index(wanted.astype(object)))
