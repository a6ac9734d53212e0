"""What a reader must know about the data of a study before trusting a figure."""

from __future__ import annotations

import pandas as pd

from satisfaction import FORMULA_VERSION, auditing, i18n
from satisfaction.config.policy_words import key_text
from satisfaction.i18n import _
from satisfaction.methods.result import Result
from satisfaction.study import Study


def data_checks(study: Study) -> pd.DataFrame:
    """One row a check: ``state`` (ok, warning) and ``detail``, a sentence for the reader."""
    found = [
        _answers(study),
        _sample(study),
        _strata(study),
        _few(study),
        _joined(study),
        _exclusion(study),
        *_traces(study),
        _quality(study),
        _questionnaire(study),
        _season(study),
        _delivery(study),
        *_overrides(study),
    ]
    return pd.DataFrame([row for row in found if row], columns=["state", "detail"])


Row = tuple[str, str] | None


def _answers(study: Study) -> Row:
    outside = study.uncounted.get("not_in_sample", 0)
    if not outside and study.responses.empty:
        return None
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
    silent = sorted(set(study.sample["stratum"]) - {*study.responses["stratum"], *study.joined})
    if not silent or not len(study.responses):
        return None
    names = i18n.listing([study.labels.get(name, name) for name in silent])
    return "warning", _("Nobody answered in: {groups}. The results do not speak for them").format(
        groups=names
    )


def _few(study: Study) -> Row:
    if not study.withheld:
        return None
    names = i18n.listing([study.labels.get(name, name) for name in study.withheld])
    return "warning", _("Fewer than {minimum} answers, not evaluated (S4-6): {items}").format(
        minimum=study.policy.reporting.minimum_cell, items=names
    )


def _joined(study: Study) -> Row:
    if not study.joined:
        return None
    names = i18n.listing([study.labels.get(name, name) for name in study.joined])
    return "ok", _("Weighted together, as one has fewer than {minimum} answers: {groups}").format(
        minimum=study.policy.reporting.minimum_cell, groups=names
    )


def _exclusion(study: Study) -> Row:
    if not len(study.frame):
        return "warning", _("No frame is known: shares of households cannot be given")
    declared = study.declared_exclusion
    if declared["excluded"]:
        return "warning", _(
            "Blacklisted customers are excluded ({share} of the eligible; S3-4): {reason}"
        ).format(share=i18n.percent(study.excluded_share, 1), reason=declared["reason"])
    return "ok", _("Blacklisted customers are included (S3-4, S4-13)")


def _traces(study: Study) -> list[Row]:
    """Late flags and an exclusion that nobody declared (S3-2, S3-4)."""
    traces = auditing.exclusion_traces(study)
    return [("warning", words) for words in _trace_texts(traces, study)]


def _trace_texts(traces: Result, study: Study) -> list[str]:
    flagged = traces.rows[traces.rows["flagged"]].set_index("check")
    found = []
    if "late_set" in flagged.index:
        late = flagged.loc["late_set"]
        found.append(
            _(
                "{late} blacklist flags were set in the {days} days before the draw; the year "
                "before makes {expected} usual (S3-2)"
            ).format(
                late=i18n.number(late["n"]),
                days=traces.stages["late_days"],
                expected=i18n.expected(late["expected"]),
            )
        )
    if "drawn" in flagged.index and not study.policy.sampling.exclude_blacklisted:
        drawn = flagged.loc["drawn"]
        found.append(
            _(
                "{hit} blacklisted households were drawn where chance makes it {expected}: "
                "an exclusion that nobody declared (S3-4)?"
            ).format(
                hit=i18n.number(drawn["estimate"] * drawn["n"]),
                expected=i18n.number(drawn["expected"] * drawn["n"], 1),
            )
        )
    return found


def _quality(study: Study) -> Row:
    """One line on the checks of the answer sheets (S2-8, S4-13)."""
    quality = auditing.answer_quality(study)
    if not quality.stages["tests"]:
        return None
    if not quality.stages["flagged"]:
        return "ok", _("{tests} checks of the answer sheets found nothing unusual").format(
            tests=quality.stages["tests"]
        )
    return "warning", _quality_text(quality)


def _quality_text(quality: Result) -> str:
    flagged = quality.rows[quality.rows["flagged"]]
    names = sorted(set(flagged["group"]) - {""})
    words = _("{k} checks of the answer sheets call for a second look (S2-8, S4-13)").format(
        k=len(flagged)
    )
    if not names:
        return words
    return _("{words}: collector {names}").format(words=words, names=i18n.listing(names))


def doubt(study: Study) -> str:
    """What to know before trusting the verdict, in a sentence; "" where nothing was found."""
    traces, quality = auditing.exclusion_traces(study), auditing.answer_quality(study)
    found = _trace_texts(traces, study)
    found += [_quality_text(quality)] if quality.stages["flagged"] else []
    separator = "；" if i18n.language() == "zh" else "; "
    return _("Read with reserve: {found}").format(found=separator.join(found)) if found else ""


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
        "Differs from the company's policy in {rule}: “{project}” instead of “{company}” ({clause})"
    )
    return [
        (
            "warning",
            words.format(
                rule=key_text(o.key, study.lang),
                project=_value(o.project),
                company=_value(o.company),
                clause=o.clause,
            ),
        )
        for o in study.overrides
        if o.key != "sampling.exclusion_reason"
    ]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
