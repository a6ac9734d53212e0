"""A workbook of two projects for the tests of the import: raw files in, rows out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from databases import FILES, Databases
from satisfaction.data.database import exists, fetch, reader
from satisfaction.data.importing import ImportReport, import_file
from satisfaction.data.tables import TABLES
from satisfaction.problems import DataProblem

PARAMS = Path(__file__).parent.parent / "params"
QUESTIONNAIRE = """id: small
version: "1"
title: {zh: 小问卷, en: Small}
approved: true
formula: "1"
dont_know: [9]
dimensions: {service: {zh: 服务, en: Service}}
items:
  - {id: overall, role: overall, label: {zh: 总体, en: Overall}}
  - {id: staff, role: item, dimension: service, label: {zh: 态度, en: Staff}}
  - {id: lifts, role: item, dimension: service, label: {zh: 电梯, en: Lifts}}
  - {id: gone, role: item, dimension: service, status: dropped, label: {zh: 旧题, en: Gone}}
  - {id: first, role: priority, label: {zh: 优先, en: First}, codes: {1: staff, 9: lifts}}
  - {id: why, role: open, label: {zh: 原因, en: Why}}
"""
PROJECTS = "项目编号,项目名称,物业类型,区域\nP1,一号,住宅,华东\nP2,二号,商业,华东\n"
WAVES = (
    "wave,name,kind,opened_on,closed_on,questionnaire\n"
    "2024,2024,年度,2024-10-01,2024-11-30,small-1\n2025,2025,annual,2025/10/1,2025年11月30日,small-1\n"
)
HOUSEHOLDS = (
    "project,household,building,customer_group,occupancy\n"
    "P1,H1,1,owner,resident\nP1,H2,1,租户,常住\nP1,H3,2,owner,resident\nP2,K1,A,merchant,resident\n"
)
RESPONSES = (
    "project,wave,response,household,mode,answered_at,总体,staff,Lifts,first,原因\n"
    "P1,2025,R1,H1,web,2025/10/3 9:05,5,4,9,9,电梯太慢\n"
    "P1,2025,R2,H2,纸质问卷,2025-10-04,５,,3.0,1,\n"
    'P2,2025,R1,K1,phone,,1,2,3,,"引号, 换行\n第二行"\n'
)


class Workbook:
    """A folder with settings, raw files and a database."""

    def __init__(self, home: Path, databases: Databases = FILES) -> None:
        self.home, self.databases = home, databases
        self.raw = home / "data" / "raw"
        self.raw.mkdir(parents=True)
        (home / "params" / "questionnaires").mkdir(parents=True)
        shutil.copy(PARAMS / "policy.yaml", home / "params" / "policy.yaml")
        own = home / "params" / "questionnaires" / "small-1.yaml"
        own.write_text(QUESTIONNAIRE, encoding="utf-8")
        self.database = databases.new(home)

    def copy(self, home: Path) -> Workbook:
        """The same workbook in another folder."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        twin = Workbook.__new__(Workbook)
        twin.home, twin.raw = home, home / "data" / "raw"
        twin.databases = self.databases
        twin.database = self.databases.copy(self.home, home)
        return twin

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.raw / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def enter(
        self,
        table: str,
        content: str | bytes,
        *,
        name: str = "",
        mapping: str = "",
        source: str | None = None,
    ) -> ImportReport:
        path = self.file(name or f"{table}.csv", content)
        rules = None
        if mapping:
            rules = self.home / "params" / "mapping.yaml"
            rules.write_text(mapping, encoding="utf-8")
        return import_file(
            table, path, home=self.home, mapping=rules, source=source, recorder="Test"
        )

    def fill(self) -> None:
        for table, content in (
            ("projects", PROJECTS),
            ("waves", WAVES),
            ("households", HOUSEHOLDS),
            ("responses", RESPONSES),
        ):
            self.enter(table, content)

    def rows(self, table: str, *, personal: bool = False) -> pd.DataFrame:
        with reader(self.database, personal=personal) as connection:
            stored = fetch(connection, f"SELECT * FROM {table}")
        return stored.sort_values(list(stored.columns), ignore_index=True)

    def contents(self, *, personal: bool = True) -> bytes:
        """Everything that is stored (personal data too), to be searched, or compared later."""
        if isinstance(self.database, Path):
            files = sorted(self.database.parent.glob("*.duckdb")) if personal else [self.database]
            return b"".join(path.read_bytes() for path in files)
        found = []
        for part in (False, True) if personal else (False,):
            if exists(self.database, personal=part):
                with reader(self.database, personal=part) as connection:
                    for name, model in TABLES.items():
                        if model.metadata["personal"] == part:
                            rows = fetch(connection, f"SELECT * FROM {name}")
                            found.append(f"{name}\n{rows.sort_values([*rows.columns]).to_csv()}")
        return "".join(found).encode()

    def problems(self, table: str, content: str | bytes, **more: str) -> list[tuple]:
        """The problems of a file, (row, column, value, rule); the database must not change."""
        before = self.contents()
        with pytest.raises(DataProblem) as caught:
            self.enter(table, content, **more)
        assert self.contents() == before, "a refused file changed the database"
        found = caught.value.problems
        assert all(one.remedy for one in found)
        return [(one.row, one.column, one.value, one.rule) for one in found]
