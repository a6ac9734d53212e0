"""A Study: one project in one survey wave, with all that is needed to analyse it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.config.home import find_home
from satisfaction.config.policy import Policy
from satisfaction.config.questionnaire import Questionnaire, comparable_items
from satisfaction.config.settings import Override, Settings, load_settings
from satisfaction.data import choices
from satisfaction.data.database import database_path
from satisfaction.data.slices import Slice, read_slice
from satisfaction.problems import DataProblem, Problem

EXCLUSION = "not_blacklisted"  # the step of a frame that a policy must declare (S3-4)
WHOLE = "all"  # the only stratum of a survey without a drawn sample


@dataclass(frozen=True)
class Study:
    """One project in one wave; its frames are not to be changed, and no statistic is computed here.

    frame      one row a household: its columns, ``stratum`` and what holds at the draw
               (``handed_over, moved_in, blacklisted, good_relationship, eligible, drawn,
               invited, answered``); empty where no frame is known
    sample     drawn households as stored by ``draw``; empty where none was drawn
    responses  one row a counted answer sheet: household facts, mode, ``stratum``,
               ``stratum_population`` (missing: unknown) and one column of scores per closed item
    uncounted  why answer sheets do not count -> how many
    """

    home: Path
    lang: str
    settings: Settings
    slice: Slice = field(repr=False)
    questionnaire: Questionnaire = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    sample: pd.DataFrame = field(repr=False)
    responses: pd.DataFrame = field(repr=False)
    uncounted: dict[str, int]

    @property
    def policy(self) -> Policy:
        """The policy in force for this project."""
        return self.settings.policy

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
    def level(self) -> float:
        """Level of every interval."""
        return self.policy.sampling.confidence_level

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

    @property
    def satisfied_from(self) -> int:
        """Smallest score that counts as satisfied (S3-5)."""
        return self.questionnaire.scale.satisfied_from

    @cached_property
    def labels(self) -> dict[str, str]:
        """Codes of items, dimensions, groups and choices -> words in the reader's language."""
        words = {
            code: text
            for group in _CHOICES
            for code, text in choices.words(group, self.lang).items()
        }
        words |= {code: w.text(self.lang) for code, w in self.policy.customer_groups.items()}
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
    def shares(self) -> dict[str, Any]:
        """Arguments of every satisfied share: the smallest satisfied score and the level."""
        return {"at_least": self.satisfied_from, "level": self.level}

    @property
    def target_rule(self) -> dict[str, Any]:
        """Arguments of the verdict against the target."""
        rules = self.policy
        return {
            "target": rules.satisfaction.target,
            "minimum_n": rules.reporting.minimum_answers,
            "level": self.level,
        }

    @property
    def comparison(self) -> dict[str, Any]:
        """Arguments of every comparison with the earlier wave."""
        return {
            "comparable": self.comparable,
            "minimum_n": self.policy.reporting.minimum_answers,
            "power": self.policy.drivers.power,
            **self.shares,
        }

    @property
    def mean_comparison(self) -> dict[str, Any]:
        """The same for mean scores instead of satisfied shares."""
        return self.comparison | {"at_least": None}

    @property
    def wave_labels(self) -> dict[str, str]:
        """Names of the two waves of a comparison."""
        earlier = self.labels.get(self.earlier_wave or "", "")
        return {"current_label": self.wave_name, "previous_label": earlier}

    @property
    def peer_rule(self) -> dict[str, Any]:
        """Arguments of every comparison with projects of the same type."""
        rules = self.policy.reporting
        return {
            "minimum_peers": rules.minimum_peers,
            "minimum_n": rules.minimum_answers,
            "level": self.level,
        }

    @property
    def driver_rule(self) -> dict[str, Any]:
        """Arguments of the drivers' importance."""
        rules = self.policy.drivers
        return {
            "draws": rules.bootstrap_draws,
            "minimum_n": rules.minimum_answers,
            "level": self.level,
        }

    @property
    def small_cells(self) -> dict[str, Any]:
        """Arguments of every chart that must not show cells with few answers (S4-6)."""
        return {"minimum_n": self.policy.reporting.minimum_cell}

    @property
    def target_mark(self) -> dict[str, Any]:
        """Arguments of a chart that marks the target and its clause."""
        rules = self.policy.satisfaction
        return {"target": rules.target, "target_clause": rules.target_clause}

    @property
    def target_line(self) -> dict[str, Any]:
        """Arguments of a chart of shares: the target's mark and the smallest cell."""
        return self.target_mark | self.small_cells

    @property
    def scale(self) -> dict[str, Any]:
        """Arguments of a distribution over the scores of the scale."""
        return {"scores": self.questionnaire.scale.scores, "level": self.level}

    @property
    def satisfied_rule(self) -> dict[str, Any]:
        """Arguments of a chart that divides satisfied from dissatisfied scores."""
        return {"satisfied_from": self.satisfied_from, **self.small_cells}

    @property
    def waves(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Answer sheets of this wave and of the earlier one, to be compared."""
        return self.responses, self.earlier_responses

    @property
    def invited(self) -> int:
        """Households asked to answer; 0 where no sample is known."""
        return int(self.sample["invited"].sum()) if len(self.sample) else 0

    @property
    def absent(self) -> list[str]:
        """Tags of the report cells that do not apply to this study.

        ``previous`` where there is no previous wave, ``no-previous`` where there is one, and so on.
        """
        there = {
            "responses": len(self.responses) > 0,
            "frame": len(self.frame) > 0,
            "sample": len(self.sample) > 0,
            "previous": self.earlier_wave is not None,
            "priorities": bool(self.priorities),
        }
        return [f"no-{name}" if present else name for name, present in there.items()]

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
    def comparable_items(self) -> list[str]:
        """The overall item and the drivers, as far as asked in the same words before."""
        return [item for item in self.scored_items if item in self.comparable]

    @property
    def changed_items(self) -> list[str]:
        """The overall item and the drivers that may not be compared with the earlier wave."""
        return [item for item in self.scored_items if item not in self.comparable]

    @property
    def wave_order(self) -> list[str]:
        """Waves of this kind with answers of this project, oldest first."""
        return [str(wave) for wave in self.slice.waves["wave"]]

    @property
    def population(self) -> int | None:
        """Households in the assessment, None where no frame is known."""
        return int(self.frame["eligible"].sum()) if len(self.frame) else None

    @property
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

    @property
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
    def trend(self) -> pd.DataFrame:
        """Tallies of the overall item in all comparable waves of this kind up to this one."""
        waves = self.slice.waves
        waves = waves[waves["opened_on"] <= self.slice.wave["opened_on"]]
        items = {
            str(wave): self.settings_questionnaire(str(wave), planned)
            for wave, planned in zip(waves["wave"], waves["questionnaire"], strict=True)
        }
        comparable = {
            wave
            for wave, version in items.items()
            if self.overall
            in comparable_items(self.questionnaire.key, version, self.settings.questionnaires)
        }
        tallies = self.slice.own_tallies
        return tallies[(tallies["item"] == self.overall) & tallies["wave"].isin(comparable)]

    @property
    def peers(self) -> pd.DataFrame:
        """Tallies of the overall item for all projects of this type in this wave (S0-18)."""
        tallies = self.slice.peer_tallies
        return tallies[tallies["item"] == self.overall]

    @property
    def earlier_wave(self) -> str | None:
        """The last earlier wave of the same kind with answers of this project, or None."""
        waves = self.slice.waves
        earlier = waves[waves["opened_on"] < self.slice.wave["opened_on"]]
        if self.slice.wave["kind"] == "special" or not len(earlier):
            return None
        return str(earlier["wave"].iloc[-1])

    @cached_property
    def previous(self) -> Study | None:
        """The study of the earlier wave, None where there is none."""
        if self.earlier_wave is None:
            return None
        return open_study(self.project, self.earlier_wave, self.lang, home=self.home)

    @property
    def earlier_responses(self) -> pd.DataFrame:
        """Counted answer sheets of the earlier wave; without rows where there is none."""
        return self.responses.iloc[:0] if self.previous is None else self.previous.responses

    @cached_property
    def comparable(self) -> set[str]:
        """Items asked in the same words in the previous wave; without one, all may still be."""
        if self.previous is None:
            return set(self.closed_items)
        return comparable_items(
            self.questionnaire.key, self.previous.questionnaire.key, self.settings.questionnaires
        )

    def settings_questionnaire(self, wave: str, planned: str) -> str:
        """Questionnaire key of this project in a wave: its own (S1-1) or the planned one."""
        return self.settings.own_questionnaires.get(wave, planned)

    @property
    def identity(self) -> dict[str, Any]:
        """Who and what this study is, for verdict cards and records."""
        project, wave = self.slice.project, self.slice.wave
        return {
            "project": self.project,
            "wave": self.wave,
            "project_name": _both(project),
            "wave_name": _both(wave),
            "wave_opened_on": _day(wave["opened_on"]),
            "property_type": str(project["property_type"]),
            "region": str(project["region"]),
            "population": self.population,
            "invited": self.invited,
            "target_clause": self.policy.satisfaction.target_clause,
            "synthetic": bool(project["synthetic"]) if pd.notna(project["synthetic"]) else False,
            "data_fingerprint": self.slice.fingerprint,
            "settings_fingerprint": self.settings.fingerprint,
            "questionnaire": self.questionnaire.key,
            "formula": self.questionnaire.formula,
            "absent": self.absent,
            "overrides": [override.key for override in self.overrides],
        }


_CHOICES = (
    choices.PROPERTY_TYPES,
    choices.OCCUPANCIES,
    choices.MODES,
    choices.COLLECTORS,
    choices.ROLES,
    choices.WAVE_KINDS,
    choices.STEPS,
    choices.CHARACTERISTICS,
)


def _both(row: pd.Series) -> dict[str, str]:
    english = row["name_en"] if pd.notna(row["name_en"]) else row["name"]
    return {"zh": str(row["name"]), "en": str(english)}


def _day(moment: Any) -> str:
    return "" if pd.isna(moment) else str(date(moment.year, moment.month, moment.day))


def open_study(
    project: str, wave: str, lang: str = "zh", *, home: str | Path | None = None
) -> Study:
    """Read one project in one wave and make ``lang`` the language of all that is shown.

    ``home`` is the workbook's folder (default: found from the current folder upwards).
    DataProblem names what is unknown or missing and what to do.
    """
    i18n.use(lang)
    root = Path(home) if home is not None else find_home()
    settings = load_settings(root / "params", project)
    rows = read_slice(database_path(root), project, wave)
    key = settings.own_questionnaires.get(wave, str(rows.wave["questionnaire"]))
    if key not in settings.questionnaires:
        raise DataProblem(
            Problem(
                "params/questionnaires",
                f"wave {wave} uses a questionnaire that does not exist",
                f"Add {key}.yaml; known: {', '.join(settings.questionnaires)}.",
                value=key,
            )
        )
    questionnaire = settings.questionnaires[key]
    frame = _frame(rows, settings.policy)
    responses, uncounted = _responses(rows, frame, questionnaire)
    frame["answered"] = frame["household"].isin(responses["household"])
    return Study(
        home=root,
        lang=lang,
        settings=settings,
        slice=rows,
        questionnaire=questionnaire,
        frame=frame,
        sample=rows.samples,
        responses=responses,
        uncounted=uncounted,
    )


def _frame(rows: Slice, policy: Policy) -> pd.DataFrame:
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
    households["eligible"] = households["handed_over"]
    if policy.sampling.exclude_not_moved_in:
        households["eligible"] &= households["moved_in"]
    if policy.sampling.exclude_blacklisted:
        households["eligible"] &= ~households["blacklisted"]
    strata = households[list(policy.sampling.strata)].astype(str)
    households["stratum"] = strata.agg(" / ".join, axis=1) if len(strata) else ""
    sample = rows.samples
    households["drawn"] = households["household"].isin(sample["household"])
    asked = sample.loc[sample["invited"].astype(bool), "household"]
    households["invited"] = households["household"].isin(asked)
    return households


def _responses(
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
