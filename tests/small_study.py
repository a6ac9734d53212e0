"""A small surveyed company: one project to look at closely, and one for every edge of thin data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from databases import FILES, Databases
from small_workbook import QUESTIONNAIRE, Workbook

# the next version: one item reworded, one new, one dropped
SECOND = (
    QUESTIONNAIRE.replace('version: "1"', 'version: "2"\nprevious: small-1')
    .replace("{id: lifts, role: item,", "{id: lifts, status: reworded, role: item,")
    .replace("- {id: gone,", "- {id: clean, status: new, role: item, dimension: service, "
             "label: {zh: 清洁, en: Clean}}\n  - {id: gone,")
)  # fmt: skip
OTHER = """id: other
version: "1"
title: {zh: 另一问卷, en: Other}
approved: false
formula: "0"
dont_know: [0]
dimensions: {place: {zh: 环境, en: Place}}
items:
  - {id: total, role: overall, label: {zh: 总评, en: Total}}
  - {id: garden, role: item, dimension: place, label: {zh: 花园, en: Garden}}
"""
OVERRIDE = """reason: 试点
approved_by: 品质管理部
approved_on: 2025-09-01
questionnaires: {"2025": other-1}
"""
WAVES = """wave,name,name_en,kind,opened_on,closed_on,questionnaire
2024,2024年,Year 2024,annual,2024-10-01,2024-11-30,small-1
2025-01,一月,January,monthly,2025-01-05,2025-01-25,small-1
S1,专项,Special,special,2025-05-01,2025-05-31,small-1
S2,专项二,,special,2025-06-01,2025-06-30,small-1
2025,2025年,Year 2025,annual,2025-10-01,2025-11-30,small-2
2026,2026年,Year 2026,annual,2026-10-01,2026-11-30,small-2
"""
DRAWN_AT = "2025-09-28 10:00:00"
DATES = {"H33": "", "H34": "2025-09-30"}  # not handed over; handed over after the draw
OCCUPANCIES = {"H35": "not_moved_in"}
FLAGS = [
    ("H36", "blacklisted", "2025-09-01 08:00", ""),
    ("H37", "blacklisted", "2025-09-28 10:01", ""),  # after the draw
    ("H38", "blacklisted", "2025-01-01 08:00", "2025-09-20 08:00"),  # cleared before
    ("H39", "blacklisted", "2025-01-01 08:00", "2025-10-05 08:00"),  # cleared after
    ("H40", "good_relationship", "2025-01-01 08:00", ""),
]
EDGES = {
    "E-nobody": "no answer yet",
    "E-one": "one answer sheet",
    "E-two": "two answer sheets",
    "E-five": "all answers equal 5, in both waves",
    "E-unknown": "everyone answers don't know",
    "E-lonely": "a customer group of one household",
    "E-frameless": "no frame",
    "E-first": "no earlier wave",
    "E-other": "nothing in common with the earlier questionnaire",
    "E-varied": "enough answers for all methods",
}

Row = Mapping[str, object]


def table(rows: Iterable[Row]) -> str:
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def household(number: int) -> str:
    return f"H{number:02}"


def sheet(project: str, wave: str, number: int, known: bool = True, **scores: object) -> Row:
    mode = ("web", "phone", "paper")[number % 3]
    group = {} if known else {"customer_group": "owner" if number % 3 else "tenant"}
    name = household(number) if known else ""
    return {"project": project, "wave": wave, "response": f"R{number}", "household": name,
            "mode": mode, "answered_at": "2025-10-05 09:00", **group, **scores}  # fmt: skip


def varied(number: int) -> dict[str, object]:
    overall = 1 + (number * 7) % 5
    return {
        "overall": overall,
        "staff": max(1, min(5, overall + number % 3 - 1)),
        "lifts": 1 + (number * 3) % 5,
        "first": (1, 9)[number % 2],
        "why": "电梯太慢" if number % 4 == 0 else "",
    }


def households(project: str, count: int, tenants: Iterable[int] = ()) -> list[Row]:
    own = project == "P1"
    return [
        {
            "project": project,
            "household": household(number),
            "building": str(1 + number % 3),
            "customer_group": "tenant" if number in set(tenants) else "owner",
            "occupancy": OCCUPANCIES.get(household(number), "resident") if own else "resident",
            "handed_over_on": DATES.get(household(number), "2020-01-01") if own else "2020-01-01",
        }
        for number in range(1, count + 1)
    ]


def samples() -> list[Row]:
    def unit(number: int, stratum: str, role: str, invited: str, order: int) -> Row:
        population, size = {"owner": (28, 12), "tenant": (8, 4)}[stratum]
        return {"project": "P1", "wave": "2025", "household": household(number),
                "stratum": stratum, "stratum_population": population, "stratum_sample": size,
                "probability": size / population, "role": role, "draw_order": order,
                "invited": invited, "seed": 7, "design_version": "test-1",
                "drawn_at": DRAWN_AT}  # fmt: skip

    return [
        *(unit(number, "owner", "main", "yes", number) for number in range(1, 13)),
        unit(13, "owner", "reserve", "yes", 13),
        unit(14, "owner", "reserve", "no", 14),
        *(unit(number, "tenant", "main", "yes", number - 24) for number in range(25, 29)),
    ]


def answers() -> dict[str, list[Row]]:
    """One list of answer sheets for every project and wave."""
    main = [*range(1, 11), 13, 20, 25, 26, 27]  # 20 was not drawn
    second = {n: varied(n) | {"clean": 1 + n % 5} for n in range(1, 61)}
    five = {"overall": 5, "staff": 5, "lifts": 5, "clean": 5}
    nothing = {"overall": 9, "staff": 9, "lifts": 9, "clean": 9}
    found = {
        "P1-2025": [sheet("P1", "2025", n, **second[n]) for n in main],
        "P1-2024": [sheet("P1", "2024", n, **varied(n)) for n in range(1, 9)],
        "P1-2025-01": [sheet("P1", "2025-01", n, **varied(n)) for n in (1, 2)],
        "P1-S1": [sheet("P1", "S1", n, **varied(n)) for n in (1, 2)],
        "P1-S2": [sheet("P1", "S2", n, **varied(n)) for n in (1, 2)],
        "P2-2025": [sheet("P2", "2025", n, **second[n]) for n in range(1, 5)],
        "P3-2025": [sheet("P3", "2025", n, **second[n]) for n in range(1, 5)],
        "E-one": [sheet("E-one", "2025", 1, **second[1])],
        "E-two": [sheet("E-two", "2025", n, **second[n]) for n in (1, 2)],
        "E-five": [sheet("E-five", "2025", n, **five) for n in range(1, 61)],
        "E-unknown": [sheet("E-unknown", "2025", n, **nothing) for n in range(1, 31)],
        "E-lonely": [sheet("E-lonely", "2025", n, **second[n]) for n in range(1, 31)],
        "E-frameless": [sheet("E-frameless", "2025", n, False, **second[n]) for n in range(1, 61)],
        "E-first": [sheet("E-first", "2025", n, **second[n]) for n in range(1, 31)],
        "E-other": [
            sheet("E-other", "2025", n, total=1 + n % 5, garden=1 + n % 4) for n in range(1, 31)
        ],
        "E-varied": [sheet("E-varied", "2025", n, **second[n]) for n in range(1, 61)],
    }
    before = {"overall": 5, "staff": 5, "lifts": 5}
    found["E-five-before"] = [sheet("E-five", "2024", n, **before) for n in range(1, 31)]
    for name in ("E-nobody", "E-one", "E-two", "E-unknown", "E-other", "E-varied", "E-lonely"):
        found[f"{name}-before"] = [sheet(name, "2024", n, **varied(n + 1)) for n in range(1, 31)]
    return found


def surveyed_workbook(home: Path, databases: Databases = FILES) -> Workbook:
    """The company's workbook, everything entered by the ordinary import."""
    workbook = Workbook(home, databases)
    for name, content in (("small-2", SECOND), ("other-1", OTHER)):
        path = home / "params" / "questionnaires" / f"{name}.yaml"
        path.write_text(content, encoding="utf-8")
    own = home / "params" / "projects" / "E-other.yaml"
    own.parent.mkdir()
    own.write_text(OVERRIDE, encoding="utf-8")
    names = ["P1", "P2", "P3", "P4", *EDGES]
    projects = [
        {"project": name, "name": f"{name}小区", "name_en": f"Estate {name}", "region": "东",
         "property_type": "commercial" if name == "P3" else "residential"}
        for name in names
    ]  # fmt: skip
    workbook.enter("projects", table(projects))
    workbook.enter("waves", WAVES)
    units = households("P1", 40, range(25, 33))
    for name in names[1:]:
        if name != "E-frameless":
            count = 400 if name == "P4" else 70  # P4: large enough to draw from
            units += households(name, count, [70] if name == "E-lonely" else range(3, 70, 3))
    workbook.enter("households", table(units))
    flags = [
        {"project": "P1", "household": unit, "flag": flag, "set_at": start, "cleared_at": end}
        for unit, flag, start, end in FLAGS
    ]
    workbook.enter("household_flags", table(flags))
    workbook.enter("samples", table(samples()))
    files: dict[str, list[Row]] = {}
    for name, rows in answers().items():
        asked = "first" if rows[0]["wave"] != "2025" else "other" if name == "E-other" else "second"
        files.setdefault(name if name == "P1-2025" else asked, []).extend(rows)
    for name, rows in files.items():
        workbook.enter("responses", table(rows), name=f"responses-{name}.csv")
    return workbook
