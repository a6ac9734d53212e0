"""All raw files of the sample portfolio, in the order in which they are imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from satisfaction.data.portfolio import follow_up, households, records, survey
from satisfaction.data.portfolio.files import company_wording, write_csv, write_xlsx
from satisfaction.data.portfolio.project import ANNUAL, MONTHLY
from satisfaction.data.portfolio.truth import SEED, TRUTH

# Short labels of the questionnaires, which head the item columns of some files.
LABELS = {
    "overall": "总体满意度",
    "staff_attitude": "服务态度",
    "response_speed": "报修响应",
    "communication": "信息告知",
    "cleaning": "清洁卫生",
    "greening": "绿化养护",
    "waste_sorting": "垃圾分类",
    "access_control": "出入管理",
    "patrols": "秩序巡逻",
    "fire_safety": "消防安全",
    "lifts": "电梯运行",
    "water_power": "水电供应",
    "charging": "充电设施",
    "newsletter": "宣传栏",
    "activities": "社区活动",
    "parking": "停车管理",
    "shared_charges": "公摊费用",
    "improve": "改进意见",
    "praise": "表扬",
}
REGION_FILES = {"华南": "south", "华东": "east", "西南": "southwest", "华北": "north"}
GB = "gb18030"
PAPER_PROJECT = "heyuan"
PAPER_HEADINGS = {"response": "问卷流水号", "household": "住户码", "answered_at": "填写时间"}
PAPER_ITEMS = {
    "overall": "Q0总体",
    "staff_attitude": "Q1态度",
    "response_speed": "Q2报修",
    "communication": "Q3告知",
    "cleaning": "Q4清洁",
    "greening": "Q5绿化",
    "waste_sorting": "Q6分类",
    "access_control": "Q7门禁",
    "patrols": "Q8巡逻",
    "fire_safety": "Q9消防",
    "lifts": "Q10电梯",
    "water_power": "Q11水电",
    "charging": "Q12充电",
    "activities": "Q13活动",
    "parking": "Q14停车",
    "shared_charges": "Q15公摊",
    "improve": "留言",
    "praise": "好评",
}
PAPER_CODES = {5: "A", 4: "B", 3: "C", 2: "D", 1: "E", survey.DONT_KNOW: "9"}


def write_portfolio(folder: Path, *, seed: int = SEED) -> list[tuple[str, Path]]:
    """Write every raw file into ``folder``; (table, file) in import order.

    The same seed gives the same bytes. The paper sheets of one project need the mapping
    ``params/imports/portfolio_paper.yaml``; every other file enters without one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = {key: households.households(truth, seed) for key, truth in TRUTH.items()}
    flags = {key: households.flags(truth, frames[key], seed) for key, truth in TRUTH.items()}
    drawn = {
        key: survey.samples(truth, frames[key], flags[key], seed) for key, truth in TRUTH.items()
    }
    sheets = {
        key: survey.sheets(truth, frames[key], flags[key], drawn[key], seed)
        for key, truth in TRUTH.items()
    }
    return [
        *_base_files(folder, frames, flags),
        *_sample_files(folder, pd.concat(drawn.values(), ignore_index=True)),
        *_response_files(folder, sheets),
        *_record_files(folder, frames, sheets, seed),
    ]


def _base_files(
    folder: Path, frames: dict[str, pd.DataFrame], flags: dict[str, pd.DataFrame]
) -> Iterator[tuple[str, Path]]:
    projects = company_wording("projects", households.projects())
    yield "projects", write_xlsx(folder / "projects.xlsx", projects, sheet="项目")
    waves = company_wording("waves", households.waves())
    yield "waves", write_xlsx(folder / "waves.xlsx", waves, sheet="调查计划")
    for region, name in REGION_FILES.items():
        own = [frames[key] for key, truth in TRUTH.items() if truth.region == region]
        rows = company_wording("households", pd.concat(own, ignore_index=True))
        stem = f"households_{name}"
        if name == "north":
            yield "households", write_xlsx(folder / f"{stem}.xlsx", rows, sheet="住户")
        else:
            encoding = GB if name == "east" else "utf-8-sig"
            yield "households", write_csv(folder / f"{stem}.csv", rows, encoding=encoding)
    history = company_wording("household_flags", pd.concat(flags.values(), ignore_index=True))
    yield "household_flags", write_csv(folder / "household_flags.csv", history, encoding=GB)
    people = pd.concat([households.contacts(frame) for frame in frames.values()])
    rows = company_wording("contacts", people)
    yield "contacts", write_xlsx(folder / "contacts.xlsx", rows, sheet="联系人")


