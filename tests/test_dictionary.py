"""Schema and data dictionary are written from the table models, and nothing has drifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Databases
from satisfaction.data import dictionary
from satisfaction.data.columns import text
from satisfaction.data.database import CONTACTS_SCHEMA, SCHEMA, fetch, writer
from satisfaction.data.dictionary import generated_files, sql_type
from satisfaction.data.tables import TABLES

ROOT = Path(__file__).parent.parent
COLUMNS = {
    "duckdb": "SELECT table_name, column_name, is_nullable, comment "
    "FROM duckdb_columns() WHERE NOT internal",
    "postgresql": "SELECT c.relname AS table_name, a.attname AS column_name, "
    "NOT a.attnotnull AS is_nullable, col_description(c.oid, a.attnum) AS comment "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(current_schema())",
}
COMMENTS = {
    "duckdb": "SELECT table_name, comment FROM duckdb_tables() WHERE NOT internal",
    "postgresql": "SELECT c.relname AS table_name, obj_description(c.oid, 'pg_class') AS comment "
    "FROM pg_class c "
    "WHERE c.relkind = 'r' AND c.relnamespace = to_regnamespace(current_schema())",
}


@pytest.mark.parametrize("path", list(generated_files(ROOT)), ids=lambda path: path.name)
def test_a_generated_file_is_current(path: Path) -> None:
    assert path.read_text("utf-8") == generated_files(ROOT)[path], (
        "run: python -m satisfaction check --write"
    )


def test_all_three_files_are_written() -> None:
    assert set(generated_files(ROOT)) == {SCHEMA, CONTACTS_SCHEMA, ROOT / "data" / "README.md"}


@pytest.mark.parametrize("personal", [False, True])
def test_the_schema_makes_every_table_with_comments(
    tmp_path: Path, databases: Databases, personal: bool
) -> None:
    with writer(databases.new(tmp_path), personal=personal) as connection:
        columns = fetch(connection, COLUMNS[databases.kind])
        tables = fetch(connection, COMMENTS[databases.kind])
    expected = {name: m for name, m in TABLES.items() if m.metadata["personal"] is personal}
    assert dict(zip(tables["table_name"], tables["comment"], strict=True)) == {
        name: model.description for name, model in expected.items()
    }
    assert columns["comment"].notna().all()
    made = {
        (row.table_name, row.column_name): (bool(row.is_nullable), row.comment)
        for row in columns.itertuples()
    }
    for name, model in expected.items():
        for column, field in model.columns.items():
            keyed = column in model.metadata["key"] and model.metadata["indexed"]
            assert made.pop((name, column)) == (field.nullable and not keyed, field.description)
        if not model.metadata["derived"]:
            assert made.pop((name, "source"))[0] is False
    assert made == {}


def test_personal_data_has_a_schema_of_its_own() -> None:
    main, contacts = SCHEMA.read_text("utf-8"), CONTACTS_SCHEMA.read_text("utf-8")
    personal = [name for name, model in TABLES.items() if model.metadata["personal"]]
    assert personal == ["contacts"]
    for column in ("phone", "room"):
        assert f"    {column} " in contacts
        assert f"    {column} " not in main
    assert "CREATE TABLE contacts" not in main
    assert contacts.count("CREATE TABLE") == 1


def test_the_dictionary_tells_every_column_in_both_languages() -> None:
    lines = (ROOT / "data" / "README.md").read_text("utf-8").splitlines()
    for name, model in TABLES.items():
        start = lines.index(f"## {name}")
        part = lines[start:]
        for column, field in model.columns.items():
            row = next(line for line in part if line.startswith(f"| `{column}` |"))
            assert field.metadata["zh"] in row
            assert field.description in row
            for code, (zh, _en) in field.metadata.get("choices", {}).items():
                assert f"`{code}` {zh}" in row


def test_a_changed_model_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dict(TABLES)
    more = {"motto": text("口号", "what it stands for", null=True)}
    changed["projects"] = TABLES["projects"].add_columns(more)
    changed["projects"].metadata = TABLES["projects"].metadata
    monkeypatch.setattr(dictionary, "TABLES", changed)
    stale = {p.name for p, words in generated_files(ROOT).items() if p.read_text("utf-8") != words}
    assert stale == {"schema.sql", "README.md"}
    column = '    motto text COLLATE "C" CHECK (length(motto) BETWEEN 1 AND 200)'
    assert column in dictionary.schema_sql(personal=False)


def test_types_stand_in_the_dialect_that_both_databases_share() -> None:
    types = {sql_type(column) for model in TABLES.values() for column in model.columns.values()}
    assert types <= {"text", "integer", "double precision", "boolean", "date", "timestamp"}


def test_quotes_in_comments_are_doubled() -> None:
    assert "don''t know" in SCHEMA.read_text("utf-8")
