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
    planned_allocation,
    planned_margin,
    planned_size,
    sample_list,
    sample_summary,
    store_sample,
)
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
    assert set(after.sample["design_version"]) == {drawing.DESIGN_VERSION}
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
    before = (own_copy.database.read_bytes(), path.read_bytes())
    for seed in (5, 6):
        with pytest.raises(DataProblem, match="already has a sample in wave 2026"):
            stored(own_copy, seed=seed)
    assert (own_copy.database.read_bytes(), path.read_bytes()) == before


@pytest.mark.parametrize(
    ("project", "found"), [("E-varied", "responses"), ("P1", "a sample"), ("E-one", "responses")]
)
def test_nothing_is_drawn_once_somebody_answered(
    surveyed: Workbook, project: str, found: str
) -> None:
    before = surveyed.database.read_bytes()
    with pytest.raises(DataProblem, match=f"already has {found}"):
        stored(surveyed, project=project, wave="2025")
    assert surveyed.database.read_bytes() == before
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
    before = own_copy.database.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        stored(own_copy)
    assert list((own_copy.raw / "samples").iterdir()) == []
    assert own_copy.database.read_bytes() == before


def test_a_list_that_the_import_refuses_leaves_nothing(
    own_copy: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(own_copy)
    monkeypatch.setattr(drawing, "DESIGN_VERSION", "not an identifier!")
    with pytest.raises(DataProblem, match="not an identifier"):
        store_sample(study, 5, recorder=None, now=NOW)
    assert list((own_copy.raw / "samples").iterdir()) == []
    assert len(opened(own_copy).sample) == 0
