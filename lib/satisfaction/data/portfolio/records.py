"""Complaints, requests, enquiries, repairs and suggestions, as they stood at the end of 2025."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.data.portfolio.households import generator
from satisfaction.data.portfolio.phrases import (
    COMPLAINTS,
    MEASURES,
    REASON_ITEMS,
    REASONS,
    SUGGESTIONS,
)
from satisfaction.data.portfolio.project import ProjectTruth

AS_OF = pd.Timestamp("2025-12-31 18:00")
CHANNELS = ("服务热线", "业主群", "前台", "意见箱", "公众号")
CLERKS = ("客服01", "客服02", "客服03", "客服04")
# records a year and household; complaints of a poor or declined project are twice as many
YEARLY = {"complaint": 0.03, "request": 0.05, "enquiry": 0.03, "repair": 0.08}
OUTAGE = pd.Timestamp("2025-08-12 08:00"), pd.Timestamp("2025-08-13 12:00")
CLASS_SHARES = (0.72, 0.20, 0.08)  # service, developer, external (S1-2)


def complaints(truth: ProjectTruth, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The table ``complaints`` of one project for 2025."""
    random = generator(seed, truth.project, "complaints")
    received_from = pd.Timestamp("2025-01-01")
    if truth.case == "no_previous_wave":
        received_from = pd.Timestamp(truth.handed_over_on)
    busy = 2.0 if truth.case in ("declined", "poor") else 1.0
    kinds = np.concatenate(
        [
            np.repeat(kind, max(3, round(rate * (busy if kind == "complaint" else 1) * len(frame))))
            for kind, rate in YEARLY.items()
        ]
    )
    n = len(kinds)
    minutes = random.integers(0, int((AS_OF - received_from) / pd.Timedelta(minutes=1)), n)
    received = pd.Series(received_from + pd.to_timedelta(minutes, unit="min"))
    lag = _minutes(random.exponential(12, n))
    entered = received + lag
    outage = received.between(*OUTAGE)
    entered[outage] = OUTAGE[1] + lag[outage]  # backfilled when the system was back (S1-3)
    is_complaint = kinds == "complaint"
    is_complex = random.random(n) < np.where(is_complaint, 0.2, 0.03)
    urgent = ~is_complaint & (random.random(n) < 0.06)
    hours = np.where(is_complex, 9 * 24.0, np.where(urgent, 2.0, 24.0))
    handling = random.lognormal(np.log(hours * (0.42 if busy == 1 else 0.6)), 0.55)
    responded = received + _minutes(np.minimum(random.exponential(90, n), handling * 60))
    closed = received + _minutes(handling * 60)
    stuck = is_complaint & (random.random(n) < 0.04)  # left open long beyond the deadline
    closed = closed.where((closed <= AS_OF) & ~stuck)
    reopened = closed + pd.to_timedelta(random.integers(24, 240, n), unit="h")
    again = is_complaint & (random.random(n) < 0.05) & (reopened <= AS_OF).to_numpy()
    responsibility = _classes(random, n, legacy=truth.case == "no_previous_wave")
    first = _reclassified(responsibility, is_complaint, random)
    category, content = _subjects(truth, n, random)
    measure = random.choice(np.array(MEASURES), n)
    rows = pd.DataFrame(
        {
            "project": truth.project,
            "kind": kinds,
            "household": random.choice(frame["household"].to_numpy(), n),
            "received_at": received,
            "entered_at": entered,
            "channel": random.choice(np.array(CHANNELS), n, p=[0.4, 0.25, 0.2, 0.05, 0.1]),
            "category": category,
            "responsibility": responsibility,
            "first_responsibility": first,
            "severity": np.where(is_complex, "complex", "ordinary"),
            "urgent": urgent,
            "content": content,
            "due_at": received + pd.to_timedelta(hours, unit="h"),
            "responded_at": responded.where(responded <= AS_OF),
            "closed_at": closed,
            "reopened_at": reopened.where(again),
            "measure": pd.Series(measure, dtype=object).where(closed.notna(), None),
            "recorded_by": random.choice(np.array(CLERKS), n),
        }
    )
    for moment in ("entered_at", "responded_at", "closed_at", "reopened_at", "due_at"):
        rows[moment] = rows[moment].dt.floor("min")
    unnamed = rows["channel"].eq("意见箱")
    rows["household"] = rows["household"].astype(object).where(~unnamed, None)
    rows = rows.sort_values(["received_at", "kind"], ignore_index=True)
    rows.insert(1, "complaint", [f"GD25-{place:05d}" for place in range(1, n + 1)])
    return rows


