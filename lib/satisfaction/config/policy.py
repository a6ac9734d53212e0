"""Every threshold of the rules, typed, with the clause it implements.

Defaults live here and in ``params/policy.yaml``; where a source document leaves a number blank
([X]) the default is ours and the file says why. A project file overrides single keys, and every
report of that project lists them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from satisfaction.config.words import Words, in_language

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]


def rule(clause: str, meaning: str, **limits: Any) -> Any:
    """A policy field with the clause that it implements."""
    return Field(description=meaning, json_schema_extra={"clause": clause}, **limits)


class Section(BaseModel):
    """A group of policy keys; unknown keys are errors and values cannot be changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Sampling(Section):
    """How large a sample is and whom it may hold."""

    margin_of_error: float = rule("S0-10", "half width of the planned interval", gt=0, lt=0.5)
    confidence_level: float = rule("S0-16", "level of every interval", gt=0.5, lt=1)
    minimum_share: Share = rule("S0-10", "smallest share of the households that is sampled")
    minimum_per_stratum: Positive = rule("S0-10", "no customer group is left with fewer")
    strata: list[Literal["customer_group", "building", "occupancy"]] = rule(
        "S0-10", "frame columns whose combinations are the strata", min_length=1
    )
    allocation: Literal["proportional", "neyman", "power"] = rule("S0-10", "how n is divided")
    overlap: Literal["rotate", "independent", "panel"] = rule(
        "S0-6", "whether a wave asks other households than the one before"
    )
    change_to_detect: float = rule(
        "S0-18", "change to the next wave that the sample should show", gt=0, le=0.5
    )
    change_decides: bool = rule("S0-18", "let that change raise the sample size")
    expected_response: float = rule("S0-10", "share expected to answer", gt=0, le=1)
    reserve_share: float = rule("S0-6", "reserves drawn per main household", ge=0, le=5)
    exclude_not_moved_in: bool = rule("S3-3", "leave households out that have not moved in")
    exclude_blacklisted: bool = rule("S3-4", "leave blacklisted customers out of the sample")
    exclusion_reason: str | Words = rule("S3-4", "the declared reason; printed in every report")
    draw_day: Annotated[int, Field(ge=1, le=28)] = rule("S3-2", "day of the month of the draw")
    full_survey_quarter: Annotated[int, Field(ge=1, le=4)] = rule(
        "S0-7", "quarter of the yearly full survey"
    )

    @model_validator(mode="after")
    def _exclusion_is_declared(self) -> Self:
        if self.exclude_blacklisted and not in_language(self.exclusion_reason, "zh").strip():
            raise ValueError("exclude_blacklisted needs an exclusion_reason (S3-4)")
        return self


class Satisfaction(Section):
    """What counts as met and as good (what counts as satisfied, S3-5, belongs to each scale)."""

    target: Share = rule("S2-2", "share of satisfied customers to be reached")
    target_clause: Literal["S2-2", "S4-3", "S4-4"] = rule("S2-2", "clause the target comes from")
    excellent_from: Share = rule("S0-19", "left edge of the grade excellent")
    good_from: Share = rule("S0-19", "left edge of the grade good")
    average_from: Share = rule("S0-19", "left edge of the grade average")

    @model_validator(mode="after")
    def _grades_fall(self) -> Self:
        if not self.excellent_from > self.good_from > self.average_from > 0:
            raise ValueError("the grades' cut points must fall: excellent > good > average > 0")
        return self

    @property
    def cut_points(self) -> dict[str, float]:
        """Left edges of the grades excellent, good and average, as shares."""
        return {
            "excellent": self.excellent_from,
            "good": self.good_from,
            "average": self.average_from,
        }


class Reporting(Section):
    """What is shown, and when a report is late."""

    interval: Literal["wilson_kish", "wilson", "korn_graubard"] = rule(
        "S0-16", "interval of every satisfied share"
    )
    minimum_answers: Positive = rule("S0-11", "fewer answers get no verdict and no rank")
    minimum_cell: Positive = rule("S4-6", "cells with fewer answers are suppressed")
    caution_cell: Positive = rule("S4-6", "cells with fewer answers carry a caution")
    minimum_peers: Positive = rule("S0-18", "fewer projects of the same type are no comparison")
    minimum_months: Annotated[int, Field(ge=2)] = rule(
        "S3-6", "fewer months give no control limits of the monthly series"
    )
    false_discovery_rate: float = rule(
        "S0-31", "share of the claimed drops of a portfolio that may be false", gt=0, le=0.5
    )
    delivery_days: Positive = rule("S0-21", "days from the end of field work to the report")


class Drivers(Section):
    """When and how the drivers are estimated."""

    minimum_answers: Positive = rule("S0-17", "fewer complete answer sheets get no drivers")
    bootstrap_draws: Annotated[int, Field(ge=100, le=20_000)] = rule(
        "S0-17", "resamples behind every driver's interval"
    )
    power: float = rule("S0-17", "power of the change that a survey can detect", gt=0.5, lt=1)