def _sample_files(folder: Path, drawn: pd.DataFrame) -> Iterator[tuple[str, Path]]:
    names = {wave: f"samples_{wave}" for wave in ANNUAL} | dict.fromkeys(
        MONTHLY, "samples_2025_monthly"
    )
    for name, rows in drawn.groupby(drawn["wave"].map(names)):
        headings = company_wording("samples", rows)
        yield "samples", write_csv(folder / f"{name}.csv", headings)


def _response_files(
    folder: Path, sheets: dict[str, dict[str, pd.DataFrame]]
) -> Iterator[tuple[str, Path]]:
    for wave in (*ANNUAL, *MONTHLY):
        rows = pd.concat([own[wave] for own in sheets.values() if wave in own], ignore_index=True)
        if wave == "2025":
            on_paper = (rows["mode"] == "paper").to_numpy()
            paper, rows = rows[on_paper], rows[~on_paper]
            yield "responses", _paper_file(folder / f"paper_{PAPER_PROJECT}.xlsx", paper)
        stem = f"responses_{wave}"
        if wave in ("2023", "2024"):  # the older survey tool exported item ids
            worded = company_wording("responses", rows, labels=LABELS if wave == "2024" else {})
            yield "responses", write_xlsx(folder / f"{stem}.xlsx", worded, sheet="答卷")
        elif wave == "2025-01":  # an English export: codes and column names
            english = company_wording("responses", rows, headings="en")
            yield "responses", write_csv(folder / f"{stem}.csv", english)
        else:
            worded = company_wording("responses", rows, labels=LABELS)
            encoding = GB if wave == "2025-06" else "utf-8-sig"
            yield "responses", write_csv(folder / f"{stem}.csv", worded, encoding=encoding)


def _paper_file(path: Path, paper: pd.DataFrame) -> Path:
    """Sheets keyed in by an agency: its own headings, A-E or 9, no project, wave or mode."""
    rows = paper[[*PAPER_HEADINGS, *PAPER_ITEMS]].copy()
    for item in PAPER_ITEMS:
        if item not in ("improve", "praise"):
            rows[item] = rows[item].map(PAPER_CODES)
    return write_xlsx(path, rows.rename(columns=PAPER_HEADINGS | PAPER_ITEMS), sheet="录入")


def _record_files(
    folder: Path,
    frames: dict[str, pd.DataFrame],
    sheets: dict[str, dict[str, pd.DataFrame]],
    seed: int,
) -> Iterator[tuple[str, Path]]:
    tables: dict[str, list[pd.DataFrame]] = {
        "complaints": [],
        "suggestions": [],
        "visits": [],
        "actions": [],
    }
    for key, truth in TRUTH.items():
        frame, own = frames[key], sheets[key]
        coached = follow_up.coached_sheets(truth, own)
        tables["complaints"].append(records.complaints(truth, frame, seed))
        tables["suggestions"].append(records.suggestions(truth, frame, seed))
        tables["visits"].append(follow_up.visits(truth, frame, coached, seed))
        tables["actions"].append(follow_up.actions(truth, own, seed))
    titles = {"complaints": "工单", "suggestions": "建议", "actions": "改进措施"}
    for table, parts in tables.items():
        rows = company_wording(table, pd.concat(parts, ignore_index=True))
        if table == "visits":
            yield table, write_csv(folder / "visits.csv", rows)
        else:
            yield table, write_xlsx(folder / f"{table}.xlsx", rows, sheet=titles[table])
