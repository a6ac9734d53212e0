"""Raw files as text: CSV in the encodings of Chinese offices, Excel workbooks and SPSS files.

Everything becomes trimmed text, column by column, with the row numbers that Excel shows; what a
column means is decided later, by the table models and the mapping.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from satisfaction.problems import DataProblem, Problem

ENCODINGS = ("utf-8", "gb18030")  # GB18030 accepts nearly anything, so it comes last
DELIMITERS = ",;\t"
BLOCK_BYTES = 64_000_000  # one quoted cell must fit into a block
UNPACKED_BYTES = 4_000_000_000
_QUOTES = 'Close every " and double those inside cells.'
_SIGNATURES = {
    b"PK\x03\x04": (".xlsx", "an Excel workbook"),
    b"\xd0\xcf\x11\xe0": (".xls", "an old Excel workbook"),
    b"$FL": (".sav", "an SPSS file"),
}


@dataclass(frozen=True)
class Sheet:
    """One table of a raw file.

    cells      one text column per heading, empty cells missing
    rows       row number of every row as Excel counts it
    is_excel   whether dates may stand as Excel's serial numbers
    """

    headings: list[str]
    cells: list[pd.Series]
    rows: NDArray[np.int64]
    is_excel: bool = False


def column_letter(place: int) -> str:
    """Excel's name of the column at ``place`` (from 0): ``A`` ... ``Z``, ``AA`` ..."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def read_sheet(path: Path, sheet: str | None = None, encoding: str | None = None) -> Sheet:
    """The first (or named) table of a file; DataProblem when it cannot be read."""
    name = path.name
    readers: dict[str, Callable[[], Sheet]] = {
        ".csv": lambda: _read_csv(path, encoding),
        ".tsv": lambda: _read_csv(path, encoding),
        ".txt": lambda: _read_csv(path, encoding),
        ".xlsx": lambda: _read_excel(path, sheet),
        ".xlsm": lambda: _read_excel(path, sheet),
        ".sav": lambda: _read_spss(path),
    }
    if not path.is_file():
        raise _unreadable(name, "the file does not exist", "Check the name and the folder.")
    if path.suffix.lower() not in readers:
        raise _unreadable(
            name,
            f"files of the kind {path.suffix or '(no ending)'} cannot be imported",
            "Save it as .csv, .xlsx or .sav.",
        )
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise _unreadable(
            name, f"the file cannot be read: {error.strerror}", "Check rights."
        ) from None
    if not start:
        raise _unreadable(name, "the file is empty", "Check the export that made it.")
    _check_signature(name, path.suffix.lower(), start)
    return _with_rows(name, readers[path.suffix.lower()]())


def _check_signature(name: str, suffix: str, start: bytes) -> None:
    for signature, (fitting, kind) in _SIGNATURES.items():
        same = suffix == fitting or (suffix == ".xlsm" and fitting == ".xlsx")
        if start.startswith(signature) and not same:
            remedy = "Save it as .xlsx." if fitting == ".xls" else f"Rename it to {fitting}."
            raise _unreadable(name, f"the content is {kind}, not what the ending says", remedy)


def _with_rows(name: str, sheet: Sheet) -> Sheet:
    """Drop rows and heading-less columns without any content."""
    kept = [
        place
        for place, heading in enumerate(sheet.headings)
        if heading or sheet.cells[place].notna().any()
    ]
    filled = np.zeros(len(sheet.rows), dtype=bool)
    for place in kept:
        filled |= sheet.cells[place].notna().to_numpy()
    if not kept or not filled.any():
        raise _unreadable(name, "there are no rows below the heading", "Check the export.")
    return Sheet(
        [sheet.headings[place] for place in kept],
        [sheet.cells[place][filled].reset_index(drop=True) for place in kept],
        sheet.rows[filled],
        sheet.is_excel,
    )


def _unreadable(
    name: str, rule: str, remedy: str, row: int | None = None, value: str = ""
) -> DataProblem:
    return DataProblem(Problem(name, rule, remedy, row=row, value=value))


