"""The draw: the same list from the same seed, stored once, before anybody answers."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from satisfaction import drawing
from satisfaction.drawing import (
    drawn_sample,
    overlap_summary,
    planned_allocation,
    planned_draw,
    planned_margin,
    planned_size,
    sample_list,
    sample_summary,
    store_sample,
)
from satisfaction.methods.coordination import wave_seed
from satisfaction.methods.sizes import power_sample_size
from satisfaction.problems import DataProblem
from satisfaction.study import Study, open_study
from small_study import households, table
from small_workbook import Workbook

NOW = datetime(2026, 9, 28, 10, 0, 0)


def opened(workbook: Workbook, project: str = "P4", wave: str = "2026") -> Study:
    return open_study(project, wave, "en", home=workbook.home)


@pytest.fixture(scope="module")
def study(surveyed: Workbook) -> Study:
    return opened(surveyed)


def stored(workbook: Workbook, seed: int = 5, **more: str) -> Path:
    return store_sample(opened(workbook, **more), seed, recorder="Test", now=NOW)


def test_the_same_seed_gives_the_same_list(study: Study) -> None:
    pd.testing.assert_frame_equal(drawn_sample(study, 5), drawn_sample(study, 5))
    one, other = (drawn_sample(study, seed) for seed in (5, 6))
    assert set(one.loc[one["role"] == "main", "household"]) != set(
        other.loc[other["role"] == "main", "household"]
    )


def test_the_list_does_not_depend_on_the_order_of_rows(study: Study) -> None:
    shuffled = dataclasses.replace(study, frame=study.frame.sample(frac=1, random_state=1))
    one, other = (
        drawn_sample(each, 5).sort_values("household").reset_index(drop=True)
        for each in (study, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


def test_only_eligible_households_are_drawn(surveyed: Workbook) -> None:
    study = opened(surveyed, "P1")
    drawn = drawn_sample(study, 5)
    assert drawn["household"].is_unique
    assert set(drawn["household"]) <= set(study.eligible["household"])
    assert "H33" not in set(drawn["household"])
    assert "H35" not in set(drawn["household"])


@pytest.mark.parametrize("project", ["P1", "P4", "E-lonely"])
def test_every_stratum_reaches_the_minimum_or_is_asked_whole(
    surveyed: Workbook, project: str
) -> None:
    study = opened(surveyed, project)
    rules = study.policy.sampling
    rows = planned_allocation(study).rows.set_index("stratum")
    sizes = study.eligible["stratum"].value_counts()
    assert set(rows.index) == set(sizes.index)
    for stratum, population in sizes.items():
        n = rows.loc[stratum, "n"]
        assert n == population or n * rules.expected_response >= rules.minimum_per_stratum
        assert n <= population
    drawn = drawn_sample(study, 5)
    main = drawn[drawn["role"] == "main"]["stratum"].value_counts()
    assert main.to_dict() == rows["n"].astype(int).to_dict()


def test_probabilities_are_main_units_over_households(study: Study) -> None:
    drawn = drawn_sample(study, 5)
    expected = drawn["stratum_sample"] / drawn["stratum_population"]
    assert drawn["probability"].tolist() == pytest.approx(expected.tolist())


def test_the_plan_follows_the_policy(study: Study) -> None:
    size = planned_size(study)
    # 400 households, margin 5 points: 384.15 / (1 + 383.15 / 400) = 196.2, and 60 % answer
    assert size.stages["needed"] == 197
    assert size.stages["invitations"] == 329
    assert planned_margin(study).rows["estimate"].between(0, 0.5).all()


def test_no_frame_is_no_plan_and_no_draw(surveyed: Workbook) -> None:
    study = opened(surveyed, "E-frameless")
    assert len(planned_allocation(study)) == 0
    assert len(sample_list(study, 5)) == 0
    assert len(sample_summary(study, 5)) == 0
    with pytest.raises(DataProblem, match="no eligible household"):
        drawn_sample(study, 5)
    before = set(surveyed.raw.rglob("*"))
    with pytest.raises(DataProblem, match="no eligible household"):
        store_sample(study, 5, recorder=None, now=NOW)
    assert set(surveyed.raw.rglob("*")) == before


def test_a_frame_of_empty_flats_is_not_drawn(own_copy: Workbook) -> None:
    rows = [dict(row) | {"handed_over_on": ""} for row in households("E-frameless", 3)]
    own_copy.enter("households", table(rows), name="empty.csv")
    with pytest.raises(DataProblem, match="no eligible household"):
        stored(own_copy, project="E-frameless")


def test_what_is_stored_is_what_the_seed_gives(own_copy: Workbook) -> None:
    shown = sample_list(opened(own_copy), 5)
    assert sample_summary(opened(own_copy), 5).stages["stored"] is False
    path = stored(own_copy, seed=5)
    assert path == own_copy.raw / "samples" / "2026-P4.csv"
    after = opened(own_copy)
    assert set(after.sample["household"]) == set(shown["household"])
    assert set(after.sample["seed"]) == {5}
    assert set(after.sample["design_version"]) == {f"{drawing.DESIGN_VERSION}-rotate"}
    assert set(after.sample["drawn_at"]) == {pd.Timestamp(NOW)}
    main = after.sample["role"] == "main"
    assert (after.sample["invited"] == main).all()
    # whatever seed the notebook asks with, the stored list is shown
    pd.testing.assert_frame_equal(sample_list(after, 99), after.sample)
    columns = ["stratum", "role", "household", "probability"]
    table_on_disk = pd.read_csv(path)[columns].sort_values("household").reset_index(drop=True)
    table_stored = after.sample[columns].sort_values("household").reset_index(drop=True)
    pd.testing.assert_frame_equal(table_on_disk, table_stored, check_dtype=False)


def test_a_sample_is_drawn_once(own_copy: Workbook) -> None:
    path = stored(own_copy)
    before = (own_copy.contents(), path.read_bytes())
    for seed in (5, 6):
        with pytest.raises(DataProblem, match="already has a sample in wave 2026"):
            stored(own_copy, seed=seed)
    assert (own_copy.contents(), path.read_bytes()) == before


@pytest.mark.parametrize(
    ("project", "found"), [("E-varied", "responses"), ("P1", "a sample"), ("E-one", "responses")]
)
def test_nothing_is_drawn_once_somebody_answered(
    surveyed: Workbook, project: str, found: str
) -> None:
    before = surveyed.contents()
    with pytest.raises(DataProblem, match=f"already has {found}"):
        stored(surveyed, project=project, wave="2025")
    assert surveyed.contents() == before
    assert not (surveyed.raw / "samples").exists()


def test_the_record_can_be_repeated_from_its_seed(own_copy: Workbook) -> None:
    stored(own_copy, seed=5)
    stages = sample_summary(opened(own_copy), 1).stages
    assert dict(stages) == {"stored": True, "seed": 5, "repeatable": True}


def test_a_frame_that_changed_since_is_noticed(own_copy: Workbook) -> None:
    stored(own_copy, project="P1")
    # corrected later: another handover day, so another frame at the draw
    path = own_copy.raw / "households.csv"
    text = path.read_text("utf-8")
    one = text.replace("P1,H01,2,owner,resident,2020-01-01", "P1,H01,2,owner,resident,2026-12-31")
    assert one != text
    own_copy.enter("households", one)
    assert sample_summary(opened(own_copy, "P1"), 5).stages["repeatable"] is False


def test_a_sample_from_elsewhere_is_not_repeatable(surveyed: Workbook) -> None:
    stages = sample_summary(opened(surveyed, "P1", "2025"), 5).stages
    assert (stages["stored"], stages["seed"], stages["repeatable"]) == (True, 7, False)


def test_a_list_that_cannot_be_imported_leaves_nothing(
    own_copy: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("satisfaction.data.importing.import_file", refuse)
    before = own_copy.contents()
    with pytest.raises(KeyboardInterrupt):
        stored(own_copy)
    assert list((own_copy.raw / "samples").iterdir()) == []
    assert own_copy.contents() == before


def test_a_list_that_the_import_refuses_leaves_nothing(
    own_copy: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(own_copy)
    monkeypatch.setattr(drawing, "DESIGN_VERSION", "not an identifier!")
    with pytest.raises(DataProblem, match="not an identifier"):
        store_sample(study, 5, recorder=None, now=NOW)
    assert list((own_copy.raw / "samples").iterdir()) == []
    assert len(opened(own_copy).sample) == 0


def with_policy(workbook: Workbook, project: str, **sampling: str) -> None:
    lines = "".join(f"    {name}: {value}\n" for name, value in sampling.items())
    path = workbook.home / "params" / "projects" / f"{project}.yaml"
    path.write_text(
        "reason: r\napproved_by: a\napproved_on: 2025-01-01\npolicy:\n  sampling:\n" + lines,
        encoding="utf-8",
    )


def next_wave(workbook: Workbook) -> None:
    text = (workbook.raw / "waves.csv").read_text("utf-8")
    row = "2027,2027年,Year 2027,annual,2027-10-01,2027-11-30,small-2\n"
    workbook.enter("waves", text + row)


@pytest.mark.parametrize(
    ("overlap", "asked_again"), [("rotate", 40), ("panel", 220), ("independent", None)]
)
def test_the_next_wave_overlaps_as_the_policy_says(
    own_copy: Workbook, overlap: str, asked_again: int | None
) -> None:
    # 400 households; a margin of 7 points wants 132 answers, so 220 of them a wave: 2 x 220 - 400
    with_policy(own_copy, "P4", overlap=overlap, margin_of_error="0.07")
    next_wave(own_copy)
    stored(own_copy, seed=5)
    before = opened(own_copy)
    later = NOW.replace(year=2027)
    after = opened(own_copy, wave="2027")
    summary = overlap_summary(after, 6)
    store_sample(after, 6, recorder="Test", now=later)
    study = opened(own_copy, wave="2027")
    invited = [set(s.sample.loc[s.sample["invited"], "household"]) for s in (before, study)]
    again = len(invited[0] & invited[1])
    assert summary.stages["again"] == again
    assert set(study.sample["design_version"]) == {f"{drawing.DESIGN_VERSION}-{overlap}"}
    if asked_again is None:
        expected = float(summary.row(overlap="independent")["estimate"])
        # hypergeometric: standard deviation 5
        assert abs(again - expected * len(invited[0])) < 20
        assert set(study.sample["seed"]) == {wave_seed(6, "2027")}
    else:
        assert abs(again - asked_again) <= 1
        assert set(study.sample["seed"]) == {5}  # the project's own, whatever was given
        chosen = summary.rows[summary.rows["chosen"]]
        assert chosen["estimate"].iloc[0] == pytest.approx(again / len(invited[0]), abs=0.005)
    assert sample_summary(study, 1).stages["repeatable"] is True
    assert sample_summary(opened(own_copy), 1).stages["repeatable"] is True  # the first wave too


def test_the_first_list_has_nobody_to_ask_again(study: Study) -> None:
    summary = overlap_summary(study, 5)
    assert summary.stages["wave"] == ""
    assert (summary.rows["reason"] == "first_list").all()
    frameless = dataclasses.replace(study, frame=study.frame.iloc[:0])
    assert overlap_summary(frameless, 5).stages["invited"] == 0


def test_a_list_from_elsewhere_is_followed_by_nobody(surveyed: Workbook) -> None:
    plan = planned_draw(opened(surveyed, "P1", "2026"), 5)
    assert (plan.stages["off_line"], plan.stages["follows"], plan.stages["seed"]) == (1, None, 5)


def test_neyman_plans_by_the_previous_wave(own_copy: Workbook) -> None:
    with_policy(own_copy, "E-varied", allocation="neyman", expected_response="1.0")
    with_policy(own_copy, "P4", allocation="neyman")
    plan = planned_allocation(opened(own_copy, "E-varied", "2026"))
    assert plan.method == "neyman_allocation"
    assert "instead_of" not in plan.stages
    first = planned_allocation(opened(own_copy, "P4"))
    assert first.method == "proportional_allocation"
    assert first.stages["instead_of"] == "neyman"


def test_the_change_to_be_seen_follows_the_previous_wave(own_copy: Workbook) -> None:
    study = opened(own_copy, "E-varied", "2026")
    assert study.previous is not None
    assert study.population is not None
    share = (study.previous.responses["overall"] >= 4).mean()  # one stratum: no weights
    size = planned_size(study)
    n = max(power_sample_size(share, share - 0.1), power_sample_size(share, share + 0.1))
    assert size.stages["see_change"] == pytest.approx(n / (1 + (n - 1) / study.population))
    with_policy(own_copy, "E-varied", change_decides="true", change_to_detect="0.02")
    bigger = planned_size(opened(own_copy, "E-varied", "2026"))
    assert bigger.stages["needed"] > size.stages["needed"]


def test_who_cannot_be_drawn_and_why(own_copy: Workbook) -> None:
    study = opened(own_copy, "P1", "2025")
    why = study.frame.set_index("household")["eligibility"]
    assert (why["H33"], why["H34"], why["H35"], why["H36"]) == (
        "not_handed_over", "not_handed_over", "not_moved_in", "",
    )  # fmt: skip
    assert ((why == "").to_numpy() == study.frame["eligible"].to_numpy()).all()
    with_policy(own_copy, "P1", exclude_blacklisted="true", exclusion_reason="agreed")
    why = opened(own_copy, "P1", "2025").frame.set_index("household")["eligibility"]
    # H37 was flagged after the draw and H38 cleared before it: the frame is frozen
    assert (why[["H36", "H37", "H38", "H39"]] != "").tolist() == [True, False, False, True]
    assert why["H36"] == "blacklisted"
