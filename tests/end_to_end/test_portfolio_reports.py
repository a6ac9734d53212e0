"""The main job on the sample portfolio, as a user runs it: raw files, import, reports, index."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from readable_text import faults
from satisfaction import auditing, checks
from satisfaction.data.database import fetch, reader
from satisfaction.data.portfolio import TRUTH
from satisfaction.reports.index import index_script
from satisfaction.reports.page_check import page_problems
from satisfaction.self_check import source_texts
from satisfaction.study import open_study
from test_languages import LATIN, names_of

ROOT = Path(__file__).parents[2]
REPORTS = {"sampling_design", "descriptive_statistics", "correlation_drivers", "year_over_year"}
BROKEN = "qihang"
pytestmark = pytest.mark.slow


@dataclass
class Workbook:
    home: Path

    def run(self, *arguments: str, out: str = "reports") -> subprocess.CompletedProcess[str]:
        """One command, as from a terminal in the workbook's folder."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment |= {"COLUMNS": "300"}  # error tables are not wrapped
        environment.pop("SATISFACTION_HOME", None)
        return subprocess.run(
            [sys.executable, "-m", "satisfaction", *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def records(self, out: str = "reports") -> dict[tuple[str, str], dict[str, Any]]:
        found = [json.loads(path.read_text("utf-8")) for path in self.pages(out, "json")]
        return {(record["project"], record["report"]): record for record in found}

    def pages(self, out: str = "reports", kind: str = "html") -> list[Path]:
        return sorted((self.home / out).glob(f"*/*/*.{kind}"))


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbook]:
    home = tmp_path_factory.mktemp("company") / "满意度 workbook"
    home.mkdir()
    for folder in ("params", "notebooks"):
        shutil.copytree(ROOT / folder, home / folder)
    made = Workbook(home)
    entered = made.run("demo")
    assert entered.returncode == 0, entered.stderr
    yield made
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def broken(workbook: Workbook) -> subprocess.CompletedProcess[str]:
    """The Chinese reports of two projects, one of them with broken settings."""
    own = workbook.home / "params" / "projects" / f"{BROKEN}.yaml"
    own.write_text("reason: x\napproved_by: y\napproved_on: 2025-01-01\nsampling: {}\n", "utf-8")
    ended = workbook.run("run", "--projects", f"{BROKEN},lanting", "--out", "broken")
    own.unlink()
    return ended


@pytest.fixture(scope="module")
def batch(workbook: Workbook) -> subprocess.CompletedProcess[str]:
    """All projects and reports in Chinese."""
    return workbook.run("run", "--all")


def test_everything_enters_through_the_ordinary_import(workbook: Workbook) -> None:
    with reader(workbook.home / "data" / "workbook.duckdb") as connection:
        for table, least in (("responses", 8000), ("answers", 100_000), ("comments", 1500)):
            assert fetch(connection, f"SELECT count(*) AS n FROM {table}")["n"].iloc[0] > least
        paper = fetch(connection, "SELECT count(*) AS n FROM responses WHERE mode = 'paper'")
        assert paper["n"].iloc[0] > 20
        events = fetch(connection, "SELECT count(*) AS n FROM imports")
    raw = list((workbook.home / "data" / "raw" / "portfolio").iterdir())
    assert events["n"].iloc[0] == len(raw) == 32


def test_a_broken_project_is_red_rows_and_the_batch_goes_on(
    workbook: Workbook, broken: subprocess.CompletedProcess[str]
) -> None:
    assert broken.returncode == 1, broken.stderr
    states = {key: record["state"] for key, record in workbook.records("broken").items()}
    assert states == {
        (project, report): "failed" if project == BROKEN else "ok"
        for project in (BROKEN, "lanting")
        for report in REPORTS
    }
    assert len(workbook.pages("broken")) == 4
    assert "4 made, 4 failed, 0 skipped" in broken.stderr
    index = (workbook.home / "broken" / "index.html").read_text("utf-8")
    assert "unknown key" in index
    assert str(workbook.home) not in index


def test_the_index_lists_all_projects_and_reports(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    assert batch.returncode == 0, batch.stderr
    assert set(workbook.records()) == {(project, name) for project in TRUTH for name in REPORTS}
    assert len(workbook.pages()) == 48
    index = (workbook.home / "reports" / "index.html").read_text("utf-8")
    rows = re.findall(r"<tr.*?</tr>", index, re.DOTALL)
    listed = [row for row in rows if any(truth.name in row for truth in TRUTH.values())]
    assert len(listed) == 12
    for row in listed:
        assert re.search(r"达标|未达标|无法判断", row)
        assert re.search(r"\d[\d,]* / \d[\d,]*", row)  # n of N
        assert re.search(r"优秀|良好|一般|较差", row)
        assert row.count(".zh.html") == 4
    assert page_problems(index, [index_script()]) == []


def test_the_reports_find_what_is_true(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    records = workbook.records()

    def verdict(project: str, report: str = "descriptive_statistics") -> dict[str, Any]:
        return dict(records[project, report]["verdict"])

    declined = verdict("cuihu", "year_over_year")
    assert declined["direction"] == "down"
    assert declined["change_low"] < TRUTH["cuihu"].shares["2025"] - TRUTH["cuihu"].shares["2024"]
    assert declined["change_high"] > TRUTH["cuihu"].shares["2025"] - TRUTH["cuihu"].shares["2024"]
    assert verdict("cuihu", "correlation_drivers")["driver"] == "电梯运行"
    assert verdict("ruijing")["verdict"] == "met"
    assert verdict("binhe")["verdict"] == "not_met"
    assert verdict("binhe")["grade"] == "poor"
    assert verdict("xinchen", "year_over_year")["verdict"] == "cannot_tell"
    assert "sampling.exclude_blacklisted" in verdict("jinhe")["overrides"]
    inside = [
        verdict(project)["ci_low"] <= truth.shares["2025"] <= verdict(project)["ci_high"]
        for project, truth in TRUTH.items()
        if truth.case in ("", "declined", "excellent", "poor", "small_group", "no_previous_wave")
    ]
    assert sum(inside) >= len(inside) - 1  # 95 % intervals: one of seven may miss


def test_the_audits_find_what_happened_and_nothing_else(workbook: Workbook) -> None:
    """Late flags in jinhe 2025, coaching in gaoke 2025; no other project and year is flagged."""
    found: dict[str, set[tuple[str, str]]] = {"late": set(), "undeclared": set(), "answers": set()}
    for project, truth in TRUTH.items():
        for wave in ("2023", "2024", "2025"):
            if wave not in truth.shares:
                continue
            study = open_study(project, wave, "en", home=workbook.home)
            traces = auditing.exclusion_traces(study).rows.set_index("check")["flagged"]
            quality = auditing.answer_quality(study)
            if traces[["late_set", "late_cleared", "earlier", "peers"]].any():
                found["late"].add((project, wave))
            if traces["drawn"] and not study.policy.sampling.exclude_blacklisted:
                found["undeclared"].add((project, wave))
            if quality.stages["flagged"]:
                found["answers"].add((project, wave))
                assert set(quality.rows.loc[quality.rows["flagged"], "group"]) == {"", "S07"}
                assert checks.doubt(study)
    assert found == {
        "late": {("jinhe", "2025")}, "undeclared": set(), "answers": {("gaoke", "2025")},
    }  # fmt: skip
    shares = auditing.without_exclusion(open_study("jinhe", "2025", "en", home=workbook.home)).rows
    gap = (shares.set_index("scenario")["estimate"] - TRUTH["jinhe"].shares["2025"]).abs()
    assert gap["like_dissatisfied"] < 0.6 * gap["surveyed"]


def test_pages_are_safe_synthetic_and_in_one_language(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    english = [text.split("{")[0] for text in source_texts() if len(text.split("{")[0]) > 18]
    assert len(english) > 50
    for path in workbook.pages():
        page = path.read_text("utf-8")
        assert page_problems(page) == []
        assert "模拟数据" in page
        assert '<html lang="zh-CN"' in page
        shown = re.sub(r'data:[^"]*', "", page)
        assert not re.search(r">\s*(nan|NaN|None|NaT|inf)\s*<", shown), path
        assert [text for text in english if text in shown] == [], path


def test_every_text_is_written_as_its_readers_write(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    """Two projects that show nearly every exhibit, and a very small one."""
    made = workbook.run("run", "--projects", "jinhe,cuihu", "--lang", "en", "--out", "english")
    assert made.returncode == 0, made.stderr
    records = {**_records_of(workbook, "reports"), **_records_of(workbook, "english")}
    shown = {"jinhe", "cuihu", "lanting"}
    records = {path: record for path, record in records.items() if record["project"] in shown}
    assert len(records) == 20
    names: dict[str, set[str]] = {}
    for path, record in records.items():
        project, lang = record["project"], record["lang"]
        study = open_study(project, "2025", lang, home=workbook.home)
        names.setdefault(project, names_of(study))
        own = {record["run_id"], record["code_fingerprint"], record["started_at"][:16]}
        own |= {record["started_at"][:16].replace("T", " "), str(record["seed"])}
        page = path.with_suffix(".html").read_text("utf-8")
        assert list(faults(page, lang, names[project] | own, LATIN)) == [], path


def _records_of(workbook: Workbook, out: str) -> dict[Path, dict[str, Any]]:
    return {path: json.loads(path.read_text("utf-8")) for path in workbook.pages(out, "json")}


def test_personal_data_reaches_no_output(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    contacts = workbook.home / "data" / "raw" / "portfolio" / "contacts.xlsx"
    rows = CalamineWorkbook.from_path(contacts).get_sheet_by_index(0).to_python()[1:60]
    personal = {str(cell) for row in rows for cell in row[2:5]}
    assert len(personal) > 100
    texts = [
        p.read_text("utf-8")
        for kind in ("html", "ipynb", "json")
        for p in workbook.pages(kind=kind)
    ]
    texts += [batch.stdout, batch.stderr]
    leaked = {value for value in personal for text in texts if value in text}
    assert leaked == set()


def test_the_same_run_twice_gives_the_same_bytes(
    workbook: Workbook, batch: subprocess.CompletedProcess[str]
) -> None:
    again = workbook.run("run", "--projects", "heyuan", "--lang", "zh", "--out", "again")
    assert again.returncode == 0, again.stderr
    first = [path for path in workbook.pages() if path.parent.name == "heyuan"]
    second = workbook.pages("again")
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() != other.read_bytes()  # run id and time differ
        assert _without_run(one) == _without_run(other), one.name


def _without_run(path: Path) -> bytes:
    page = path.read_bytes()
    kept, count = re.subn(rb'<p id="run">.*?</p>', b"", page)
    assert count == 1
    return kept


def test_a_new_wave_is_drawn_once_and_shown(workbook: Workbook) -> None:
    drawn = workbook.run("draw", "--wave", "2026", "--projects", "lanting,heyuan", "--seed", "7")
    assert drawn.returncode == 0, drawn.stderr
    lists = sorted((workbook.home / "data" / "raw" / "samples").glob("*.csv"))
    assert [path.name for path in lists] == ["2026-heyuan.csv", "2026-lanting.csv"]
    again = workbook.run("draw", "--wave", "2026", "--projects", "lanting", "--seed", "8")
    assert again.returncode == 2
    assert "already has a sample" in " ".join(re.sub(r"[│┃]", " ", again.stderr).split())
    shown = workbook.run(
        *("run", "--wave", "2026", "--projects", "lanting", "--lang", "en"),
        *("--reports", "sampling_design", "--out", "next"),
    )
    assert shown.returncode == 0, shown.stderr
    page = workbook.pages("next")[0].read_text("utf-8")
    with lists[1].open(encoding="utf-8-sig", newline="") as file:
        main = [row for row in csv.DictReader(file) if row["role"] == "main"]
    assert f"{len(main)} households are drawn and on record" in page
    assert "The same seed and frame give this list again." in page
    assert "Representativeness" not in page  # nobody has answered yet
