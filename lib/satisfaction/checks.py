"""What a reader must know about the data of a study before trusting a figure."""

from __future__ import annotations

import pandas as pd

from satisfaction import FORMULA_VERSION, i18n
from satisfaction.i18n import _
from satisfaction.study import Study


def data_checks(study: Study) -> pd.DataFrame:
    """One row a check: ``state`` (ok, warning) and ``detail``, a sentence for the reader."""
    found = [
        _answers(study),
        _sample(study),
        _strata(study),
        _exclusion(study),
        _questionnaire(study),
        _season(study),
        _delivery(study),
        *_overrides(study),
    ]
    return pd.DataFrame([row for row in found if row], columns=["state", "detail"])


Row = tuple[str, str] | None


def _answers(study: Study) -> Row:
    outside = study.uncounted.get("not_in_sample", 0)
    if not outside:
        return "ok", _("All {n} answer sheets count").format(n=f"{len(study.responses):,}")
    return "warning", _(
        "{outside} answer sheets do not count: their households were not drawn"
    ).format(outside=f"{outside:,}")


def _sample(study: Study) -> Row:
    if len(study.sample):
        drawn = study.sample["drawn_at"].min()
        return "ok", _("The sample was drawn on {day} and is frozen since").format(
            day=i18n.date_text(drawn.date())
        )
    if not len(study.responses):
        return "warning", _("No sample is drawn yet")
    return "warning", _(
        "No drawn sample is known: the answers are taken as a random sample, which nobody can check"
    )


def _strata(study: Study) -> Row:
    if not len(study.sample):
        return None
    silent = sorted(set(study.sample["stratum"]) - set(study.responses["stratum"]))
    if not silent or not len(study.responses):
        return None
    names = i18n.listing([study.labels.get(name, name) for name in silent])
    return "warning", _("Nobody answered in: {groups}. The results do not speak for them").format(
        groups=names
    )


def _exclusion(study: Study) -> Row:
    if not len(study.frame):
        return "warning", _("No frame is known: shares of households cannot be given")
    rules = study.policy.sampling
    if rules.exclude_blacklisted:
        return "warning", _(
            "Blacklisted customers are excluded ({share} of the eligible; S3-4): {reason}"
        ).format(share=i18n.percent(study.excluded_share, 1), reason=rules.exclusion_reason)
    return "ok", _("Blacklisted customers are included (S3-4, S4-13)")


def _questionnaire(study: Study) -> Row:
    asked = study.questionnaire
    if not asked.approved:
        return "warning", _("Questionnaire {key} is not approved (S1-1)").format(key=asked.key)
    if asked.formula != FORMULA_VERSION:
        return "warning", _(
            "Questionnaire {key} was approved for formula {old}; this report uses {new}"
        ).format(key=asked.key, old=asked.formula, new=FORMULA_VERSION)
    return "ok", _("Questionnaire {key} and formula {new} are approved (S1-1)").format(
        key=asked.key, new=FORMULA_VERSION
    )


def _season(study: Study) -> Row:
    wave = study.slice.wave
    quarter = study.policy.sampling.full_survey_quarter
    if wave["kind"] != "annual" or wave["opened_on"].quarter == quarter:
        return None
    return "warning", _("The yearly survey is not in quarter {quarter} (S0-7)").format(
        quarter=quarter
    )


def _delivery(study: Study) -> Row:
    wave = study.slice.wave
    if pd.isna(wave["delivered_on"]):
        return None
    days = int((wave["delivered_on"] - wave["closed_on"]).days)
    limit = study.policy.reporting.delivery_days
    words = _("Report delivered {days} days after the field work (limit {limit}; S0-21)")
    return "ok" if days <= limit else "warning", words.format(days=days, limit=limit)


def _overrides(study: Study) -> list[Row]:
    words = _(
        "Differs from the company's policy: {key} = {project} instead of {company} ({clause})"
    )
    return [
        (
            "warning",
            words.format(
                key=o.key, project=_value(o.project), company=_value(o.company), clause=o.clause
            ),
        )
        for o in study.overrides
        if o.key != "sampling.exclusion_reason"
    ]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