def _read_csv(path: Path, encoding: str | None) -> Sheet:
    name = path.name
    text = _decoded(name, path.read_bytes(), encoding)
    body = text.lstrip("\r\n \t,;\ufeff")
    if not body:
        raise _unreadable(name, "the file is empty", "Check the export that made it.")
    # blank lines before the heading: Excel counts them
    start = text.rfind("\n", 0, len(text) - len(body)) + 1
    skipped = text.count("\n", 0, start)
    delimiter, headings = _heading(name, text[start:])
    ragged: list[tuple[int, int]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    names = [f"f{place}" for place in range(len(headings))]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text[start:].encode()),
            read_options=arrow_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        raise _unreadable(name, "a quoted cell is not closed", _QUOTES) from None
    if ragged:
        raise DataProblem(
            [
                Problem(
                    name,
                    f"the row has {cells} cells, the heading {len(headings)}",
                    'Cells that hold the separator or a line break need " around them.',
                    row=skipped + number,
                )
                for number, cells in ragged[:1000]
            ]
        )
    last = table.column(names[-1])[-1].as_py() if len(table) else ""
    if "\n" in last and text.count('"') % 2:  # it runs to the end of the file
        raise _unreadable(name, "a quoted cell is not closed", _QUOTES)
    rows = np.arange(len(table) - 1) + skipped + 2
    return Sheet(headings, [_trimmed(table.column(column)[1:]) for column in names], rows)


def _decoded(name: str, raw: bytes, encoding: str | None) -> str:
    if encoding is None and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    first: UnicodeDecodeError | None = None
    for candidate in (encoding,) if encoding else ENCODINGS:
        try:
            return raw.decode(candidate).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            first = first or error
    assert first is not None
    tried = encoding or "UTF-8 or GB18030"
    raise _unreadable(
        name,
        f"the text is not {tried} (byte {first.start})",
        "Save it as UTF-8, or name its encoding in a mapping.",
        row=raw.count(b"\n", 0, first.start) + 1,
    )


def _heading(name: str, text: str) -> tuple[str, list[str]]:
    """The delimiter that splits the first record into most cells, and these cells."""
    found = {}
    for delimiter in DELIMITERS:
        try:
            found[delimiter] = next(csv.reader(io.StringIO(text[:1_000_000]), delimiter=delimiter))
        except csv.Error:
            continue
    if not found:
        raise _unreadable(name, "the heading cannot be read", "Check the first row.")
    delimiter = max(found, key=lambda one: len(found[one]))
    return delimiter, [heading.strip() for heading in found[delimiter]]


def _trimmed(column: pa.ChunkedArray) -> pd.Series:
    trimmed = pc.utf8_trim_whitespace(column)
    kept = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return pd.Series(kept.to_pandas(), dtype="str")


def _read_excel(path: Path, sheet: str | None) -> Sheet:
    import python_calamine

    name = path.name
    remedy = "Open it in Excel and save it as .xlsx, or as CSV."
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES:
                raise _unreadable(name, "the workbook is too large", "Save it as CSV.")
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise _unreadable(
                name,
                f"there is no sheet {sheet!r}",
                f"Correct the mapping; sheets: {', '.join(book.sheet_names)}.",
            )
        wanted = sheet or book.sheet_names[0]
        rows = book.get_sheet_by_name(wanted).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError):
        raise _unreadable(name, "the file is not an Excel workbook", remedy) from None
    texts = [[cell_text(cell) for cell in row] for row in rows]
    heading = next((place for place, row in enumerate(texts) if any(row)), None)
    if heading is None:
        raise _unreadable(name, "the sheet is empty", "Name the right sheet in a mapping.")
    columns: Iterable[tuple[str, ...]] = zip(*texts[heading:], strict=True)
    split = [
        (column[0], _trimmed(pa.chunked_array([list(column[1:])], pa.string())))
        for column in columns
    ]
    numbers = np.arange(len(texts) - heading - 1) + heading + 2
    return Sheet([top for top, _ in split], [below for _, below in split], numbers, is_excel=True)


def _read_spss(path: Path) -> Sheet:
    import pyreadstat

    try:
        # user-missing codes stay codes: whether 9 means "don't know" is for the questionnaire
        frame, _ = pyreadstat.read_sav(str(path), user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError):
        raise _unreadable(
            path.name, "the file is not a readable SPSS file", "Export it again as .sav."
        ) from None
    cells = [
        _trimmed(pa.chunked_array([[cell_text(cell) for cell in frame[name]]], pa.string()))
        for name in frame.columns
    ]
    return Sheet([str(name).strip() for name in frame.columns], cells, np.arange(len(frame)) + 2)


def cell_text(cell: Any) -> str:
    """A typed cell as the text that a person would have typed: ``12.0`` -> ``12``."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
