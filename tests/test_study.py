"""A Study reads its own project and wave, as things stood at the draw, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from databases import Databases
from satisfaction.data import slices
from satisfaction.problems import DataProblem, Problem
from satisfaction.study import Study, open_study
from small_study import EDGES, sheet, table, varied
from small_workbook import Workbook


@pytest.fixture(scope="module")
def study(surveyed: Workbook) -> Study:
    return open_study("P1", "2025", "en", home=surveyed.home)


def opened(workbook: Workbook, project: str, wave: str) -> Study:
    return open_study(project, wave, "en", home=workbook.home)


def refused(workbook: Workbook, project: str, wave: str) -> Problem:
    with pytest.raises(DataProblem) as caught:
        opened(workbook, project, wave)
    (problem,) = caught.value.problems
    return problem


def households(study: Study, column: str) -> set[str]:
    return set(study.frame.loc[study.frame[column], "household"])


def test_an_unknown_project_is_told_with_what_may_be_meant(surveyed: Workbook) -> None:
    problem = refused(surveyed, "E-frst", "2025")
    assert (problem.rule, problem.value) == ("unknown project", "E-frst")
    assert "E-first" in problem.remedy
    assert "Did you mean" in refused(surveyed, "p1", "2025").remedy  # ids differ in case


def test_an_unknown_wave_is_told_with_what_may_be_meant(surveyed: Workbook) -> None:
    problem = refused(surveyed, "P1", "2052")
    assert problem.rule == "unknown wave"
    assert "2025" in problem.remedy


@pytest.mark.parametrize("name", ["", "../P1", "P1'; --", "x" * 300, "P1\0", "Р1"])
def test_a_crafted_name_is_an_unknown_project(surveyed: Workbook, name: str) -> None:
    problem = refused(surveyed, name, "2025")
    assert problem.rule == "unknown project"
    assert len(problem.value) <= 80


def test_an_unknown_language_is_refused(surveyed: Workbook) -> None:
    with pytest.raises(ValueError, match="lang must be one of"):
        open_study("P1", "2025", "de", home=surveyed.home)


def test_without_a_database_the_study_says_how_to_begin(
    tmp_path: Path, databases: Databases
) -> None:
    empty = Workbook(tmp_path, databases)
    assert "does not exist" in refused(empty, "P1", "2025").rule


def test_the_frame_is_as_it_stood_at_the_draw(study: Study) -> None:
    assert len(study.frame) == 40
    # set before and not yet cleared at the draw; H37 came later, H38 was cleared before
    assert households(study, "blacklisted") == {"H36", "H39"}
    assert households(study, "good_relationship") == {"H40"}
    assert set(study.frame["household"]) - households(study, "handed_over") == {"H33", "H34"}
    assert set(study.frame["household"]) - households(study, "moved_in") == {"H35"}
    assert households(study, "eligible") == set(study.frame["household"]) - {"H33", "H34", "H35"}
    assert study.population == 37


def test_without_a_sample_the_frame_is_as_at_the_opening(surveyed: Workbook) -> None:
    later = opened(surveyed, "P1", "2026")
    assert households(later, "blacklisted") == {"H36", "H37"}
    assert "H34" in households(later, "handed_over")
    earlier = opened(surveyed, "P1", "2025-01")
    assert households(earlier, "blacklisted") == {"H38", "H39"}


def test_drawn_invited_and_answered_stand_in_the_frame(study: Study) -> None:
    assert len(households(study, "drawn")) == 18
    assert households(study, "drawn") - households(study, "invited") == {"H14"}
    assert study.invited == 17
    assert households(study, "answered") == set(study.responses["household"])
    assert list(study.frame_steps) == ["handed_over", "moved_in", "invited", "answered"]


def test_answers_of_households_that_were_not_drawn_do_not_count(study: Study) -> None:
    assert "H20" not in set(study.responses["household"])
    assert "H13" in set(study.responses["household"])  # a reserve that was used
    assert len(study.responses) == 14
    assert study.uncounted == {"not_in_sample": 1}
    assert len(study.slice.responses) == 15


def test_stratum_and_its_size_come_from_the_sample(study: Study) -> None:
    sizes = study.responses.groupby("stratum")["stratum_population"].agg(["min", "max", "size"])
    # owners 28 and 11, tenants 8 and 3: these are too few to weigh by themselves
    assert sizes.to_dict("index") == {"owner + tenant": {"min": 36, "max": 36, "size": 14}}
    assert study.joined == dict.fromkeys(["owner", "tenant"], "owner + tenant")


def test_without_a_sample_there_is_one_stratum_of_unknown_size(surveyed: Workbook) -> None:
    earlier = opened(surveyed, "P1", "2024")
    assert set(earlier.responses["stratum"]) == {"all"}
    assert earlier.responses["stratum_population"].isna().all()
    assert earlier.uncounted == {}
    assert earlier.invited == 0


def test_scores_are_wide_and_don_t_know_is_missing(study: Study, surveyed: Workbook) -> None:
    row = study.responses.set_index("household").loc["H03"]
    expected = varied(3)
    assert row["overall"] == expected["overall"]
    assert row["staff"] == expected["staff"]
    assert "gone" not in study.responses
    assert "why" not in study.responses
    unknown = opened(surveyed, "E-unknown", "2025")
    assert len(unknown.responses) == 30
    assert unknown.responses[["overall", "staff", "lifts"]].isna().all(axis=None)


def test_a_response_carries_the_facts_of_its_household(study: Study, surveyed: Workbook) -> None:
    row = study.responses.set_index("household").loc["H26"]
    assert (row["customer_group"], row["building"], row["occupancy"]) == ("tenant", "3", "resident")
    frameless = opened(surveyed, "E-frameless", "2025")
    assert set(frameless.responses["customer_group"]) == {"owner", "tenant"}  # as answered
    assert frameless.population is None
    assert len(frameless.frame) == 0


def test_a_wave_without_answers_has_columns_but_no_rows(surveyed: Workbook) -> None:
    nobody = opened(surveyed, "E-nobody", "2025")
    assert len(nobody.responses) == 0
    assert {"overall", "staff", "stratum", "customer_group"} <= set(nobody.responses)
    assert nobody.responses["overall"].dtype == float


def test_a_project_may_have_a_questionnaire_of_its_own(surveyed: Workbook) -> None:
    own = opened(surveyed, "E-other", "2025")
    assert own.questionnaire.key == "other-1"
    assert own.overall == "total"
    assert own.previous is not None
    assert own.previous.questionnaire.key == "small-1"
    assert own.comparable == set()
    assert own.changed_items == ["total", "garden"]
    assert set(own.trend["wave"]) == {"2025"}  # another overall item is no trend


def test_a_questionnaire_that_is_gone_is_told(own_copy: Workbook) -> None:
    (own_copy.home / "params" / "questionnaires" / "small-2.yaml").unlink()
    problem = refused(own_copy, "P1", "2025")
    assert problem.value == "small-2"
    assert "small-1" in problem.remedy


def test_the_previous_wave_is_of_the_same_kind(study: Study, surveyed: Workbook) -> None:
    assert study.earlier_wave == "2024"  # not the monthly or special ones in between
    assert study.previous is not None
    assert study.previous.wave == "2024"
    assert study.previous.earlier_wave is None
    assert opened(surveyed, "P1", "2025-01").earlier_wave is None
    assert opened(surveyed, "P1", "2026").earlier_wave == "2025"
    assert len(study.earlier_responses) == 8


def test_special_waves_have_no_previous_one(surveyed: Workbook) -> None:
    special = opened(surveyed, "P1", "S2")
    assert special.earlier_wave is None
    assert special.previous is None
    assert len(special.earlier_responses) == 0


def test_a_wave_without_answers_of_this_project_is_no_previous_one(surveyed: Workbook) -> None:
    assert opened(surveyed, "E-first", "2025").earlier_wave is None


def test_only_items_in_the_same_words_are_comparable(study: Study) -> None:
    assert study.comparable == {"overall", "staff"}
    assert study.comparable_items == ["overall", "staff"]
    assert study.changed_items == ["lifts", "clean"]
    assert study.previous is not None
    assert study.previous.comparable == {"overall", "staff", "lifts"}  # nothing earlier yet


@pytest.mark.parametrize(
    ("project", "wave", "absent"),
    [
        ("P1", "2025", {"panel"}),
        ("P1", "2024", {"sample", "previous", "panel", "monthly"}),
        ("P1", "2026", {"responses", "sample", "panel"}),
        ("E-nobody", "2025", {"responses", "sample", "panel", "monthly"}),
        ("E-first", "2025", {"sample", "previous", "panel", "monthly"}),
        ("E-frameless", "2025", {"frame", "sample", "previous", "panel", "monthly"}),
        ("E-other", "2025", {"sample", "priorities", "monthly"}),
    ],
)
def test_cells_that_do_not_apply_are_named(
    surveyed: Workbook, project: str, wave: str, absent: set[str]
) -> None:
    names = {"responses", "frame", "sample", "previous", "priorities", "panel", "monthly"}
    found = set(opened(surveyed, project, wave).absent) - {"peers", "no-peers"}
    assert found == absent | {f"no-{name}" for name in names - absent}


def test_peers_are_other_projects_of_the_type_with_enough_answers(study: Study) -> None:
    tallies = study.peers
    sheets = tallies.groupby(["project", "stratum"])["responses"].first().groupby("project").sum()
    enough = set(sheets[sheets >= study.policy.reporting.minimum_answers].index)
    assert study.other_projects == enough - {"P1"}
    assert ("no-peers" in study.absent) == (len(enough - {"P1"}) >= 3)


def test_a_study_holds_rows_of_its_own_project_only(study: Study) -> None:
    for name in ("households", "flags", "samples", "responses", "own_tallies", "own_frames"):
        assert set(vars(study.slice)[name]["project"]) <= {"P1"}, name
    answered = set(study.slice.responses["response"])
    assert set(study.slice.answers["response"]) <= answered
    # of peers only counts, and only of the same type
    assert "P2" in set(study.slice.peer_tallies["project"])
    assert "P3" not in set(study.slice.peer_tallies["project"])
    assert not {"household", "response"} & set(study.slice.peer_tallies)
    assert set(study.slice.peer_frames["project"]) >= {"P1", "P2"}
    assert "P3" not in set(study.slice.peer_frames["project"])
    assert not {"household", "response"} & set(study.slice.peer_frames)
    assert list(study.slice.visits) == ["household", "visited_at"]


def test_the_fingerprint_is_the_same_for_the_same_data(study: Study, surveyed: Workbook) -> None:
    again = opened(surveyed, "P1", "2025")
    assert again.data_fingerprint == study.data_fingerprint
    in_chinese = open_study("P1", "2025", "zh", home=surveyed.home)
    assert in_chinese.data_fingerprint == study.data_fingerprint
    assert len(study.data_fingerprint) == 16


def changed(workbook: Workbook, project: str, wave: str) -> str:
    rows = [sheet(project, wave, 30, overall=1, staff=1)]
    workbook.enter("responses", table(rows), name="more.csv")
    return opened(workbook, "P1", "2025").data_fingerprint


def test_the_fingerprint_knows_nothing_of_other_projects(study: Study, own_copy: Workbook) -> None:
    before = study.data_fingerprint
    assert changed(own_copy, "P3", "2025") == before  # of another type


def test_the_fingerprint_moves_with_what_is_shown(study: Study, own_copy: Workbook) -> None:
    # the peers' counts are shown, in this wave and the earlier one: they belong to the fingerprint
    assert changed(own_copy, "P2", "2024") != study.data_fingerprint
    assert changed(own_copy, "P2", "2025") != study.data_fingerprint


def test_the_fingerprint_moves_with_a_single_score(study: Study, own_copy: Workbook) -> None:
    path = own_copy.raw / "responses-P1-2025.csv"
    text = path.read_text("utf-8")
    assert path.is_file()
    line = next(line for line in text.splitlines() if line.startswith("P1,2025,R3,"))
    rest, last = line.rsplit(",", 1)
    edited = text.replace(line, f"{rest},{int(last) % 5 + 1}")
    assert edited != text
    own_copy.enter("responses", edited, name=path.name)
    assert opened(own_copy, "P1", "2025").data_fingerprint != study.data_fingerprint


def test_the_fingerprint_moves_with_a_flag(study: Study, own_copy: Workbook) -> None:
    rows = [
        {"project": "P1", "household": "H01", "flag": "blacklisted", "set_at": "2025-11-01 08:00"}
    ]
    own_copy.enter("household_flags", table(rows), name="flags-2.csv")
    after = opened(own_copy, "P1", "2025")
    assert after.data_fingerprint != study.data_fingerprint
    # set after the draw: the frame of this wave stays as it was
    pd.testing.assert_frame_equal(after.frame, study.frame)


def test_names_and_labels_follow_the_language(surveyed: Workbook) -> None:
    english = open_study("P1", "2025", "en", home=surveyed.home)
    chinese = open_study("P1", "2025", "zh", home=surveyed.home)
    assert (english.project_name, chinese.project_name) == ("Estate P1", "P1小区")
    assert (english.wave_name, chinese.wave_name) == ("Year 2025", "2025年")
    assert (english.labels["staff"], chinese.labels["staff"]) == ("Staff", "态度")
    assert chinese.labels["owner"] == "自住业主"
    assert chinese.labels["2024"] == "2024年"
    assert open_study("P1", "S2", "en", home=surveyed.home).wave_name == "专项二"


def test_the_identity_is_plain_data(study: Study) -> None:
    import json

    identity = study.identity
    assert json.loads(json.dumps(identity)) == identity
    assert (identity["project"], identity["wave"]) == ("P1", "2025")
    assert identity["wave_opened_on"] == "2025-10-01"
    assert identity["questionnaire"] == "small-2"
    assert identity["population"] == 37
    assert identity["synthetic"] is False


def test_excluding_the_blacklisted_is_a_step_of_the_frame(own_copy: Workbook) -> None:
    own = own_copy.home / "params" / "projects" / "P1.yaml"
    own.write_text(
        "reason: r\napproved_by: a\napproved_on: 2025-01-01\npolicy:\n  sampling:\n"
        "    exclude_blacklisted: true\n    exclusion_reason: 专人跟进\n",
        encoding="utf-8",
    )
    study = opened(own_copy, "P1", "2025")
    assert list(study.frame_steps)[:3] == ["handed_over", "moved_in", "not_blacklisted"]
    assert study.population == 35
    assert study.excluded_share == pytest.approx(2 / 37)
    assert [o.key for o in study.overrides] == [
        "sampling.exclude_blacklisted",
        "sampling.exclusion_reason",
    ]


@pytest.mark.parametrize("project", list(EDGES))
def test_every_edge_opens(surveyed: Workbook, project: str) -> None:
    study = opened(surveyed, project, "2025")
    assert study.responses["response"].is_unique
    assert study.peers["project"].nunique() >= 1


def test_both_waves_are_read_at_once(surveyed: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    opened_now: list[object] = []
    reader = slices.reader
    monkeypatch.setattr(
        slices, "reader", lambda location: (opened_now.append(location), reader(location))[1]
    )
    study = opened(surveyed, "P1", "2025")
    assert study.previous is not None
    assert len(study.identity["data_fingerprint"]) == 16
    assert len(opened_now) == 1


def test_the_previous_study_is_the_one_of_that_wave(study: Study, surveyed: Workbook) -> None:
    alone, before = opened(surveyed, "P1", "2024"), study.previous
    assert before is not None
    for name in ("frame", "sample", "responses", "trend", "monthly", "peers", "earlier_samples"):
        pd.testing.assert_frame_equal(
            getattr(before, name), getattr(alone, name), check_categorical=False
        )
    pd.testing.assert_frame_equal(before.slice.visits, alone.slice.visits)
    assert (before.absent, before.labels) == (alone.absent, alone.labels)


def test_of_peers_only_the_overall_item_is_read(study: Study) -> None:
    assert set(study.slice.peer_tallies["item"]) == {study.overall}
    assert set(study.slice.own_tallies["item"]) <= set(study.settings.overall_items)
