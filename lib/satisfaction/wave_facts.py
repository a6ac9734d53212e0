"""What is known of one project in one wave, taken by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from satisfaction.arguments import PolicyArguments
from satisfaction.config.settings import Override
from satisfaction.config.words import in_language
from satisfaction.data import choices
from satisfaction.data.slices import Slice
from satisfaction.data.tallies import unfolded
from satisfaction.small_groups import with_joined_tallies

EXCLUSION = "not_blacklisted"  # the step of a frame that a policy must declare (S3-4)


_CHOICES = (
    choices.PROPERTY_TYPES,
    choices.OCCUPANCIES,
    choices.MODES,
    choices.COLLECTORS,
    choices.ROLES,
    choices.WAVE_KINDS,
    choices.STEPS,
    choices.ELIGIBILITIES,
    choices.CHARACTERISTICS,
)


@dataclass(frozen=True, repr=False)
class WaveFacts(PolicyArguments):
    """One project in one wave; its frames are not to be changed, and no statistic is computed here.

    frame      one row a household: its columns, ``stratum`` and what holds at the draw
               (``handed_over, moved_in, blacklisted, good_relationship, eligible, eligibility``
               (why it cannot be drawn), ``drawn, invited, answered``); empty where no frame is
               known
    sample     drawn households as stored by ``draw``; empty where none was drawn
    responses  one row a counted answer sheet: household facts, mode, ``stratum``,
               ``stratum_population`` (missing: unknown) and one column of scores per closed item
    uncounted  why answer sheets do not count -> how many
    withheld   items with too few answers to be shown (S4-6): ``responses`` holds none of these
    joined     small stratum -> the stratum of ``responses`` in which it is weighted with others
    """

    home: Path
    lang: str
    slice: Slice
    frame: pd.DataFrame
    sample: pd.DataFrame
    responses: pd.DataFrame
    uncounted: dict[str, int]
    withheld: tuple[str, ...]
    joined: dict[str, str]

    def __repr__(self) -> str:
        asked = f"{len(self.responses):,} answers of {len(self.frame):,} households"
        return f"Study({self.project!r}, {self.wave!r}: {asked})"

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Policy keys in which this project differs from the company."""
        return self.settings.overrides

    @property
    def project(self) -> str:
        """Project id."""
        return str(self.slice.project["project"])

    @property
    def wave(self) -> str:
        """Wave id."""
        return str(self.slice.wave["wave"])

    @property
    def overall(self) -> str:
        """The overall item: the outcome."""
        return self.questionnaire.overall

    @property
    def items(self) -> list[str]:
        """Closed items that are drivers."""
        return self.questionnaire.select("item")

    @property
    def scored_items(self) -> list[str]:
        """The overall item and the drivers."""
        return [self.overall, *self.items]

    @property
    def closed_items(self) -> list[str]:
        """All scored items, the overall one first."""
        return [self.overall, *self.questionnaire.select("item", "detail")]

    @property
    def dimensions(self) -> dict[str, list[str]]:
        """Dimension -> its items (S0-12)."""
        return self.questionnaire.by_dimension()

    @cached_property
    def labels(self) -> dict[str, str]:
        """Codes of items, dimensions, groups and choices -> words in the reader's language."""
        words = {
            code: text
            for group in _CHOICES
            for code, text in choices.words(group, self.lang).items()
        }
        words |= {code: w.text(self.lang) for code, w in self.policy.customer_groups.items()}
        words |= {str(row.wave): self._name(row) for row in self.slice.monthly_waves.itertuples()}
        words |= {str(row.wave): self._name(row) for row in self.slice.waves.itertuples()}
        return words | {self.wave: self.wave_name} | self.questionnaire.labels(self.lang)

    @property
    def project_name(self) -> str:
        """Name of the project in the reader's language."""
        return self._name(self.slice.project)

    @property
    def wave_name(self) -> str:
        """Name of the wave in the reader's language."""
        return self._name(self.slice.wave)

    def _name(self, row: Any) -> str:
        english = row.name_en if hasattr(row, "name_en") else None
        chinese = row["name"] if isinstance(row, pd.Series) else row.name
        return str(english) if self.lang == "en" and pd.notna(english) else str(chinese)

    @property
    def declared_exclusion(self) -> dict[str, Any]:
        """What the policy declares about blacklisted customers (S3-4), in the reader's language."""
        rules = self.policy.sampling
        reason = in_language(rules.exclusion_reason, self.lang)
        return {"excluded": rules.exclude_blacklisted, "reason": reason}

    @property
    def invited(self) -> int:
        """Households asked to answer; 0 where no sample is known."""
        return int(self.sample["invited"].sum()) if len(self.sample) else 0

    @cached_property
    def earlier_samples(self) -> pd.DataFrame:
        """Lists of this project drawn before this wave's (all on record where it has none yet)."""
        rows = self.slice.other_samples
        drawn_at = self.sample["drawn_at"].min() if len(self.sample) else None
        return rows if drawn_at is None else rows[rows["drawn_at"] < drawn_at]

    @cached_property
    def previous_sample(self) -> pd.DataFrame:
        """The newest of them of the same kind of wave; without rows where there is none."""
        rows = self.earlier_samples
        rows = rows[rows["kind"] == self.slice.wave["kind"]]
        return rows[rows["wave"] == rows["wave"].iloc[-1]] if len(rows) else rows

    @property
    def priorities(self) -> list[str]:
        """Items that ask for stated priorities."""
        return self.questionnaire.select("priority")

    @property
    def priority_codes(self) -> dict[int, str]:
        """Answer code of the priority items -> the item that it names."""
        asked = [item for item in self.questionnaire.items if item.id in self.priorities]
        return {code: name for item in asked for code, name in item.codes.items()}

    @property
    def balance_variables(self) -> list[str]:
        """Characteristics known of every household in the frame (S0-11)."""
        return ["customer_group", "occupancy", "building"]

    @property
    def mix_variables(self) -> list[str]:
        """Characteristics whose mix may move between waves."""
        return ["mode", "customer_group", *(["occupancy"] if len(self.frame) else [])]

    @property
    def population(self) -> int | None:
        """Households in the assessment, None where no frame is known."""
        return int(self.frame["eligible"].sum()) if len(self.frame) else None

    @cached_property
    def frame_steps(self) -> dict[str, pd.Series]:
        """From all households to answers: step -> still in (for ``frame_waterfall``)."""
        names = ["handed_over"]
        if self.policy.sampling.exclude_not_moved_in:
            names.append("moved_in")
        steps = {name: self.frame[name] for name in names}
        if self.policy.sampling.exclude_blacklisted:
            steps[EXCLUSION] = ~self.frame["blacklisted"]
        if len(self.sample):
            steps |= {"invited": self.frame["invited"]}
        return steps | ({"answered": self.frame["answered"]} if len(self.responses) else {})

    @cached_property
    def eligible(self) -> pd.DataFrame:
        """Households that may be drawn."""
        return self.frame[self.frame["eligible"]]

    @property
    def excluded_share(self) -> float:
        """Blacklisted share of the households that would be eligible but for their flag (S3-4)."""
        rules = self.policy.sampling
        if not rules.exclude_blacklisted or not len(self.frame):
            return 0.0
        inside = self.frame["handed_over"]
        if rules.exclude_not_moved_in:
            inside = inside & self.frame["moved_in"]
        return float(self.frame.loc[inside, "blacklisted"].mean()) if inside.any() else 0.0

    @cached_property
    def peers(self) -> pd.DataFrame:
        """Tallies of the overall item for all projects of this type in this wave (S0-18)."""
        tallies = unfolded(self.slice.peer_tallies)
        if not self.joined and self.overall not in self.withheld:
            return tallies
        own = tallies["project"] == self.project
        if self.overall in self.withheld:
            return tallies[~own]
        joined = with_joined_tallies(tallies[own], self.policy.reporting.minimum_cell)
        return pd.concat([tallies[~own], joined], ignore_index=True)

    @cached_property
    def other_projects(self) -> set[str]:
        """Projects of this type with enough answers in this wave to be compared with."""
        tallies = self.slice.peer_tallies
        enough = tallies["responses"] >= self.policy.reporting.minimum_answers
        return set(tallies.loc[enough, "project"]) - {self.project}
