"""A Study: one project in one survey wave, with all that is needed to analyse it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from satisfaction import i18n, origin
from satisfaction.assembly import among, counted_responses, frame_at_draw
from satisfaction.config.home import find_home
from satisfaction.config.questionnaire import comparable_items
from satisfaction.config.settings import Settings, load_settings
from satisfaction.data.database import database_of
from satisfaction.data.slices import Slice, read_slice
from satisfaction.problems import DataProblem, Problem
from satisfaction.small_groups import protected, with_joined_tallies
from satisfaction.wave_facts import WaveFacts


@dataclass(frozen=True, repr=False)
class Study(WaveFacts):
    """The facts of `WaveFacts`, and what they are compared with: earlier waves, months, peers."""

    @property
    def waves(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Answer sheets of this wave and of the earlier one, to be compared."""
        return self.responses, self.earlier_responses

    @cached_property
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
            "panel": self.asked_twice >= self.policy.reporting.minimum_answers,
            "monthly": len(self.monthly) > 0,
            "peers": len(self.other_projects) >= self.policy.reporting.minimum_peers,
        }
        return [f"no-{name}" if present else name for name, present in there.items()]

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

    @cached_property
    def trend(self) -> pd.DataFrame:
        """Tallies of the overall item in all comparable waves of this kind up to this one."""
        waves = self.slice.waves
        waves = waves[waves["opened_on"] <= self.slice.wave["opened_on"]]
        return self._alike(waves, self.overall, self.questionnaire.key)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Tallies of the overall item in the monthly waves up to this one, as worded in the last.

        The monthly series of S3-6, whatever the kind of this wave.
        """
        waves = self.slice.monthly_waves
        waves = waves[waves["closed_on"] <= self.slice.wave["closed_on"]]
        if not len(waves):
            return self.slice.own_tallies.iloc[:0]
        last = waves.iloc[-1]
        key = self.settings.questionnaire_key(str(last["wave"]), str(last["questionnaire"]))
        asked = self.settings.questionnaires.get(key)
        if asked is None:
            return self.slice.own_tallies.iloc[:0]
        return self._alike(waves, asked.overall, key)

    @property
    def monthly_order(self) -> list[str]:
        """Monthly waves with answers of this project, oldest first."""
        return [str(wave) for wave in self.slice.monthly_waves["wave"]]

    def _alike(self, waves: pd.DataFrame, item: str, key: str) -> pd.DataFrame:
        """Tallies of an item in those of the waves that asked it as questionnaire ``key`` does."""
        known = self.settings.questionnaires
        asked = {
            str(wave): self.settings.questionnaire_key(str(wave), str(planned))
            for wave, planned in zip(waves["wave"], waves["questionnaire"], strict=True)
        }
        alike = {
            wave
            for wave, version in asked.items()
            if version in known and item in comparable_items(key, version, known)
        }
        tallies = self.slice.own_tallies
        own = tallies[(tallies["item"] == item) & tallies["wave"].isin(alike)]
        return with_joined_tallies(own, self.policy.reporting.minimum_cell)

    @cached_property
    def asked_twice(self) -> int:
        """Households that answered in this wave and in the earlier one."""
        if self.previous is None:
            return 0
        now, before = (
            set(study.slice.responses["household"].dropna()) for study in (self, self.previous)
        )
        return len(now & before)

    @property
    def earlier_peers(self) -> pd.DataFrame:
        """The same for the earlier wave; without rows where the two cannot be compared."""
        if self.previous is None or self.overall not in self.comparable:
            return self.peers.iloc[:0]
        return self.previous.peers

    @cached_property
    def earlier_wave(self) -> str | None:
        """The last earlier wave of the same kind with answers of this project, or None."""
        return self.slice.earlier_wave

    @cached_property
    def previous(self) -> Study | None:
        """The study of the earlier wave, None where there is none."""
        if self.earlier_wave is None:
            return None
        if self.slice.earlier is None:  # this one is itself the earlier study of another
            return _read(self.home, self.project, self.earlier_wave, self.lang)
        return _assembled(self.home, self.lang, self.settings, self.slice.earlier)

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

    @property
    def comparison(self) -> dict[str, Any]:
        """Arguments of every comparison with the earlier wave."""
        return {
            "comparable": self.comparable,
            "minimum_n": self.policy.reporting.minimum_answers,
            "power": self.policy.drivers.power,
            "unit": "household",
            **self.shares,
        }

    @property
    def mean_comparison(self) -> dict[str, Any]:
        """The same for mean scores instead of satisfied shares."""
        return self.comparison | {"at_least": None}

    @property
    def panel_rule(self) -> dict[str, Any]:
        """Arguments of what the households that answered twice tell."""
        return {
            "comparable": self.comparable,
            "minimum_n": self.policy.reporting.minimum_answers,
            **self.mark,
        }

    @property
    def monthly_rule(self) -> dict[str, Any]:
        """Arguments of the monthly control chart."""
        rules = self.policy.reporting
        return {"minimum_months": rules.minimum_months, "minimum_n": rules.minimum_cell}

    @property
    def decomposition_rule(self) -> dict[str, Any]:
        """Arguments of the change's parts: who answered, and in which ways."""
        known = ["customer_group", *(["occupancy"] if len(self.frame) else [])]
        return {
            "factors": {"residents": known, "modes": ["mode"]},
            "comparable": self.overall in self.comparable,
            "minimum_n": self.policy.reporting.minimum_answers,
            "unit": "household",
            **self.mark,
        }

    @property
    def wave_labels(self) -> dict[str, str]:
        """Names of the two waves of a comparison."""
        earlier = self.labels.get(self.earlier_wave or "", "")
        return {"current_label": self.wave_name, "previous_label": earlier}

    @property
    def data_fingerprint(self) -> str:
        """SHA-256 over all rows read for this study and its earlier wave, 16 hex digits."""
        return self.slice.fingerprint

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
            "sheets": len(self.responses),
            "target_clause": self.policy.satisfaction.target_clause,
            "satisfied_scores": [self.satisfied_from, self.questionnaire.scale.maximum],
            "false_discovery_rate": self.policy.reporting.false_discovery_rate,
            "synthetic": bool(project["synthetic"]) if pd.notna(project["synthetic"]) else False,
            "data_fingerprint": self.data_fingerprint,
            "settings_fingerprint": self.settings.fingerprint,
            "questionnaire": self.questionnaire.key,
            "formula": self.questionnaire.formula,
            "absent": self.absent,
            "overrides": [override.key for override in self.overrides],
        }


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
    study = _read(root, project, wave, lang)
    days = study.slice.wave["opened_on"], study.slice.wave["closed_on"]
    origin.use(origin.Origin(study.project, study.wave, study.wave_name, *days))
    return study


def _read(home: Path, project: str, wave: str, lang: str) -> Study:
    settings = load_settings(home / "params", project)
    rows = read_slice(database_of(home), project, wave, settings)
    return _assembled(home, lang, settings, rows)


def _assembled(home: Path, lang: str, settings: Settings, rows: Slice) -> Study:
    wave = str(rows.wave["wave"])
    key = settings.questionnaire_key(wave, str(rows.wave["questionnaire"]))
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
    frame = frame_at_draw(rows, settings.policy)
    responses, uncounted = counted_responses(rows, frame, questionnaire)
    frame["answered"] = among(frame, responses)
    responses, withheld, joined = protected(responses, questionnaire, settings.policy)
    return Study(
        home=home,
        lang=lang,
        settings=settings,
        slice=rows,
        questionnaire=questionnaire,
        frame=frame,
        sample=rows.samples,
        responses=responses,
        uncounted=uncounted,
        withheld=withheld,
        joined=joined,
    )
