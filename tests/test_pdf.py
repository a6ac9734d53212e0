"""PDFs: made once, never older than their page, and no browser that fails costs a report."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from satisfaction.problems import DataProblem
from satisfaction.reports import pdf
from satisfaction.reports.batch import Batch, run_reports
from satisfaction.reports.record import Record, about, publish, record_from_json
from satisfaction.reports.storage import Folder
from satisfaction.reports.task import Task
from satisfaction.reports.workers import Workers
from small_reports import FIXTURES, reports_of, small_database, task_of

NEVER = threading.Event()
# the address comes last; what it prints tells from which page
PRINTS = """
for word in "$@"; do case "$word" in --print-to-pdf=*) to="${word#*=}";; esac; from="$word"; done
{ printf '%%PDF-'; cat "${from#file://}"; } > "$to"
"""
BODY = b"<p>one</p><a href='#x'>in</a>"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the browsers are shell scripts")


def browser_that(does: str, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    program = folder / "browser"
    program.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    small_database(home, ["yunqi"])
    return home


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the self-check of the methods nor what a notebook computes matters here."""

    def page(
        _self: Workers, task: Task, fields: Mapping[str, Any], _stop: threading.Event
    ) -> tuple[Record, dict[str, bytes]]:
        made = Record(state="ok", started_at="", finished_at="", **{**about(task), **fields})
        return made, {".html": f"<!DOCTYPE html>{made.run_id}".encode(), ".ipynb": b"{}"}

    held = {"held": 1, "total": 1, "failed": []}
    monkeypatch.setattr("satisfaction.reports.batch.certificate", lambda *_given: held)
    monkeypatch.setattr(Workers, "make", page)


def made(home: Path, out: Path, **more: Any) -> Batch:
    task = task_of(reports_of(FIXTURES)["descriptive_statistics"])
    return run_reports([task], home=home, out=out, workers=1, engine="stock", **more)


def files(out: Path) -> dict[str, bytes]:
    found = (out / "2025" / "yunqi").iterdir()
    return {path.suffix: path.read_bytes() for path in found}


def record(out: Path) -> Record:
    return record_from_json(files(out)[".json"].decode())


def test_a_pdf_is_made_with_its_page_and_goes_with_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, place = tmp_path / "out", tmp_path / "out" / "2025" / "yunqi"
    link = b'href="2025/yunqi/descriptive_statistics.en.pdf"'
    monkeypatch.setenv(pdf.VARIABLE, browser_that("exit 3", tmp_path / "bin"))
    without = made(home, out, pdf=True)
    assert (without.made, without.unprinted, without.exit_code) == (1, 1, 1)
    assert "the browser ended with code 3 and no PDF" in without.note
    assert set(files(out)) == {".html", ".ipynb", ".json"}
    assert record(out).ok
    assert link not in (out / "index.html").read_bytes()
    first = record(out)

    browser_that(PRINTS, tmp_path / "bin")
    again = made(home, out, pdf=True)
    assert (again.made, again.unprinted, again.exit_code) == (1, 0, 0)
    printed = files(out)
    assert printed[".pdf"].startswith(b"%PDF-<!DOCTYPE html>")
    assert record(out).run_id == first.run_id  # nothing was computed anew
    assert record(out).sizes[".pdf"] == len(printed[".pdf"])
    assert first.warnings
    assert not record(out).warnings
    assert link in (out / "index.html").read_bytes()

    assert made(home, out, pdf=True).skipped == 1
    assert made(home, out).skipped == 1
    assert files(out) == printed
    (place / "descriptive_statistics.en.pdf").write_bytes(b"%PDF-half")
    assert made(home, out, pdf=True).made == 1
    assert files(out)[".pdf"] == printed[".pdf"]

    assert made(home, out, force=True).made == 1
    assert ".pdf" not in files(out)
    assert link not in (out / "index.html").read_bytes()


