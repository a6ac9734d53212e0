"""What is true in the sample portfolio: every number that a method should find again.

Everything here is invented. ``TRUTH`` says per project what happened and why; the other constants
hold for all projects. Tests of the methods compare their findings with this module.
"""

from __future__ import annotations

from collections.abc import Mapping

from satisfaction.data.portfolio.project import ANNUAL, ProjectTruth

SEED = 20251028
UPCOMING = "2026"

# Overall score = constant + sum of weight x (item score - 4) + noise, rounded to the scale.
WEIGHTS: Mapping[str, float] = {
    "lifts": 0.22,
    "staff_attitude": 0.17,
    "response_speed": 0.13,
    "cleaning": 0.09,
    "access_control": 0.065,
    "communication": 0.05,
    "patrols": 0.04,
    "greening": 0.03,
    "water_power": 0.025,
    "fire_safety": 0.02,
    "charging": 0.015,
    "waste_sorting": 0.01,
    "newsletter": 0.008,
    "activities": 0.008,
    "parking": 0.005,
    "shared_charges": 0.005,
}
NEW_IN_2025 = "charging"
DROPPED_IN_2025 = "newsletter"
REWORDED = "response_speed"
PULSE_ITEMS = ("staff_attitude", "response_speed", "cleaning", "access_control", "lifts")

# Shift of a group's attitude in standard deviations; it reaches items and overall alike.
GROUP_EFFECTS = {
    "owner": 0.0,
    "landlord": -0.15,
    "tenant": 0.1,
    "merchant": -0.05,
    "enterprise": 0.1,
}


_HOMES = {"owner": 0.62, "landlord": 0.13, "tenant": 0.25}
_SHOPS = {"merchant": 0.8, "enterprise": 0.2}
_FIRMS = {"merchant": 0.15, "enterprise": 0.85}
_BY_PHONE = {"phone": 0.9, "wechat": 0.1}
_ON_PAPER = {"wechat": 0.45, "phone": 0.15, "on_site": 0.10, "paper": 0.30}


def _years(y2023: float, y2024: float, y2025: float) -> dict[str, float]:
    return dict(zip(ANNUAL, (y2023, y2024, y2025), strict=True))


