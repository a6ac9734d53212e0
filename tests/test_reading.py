"""Raw files as text: encodings, separators, sheets, and files that are not what they say."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import xlsxwriter

from satisfaction.data.reading import column_letter, read_sheet
from satisfaction.problems import DataProblem

TEXT = '编号,名称\n1,甲\n2,"乙, 丙"\n'


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def problem(path: Path, **more: str) -> tuple[int | None, str]:
    with pytest.raises(DataProblem) as caught:
        read_sheet(path, **more)
    return caught.value.problems[0].row, caught.value.problems[0].rule


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_separators_are_recognised(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = TEXT.replace(",", delimiter).replace(f"乙{delimiter}", "乙,")
    sheet = read_sheet(write(tmp_path, "a.csv", text.encode(encoding)))
    assert sheet.headings == ["编号", "名称"]
    assert [list(column) for column in sheet.cells] == [["1", "2"], ["甲", "乙, 丙"]]
    assert list(sheet.rows) == [2, 3]


def test_rows_are_counted_as_excel_counts_them(tmp_path: Path) -> None:
    content = b'\r\na,b\r\n1,2\r\n\r\n"x\r\ny",3\r\n,\r\n4,5'
    sheet = read_sheet(write(tmp_path, "a.csv", content))
    assert list(sheet.rows) == [3, 5, 7]
    assert list(sheet.cells[0]) == ["1", "x\r\ny", "4"]


def test_every_ragged_row_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b"a,b\n1,2\n1,2,3\n\n4\n")
    with pytest.raises(DataProblem) as caught:
        read_sheet(path)
    assert [one.row for one in caught.value.problems] == [3, 5]


def test_undecodable_text_names_byte_and_line(tmp_path: Path) -> None:
    row, rule = problem(write(tmp_path, "a.csv", b"a,b\n1,\xff\xff\n"))
    assert row == 2
    assert "byte 6" in rule


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b" \r\n\r\n", "the file is empty"),
        ("a.csv", b"a,b\n", "there are no rows below the heading"),
        ("a.csv", b"a,b\n,\n", "there are no rows below the heading"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "a quoted cell is not closed"),
        ("a.csv", b"PK\x03\x04rest", "the content is an Excel workbook, not what the ending says"),
        ("a.xlsx", b"a,b\n1,2\n", "the file is not an Excel workbook"),
        ("a.xlsx", b"PK\x03\x04rest", "the file is not an Excel workbook"),
        ("a.sav", b"a,b\n1,2\n", "the file is not a readable SPSS file"),
        ("a.pdf", b"%PDF", "files of the kind .pdf cannot be imported"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, rule: str) -> None:
    assert problem(write(tmp_path, name, content))[1] == rule


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert problem(tmp_path / "none.csv")[1] == "the file does not exist"
    assert problem(tmp_path)[1] == "the file does not exist"


def test_excel_cells_become_the_text_that_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("cover")
        sheet = book.add_worksheet("data")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(1, 0, ["a", "b", "c", "d", "e"])
        sheet.write_row(3, 0, [12, 4.5, True, " x "])
        sheet.write_datetime(3, 4, datetime(2025, 2, 3, 14, 30), moment)
        sheet.write_datetime(4, 4, datetime(2025, 2, 3), day)
    sheet = read_sheet(path, "data")
    assert [cells.iloc[0] for cells in sheet.cells] == [
        "12",
        "4.5",
        "true",
        "x",
        "2025-02-03 14:30:00",
    ]
    assert sheet.cells[4].iloc[1] == "2025-02-03"
    assert list(sheet.rows) == [4, 5]
    assert "there is no sheet 'none'" in problem(path, sheet="none")[1]
    assert problem(path)[1] == "the sheet is empty"


def test_spss_codes_stay_codes(tmp_path: Path) -> None:
    path = tmp_path / "a.sav"
    frame = pd.DataFrame({"q1": [1.0, 9.0], "day": [date(2025, 1, 2), None], "text": ["甲", ""]})
    pyreadstat.write_sav(
        frame,
        str(path),
        variable_value_labels={"q1": {1: "poor"}},
        missing_ranges={"q1": [9]},
    )
    sheet = read_sheet(path)
    assert list(sheet.cells[0]) == ["1", "9"]
    assert sheet.cells[1].iloc[0] == "2025-01-02"
    assert pd.isna(sheet.cells[2].iloc[1])


def test_column_letters() -> None:
    assert [column_letter(place) for place in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]
