"""Report pages without running anything: attacks, determinism, half records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from satisfaction.reports import failures
from satisfaction.reports.html import Page, render
from satisfaction.reports.page_check import page_problems
from satisfaction.reports.record import MIME, Record, publish, verdict_of
from satisfaction.reports.storage import Folder

ATTACK = "</style></title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
VERDICT = {"project": "yunqi", "wave": "2025", "verdict": "met", "sentence": "Met."}


def record(**more: Any) -> Record:
    plain: dict[str, Any] = {
        "run_id": "r1", "report": "descriptive_statistics", "project": "yunqi", "wave": "2025",
        "lang": "en", "state": "ok", "started_at": "2026-01-02T03:04:05+00:00",
        "finished_at": "2026-01-02T03:04:09+00:00", "title": "Description: how satisfied?",
        "versions": {"python": "3.11", "formula": "1"}, "verdict": VERDICT,
    }  # fmt: skip
    return Record(**{**plain, **more})


def notebook(*cells: Any) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def markdown(source: str, lang: str = "en") -> Any:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": [lang]})


def shows(data: dict[str, Any]) -> Any:
    output = nbformat.v4.new_output("display_data", data=data)
    return nbformat.v4.new_code_cell("secret_code", outputs=[output])


def body(page: str) -> str:
    return page[page.index("<body") :]


def test_the_page_has_what_a_reader_needs_and_no_code() -> None:
    cells = [markdown("# Description: how satisfied?\n\nRead this."), markdown("## 结论", "zh"),
             markdown("## Bottom line"), shows({"text/html": "<p>83%</p>", "text/plain": "no"}),
             markdown("## Bottom line")]  # fmt: skip
    page = render(Page(notebook(*cells), record(), ("zh", "en")))
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>yunqi: How satisfied? · 2025</title>" in page
    assert page.count("<h1>") == 1
    assert re.findall(r'<h2 id="([^"]+)"', page) == ["section-1", "section-2"]
    assert '<a href="#section-1">Bottom line</a>' in page
    assert 'href="descriptive_statistics.zh.html"' in page
    assert "<p>83%</p>" in page
    assert "secret_code" not in page
    assert "结论" not in page
    assert len(page) < 40_000


def test_a_p_value_is_not_broken_over_two_lines() -> None:
    said = "Down (p = 0.031), up (p &lt; 0.001), no (p &gt; 0.99); the step = 3."
    page = render(Page(notebook(shows({"text/html": f"<p>{said}</p>"})), record()))
    assert "(p\xa0=\xa00.031), up (p\xa0&lt;\xa00.001), no (p\xa0&gt;\xa00.99)" in page


def test_no_link_to_a_language_that_was_not_made() -> None:
    assert "zh.html" not in render(Page(notebook(), record(), ("en",)))


def test_synthetic_data_is_said() -> None:
    said = "Synthetic data"
    assert said in render(Page(notebook(), record(verdict={**VERDICT, "synthetic": True})))
    assert said not in render(Page(notebook(), record()))


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ({"held": 48, "total": 48, "failed": []}, "48 of 48 reference results hold"),
        ({"held": 47, "total": 48, "failed": ["bfi_kmo"]}, "not: bfi_kmo"),
        ({}, "cannot tell: the reference results could not be run"),
        ({"held": 0, "total": 1, "failed": [ATTACK]}, "0 of 1 reference results hold"),
    ],
)
def test_the_footer_says_how_many_reference_results_hold(
    certificate: dict[str, Any], said: str
) -> None:
    page = render(Page(notebook(), record(certificate=certificate)))
    found = re.search(r"<dt>Methods</dt><dd>(.*?)</dd>", page)
    assert found is not None
    assert said in found[1]
    assert page_problems(page) == []


def test_the_same_inputs_give_the_same_bytes_but_for_run_and_time() -> None:
    cells = notebook(markdown("## 满意 A"), shows({"text/html": "<p>满意率</p>"}))
    first = render(Page(cells, record()))
    assert first == render(Page(cells, record()))
    later = render(Page(cells, record(run_id="zq9-Ω"[:3], started_at="2027-11-12T13:14:15+00:00")))
    run = re.compile(r'<p id="run">.*?</p>')
    assert first != later
    assert run.sub("", first) == run.sub("", later)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "text <b onclick=alert(1)>x</b>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "![x](https://example.org/x.png)",
        "[x](https://example.org)",
        "<https://example.org>",
        "[x][1]\n\n[1]: data:text/html;base64,PHNjcmlwdD4=",
        "## </nav><script>alert(1)</script>",
        "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
        "```html\n<script>alert(1)</script>\n```",
    ],
)
def test_markdown_cannot_attack(source: str) -> None:
    page = render(Page(notebook(markdown(source)), record()))
    assert page_problems(page) == []
    assert not re.search(r"<script|<img|<b |href=\"(?!#|\.\./)", body(page), re.I)


def test_names_and_printed_text_cannot_attack() -> None:
    names = {"zh": ATTACK, "en": ATTACK}
    hostile = record(
        title=ATTACK, project_name=names, wave_name=names, region=ATTACK, property_type=ATTACK,
        versions={ATTACK: ATTACK, "formula": ATTACK}, data_fingerprint=ATTACK, run_id=ATTACK,
    )  # fmt: skip
    cells = [shows({"text/plain": ATTACK}), shows({"text/markdown": ATTACK})]
    page = render(Page(notebook(*cells), hostile))
    assert page_problems(page) == []
    assert page.count("</style>") == page.count("</title>") == 1
    assert not re.search(r"<script|<img", page)


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<p onclick='x()'>x</p>",
        "<a href='javascript:x()'>x</a>",
        "<a href=' java\nscript:x()'>x</a>",
        "<a href='//example.org'>x</a>",
        "<img src='https://example.org/x.png'>",
        "<svg><image xlink:href='http://example.org/x'/></svg>",
        "<style>@import 'x.css'</style>",
        "<p style='background:url(http://example.org/x)'>x</p>",
        "<iframe srcdoc='x'></iframe>",
        "<meta http-equiv='refresh' content='0;url=x'>",
        "<link rel='stylesheet' href='x.css'>",
        "<form action='x'></form>",
        "<a href='data:text/html,x'>x</a>",
    ],
)
def test_an_exhibit_that_runs_or_loads_something_is_no_page(html: str) -> None:
    with pytest.raises(ValueError, match="would not be safe"):
        render(Page(notebook(shows({"text/html": html})), record()))


def test_messages_are_not_shown() -> None:
    stderr = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: careful")
    cell = nbformat.v4.new_code_cell("x", outputs=[stderr])
    assert "careful" not in render(Page(notebook(cell), record()))


def test_characters_that_the_font_lacks_are_named() -> None:
    page = render(Page(notebook(markdown("𠮷")), record()))
    assert "Characters that need an installed font" in page


def test_the_verdict_must_be_there_and_whole() -> None:
    assert verdict_of(notebook(shows({MIME: VERDICT}))) == VERDICT
    with pytest.raises(ValueError, match="shows no verdict"):
        verdict_of(notebook())
    with pytest.raises(ValueError, match="lacks sentence"):
        verdict_of(notebook(shows({MIME: {**VERDICT, "sentence": None}})))
    with pytest.raises(ValueError, match="known verdict"):
        verdict_of(notebook(shows({MIME: {**VERDICT, "verdict": "splendid"}})))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no file /home/li/secret plan/x.csv", "no file secret plan/x.csv"),
        ("C:\\Users\\li\\x.csv is missing", "x.csv is missing"),
        ("\x1b[0;31mred\x1b[0m", "red"),
        ("call 138 0013 8000 or 13800138000", "call ••• or •••"),
        ("room 3栋2单元1501", "room •••"),
        ("plate 沪A12345", "plate •••"),
        ("share 1/2, n = 326 on 2025-10-28", "share 1/2, n = 326 on 2025-10-28"),
    ],
)
def test_errors_are_shown_without_folders_and_personal_data(said: str, shown: str) -> None:
    assert failures.shown(said) == shown


def test_publishing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Folder(tmp_path)
    publish(storage, record(run_id="first"), {".html": b"first", ".ipynb": b"first"})
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if b"second" in data and data[:1] == b"{":
            real(self, data[:10])
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        publish(storage, record(run_id="second"), {".html": b"second", ".ipynb": b"second"})
    storage.close()
    folder = tmp_path / "2025" / "yunqi"
    kept = {path.name.rpartition(".")[2]: path.read_text() for path in folder.iterdir()}
    assert set(kept) == {"html", "ipynb", "json"}
    assert kept["html"] == "first"
    assert json.loads(kept["json"])["run_id"] == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["2025"]
