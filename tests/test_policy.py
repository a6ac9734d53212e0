"""The policy: every threshold with its clause, overrides that are listed, errors with line."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from satisfaction.config.policy import Policy, ProjectOverride, clause
from satisfaction.config.settings import Override, Settings, load_settings
from satisfaction.config.strict_yaml import load_model
from satisfaction.problems import DataProblem, Problem

PARAMS = Path(__file__).parent.parent / "params"
CLAUSE = re.compile(r"S\d+-\d+")
REASON = "reason: 试点\napproved_by: 品质管理部\napproved_on: 2025-09-25\n"


@pytest.fixture
def params(tmp_path: Path) -> Path:
    copy = tmp_path / "params"
    (copy / "projects").mkdir(parents=True)
    (copy / "questionnaires").mkdir()
    shutil.copy(PARAMS / "policy.yaml", copy)
    for name in ("estate-2023", "estate-2024"):
        shutil.copy(PARAMS / "questionnaires" / f"{name}.yaml", copy / "questionnaires")
    return copy


def overridden(params: Path, text: str) -> Settings:
    (params / "projects" / "p1.yaml").write_text(REASON + text, encoding="utf-8")
    return load_settings(params, "p1")


def refused(params: Path, text: str, reason: str = REASON) -> list[Problem]:
    path = params / "projects" / "p1.yaml"
    path.write_text(reason + text, encoding="utf-8")
    with pytest.raises(DataProblem) as caught:
        load_settings(params, "p1")
    assert {problem.file for problem in caught.value.problems} == {
        f"{path.parent.name}/{path.name}"
    }
    return caught.value.problems


def edited(params: Path, before: str, after: str) -> list[Problem]:
    path = params / "policy.yaml"
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(DataProblem) as caught:
        load_settings(params)
    assert {problem.file for problem in caught.value.problems} == {
        f"{path.parent.name}/{path.name}"
    }
    return caught.value.problems


def line_of(path: Path, text: str) -> int:
    return 1 + path.read_text("utf-8").partition(text)[0].count("\n")


def sections() -> dict[str, type[BaseModel]]:
    return {
        name: field.annotation
        for name, field in Policy.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def written_clauses() -> dict[str, set[str]]:
    """``section.key`` -> the clause IDs in the comment on its line of the file as it is written."""
    found = {}
    section = ""
    for line in (PARAMS / "policy.yaml").read_text("utf-8").splitlines():
        if top := re.match(r"([a-z_]+):", line):
            section = top.group(1)
            found[section] = set(CLAUSE.findall(line.partition("#")[2]))
        elif key := re.match(r"  ([a-z_]+):", line):
            found[f"{section}.{key.group(1)}"] = set(CLAUSE.findall(line.partition("#")[2]))
    return found


FIELDS = [
    f"{section}.{name}" for section, model in sections().items() for name in model.model_fields
]


@pytest.mark.parametrize("key", FIELDS)
def test_every_threshold_carries_the_clause_that_the_file_names(key: str) -> None:
    assert CLAUSE.fullmatch(clause(key))
    assert clause(key) in written_clauses()[key]


def test_the_file_holds_every_threshold_and_nothing_else() -> None:
    groups = set(load_settings(PARAMS).policy.customer_groups)
    written = {key for key in written_clauses() if "." in key}
    assert written == set(FIELDS) | {f"customer_groups.{name}" for name in groups}
    assert "S0-10" in written_clauses()["customer_groups"]


def test_every_threshold_says_what_it_means() -> None:
    for model in sections().values():
        assert all(field.description for field in model.model_fields.values())


def test_blanks_of_the_source_documents_give_their_reason() -> None:
    lines = (PARAMS / "policy.yaml").read_text("utf-8").splitlines()
    for line in lines:
        if "[X]" in line and not line.startswith("#") and "appraisal" not in line:
            assert re.search(r"\[X\]\s+\S", line) or "S0-31" in line, line


def test_the_policy_loads_with_the_values_of_the_file() -> None:
    policy = load_settings(PARAMS).policy
    assert policy.sampling.margin_of_error == 0.05
    assert policy.satisfaction.target == 0.9
    assert policy.satisfaction.cut_points == {"excellent": 0.9, "good": 0.8, "average": 0.7}
    assert policy.satisfaction.target_clause == "S2-2"
    assert policy.reporting.minimum_cell == 10
    assert policy.sampling.exclude_blacklisted is False


def test_a_policy_cannot_be_changed_by_a_report() -> None:
    policy = load_settings(PARAMS).policy
    with pytest.raises(ValueError, match="frozen"):
        policy.satisfaction.target = 0.5  # type: ignore[misc]


def test_excluding_customers_needs_a_declared_reason(params: Path) -> None:
    (problem,) = edited(params, "exclude_blacklisted: false", "exclude_blacklisted: true")
    assert "exclusion_reason" in problem.rule
    assert "S3-4" in problem.rule
    assert problem.row is not None


def test_blanks_are_no_reason(params: Path) -> None:
    text = 'policy:\n  sampling: {exclude_blacklisted: true, exclusion_reason: "  "}\n'
    (problem,) = refused(params, text)
    assert "exclusion_reason" in problem.rule


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("good_from: 0.80", "good_from: 0.90"),  # equal is not falling
        ("good_from: 0.80", "good_from: 0.95"),
        ("average_from: 0.70", "average_from: 0.85"),
        ("average_from: 0.70", "average_from: 0.0"),
    ],
)
def test_the_cut_points_of_the_grades_must_fall(params: Path, before: str, after: str) -> None:
    (problem,) = edited(params, before, after)
    assert "cut points must fall" in problem.rule


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("  target: 0.90", "  target: 1.5", "satisfaction.target"),
        ("  target: 0.90", "  target: .nan", "satisfaction.target"),
        ("  target: 0.90", "  target: 90%", "satisfaction.target"),
        ("target_clause: S2-2 ", "target_clause: S9-9 ", "satisfaction.target_clause"),
        ("margin_of_error: 0.05", "margin_of_error: 0", "sampling.margin_of_error"),
        ("confidence_level: 0.95", "confidence_level: 1", "sampling.confidence_level"),
        ("minimum_per_stratum: 10", "minimum_per_stratum: 0", "sampling.minimum_per_stratum"),
        ("minimum_per_stratum: 10", "minimum_per_stratum: 9.5", "sampling.minimum_per_stratum"),
        ("strata: [customer_group]", "strata: []", "sampling.strata"),
        ("strata: [customer_group]", "strata: [name]", "sampling.strata.0"),
        (
            "exclude_not_moved_in: true",
            "exclude_not_moved_in: yes",
            "sampling.exclude_not_moved_in",
        ),
        ("draw_day: 28", "draw_day: 31", "sampling.draw_day"),
        ("bootstrap_draws: 1000", "bootstrap_draws: 10", "drivers.bootstrap_draws"),
        ("owners_meeting: yearly", "owners_meeting: weekly", "calendar.owners_meeting"),
        ("draw_day: 28", "drawday: 28", "sampling.drawday"),
    ],
)
def test_a_wrong_value_names_its_line(params: Path, before: str, after: str, column: str) -> None:
    problems = edited(params, before, after)
    named = {problem.column: problem.row for problem in problems}
    assert named[column] == line_of(params / "policy.yaml", after)


def test_an_unknown_section_and_a_missing_one(params: Path) -> None:
    problems = edited(params, "calendar:\n", "kalendar:\n")
    assert {(problem.column, problem.rule) for problem in problems} == {
        ("calendar", "a required key is missing"),
        ("kalendar", "unknown key"),
    }


def test_without_a_file_of_its_own_a_project_has_the_company_s_policy(params: Path) -> None:
    assert load_settings(params, "elsewhere") == load_settings(params)


def test_an_override_is_applied_and_listed(params: Path) -> None:
    company = load_settings(params).policy
    text = "policy:\n  satisfaction:\n    target: 0.8\n    target_clause: S4-4\n"
    settings = overridden(params, text)
    assert settings.policy.satisfaction.target == 0.8
    assert settings.policy.satisfaction.excellent_from == 0.9  # the rest of the section stays
    assert settings.policy.sampling == company.sampling
    who = ("试点", "品质管理部", date(2025, 9, 25))
    assert settings.overrides == (
        Override("satisfaction.target", "S2-2", 0.9, 0.8, *who),
        Override("satisfaction.target_clause", "S2-2", "S2-2", "S4-4", *who),
    )
    assert settings.fingerprint != load_settings(params).fingerprint


def test_a_value_as_the_company_s_is_no_override(params: Path) -> None:
    settings = overridden(params, "policy:\n  satisfaction: {target: 0.9}\n")
    assert settings.overrides == ()
    assert settings.policy == load_settings(params).policy


def test_what_only_together_is_wrong_is_found(params: Path) -> None:
    (problem,) = refused(params, "policy:\n  satisfaction:\n    good_from: 0.95\n")
    assert "cut points must fall" in problem.rule
    assert problem.row == 5


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("policy:\n  satisfaction:\n    tarket: 0.8\n", 6, "policy.satisfaction.tarket"),
        ("policy:\n  satisfactory:\n    target: 0.8\n", 5, "policy.satisfactory"),
        ("policy:\n  satisfaction:\n    target: high\n", 6, "satisfaction.target"),
        ("policy:\n  satisfaction: 5\n", 5, "policy.satisfaction"),
        ("policies: {}\n", 4, "policies"),
        ('questionnaires:\n  "2025": estate-1999\n', 5, "questionnaires.2025"),
    ],
)
def test_an_override_s_error_names_file_and_line(
    params: Path, text: str, row: int, column: str
) -> None:
    (problem,) = refused(params, text)
    assert (problem.row, problem.column) == (row, column)


def test_customer_groups_are_the_company_s(params: Path) -> None:
    text = "policy:\n  customer_groups:\n    owner: {zh: 业主, en: Owners}\n"
    (problem,) = refused(params, text)
    assert (problem.row, problem.rule) == (5, "customer groups are the same in all projects")


@pytest.mark.parametrize("missing", ["reason", "approved_by", "approved_on"])
def test_an_override_must_be_approved(params: Path, missing: str) -> None:
    kept = "".join(line for line in REASON.splitlines(keepends=True) if missing not in line)
    (problem,) = refused(params, "policy: {}\n", reason=kept)
    assert (problem.rule, problem.column) == ("a required key is missing", missing)


def test_empty_approvals_and_impossible_days(params: Path) -> None:
    text = 'reason: ""\napproved_by: ""\napproved_on: 2025-02-30\n'
    problems = refused(params, "", reason=text)
    assert [(problem.row, problem.column) for problem in problems] == [
        (1, "reason"),
        (2, "approved_by"),
        (3, "approved_on"),
    ]


def test_a_questionnaire_of_its_own(params: Path) -> None:
    settings = overridden(params, 'questionnaires:\n  "2025": estate-2024\n')
    assert settings.own_questionnaires == {"2025": "estate-2024"}
    assert settings.overrides == ()


@pytest.mark.parametrize("path", sorted((PARAMS / "projects").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_overrides_load(path: Path) -> None:
    load_model(path, ProjectOverride)
    settings = load_settings(PARAMS, path.stem)
    assert settings.overrides or settings.own_questionnaires
