"""A budget of interviews for the whole company: how many each project gets in a wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from satisfaction.config.policy import Policy
from satisfaction.config.settings import Settings, load_settings
from satisfaction.data.database import Connection, database_of, fetch, reader
from satisfaction.data.tallies import unfolded
from satisfaction.methods.budget import BudgetTooSmall, budget_allocation, cautious_share
from satisfaction.methods.result import Result
from satisfaction.methods.tallies import estimates_from_tallies
from satisfaction.problems import DataProblem, Problem

_HOUSEHOLDS = """
SELECT p.project, p.name, p.name_en, h.moved_in, h.blacklisted, count(h.household) AS households
FROM projects p LEFT JOIN (
    SELECT h.project, h.household, h.occupancy <> 'not_moved_in' AS moved_in,
           EXISTS (
               SELECT 1 FROM household_flags f
               WHERE f.project = h.project AND f.household = h.household
                 AND f.flag = 'blacklisted' AND f.set_at <= CAST($1 AS timestamp)
                 AND (f.cleared_at IS NULL OR f.cleared_at > CAST($1 AS timestamp))
           ) AS blacklisted
    FROM households h WHERE h.handed_over_on <= CAST($1 AS date)
) h ON h.project = p.project
GROUP BY p.project, p.name, p.name_en, h.moved_in, h.blacklisted
ORDER BY p.project
"""
_TALLIES = """
WITH newest AS (
    SELECT t.project, max(w.opened_on) AS opened_on
    FROM (SELECT DISTINCT project, wave FROM tallies) t JOIN waves w ON w.wave = t.wave
    WHERE w.kind = $2 AND w.opened_on < CAST($1 AS date) GROUP BY t.project
)
SELECT t.project, t.wave, w.questionnaire, t.item, t.responses, t.counts
FROM tallies t
JOIN waves w ON w.wave = t.wave
JOIN newest n ON n.project = t.project AND n.opened_on = w.opened_on
WHERE w.kind = $2 ORDER BY t.project, t.item
"""


def company_plan(
    home: Path,
    budget: int,
    *,
    wave: str | None = None,
    criterion: str = "largest_margin",
    minimum: int | None = None,
) -> Result:
    """``budget_allocation`` over all projects of the workbook, for ``wave`` (default: the newest).

    Households are those that can be drawn on the first day of the wave by the policy of each
    project (S3-3, S3-4). Expected shares are those of the project's last earlier wave of the same
    kind, drawn towards one half (``cautious_share``); one half where there is none. ``minimum``:
    answers that every project gets (default: what a verdict needs, S0-11).

    Rows as in ``budget_allocation``, with ``name`` and ``name_en``. DataProblem for an unknown
    wave, no households at all, or a budget below the minima (with what is needed).
    """
    company = load_settings(home / "params")
    least = company.policy.reporting.minimum_answers if minimum is None else minimum
    with reader(database_of(home)) as connection:
        chosen = _wave(connection, wave)
        day = chosen["opened_on"].date().isoformat()
        households = fetch(connection, _HOUSEHOLDS, (day,))
        tallies = unfolded(fetch(connection, _TALLIES, (day, chosen["kind"])))
    files = {path.stem for path in (home / "params" / "projects").glob("*.yaml")}
    own = {
        project: load_settings(home / "params", project)
        for project in households["project"].unique()
        if project in files
    }
    policies = {project: settings.policy for project, settings in own.items()}
    projects = _eligible(households, company.policy, policies)
    if not projects["population"].sum():
        raise DataProblem(
            Problem(
                "households",
                "no project has a household that can be drawn",
                "Import the households with their handover dates first.",
            )
        )
    projects["proportion"] = _expected(tallies, projects["project"], company, own)
    try:
        plan = budget_allocation(
            projects,
            budget,
            criterion=criterion,
            minimum=least,
            level=company.policy.sampling.confidence_level,
        )
    except BudgetTooSmall as small:
        raise DataProblem(
            Problem(
                "plan",
                f"{budget:,} interviews do not give every project its minimum of {least}",
                f"At least {small.needed:,} are needed; or lower --minimum.",
                value=str(budget),
            )
        ) from small
    plan.rows.insert(1, "name", projects["name"].to_numpy())
    plan.rows.insert(2, "name_en", projects["name_en"].fillna(projects["name"]).to_numpy())
    stages = {"wave": str(chosen["wave"]), **plan.stages}
    return Result(plan.rows, plan.method, plan.level, plan.n, stages)


def plan_table(plan: Result) -> Table:
    """The plan for the terminal."""
    table = Table(title=f"wave {plan.stages['wave']}: {plan.n:,} interviews")
    for heading in ("project", "name", "households", "expected share", "n", "margin (points)"):
        table.add_column(heading, justify="left" if heading in ("project", "name") else "right")
    for row in plan.rows.to_dict("records"):
        margin = "no household" if row["reason"] else f"±{100 * row['estimate']:.1f}"
        share = f"{100 * row['proportion']:.0f}%"
        counts = f"{row['population']:,}", share, f"{row['n']:,}"
        table.add_row(Text(str(row["project"])), Text(str(row["name"])), *counts, margin)
    return table


def _wave(connection: Connection, wanted: str | None) -> pd.Series:
    waves = fetch(connection, "SELECT wave, kind, opened_on FROM waves ORDER BY opened_on, wave")
    if wanted is None:
        annual = waves[waves["kind"] == "annual"]
        if not len(annual):
            raise DataProblem(
                Problem(
                    "waves",
                    "no annual wave is planned",
                    "Import one, or name a wave with --wave.",
                )
            )
        return annual.iloc[-1]
    found = waves[waves["wave"] == wanted]
    if not len(found):
        known = ", ".join(waves["wave"].tail(20))
        raise DataProblem(Problem("plan", "unknown wave", f"Known: {known}.", value=wanted[:80]))
    return found.iloc[0]


def _eligible(
    households: pd.DataFrame, company: Policy, policies: dict[str, Policy]
) -> pd.DataFrame:
    """Households of every project that its own policy lets be drawn."""
    rules = households["project"].map(lambda project: policies.get(project, company).sampling)
    out = pd.Series(
        [
            (rule.exclude_not_moved_in and moved is False)
            or (rule.exclude_blacklisted and black is True)
            for rule, moved, black in zip(
                rules,
                households["moved_in"].astype(object).tolist(),
                households["blacklisted"].astype(object).tolist(),
                strict=True,
            )
        ],
        index=households.index,
        dtype=bool,
    )
    counts = households["households"].astype(int).mask(out, 0)
    by = counts.groupby(households["project"]).sum()
    known = households.drop_duplicates("project")[["project", "name", "name_en"]]
    return known.assign(population=known["project"].map(by).astype(int)).reset_index(drop=True)


def _expected(
    tallies: pd.DataFrame, projects: pd.Series, company: Settings, own: dict[str, Settings]
) -> np.ndarray:
    """Expected share satisfied of every project, from its last earlier wave of the same kind."""
    keys = [
        own.get(project, company).own_questionnaires.get(wave, planned)
        for project, wave, planned in zip(
            tallies["project"], tallies["wave"], tallies["questionnaire"], strict=True
        )
    ]
    tallies = tallies.assign(questionnaire=keys)
    share = pd.DataFrame({"estimate": np.nan, "n": 0.0}, index=projects)
    for key, part in tallies.groupby("questionnaire"):
        questionnaire = company.questionnaires.get(str(key))
        if questionnaire is None:
            continue
        part = part[part["item"] == questionnaire.overall]
        found = estimates_from_tallies(part, at_least=questionnaire.scale.satisfied_from).rows
        share.update(found.set_index("project")[["estimate", "n"]].astype(float))
    return cautious_share(share["estimate"], share["n"])
