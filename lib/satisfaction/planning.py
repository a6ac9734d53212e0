"""Which reports a run makes: the tasks for a wave, its projects, reports and languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from satisfaction.config.settings import load_settings
from satisfaction.data.database import database_of, fetch, reader
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.notebooks import Report, parameters, reports_in
from satisfaction.reports.task import Task

MOST_NAMED = 20  # known names that an error lists


def projects_with_frame(home: Path) -> list[str]:
    """Projects that have households to draw from."""
    with reader(database_of(home)) as connection:
        rows = fetch(connection, "SELECT DISTINCT project FROM households ORDER BY project")
    return rows["project"].tolist()


def plan_tasks(
    home: Path,
    *,
    wave: str | None = None,
    projects: Sequence[str] = (),
    reports: Sequence[str] = (),
    languages: Sequence[str] = ("zh",),
    seed: int | None = None,
    parameters: Mapping[str, str] | None = None,
) -> list[Task]:
    """One task per project, report and language; DataProblem for any unknown name.

    Without ``wave``: the newest annual wave with answers. Without ``projects``: those with answers
    or a sample in the wave; where nobody has any yet, those with a frame.
    """
    load_settings(home / "params")  # what is wrong for all projects stops a run before it starts
    with reader(database_of(home)) as connection:
        waves = fetch(
            connection,
            "SELECT w.wave, w.name, w.name_en, w.kind, EXISTS "
            "(SELECT 1 FROM responses r WHERE r.wave = w.wave) AS answered "
            "FROM waves w ORDER BY w.opened_on",
        )
        known = fetch(connection, "SELECT * FROM projects ORDER BY project").set_index("project")
        chosen_wave = _wave(waves, wave)
        active = fetch(
            connection,
            "SELECT project FROM responses WHERE wave = $1 UNION "
            "SELECT project FROM samples WHERE wave = $1 ORDER BY project",
            (chosen_wave["wave"],),
        )["project"].tolist()
    chosen = list(projects) or active or projects_with_frame(home)
    _check_known("project", chosen, known.index.tolist())
    found = {report.id: report for report in reports_in(home / "notebooks")}
    _check_known("report", reports, list(found))
    chosen_reports = [found[name] for name in reports] or list(found.values())
    seeds = {each.id: _seed(each) if seed is None else seed for each in chosen_reports}
    wave_names = _names(chosen_wave)
    named = {project: _names(known.loc[project]) for project in chosen}
    return [
        Task(
            project=project,
            wave=str(chosen_wave["wave"]),
            report=report,
            lang=lang,
            seed=seeds[report.id],
            parameters=dict(parameters or {}),
            languages=tuple(languages),
            project_name=named[project],
            wave_name=wave_names,
            property_type=str(known.loc[project, "property_type"]),
            region=str(known.loc[project, "region"]),
        )
        for project in chosen
        for report in chosen_reports
        for lang in languages
    ]


def _wave(waves: pd.DataFrame, wanted: str | None) -> pd.Series:
    if wanted is not None:
        _check_known("wave", [wanted], waves["wave"].tolist())
        return waves[waves["wave"] == wanted].iloc[0]
    annual = waves[waves["answered"].astype(bool) & (waves["kind"] == "annual")]
    if not len(annual):
        raise DataProblem(
            Problem(
                "responses",
                "no annual wave has answers yet",
                "Import responses, or name a wave with --wave.",
            )
        )
    return annual.iloc[-1]


def _check_known(kind: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        more = len(known) - MOST_NAMED
        shown = ", ".join(known[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise DataProblem(
            [Problem("run", f"unknown {kind}", f"Known: {shown}.", value=n[:80]) for n in unknown]
        )


def _names(row: Any) -> dict[str, str]:
    english = row["name_en"] if pd.notna(row["name_en"]) else row["name"]
    return {"zh": str(row["name"]), "en": str(english)}


def _seed(report: Report) -> int:
    return int(parameters(report).get("seed", 0)) if report.whole else 0
