"""The invented estates: projects, households, relationship flags and contacts."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd

from satisfaction.data.portfolio.project import ProjectTruth
from satisfaction.data.portfolio.truth import TRUTH, UPCOMING

BURST_FROM, BURST_HOURS = pd.Timestamp("2025-10-20 09:00"), 7 * 24


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Random numbers of their own for each purpose: a change in one leaves the others alone."""
    return np.random.default_rng([seed, zlib.crc32("/".join(purpose).encode())])


def exact_parts(shares: dict[str, float], n: int, random: np.random.Generator) -> np.ndarray:
    """``n`` names in random order with these shares, to the nearest whole number."""
    ends = np.rint(np.cumsum(list(shares.values())) / sum(shares.values()) * n).astype(int)
    names = np.repeat(list(shares), np.diff(ends, prepend=0))
    return random.permutation(names)


def projects() -> pd.DataFrame:
    """The table ``projects``."""
    rows = [
        {
            "project": truth.project,
            "name": truth.name,
            "name_en": truth.name_en,
            "property_type": truth.property_type,
            "region": truth.region,
            "handed_over_on": pd.Timestamp(truth.handed_over_on),
            "butlers": truth.households // 800 + 1,
            "department_heads": 2 + (truth.households > 1000),
            "synthetic": True,
        }
        for truth in TRUTH.values()
    ]
    return pd.DataFrame(rows)


def households(truth: ProjectTruth, seed: int) -> pd.DataFrame:
    """The frame of one project."""
    random = generator(seed, truth.project, "households")
    n = truth.households
    occupancy = exact_parts(dict(truth.occupancy), n, random)
    first = pd.Timestamp(truth.handed_over_on)
    days = 90 if truth.case == "no_previous_wave" else 360
    handed_over = pd.Series(first + pd.to_timedelta(random.integers(0, days, n), unit="D"))
    kept_back = (occupancy == "not_moved_in") & (random.random(n) < 0.3)
    return pd.DataFrame(
        {
            "project": truth.project,
            "household": [f"H{number:05d}" for number in range(1, n + 1)],
            "building": [f"{number}栋" for number in np.arange(n) * truth.buildings // n + 1],
            "customer_group": exact_parts(dict(truth.groups), n, random),
            "occupancy": occupancy,
            "handed_over_on": handed_over.where(~kept_back),
        }
    )


def flags(truth: ProjectTruth, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """History of the relationship flags, one row each; cleared ones keep their row."""
    random = generator(seed, truth.project, "flags")
    lived_in = frame.index[frame["occupancy"] != "not_moved_in"].to_numpy()
    order = random.permutation(lived_in)
    black = round(truth.blacklisted * len(lived_in))
    late = round(0.05 * len(lived_in)) if truth.case == "excluded_unhappy" else 0
    good, converted = round(0.05 * len(lived_in)), max(1, round(0.004 * len(lived_in)))
    new = truth.case == "no_previous_wave"
    start = pd.Timestamp("2025-06-01" if new else "2022-03-01")
    span = 120 * 24 if new else 540 * 24

    def block(chosen: np.ndarray, flag: str, reasons: list[str]) -> pd.DataFrame:
        hours = pd.to_timedelta(random.integers(0, span, len(chosen)), unit="h")
        return pd.DataFrame(
            {
                "project": truth.project,
                "household": frame["household"].to_numpy()[chosen],
                "flag": flag,
                "set_at": start + hours,
                "cleared_at": pd.NaT,
                "reason": random.choice(reasons, len(chosen)),
                "recorded_by": random.choice(["客服01", "客服02", "客服03"], len(chosen)),
            }
        )

    grounds = ["多次投诉未达成一致", "长期拒交物业费", "房屋质量纠纷", "与现场人员发生争执"]
    end = np.cumsum([late, black - late, converted, good])
    burst = BURST_FROM + pd.to_timedelta(random.integers(0, BURST_HOURS, late), unit="h")
    parts = [
        block(order[: end[0]], "blacklisted", ["满意度调查前梳理"])
        .assign(set_at=burst, recorded_by="客服03"),
        block(order[end[0] : end[1]], "blacklisted", grounds),
        block(order[end[1] : end[2]], "blacklisted", grounds),
        block(order[end[2] : end[3]], "good_relationship", ["长期配合", "社区志愿者"]),
    ]  # fmt: skip
    # a converted customer loses the flag (S3-2)
    parts[2]["cleared_at"] = parts[2]["set_at"] + pd.to_timedelta(
        random.integers(30, 200, len(parts[2])), unit="D"
    )
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values(["set_at", "household"], ignore_index=True)


def flagged(history: pd.DataFrame, flag: str, when: pd.Timestamp) -> set[str]:
    """Households that carried ``flag`` at a moment."""
    rows = history[(history["flag"] == flag) & (history["set_at"] <= when)]
    return set(rows.loc[~(rows["cleared_at"] <= when), "household"])


def contacts(frame: pd.DataFrame) -> pd.DataFrame:
    """Contacts that cannot be taken for real ones: numbered names, numbers nobody can dial."""
    number = np.arange(1, len(frame) + 1)
    return pd.DataFrame(
        {
            "project": frame["project"],
            "household": frame["household"],
            "name": [f"测试住户{place:05d}" for place in number],
            "phone": [f"000-0000-{place:05d}" for place in number],
            "room": frame["building"] + [f"测试{place:05d}室" for place in number],
        }
    )


def waves() -> pd.DataFrame:
    """The table ``waves``: three full surveys, twelve months, and the survey to come."""
    rows = []
    for year in ("2023", "2024", "2025", UPCOMING):
        rows.append(
            {
                "wave": year,
                "name": f"{year}年度满意度调查",
                "name_en": f"Annual survey {year}",
                "kind": "annual",
                "opened_on": pd.Timestamp(f"{year}-11-01"),
                "closed_on": pd.Timestamp(f"{year}-11-30"),
                "questionnaire": "estate-2025" if year >= "2025" else f"estate-{year}",
                "delivered_on": pd.NaT if year == UPCOMING else pd.Timestamp(f"{year}-12-18"),
            }
        )
    for month in range(1, 13):
        opened = pd.Timestamp(year=2025, month=month, day=1)
        closed = opened + pd.offsets.MonthEnd(0)
        rows.append(
            {
                "wave": f"2025-{month:02d}",
                "name": f"2025年{month}月满意度回访",
                "name_en": f"Monthly pulse {opened:%B %Y}",
                "kind": "monthly",
                "opened_on": opened,
                "closed_on": closed,
                "questionnaire": "pulse-2025",
                "delivered_on": closed + pd.Timedelta(days=6),
            }
        )
    return pd.DataFrame(rows)
