"""The public resident survey through the ordinary import, against counts made without it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from satisfaction.data.database import fetch, reader
from satisfaction.data.importing import import_file
from satisfaction.data.tallies import unfolded

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "resident_survey"
pytestmark = pytest.mark.skipif(not SURVEY.is_dir(), reason="the survey is not on this machine")


def test_both_waves_enter_and_the_counts_agree(tmp_path: Path) -> None:
    target = tmp_path / "workbook.duckdb"
    imports = ROOT / "params" / "imports"
    for table in ("projects", "waves"):
        file = imports / "resident_survey" / f"{table}.csv"
        import_file(table, file, home=ROOT, database=target)
    expected: Counter[tuple[str, str, str, int | None]] = Counter()
    for wave in ("2021q3", "2022q1"):
        file = SURVEY / f"wave_{wave}.csv"
        import_file(
            "responses",
            file,
            home=ROOT,
            database=target,
            mapping=imports / "resident_survey.yaml",
        )
        with file.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                for item in (name for name in row if name.startswith("q") and row[name]):
                    none = "99" if item.startswith("q4") else "9"
                    score = None if row[item] == none else int(row[item])
                    project = f"district-{row['council_district']}"
                    expected[project, wave.upper(), item, score] += 1
    with reader(target) as connection:
        tallies = unfolded(fetch(connection, "SELECT * FROM tallies"))
        modes = fetch(connection, "SELECT mode, count(*) AS n FROM responses GROUP BY mode")
    rows = tallies[["project", "wave", "item", "score", "n"]].itertuples(index=False)
    found = {(p, w, i, None if pd.isna(s) else int(s)): n for p, w, i, s, n in rows}
    assert found == dict(expected)
    assert dict(zip(modes["mode"], modes["n"], strict=True)) == {
        "web": 1218,
        "paper": 770,
        "phone": 29,
    }
