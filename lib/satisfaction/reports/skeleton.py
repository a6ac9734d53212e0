"""The skeleton of a new report: a notebook that keeps the rules and says where to go on."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.notebooks import reports_in

PARAMETERS = """\
project = ""  # project id
wave = ""  # survey wave id
lang = "zh"  # language of the report: zh or en
seed = 20251028  # seed of everything that is drawn by chance"""
SETUP = """\
from satisfaction import checks, exhibits, methods
from satisfaction.study import open_study

study = open_study(project, wave, lang=lang)"""
BOTTOM_LINE = """\
share = methods.survey_proportion(study.responses, [study.overall], **study.shares)
judged = methods.target_verdict(share.rows.iloc[0], **study.target_rule)
grades = methods.grade_probabilities(share.rows, study.policy.satisfaction.cut_points)
exhibits.verdict_card(share, judged, grades, study.identity)"""
CHECKS = "exhibits.checks_note(checks.data_checks(study))"
TEXTS = (
    ("# 新报告：读者想知道什么？", "# A new report: what does the reader want to know?"),
    ("## 方法与局限\n用一两句话写明。", "## Method and limits\nSay it in a sentence or two."),
)


def write_skeleton(folder: Path, report: str) -> Path:
    """Write ``<report>.ipynb``; DataProblem for a bad id or one that exists."""
    path = folder / f"{report}.ipynb"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", report):
        raise DataProblem(
            Problem(
                "notebooks",
                "this cannot be the id of a report",
                "Use up to 40 small letters, digits and _, beginning with a letter.",
                value=report[:80],
            )
        )
    if path.exists():
        raise DataProblem(
            Problem(path.name, "the notebook exists already", "Choose another id, or edit it.")
        )
    title, method = (_pair(*texts, name) for texts, name in zip(TEXTS, ("t", "m"), strict=True))
    notebook = new_notebook(
        cells=[
            *title,
            new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
            new_code_cell(SETUP, id="setup", metadata={"tags": ["setup"]}),
            new_code_cell(BOTTOM_LINE, id="bottom-line"),
            new_code_cell(CHECKS, id="checks"),
            *method,
        ],
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "satisfaction": {"order": 1 + max((r.order for r in reports_in(folder)), default=0)},
        },
    )
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8", newline="\n")
    return path


def _pair(zh: str, en: str, name: str) -> list[nbformat.NotebookNode]:
    return [
        new_markdown_cell(text, id=f"{name}-{lang}", metadata={"tags": [lang]})
        for lang, text in (("zh", zh), ("en", en))
    ]
