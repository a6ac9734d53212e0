"""The schema and the data dictionary, both written from the table models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandera.pandas as pa

from satisfaction.data.database import CONTACTS_SCHEMA, SCHEMA
from satisfaction.data.tables import TABLES

_SQL_TYPES = {
    "ident": "text",
    "text": "text",
    "choice": "text",
    "integer": "integer",
    "real": "double precision",
    "boolean": "boolean",
    "day": "date",
    "moment": "timestamp",
}
_WORDS = {
    "ident": "identifier",
    "text": "text",
    "choice": "code",
    "integer": "whole number",
    "real": "number",
    "boolean": "yes/no",
    "day": "date",
    "moment": "date and time",
}


def sql_type(column: pa.Column) -> str:
    """Type of a column in the dialect that DuckDB and PostgreSQL share."""
    return _SQL_TYPES[column.metadata["kind"]]


def schema_sql(*, personal: bool) -> str:
    """``CREATE TABLE`` statements of all tables that do (not) hold personal data."""
    head = (
        "-- Written from the table models (lib/satisfaction/data/tables.py, records.py); "
        "do not edit.\n"
    )
    chosen = [model for model in TABLES.values() if model.metadata["personal"] == personal]
    return head + "\n".join(_create(model) for model in chosen)


def generated_files(home: Path) -> dict[Path, str]:
    """Every file that is written from the table models -> what must stand in it."""
    return {
        SCHEMA: schema_sql(personal=False),
        CONTACTS_SCHEMA: schema_sql(personal=True),
        home / "data" / "README.md": dictionary_markdown(),
    }


def _create(model: pa.DataFrameSchema) -> str:
    name, facts = model.name, model.metadata
    lines = [_column_sql(column, field) for column, field in model.columns.items()]
    if not facts["derived"]:
        lines.append("source text NOT NULL")
    if facts["indexed"]:
        lines.append(f"PRIMARY KEY ({', '.join(facts['key'])})")
    for columns, target in facts["references"].items():
        lines.append(f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target}")
    body = ",\n".join(f"    {line}" for line in lines)
    comments = [f"COMMENT ON TABLE {name} IS {_quote(model.description)};"]
    for column, field in model.columns.items():
        comments.append(f"COMMENT ON COLUMN {name}.{column} IS {_quote(field.description)};")
    if not facts["derived"]:
        comments.append(f"COMMENT ON COLUMN {name}.source IS 'file that the row came from';")
    return f"CREATE TABLE {name} (\n{body}\n);\n" + "\n".join(comments) + "\n"


def _column_sql(name: str, column: pa.Column) -> str:
    parts = [name, sql_type(column)]
    if parts[1] == "text":
        parts.append('COLLATE "C"')  # the same order on every server and on DuckDB
    if not column.nullable:
        parts.append("NOT NULL")
    if condition := _condition(name, column):
        parts.append(f"CHECK ({condition})")
    return " ".join(parts)


def _condition(name: str, column: pa.Column) -> str:
    """The pandera checks as SQL; patterns stay with the import, lengths and ranges go along."""
    found = []
    for check in column.checks:
        values: dict[str, Any] = check.statistics
        if check.name == "isin":
            found.append(f"{name} IN ({', '.join(map(_quote, values['allowed_values']))})")
        elif check.name == "str_matches":
            found.append(f"length({name}) BETWEEN 1 AND 63")
        elif check.name == "str_length":
            found.append(f"length({name}) BETWEEN {values['min_value']} AND {values['max_value']}")
        else:
            sign, key = {
                "greater_than_or_equal_to": (">=", "min_value"),
                "greater_than": (">", "min_value"),
                "less_than_or_equal_to": ("<=", "max_value"),
            }[check.name]
            found.append(f"{name} {sign} {values[key]}")
    return " AND ".join(found)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def dictionary_markdown() -> str:
    """``data/README.md``: every table and column in words."""
    parts = [
        "# Data dictionary\n",
        "Written from the table models in `lib/satisfaction/data/` (`tables.py`, `records.py`); "
        "do not edit.\n",
        "Raw files go to `data/raw/` and are never changed. An import accepts the English or the",
        "Chinese heading, and for closed columns the code or its word in either language.",
        "Identifiers are 1-63 letters, digits, `_`, `.` or `-`. `data/workbook.duckdb` is built",
        "from the files; personal data stands in `data/contacts.duckdb` alone.\n",
    ]
    for name, model in TABLES.items():
        facts = model.metadata
        parts.append(f"## {name}\n")
        parts.append(f"{model.description}\n")
        parts.append(f"Key: {', '.join(f'`{part}`' for part in facts['key'])}." + _kind(facts))
        parts.append("\n| column | 中文 | type | empty | meaning |\n|---|---|---|---|---|")
        for column, field in model.columns.items():
            empty = "yes" if field.nullable else "no"
            unit = f" [{field.metadata['unit']}]" if field.metadata["unit"] else ""
            kind = _WORDS[field.metadata["kind"]]
            meaning = field.description + unit + _codes(field)
            parts.append(f"| `{column}` | {field.metadata['zh']} | {kind} | {empty} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def _kind(facts: dict[str, Any]) -> str:
    if facts["derived"]:
        return " Written by the product itself."
    return " Personal data: no report can read it." if facts["personal"] else ""


def _codes(column: pa.Column) -> str:
    choices = column.metadata.get("choices")
    if not choices:
        return ""
    return ": " + ", ".join(f"`{code}` {zh} ({en})" for code, (zh, en) in choices.items())
