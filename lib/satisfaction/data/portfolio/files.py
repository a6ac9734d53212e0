"""Writing raw files as a company has them: Chinese headings and words, XLSX and CSV."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import xlsxwriter

from satisfaction.data.tables import TABLES

Headings = Literal["zh", "en"]

CREATED = datetime(2026, 1, 5, 9, 0)  # fixed: the same portfolio gives the same bytes


def company_wording(
    table: str,
    rows: pd.DataFrame,
    *,
    headings: Headings = "zh",
    labels: dict[str, str] | None = None,
) -> pd.DataFrame:
    """Codes as Chinese words and columns under Chinese headings; ``labels`` heads item columns."""
    columns = TABLES[table].columns
    worded = rows.copy()
    names = dict(labels or {})
    for name, column in columns.items():
        if name not in worded:
            continue
        facts = column.metadata
        names[name] = facts["zh"]
        if headings == "en":
            continue
        if "choices" in facts:
            words = {code: zh for code, (zh, _) in facts["choices"].items()}
            worded[name] = worded[name].map(words)
        elif facts["kind"] == "boolean":
            worded[name] = worded[name].map({True: "是", False: "否"})
    return worded if headings == "en" else worded.rename(columns=names)


def write_csv(path: Path, rows: pd.DataFrame, *, encoding: str = "utf-8-sig") -> Path:
    """CSV as Excel saves it in China: UTF-8 with BOM or GB18030."""
    ready = rows.copy()
    for name in ready.columns:
        if isinstance(ready[name].dtype, pd.DatetimeTZDtype) or ready[name].dtype.kind == "M":
            ready[name] = _date_text(ready[name])
    ready.to_csv(path, index=False, encoding=encoding, lineterminator="\r\n", float_format="%.6g")
    return path


def write_xlsx(path: Path, rows: pd.DataFrame, *, sheet: str) -> Path:
    """One sheet, dates as dates, nothing read as a formula or link."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": CREATED, "title": sheet})
        page = book.add_worksheet(sheet)
        formats = {
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "head": book.add_format({"bold": True}),
        }
        page.freeze_panes(1, 0)
        page.write_row(0, 0, [str(name) for name in rows.columns], formats["head"])
        columns = [_cells(rows[name]) for name in rows.columns]
        styles = [_style(rows[name], formats) for name in rows.columns]
        for row, values in enumerate(zip(*columns, strict=True), start=1):
            for place, value in enumerate(values):
                if value is None:
                    continue
                if isinstance(value, str):
                    page.write_string(row, place, value)
                elif isinstance(value, datetime):
                    page.write_datetime(row, place, value, styles[place])
                else:
                    page.write_number(row, place, value)
    return path


def _is_day(values: pd.Series) -> bool:
    known = values.dropna()
    return bool((known == known.dt.normalize()).all())


def _date_text(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d" if _is_day(values) else "%Y-%m-%d %H:%M")


def _style(values: pd.Series, formats: dict[str, Any]) -> Any:
    if values.dtype.kind != "M":
        return None
    return formats["day" if _is_day(values) else "moment"]


def _cells(values: pd.Series) -> list[Any]:
    if values.dtype.kind == "M":
        return [None if pd.isna(value) else value.to_pydatetime() for value in values]
    plain = values.astype(object)
    return plain.where(plain.notna(), None).tolist()
