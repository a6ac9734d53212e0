"""All reports of the public resident survey, against shares counted without this product."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SURVEY = ROOT.parent / "shared" / "data" / "resident_survey"
IMPORTS = Path("params") / "imports"
WHOLE = ("district-1", "district-4")  # of the others the first report only: time is short
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SURVEY.is_dir(), reason="the survey is not on this machine"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    for name in ("params", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    frame = IMPORTS / "resident_survey"
    waves = [str(SURVEY / f"wave_{wave}.csv") for wave in ("2021q3", "2022q1")]
    _run(folder, "import", "projects", str(frame / "projects.csv"))
    _run(folder, "import", "waves", str(frame / "waves.csv"))
    mapping = str(IMPORTS / "resident_survey.yaml")
    _run(folder, "import", "responses", *waves, "--mapping", mapping)
    _run(folder, "run", "--all", "--lang", "en", "--reports", "descriptive_statistics")
    others = "sampling_design,correlation_drivers,year_over_year"
    _run(folder, "run", "--projects", ",".join(WHOLE), "--lang", "en", "--reports", others)
    return folder


def _run(home: Path, *arguments: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("SATISFACTION_HOME", None)
    subprocess.run(
        [sys.executable, "-m", "satisfaction", *arguments], cwd=home, env=environment, check=True
    )


def test_headline_shares_equal_a_plain_count(home: Path) -> None:
    satisfied: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    with (SURVEY / "wave_2022q1.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            project, score = f"district-{row['council_district']}", row["q2_01"]
            if score in ("1", "2", "3", "4", "5"):  # 9 = don't know
                answered[project] += 1
                satisfied[project] += score in ("4", "5")
    assert len(answered) == 6
    for project in answered:
        path = home / "reports" / "2022Q1" / project / "descriptive_statistics.en.json"
        verdict = json.loads(path.read_text("utf-8"))["verdict"]
        assert verdict["n"] == answered[project]
        assert verdict["share"] == pytest.approx(
            satisfied[project] / answered[project],
            abs=1e-4,  # a record tells no more than its page
        )
        assert verdict["population"] is None
        assert verdict["synthetic"] is False


def test_all_reports_are_made_and_say_what_they_cannot_say(home: Path) -> None:
    pages = sorted((home / "reports").glob("*/*/*.html"))
    assert len(pages) == 6 + 3 * len(WHOLE)
    for page in pages:
        text = page.read_text("utf-8")
        assert "Synthetic data" not in text
        assert "No frame is known" in text
        assert "share of satisfied customers to be reached: “0.8” instead of “0.9” (S2-2)" in text
        if page.name.startswith("sampling_design"):
            assert "nobody can say how this sample was drawn" in text
            assert "The frame: who can be drawn" not in text
        if page.name.startswith("correlation_drivers"):
            assert "What residents themselves name first" in text
