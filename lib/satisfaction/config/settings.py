"""Reading ``params/``: the policy with a project's overrides, and all questionnaires."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from satisfaction.config.policy import Policy, ProjectOverride, clause
from satisfaction.config.questionnaire import Questionnaire
from satisfaction.config.strict_yaml import check_model, load_model, read_yaml, shown_name
from satisfaction.problems import DataProblem, Problem


@dataclass(frozen=True)
class Override:
    """One policy key that differs in a project, for the report to list."""

    key: str
    clause: str
    company: Any
    project: Any
    reason: str
    approved_by: str
    approved_on: date


@dataclass(frozen=True)
class Settings:
    """The policy in force for a project, what it overrides, and all questionnaires."""

    policy: Policy
    overrides: tuple[Override, ...]
    questionnaires: dict[str, Questionnaire]
    own_questionnaires: dict[str, str]  # wave -> questionnaire key, from the project's file

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that is set: the same settings give the same text."""
        text = self.policy.model_dump_json() + repr(self.overrides)
        for key in sorted(self.questionnaires):
            text += self.questionnaires[key].model_dump_json()
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def questionnaire_key(self, wave: str, planned: str) -> str:
        """Questionnaire of this project in a wave: its own (S1-1) or the planned one."""
        return self.own_questionnaires.get(wave, planned)

    @property
    def overall_items(self) -> list[str]:
        """Overall items of all questionnaires."""
        return sorted({asked.overall for asked in self.questionnaires.values()})

    def overall_item(self, wave: str, planned: str) -> str | None:
        """Overall item of this project in a wave, None where its questionnaire is unknown."""
        asked = self.questionnaires.get(self.questionnaire_key(wave, planned))
        return None if asked is None else asked.overall


def load_settings(params: Path, project: str | None = None) -> Settings:
    """Policy, overrides of ``project`` and questionnaires under the folder ``params``."""
    company = load_model(params / "policy.yaml", Policy)
    questionnaires = load_questionnaires(params)
    # looked up among the files that exist: the name may be anything, also a path
    files = {file.stem: file for file in (params / "projects").glob("*.yaml")}
    own = files.get(project or "")
    if own is None:
        return Settings(company, (), questionnaires, {})
    given = load_model(own, ProjectOverride)
    _, own_lines = read_yaml(own)
    merged = company.model_dump()
    changes = []
    for section, values in given.policy.items():
        if section not in merged:
            raise _unknown(own, own_lines, ("policy", section))
        if section == "customer_groups":
            raise DataProblem(
                Problem(
                    shown_name(own),
                    "customer groups are the same in all projects",
                    "Remove them here; change them in params/policy.yaml.",
                    row=own_lines.get(("policy", section)),
                    column=f"policy.{section}",
                )
            )
        for name, value in values.items():
            if name not in merged[section]:
                raise _unknown(own, own_lines, ("policy", section, name))
            before, merged[section][name] = merged[section][name], value
            key = f"{section}.{name}"
            if before != value:
                changes.append(
                    Override(
                        key,
                        clause(key),
                        before,
                        value,
                        given.reason,
                        given.approved_by,
                        given.approved_on,
                    )
                )
    shifted = {place[1:]: line for place, line in own_lines.items() if place[:1] == ("policy",)}
    policy = check_model(merged, Policy, own, shifted)
    for wave, key in given.questionnaires.items():
        if key not in questionnaires:
            raise DataProblem(
                Problem(
                    shown_name(own),
                    "unknown questionnaire",
                    f"Known: {', '.join(sorted(questionnaires))}.",
                    row=own_lines.get(("questionnaires", wave)),
                    column=f"questionnaires.{wave}",
                    value=key,
                )
            )
    return Settings(policy, tuple(changes), questionnaires, dict(given.questionnaires))


def load_questionnaires(params: Path) -> dict[str, Questionnaire]:
    """All files of ``params/questionnaires`` by key; the file name must be the key."""
    found = {}
    for path in sorted((params / "questionnaires").glob("*.yaml")):
        questionnaire = load_model(path, Questionnaire)
        if path.stem != questionnaire.key:
            raise DataProblem(
                Problem(
                    shown_name(path),
                    f"the file name does not fit id and version ({questionnaire.key})",
                    f"Rename it to {questionnaire.key}.yaml.",
                )
            )
        found[questionnaire.key] = questionnaire
    for key, questionnaire in found.items():
        if questionnaire.previous is not None and questionnaire.previous not in found:
            raise DataProblem(
                Problem(
                    f"questionnaires/{key}.yaml",
                    f"the previous version {questionnaire.previous!r} does not exist",
                    "Add its file or set previous: null.",
                    column="previous",
                )
            )
    return found


def _unknown(path: Path, lines: Mapping[tuple[str | int, ...], int], place: tuple[str, ...]) -> Any:
    return DataProblem(
        Problem(
            shown_name(path),
            "unknown key",
            "Remove it or correct its spelling; the keys are those of params/policy.yaml.",
            row=lines.get(place),
            column=".".join(place),
        )
    )