def suggestions(truth: ProjectTruth, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The table ``suggestions`` of one project for 2025."""
    random = generator(seed, truth.project, "suggestions")
    n = max(6, round(0.012 * len(frame)))
    received = pd.Series(
        pd.Timestamp("2025-04-01") + _minutes(random.integers(0, 268 * 1440, n))
    ).sort_values(ignore_index=True)
    share = 0.25 if truth.case == "poor" else 0.42
    state = random.choice(
        np.array(["adopted", "declined", "open"]), n, p=[share, 0.85 - share, 0.15]
    )
    decided = (received + pd.to_timedelta(random.integers(2, 30, n), unit="D")).where(
        pd.Series(state) != "open"
    )
    late = decided > AS_OF
    state = np.where(late, "open", state)
    decided = decided.where(~late)
    feedback = decided + pd.to_timedelta(random.integers(2, 96, n), unit="h")
    told = (random.random(n) < 0.85) & (feedback <= AS_OF).to_numpy()
    return pd.DataFrame(
        {
            "project": truth.project,
            "suggestion": [f"JY25-{place:04d}" for place in range(1, n + 1)],
            "household": random.choice(frame["household"].to_numpy(), n),
            "received_at": received,
            "channel": random.choice(np.array(CHANNELS), n),
            "content": random.choice(np.array(SUGGESTIONS), n),
            "state": state,
            "decided_at": decided,
            "feedback_at": feedback.where(told),
            "recorded_by": random.choice(np.array(CLERKS), n),
        }
    )


def _minutes(values: np.ndarray) -> pd.TimedeltaIndex:
    return pd.to_timedelta(np.floor(values), unit="min")


def _classes(random: np.random.Generator, n: int, *, legacy: bool) -> np.ndarray:
    """Classes 1-3; in a new estate half of all is the developer's."""
    shares = (0.42, 0.52, 0.06) if legacy else CLASS_SHARES
    return random.choice([1, 2, 3], n, p=shares)


def _reclassified(
    now: np.ndarray, is_complaint: np.ndarray, random: np.random.Generator
) -> pd.Series:
    """Class before: filled where a complaint left class 1 later."""
    moved = is_complaint & (now > 1) & (random.random(len(now)) < 0.25)
    return pd.Series(np.where(moved, 1, 0)).astype("Int64").where(moved)


def _subjects(
    truth: ProjectTruth, n: int, random: np.random.Generator
) -> tuple[np.ndarray, list[str]]:
    weight = np.array(list(REASONS.values()), dtype=float)
    if truth.case == "declined":
        weight[list(REASONS).index("设施与公摊")] *= 3
    category = random.choice(np.array(list(REASONS)), n, p=weight / weight.sum())
    content = []
    for subject, place in zip(category, random.random((n, 2)), strict=True):
        items = REASON_ITEMS[str(subject)]
        # broken lifts are what people of the declined project speak of
        broken = truth.case == "declined" and "lifts" in items and place[0] < 0.8
        phrases = COMPLAINTS["lifts" if broken else items[int(place[0] * len(items))]]
        content.append(f"{phrases[int(place[1] * len(phrases))]}。")
    return category, content
