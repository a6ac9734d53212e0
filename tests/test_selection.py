"""What readers see of eligibility and of households asked again."""

from __future__ import annotations

import pandas as pd

from satisfaction import drawing, exhibits, i18n, methods
from satisfaction.methods.result import Result
from satisfaction.study import open_study
from small_workbook import Workbook


def test_reasons_are_counted_and_named(surveyed: Workbook) -> None:
    study = open_study("P1", "2025", "en", home=surveyed.home)
    shown = exhibits.eligibility_table(methods.eligibility_counts(study.frame), study.labels)
    # 40 households: H33 and H34 not handed over at the draw, H35 not moved in
    assert shown.title == ("3 of 40 households cannot be drawn; most often: Not handed over (S3-1)")
    assert "Not moved in (S3-3)" in shown.body
    everybody = pd.DataFrame({"eligibility": [""] * 5})
    found = exhibits.eligibility_table(methods.eligibility_counts(everybody))
    assert found.title == "All 5 households can be drawn"
    nobody = exhibits.eligibility_table(methods.eligibility_counts(everybody.iloc[:0]))
    assert "cannot tell" in nobody.title


def test_asked_again_is_counted_and_the_rule_named(surveyed: Workbook) -> None:
    study = open_study("P1", "2026", "en", home=surveyed.home)
    overlap = drawing.overlap_summary(study, 5)
    shown = exhibits.overlap_table(overlap, study.labels)
    before = open_study("P1", "2025", "en", home=surveyed.home).sample
    asked = set(before.loc[before["invited"], "household"])
    main = drawing.sample_list(study, 5).query("role == 'main'")["household"]
    assert shown.title == (
        f"{len(asked & set(main))} of the {len(asked)} households invited in “Year 2025” "
        "are asked again"
    )
    assert "Rule in force: rotation (others first)" in shown.lead


def test_a_first_list_and_no_list_at_all(surveyed: Workbook) -> None:
    first = open_study("P4", "2026", "en", home=surveyed.home)
    shown = exhibits.overlap_table(drawing.overlap_summary(first, 5), first.labels)
    assert shown.title.startswith("The first sample of its kind")
    assert "nan" not in shown.body
    frameless = open_study("E-frameless", "2026", "en", home=surveyed.home)
    shown = exhibits.overlap_table(drawing.overlap_summary(frameless, 5), frameless.labels)
    assert "cannot tell" in shown.title


def test_a_list_that_repeats_more_than_its_rule_says_so(surveyed: Workbook) -> None:
    study = open_study("P1", "2026", "en", home=surveyed.home)
    told = drawing.overlap_summary(study, 5)
    rows = told.rows.assign(estimate=[0.07, 0.3, 1.0])
    for observed, said in ((0.91, True), (0.16, False), (float("nan"), False)):
        found = Result(rows, told.method, n=told.n, stages={**told.stages, "observed": observed})
        lead = exhibits.overlap_table(found, study.labels).lead
        assert ("91% of them again, the rule would ask 7%" in lead) is said
        assert ("the rule would ask" in lead) is said


def test_a_replaced_allocation_is_said() -> None:
    i18n.use("en")
    strata = pd.DataFrame({"stratum": ["a", "b"], "population": [50, 50]})
    plan = methods.allocation(strata, 20)
    told = Result(plan.rows, plan.method, n=20, stages={**plan.stages, "instead_of": "neyman"})
    assert "Neyman allocation needs a previous wave" in exhibits.allocation_chart(told).note
    assert "Neyman" not in exhibits.allocation_chart(plan).note


def test_the_size_says_whether_the_change_decides() -> None:
    i18n.use("en")
    size = methods.sample_size(3000, margin=0.05, change=0.05, expected_share=0.85)
    shown = exhibits.size_table(size, change=0.05, power=0.8, decides=False)
    assert "To see a change of 5 points to the next wave (S0-18)" in shown.body
    assert "does not let it decide" in shown.note
    assert "counts in the size" in exhibits.size_table(
        size, change=0.05, power=0.8, decides=True
    ).note  # fmt: skip