def test_a_report_that_fails_leaves_no_pdf_of_an_earlier_run(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    plain = {"run_id": "r", "report": "a", "project": "p", "wave": "w", "lang": "en",
             "started_at": "", "finished_at": ""}  # fmt: skip
    publish(storage, Record(state="ok", **plain), {".html": b"x", ".ipynb": b"x", ".pdf": b"x"})
    publish(storage, Record(state="failed", **plain), {})
    assert [path.name for path in (tmp_path / "w" / "p").iterdir()] == ["a.en.json"]


def test_without_a_browser_nothing_is_begun(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    monkeypatch.setattr(pdf.shutil, "which", lambda _name: None)
    with pytest.raises(DataProblem, match="Install Chromium, Chrome or Edge"):
        made(home, tmp_path / "out", pdf=True)
    monkeypatch.setenv(pdf.VARIABLE, "/nowhere/chromium")
    with pytest.raises(DataProblem, match=r"SATISFACTION_BROWSER.*no program"):
        made(home, tmp_path / "out", pdf=True)
    with pytest.raises(DataProblem, match="a cluster makes no PDFs"):
        made(home, tmp_path / "out", pdf=True, scheduler="tcp://127.0.0.1:1")
    assert not (tmp_path / "out").exists()


def test_the_browser_that_is_named_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = browser_that(PRINTS, tmp_path)
    monkeypatch.setenv(pdf.VARIABLE, program)
    assert pdf.find_browser() == program


@pytest.mark.parametrize(
    ("does", "stopped", "said"),
    [
        ("exit 0", False, "ended with code 0 and no PDF"),
        (PRINTS.replace("%%PDF-", "oops"), False, "ended with code 0 and no PDF"),
        ("sleep 99 & sleep 99", False, "took over"),
        ("sleep 99 & sleep 99", True, "the run was stopped"),
    ],
)
def test_a_browser_that_fails_leaves_nothing(
    does: str, stopped: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "SECONDS", 1.0 if "sleep" in does and not stopped else 60.0)
    stop = threading.Event()
    if stopped:
        stop.set()
    within = tmp_path / "within"
    within.mkdir()
    with pytest.raises(pdf.NotPrinted, match=said):
        pdf.printed(BODY, browser_that(does, tmp_path / "bin"), within=within, stop=stop,
                    environment={"MARK_OF_TEST": str(tmp_path)})  # fmt: skip
    assert [*within.iterdir()] == []
    deadline = time.monotonic() + 10  # what was killed is still there for a moment
    while (left := marked(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def marked(mark: str) -> list[list[str]]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK_OF_TEST") == mark:
                found.append(process.cmdline())
        except (psutil.Error, OSError):
            continue
    return found


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(pdf.NotPrinted, match="cannot be started"):
        pdf.printed(BODY, str(tmp_path / "nothing"), within=tmp_path, stop=NEVER)


def test_paper_has_no_links_that_leave_it() -> None:
    page = (
        '<nav><a class="x" href="../../index.html">All</a> <a href="#one">One</a></nav>'
        '<a download="d.csv" href="data:text/csv;base64,AA==">CSV</a><p>href="kept"</p>'
    )
    assert pdf.on_paper(page) == (
        '<nav><a class="x">All</a> <a href="#one">One</a></nav>'
        '<a download="d.csv">CSV</a><p>href="kept"</p>'
    )


def test_a_real_browser_prints_a4_and_names_no_folder(tmp_path: Path) -> None:
    try:
        program = pdf.find_browser()
    except DataProblem as problem:
        pytest.skip(f"nothing can be printed: {problem}")
    page = (
        '<!DOCTYPE html><html lang="en"><title>Printed</title><style>@page { size: A4; }</style>'
        '<h1 id="top">Printed</h1><a href="../../index.html">All</a> <a href="#top">Top</a>'
    )
    made = pdf.printed(page.encode(), program, within=tmp_path, stop=NEVER)
    assert made.startswith(b"%PDF-")
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", made).groups())  # type: ignore[union-attr]
    assert (round(width), round(height)) == (595, 842)
    assert str(tmp_path).encode() not in made
    assert b"index.html" not in made
    assert [*tmp_path.iterdir()] == []