class Audit(Section):
    """What makes a survey worth a second look: traces of exclusion and of coached answers."""

    confidence_level: float = rule("S2-8", "level of every audit check", gt=0.5, lt=1)
    late_flag_days: Annotated[int, Field(ge=1, le=92)] = rule(
        "S3-2", "flags changed so many days before the draw are late"
    )
    visit_window_days: Annotated[int, Field(ge=1, le=30)] = rule(
        "S4-13", "a visit so many days before an answer is just before it"
    )
    burst_days: Annotated[int, Field(ge=1, le=14)] = rule(
        "S2-8", "window in which a collector's sheets may pile up"
    )


class Complaints(Section):
    """Clocks of complaints, requests and follow-up."""

    ordinary_hours: Positive = rule("S0-23", "an ordinary complaint is handled within")
    complex_working_days: Positive = rule("S0-23", "a complex complaint is handled within")
    request_response_hours: Positive = rule("S2-1", "a request gets a response within")
    urgent_hours: Positive = rule("S2-1", "an urgent request is handled within")
    request_handling_hours: Positive = rule("S4-2", "a reasonable request is handled within")
    demand_answer_hours: Positive = rule("S3-11", "a demand is answered within")
    patrol_recheck_days: Positive = rule("S3-11", "a patrol finding is rechecked within")
    entry_hours: Positive = rule("S1-3", "a complaint is entered into the system within")
    summary_day: Annotated[int, Field(ge=1, le=31)] = rule("S1-4", "day of the monthly summary")
    legacy_days: Positive = rule("S1-4", "days after handover with quarterly legacy analysis")


class Visits(Section):
    """Coverage and quotas of interviews and visits."""

    full_coverage_up_to: Positive = rule("S1-6", "up to so many households all are interviewed")
    coverage_above: Share = rule("S1-6", "share interviewed in larger projects")
    few_households: Positive = rule("S1-6", "what counts as few households")
    few_monthly_minimum: Positive = rule("S1-6", "interviews a month with few households")
    manager_in_depth: Positive = rule("S1-6", "in-depth interviews of the manager a month")
    butler_monthly: Positive = rule("S3-10", "visits a month of a butler")
    head_monthly: Positive = rule("S3-10", "visits a month of a department head")
    manager_monthly: Positive = rule("S3-10", "visits a month of the project manager")


class Appraisal(Section):
    """What a project is measured by besides its target."""

    satisfaction_minimum: Share = rule("S4-4", "satisfaction share below which a project fails")
    equipment_failure_maximum: Share = rule("S4-3", "equipment failure rate")
    fee_collection_minimum: Share = rule("S4-3", "fee collection rate")
    complaint_rate_maximum: Share = rule("S4-4", "complaints per household")
    complaint_timeliness_minimum: Share = rule("S0-31", "share of complaints handled in time")
    suggestion_adoption_minimum: Share = rule("S0-31", "share of suggestions adopted")


class Calendar(Section):
    """Dates by which documents are due."""

    brief_day: Annotated[int, Field(ge=1, le=31)] = rule("S1-7", "day of the monthly brief")
    brief_owners_below: Positive = rule("S1-7", "estates with fewer owners get a monthly brief")
    quarterly_draft_day: Annotated[int, Field(ge=1, le=31)] = rule("S1-7", "draft by")
    quarterly_internal_day: Annotated[int, Field(ge=1, le=31)] = rule("S1-7", "internal by")
    quarterly_posted_day: Annotated[int, Field(ge=1, le=31)] = rule("S1-7", "posted by")
    owners_meeting: Literal["yearly", "monthly"] = rule("S1-7", "how often owners meet")


class Policy(Section):
    """The company's policy: every threshold that a figure or a verdict depends on."""

    customer_groups: dict[str, Words] = rule("S0-10", "the customer groups", min_length=1)
    sampling: Sampling
    satisfaction: Satisfaction
    reporting: Reporting
    drivers: Drivers
    audit: Audit
    complaints: Complaints
    visits: Visits
    appraisal: Appraisal
    calendar: Calendar


class ProjectOverride(Section):
    """``params/projects/<id>.yaml``: what is different in one project, and why."""

    reason: str = Field(min_length=1)
    approved_by: str = Field(min_length=1)
    approved_on: date = Field(strict=False)
    policy: dict[str, dict[str, Any]] = Field(default_factory=dict)
    questionnaires: dict[str, str] = Field(default_factory=dict)


def clause(key: str) -> str:
    """The clause behind a policy key: ``clause("sampling.minimum_share")`` -> ``"S0-10"``."""
    extra = _field(key).json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["clause"])


def meaning(key: str) -> str:
    """What a policy key says, in English."""
    return str(_field(key).description)


def _field(key: str) -> FieldInfo:
    section, name = key.split(".")
    model = Policy.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model.model_fields[name]
