"""Visits to households and improvement actions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from satisfaction.data.portfolio.answers import asked_items
from satisfaction.data.portfolio.households import generator
from satisfaction.data.portfolio.project import ProjectTruth
from satisfaction.data.portfolio.survey import COACH

# role -> recorder, visits a month and person, shares of home / phone / random, in-depth share
ROLES: dict[str, tuple[str, int, tuple[float, float, float], float]] = {
    "butler": ("管家", 110, (0.45, 0.45, 0.10), 0.01),
    "department_head": ("部门负责人", 45, (0.40, 0.45, 0.15), 0.03),
    "project_manager": ("项目经理", 28, (0.60, 0.30, 0.10), 0.10),
    "engineering_head": ("工程负责人", 6, (0.80, 0.10, 0.10), 0.0),
    "security_head": ("安全负责人", 5, (0.70, 0.10, 0.20), 0.0),
}
PLANS: dict[str, tuple[str, str, str, str]] = {
    "lifts": (
        "电梯故障多，停梯时间长",
        "resources",
        "on_site_quality",
        "更换曳引机，签订两小时到场的维保协议",
    ),
    "staff_attitude": (
        "前台与秩序人员态度不佳",
        "people",
        "service_innovation",
        "开展服务礼仪培训，每周抽查录音",
    ),
    "response_speed": ("报修上门慢", "process", "butler_support", "管家跟单到完成，超时自动升级"),
    "cleaning": (
        "楼道与大堂清洁不到位",
        "resources",
        "on_site_quality",
        "增加两个保洁岗，每日拍照点检",
    ),
    "access_control": (
        "外来人员管控不严",
        "process",
        "on_site_quality",
        "重设门禁权限，访客实名登记",
    ),
    "communication": (
        "通知与收费说明不清楚",
        "process",
        "publicity",
        "每月公示收支，停水停电提前两天通知",
    ),
    "patrols": ("夜间巡逻少", "people", "on_site_quality", "夜间巡逻增加到四次并上墙公示"),
    "parking": (
        "车位紧张，道闸识别慢",
        "resources",
        "service_innovation",
        "升级道闸，划出访客限时车位",
    ),
    "shared_charges": ("公摊费用不透明", "process", "publicity", "公摊明细上墙并在公众号公布"),
    "activities": ("社区活动少", "resources", "publicity", "每季度组织一次邻里活动"),
}
OWNERS = ("项目经理", "工程主管", "客服主管", "秩序主管", "环境主管")


def visits(
    truth: ProjectTruth, frame: pd.DataFrame, coached: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """The table ``visits`` of 2025; ``coached`` are sheets whose households were seen before."""
    random = generator(seed, truth.project, "visits")
    staff = {"butler": truth.households // 800 + 1, "department_head": 2}
    months = range(4 if truth.case == "no_previous_wave" else 1, 13)
    lived_in = frame.loc[frame["occupancy"] != "not_moved_in", "household"].to_numpy()
    diligence = random.uniform(0.55, 1.15)
    parts = []
    for role, (recorder, quota, kinds, depth) in ROLES.items():
        n = round(quota * staff.get(role, 1) * diligence * len(months))
        n = min(n, round(2.2 * len(lived_in)))
        day = random.integers(0, 30 * len(months) + 4, n)
        minute = random.integers(9 * 60, 20 * 60, n)
        parts.append(
            pd.DataFrame(
                {
                    "household": random.choice(lived_in, n),
                    "visited_at": pd.Timestamp(2025, months[0], 1)
                    + pd.to_timedelta(day * 1440 + minute, unit="min"),
                    "kind": random.choice(["home", "phone", "random"], n, p=kinds),
                    "in_depth": random.random(n) < depth,
                    "visitor_role": role,
                    "recorded_by": recorder,
                }
            )
        )
    before = pd.to_timedelta(random.integers(20, 60, len(coached)), unit="h")
    parts.append(
        pd.DataFrame(
            {
                "household": coached["household"],
                "visited_at": coached["answered_at"] - before,
                "kind": "home",
                "in_depth": False,
                "visitor_role": "butler",
                "recorded_by": f"管家{COACH}",
            }
        )
    )
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["visited_at", "household"], ignore_index=True)
    rows.insert(0, "project", truth.project)
    rows.insert(1, "visit", [f"BF25-{place:05d}" for place in range(1, len(rows) + 1)])
    return rows


def coached_sheets(truth: ProjectTruth, sheets: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Sheets that the coaching collector brought in."""
    rows = sheets["2025"]
    return rows[(rows["collector"] == COACH) if truth.case == "coached" else [False] * len(rows)]


def actions(truth: ProjectTruth, sheets: dict[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """The table ``actions``: a plan for the lowest items of 2024 and of 2025."""
    random = generator(seed, truth.project, "actions")
    rows = []
    for wave in ("2024", "2025"):
        if wave not in sheets:
            continue
        items = [item for item in asked_items(wave) if item in PLANS]
        codes = sheets[wave][items]
        satisfied = codes.isin([4, 5]).sum() / codes.isin(range(1, 6)).sum()
        for place, item in enumerate(satisfied.sort_values(kind="stable").index[:4]):
            problem, cause, group, measure = PLANS[item]
            due = pd.Timestamp(int(wave) + 1, 3 + 2 * place, 28)
            closed, verified_on, verified = _state(wave, place, due, random)
            rows.append(
                {
                    "project": truth.project,
                    "action": f"GS{wave[2:]}-{place + 1:02d}",
                    "wave": wave,
                    "item": item,
                    "problem": problem,
                    "cause": cause,
                    "action_group": group,
                    "measure": measure,
                    "owner": OWNERS[int(random.integers(len(OWNERS)))],
                    "due_on": due,
                    "metric": "该题满意率",
                    "baseline": round(float(satisfied[item]), 3),
                    "target": round(min(float(satisfied[item]) + 0.1, 0.98), 3),
                    "closed_on": closed,
                    "verified_on": verified_on,
                    "verified": verified,
                    "recorded_by": "品质专员01",
                }
            )
    return pd.DataFrame(rows)


def _state(
    wave: str, place: int, due: pd.Timestamp, random: np.random.Generator
) -> tuple[pd.Timestamp, pd.Timestamp, bool | None]:
    """Closed and verified are two states (S0-30): verified, failed, closed only, still open."""
    closed = due + pd.Timedelta(days=int(random.integers(-20, 25)))
    checked = closed + pd.Timedelta(days=int(random.integers(5, 30)))
    none = pd.NaT
    if wave == "2025" or place == 3:
        return none, none, None  # type: ignore[return-value]
    if place == 2:
        return closed, none, None  # type: ignore[return-value]
    return closed, checked, bool(place == 0 or random.random() < 0.5)
