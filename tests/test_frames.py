"""The counted frames of every draw: as a plain count of the rows has them, after every import."""

from __future__ import annotations

import pandas as pd
import pytest

from small_study import FLAGS, household, sheet, table, varied
from small_study import samples as drawn_rows
from small_workbook import Workbook

COUNTS = ["eligible", "blacklisted", "drawn", "drawn_blacklisted"]


def recount(workbook: Workbook) -> pd.DataFrame:
    """The table, counted from the rows with pandas."""
    units, flags = workbook.rows("households"), workbook.rows("household_flags")
    samples, responses = workbook.rows("samples"), workbook.rows("responses")
    opened = workbook.rows("waves").set_index("wave")["opened_on"]
    flags = flags[flags["flag"] == "blacklisted"]
    keys = ["project", "wave"]
    pairs = pd.concat([samples[keys], responses[keys]]).drop_duplicates()
    found = []
    for project, wave in sorted(pairs.itertuples(index=False, name=None)):
        sample = samples[(samples["project"] == project) & (samples["wave"] == wave)]
        moment = sample["drawn_at"].min() if len(sample) else pd.Timestamp(opened[wave])
        own = units[(units["project"] == project) & (units["occupancy"] != "not_moved_in")]
        own = own[pd.to_datetime(own["handed_over_on"]) <= moment]
        held = flags[(flags["project"] == project) & (flags["set_at"] <= moment)]
        held = held[~(held["cleared_at"] <= moment)]
        black = own["household"].isin(held["household"])
        drawn = own["household"].isin(sample["household"])
        counts = [len(own), black.sum(), drawn.sum(), (black & drawn).sum()]
        found.append([project, wave, moment, *map(int, counts)])
    return pd.DataFrame(found, columns=["project", "wave", "drawn_at", *COUNTS])


def check(workbook: Workbook) -> pd.DataFrame:
    stored = workbook.rows("frames")
    pd.testing.assert_frame_equal(stored, recount(workbook), check_dtype=False)
    return stored.set_index(["project", "wave"])


@pytest.fixture
def workbook(own_copy: Workbook) -> Workbook:
    return own_copy


def test_the_first_import_counts_every_surveyed_wave(surveyed: Workbook) -> None:
    rows = check(surveyed)
    assert rows.loc[("P1", "2025"), COUNTS].tolist() == [37, 2, 18, 0]
    assert rows.loc[("P2", "2025"), "drawn"] == 0
    assert rows.loc[("E-frameless", "2025"), COUNTS].tolist() == [0, 0, 0, 0]


def test_the_same_files_again_change_nothing(workbook: Workbook) -> None:
    before = workbook.rows("frames")
    for name in ("households", "household_flags", "samples"):
        text = (workbook.raw / f"{name}.csv").read_bytes()
        assert workbook.enter(name, text).state == "unchanged"
    pd.testing.assert_frame_equal(workbook.rows("frames"), before)


def test_corrected_flags_count(workbook: Workbook) -> None:
    rows = [
        {"project": "P1", "household": unit, "flag": flag, "set_at": start, "cleared_at": end}
        for unit, flag, start, end in FLAGS[1:]
    ]
    early = {"flag": "blacklisted", "set_at": "2025-09-20 08:00", "cleared_at": ""}
    rows += [{"project": "P1", "household": household(n), **early} for n in (1, 2, 33)]
    workbook.enter("household_flags", table(rows))
    # H36 lost its flag, two drawn households got one; H33 is not handed over
    assert check(workbook).loc[("P1", "2025"), COUNTS].tolist() == [37, 3, 18, 2]


def test_corrected_households_count(workbook: Workbook) -> None:
    text = (workbook.raw / "households.csv").read_text("utf-8")
    workbook.enter("households", text.replace("not_moved_in", "resident"))
    assert check(workbook).loc[("P1", "2025"), "eligible"] == 38


def test_a_corrected_sample_counts_for_the_waves_it_leaves_and_enters(workbook: Workbook) -> None:
    rows = [{**row, "wave": "2024", "drawn_at": "2024-09-28 10:00"} for row in drawn_rows()]
    workbook.enter("samples", table(rows))
    found = check(workbook)
    assert found.loc[("P1", "2025"), "drawn"] == 0
    assert found.loc[("P1", "2024"), "drawn"] == 18


def test_a_moved_wave_counts_another_day(workbook: Workbook) -> None:
    text = (workbook.raw / "waves.csv").read_text("utf-8")
    workbook.enter("waves", text.replace("2024-10-01", "2019-10-01"))
    assert check(workbook).loc[("P1", "2024"), "eligible"] == 0


def test_new_answers_bring_a_row_and_corrected_ones_take_it_away(workbook: Workbook) -> None:
    one = [sheet("P4", "2025", 1, **varied(1))]
    workbook.enter("responses", table(one), name="p4.csv")
    assert ("P4", "2025") in check(workbook).index
    other = [{**one[0], "project": "P2", "response": "R99", "household": household(50)}]
    workbook.enter("responses", table(other), name="p4.csv")
    assert ("P4", "2025") not in check(workbook).index


def test_a_study_reads_its_own_draws_and_its_peers(surveyed: Workbook) -> None:
    from satisfaction.study import open_study

    rows = open_study("P1", "2025", "en", home=surveyed.home).slice
    assert set(rows.own_frames["project"]) == {"P1"}
    assert set(rows.own_frames["wave"]) == {"2024", "2025-01", "S1", "S2", "2025"}
    assert set(rows.peer_frames["wave"]) == {"2025"}
    assert "P3" not in set(rows.peer_frames["project"])  # commercial
    assert list(rows.visits.columns) == ["household", "visited_at"]