_PROJECTS = (
    ProjectTruth(
        "cuihu",
        "翠湖雅苑",
        "Jade Lake Court",
        "residential",
        "华南",
        "2012-06-30",
        2400,
        12,
        _HOMES,
        _years(0.85, 0.85, 0.73),
        case="declined",
        note="Really fell by 12 points from 2024 to 2025 (monthly: from July 2025) because of the "
        "lifts; response speed fell a little, nothing else changed.",
        facts={"change": -0.12, "response_speed_shift": -0.15},
    ),
    ProjectTruth(
        "yunshan",
        "云杉花园",
        "Spruce Garden",
        "residential",
        "华南",
        "2015-09-30",
        1800,
        10,
        _HOMES,
        _years(0.7994, 0.7994, 0.7994),
        case="mix_only",
        note="Nobody changed: residents .92 and occasional users .62 satisfied in every wave, in "
        "every customer group about alike. In 2023 and 2024 residents answered far more often, in "
        "2025 occasional users did. Strata are customer groups, so the weighted share falls, too; "
        "weighting by occupancy removes the fall.",
        occupancy={"resident": 0.55, "occasional": 0.37, "not_moved_in": 0.08},
        facts={
            "change": 0.0,
            "resident_share": 0.92,
            "occasional_share": 0.62,
            "resident_response_2024": 0.75,
            "occasional_response_2024": 0.25,
            "resident_response_2025": 0.35,
            "occasional_response_2025": 0.85,
        },
    ),
    ProjectTruth(
        "jinhe",
        "锦和名邸",
        "Splendour Residence",
        "residential",
        "华东",
        "2010-12-31",
        3200,
        16,
        _HOMES,
        _years(0.8032, 0.8032, 0.8032),
        case="excluded_unhappy",
        note="Blacklisted customers are left out by declared policy: 3 % of the households before "
        "2025, 8 % after a burst of flags in the week before the draw of 2025. 15 % of them are "
        "satisfied, 86 % of the others. Nobody changed, yet the surveyed share rises.",
        blacklisted=0.08,
        sampled_shares=_years(0.8234, 0.8234, 0.86),
        facts={
            "blacklisted_share": 0.15,
            "other_share": 0.86,
            "excluded_before": 0.03,
            "excluded_2025": 0.08,
        },
    ),
    ProjectTruth(
        "heyuan",
        "和园小区",
        "Harmony Court",
        "residential",
        "西南",
        "2008-05-31",
        420,
        6,
        {"owner": 0.78, "landlord": 0.0215, "tenant": 0.1985},
        _years(0.84, 0.85, 0.845),
        case="small_group",
        note="Nine landlord households: never ten answers of landlords. Paper sheets of 2025 were "
        "keyed in by an agency with headings and codes of its own (mapping portfolio_paper).",
        modes={"2025": _ON_PAPER},
        facts={"landlord_households": 9},
    ),
    ProjectTruth(
        "xinchen",
        "新晨家园",
        "New Dawn Homes",
        "residential",
        "华东",
        "2025-03-31",
        980,
        7,
        _HOMES,
        {"2025": 0.80},
        case="no_previous_wave",
        note="Handed over in spring 2025: one annual wave, monthly waves from July.",
        occupancy={"resident": 0.55, "occasional": 0.15, "not_moved_in": 0.30},
    ),
    ProjectTruth(
        "ruijing",
        "瑞景嘉园",
        "Fairview Estate",
        "residential",
        "西南",
        "2018-08-31",
        4000,
        20,
        _HOMES,
        _years(0.945, 0.95, 0.95),
        case="excellent",
        note="Clearly excellent: 95 % satisfied.",
    ),
    ProjectTruth(
        "huitong",
        "汇通商业广场",
        "Huitong Plaza",
        "commercial",
        "华南",
        "2014-10-31",
        360,
        3,
        _SHOPS,
        _years(0.83, 0.83, 0.835),
        case="reworded_item",
        note="Questionnaire estate-2025b: response_speed asks for 30 minutes now. Its scores fall "
        "by about half a point through the wording alone; service and overall score did not.",
        facts={"wording_shift": -0.6},
    ),
    ProjectTruth(
        "wanlong",
        "万隆天地",
        "Wanlong Arcade",
        "commercial",
        "华东",
        "2016-04-30",
        520,
        4,
        _SHOPS,
        _years(0.89, 0.89, 0.805),
        case="mode_effect",
        note="Nobody changed: 80 % satisfied online in every wave and 10 points more by phone. "
        "90 % were phoned until 2024, 10 % in 2025; the share falls by 8 points through that.",
        modes={
            "2023": _BY_PHONE,
            "2024": _BY_PHONE,
            "2025": {"wechat": 0.75, "app": 0.15, "phone": 0.1},
        },
        phone_effect=0.10,
        online_shares=_years(0.80, 0.80, 0.80),
        facts={"change_online": 0.0, "phone_2024": 0.9, "phone_2025": 0.1},
    ),
    ProjectTruth(
        "lanting",
        "兰亭商务中心",
        "Orchid Business Centre",
        "commercial",
        "华北",
        "2011-11-30",
        150,
        1,
        _SHOPS,
        _years(0.86, 0.85, 0.855),
    ),
    ProjectTruth(
        "gaoke",
        "高科智谷",
        "Gaoke Valley",
        "industrial_park",
        "华北",
        "2017-07-31",
        640,
        8,
        _FIRMS,
        _years(0.80, 0.80, 0.80),
        case="coached",
        note="In 2025 collector S07 (on site, own staff) brought in 35 % of the sheets, all "
        "answers 5, within two days and after a visit to each household; the rest is honest.",
        facts={"coached_share": 0.35, "surveyed_2025": 0.80 * 0.65 + 0.35},
    ),
    ProjectTruth(
        "binhe",
        "滨河产业园",
        "Riverside Park",
        "industrial_park",
        "西南",
        "2009-03-31",
        860,
        9,
        _FIRMS,
        _years(0.63, 0.62, 0.62),
        case="poor",
        note="Clearly poor: 62 % satisfied.",
    ),
    ProjectTruth(
        "qihang",
        "启航创新园",
        "Qihang Innovation Park",
        "industrial_park",
        "华北",
        "2019-06-30",
        280,
        4,
        _FIRMS,
        _years(0.82, 0.83, 0.825),
    ),
)

TRUTH: Mapping[str, ProjectTruth] = {truth.project: truth for truth in _PROJECTS}
