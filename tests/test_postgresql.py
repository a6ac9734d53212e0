"""A server that a team shares: trouble told without a password, rights that hold, nobody waits."""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from databases import PASSWORD, TeamServer, free_port
from satisfaction.config.settings import load_settings
from satisfaction.data import slices
from satisfaction.data.connection import Connection, fetch_arrow
from satisfaction.data.database import execute, exists, fetch, reader, writer
from satisfaction.data.importing import import_file
from satisfaction.data.location import Server, located
from satisfaction.problems import DataProblem
from small_workbook import PARAMS, WAVES, Workbook

SECRET = "Gx7!canary"
CONTACTS = "project,household,姓名,phone\nP1,H1,张三丰,13800138000\n"
PROJECT = (
    "INSERT INTO projects (project, name, property_type, region, source) "
    "VALUES ('{}', '一号', 'residential', '东', 'test')"
)
MANY_PROJECTS = (
    "INSERT INTO projects (project, name, property_type, region, source) "
    "SELECT 'P' || p, 'n', 'residential', 'r', 's' FROM generate_series(1, 50) p",
    "INSERT INTO waves (wave, name, kind, opened_on, closed_on, questionnaire, source) "
    "VALUES ('2025', 'w', 'annual', DATE '2025-10-01', DATE '2025-11-01', 'q', 's')",
    "INSERT INTO households (project, household, building, customer_group, occupancy, source) "
    "SELECT project, 'H' || h, '1', 'owner', 'resident', 's' "
    "FROM projects, generate_series(1, 100) h",
    "INSERT INTO responses (project, wave, response, household, mode, source) "
    "SELECT project, '2025', 'R' || household, household, 'web', 's' FROM households",
    "INSERT INTO answers SELECT project, wave, response, 'i' || i, 3, 's' "
    "FROM responses, generate_series(1, 10) i",
)


@pytest.fixture
def workbook(server: TeamServer, tmp_path: Path) -> Iterator[Workbook]:
    made = Workbook(tmp_path, server)
    made.fill()
    yield made
    server.forget(tmp_path)


@pytest.fixture
def empty(server: TeamServer, tmp_path: Path) -> Iterator[Server]:
    yield server.new(tmp_path)
    server.forget(tmp_path)


def at(server: TeamServer, **parts: object) -> str:
    """An address over TCP, where a password is asked for."""
    given = {"user": "keeper", "password": SECRET, "database": "postgres"}
    given |= {"host": "127.0.0.1", "port": server.port} | parts
    return "postgresql://{user}:{password}@{host}:{port}/{database}".format(**given)


def told(url: str) -> str:
    """Everything that can be read of a refused connection, by a person or in a log."""
    with pytest.raises(DataProblem) as caught, reader(located(url)):
        pass
    error = caught.value
    chain = "".join(traceback.format_exception(error))
    place = located(url)
    return "\n".join([str(error), repr(error.problems), chain, repr(place), str(place), place.name])


def test_a_password_opens_the_database_and_stands_in_no_message(server: TeamServer) -> None:
    right, known = quote(PASSWORD, safe=""), "database does not exist yet"
    assert known in told(at(server, password=right))
    refused = {
        "the server refused the account or its password": {},
        'database "nowhere" does not exist': {"database": "nowhere", "password": right},
        "the server cannot be reached": {"port": free_port()},
        "cannot be reached. Check host": {"host": "no-such-host.invalid"},
    }
    for rule, parts in refused.items():
        text = told(at(server, **parts))
        assert rule in text
        for secret in (SECRET, PASSWORD, right):
            assert secret not in text, rule


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@x@host/db",
        f"postgresql://ann:a/{SECRET}@host/db",
        f"postgresql://ann:a?{SECRET}@host/db",
        f"postgresql://ann:a#{SECRET}@host/db",
        f"postgresql://ann:{SECRET}%ZZ@host/db",
        f"postgresql://ann:a:{SECRET}@host/db",
        f"postgresql://ann:{SECRET} x@host/db",
        f"postgresql://ann@host:{SECRET}/db",
        f"postgresql://ann@host/db?{SECRET}",
        f"mysql://ann:{SECRET}@host/db",
    ],
)
def test_a_malformed_address_is_refused_unread(url: str) -> None:
    with pytest.raises(DataProblem, match="postgresql://") as caught:
        located(url, "SATISFACTION_DATABASE")
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.problems[0].file == "SATISFACTION_DATABASE"


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    text = told(f"postgresql://ann:{SECRET}@host/db")
    assert "pip install 'satisfaction[postgresql]'" in text
    assert SECRET not in text


def test_rights_are_granted_on_the_workbook_and_on_personal_data_alone(
    workbook: Workbook, server: TeamServer
) -> None:
    from adbc_driver_manager import Error

    workbook.enter("contacts", CONTACTS)
    database = workbook.database.name.rpartition("/")[2]
    server.administer(
        *(f"DROP ROLE IF EXISTS {role}" for role in ("reports", "importers", "stranger")),
        *(f"CREATE ROLE {role} LOGIN" for role in ("reports", "importers", "stranger")),
        "GRANT USAGE ON SCHEMA workbook TO reports, importers",
        "GRANT SELECT ON ALL TABLES IN SCHEMA workbook TO reports",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA workbook TO importers",
        database=database,
    )
    reports, importers, stranger = (
        Server(server.url(database, role)) for role in ("reports", "importers", "stranger")
    )
    own = slices.read_slice(reports, "P1", "2025", load_settings(workbook.home / "params"))
    assert len(own.responses) == 2
    for account in (reports, importers):
        assert not_allowed(account, personal=True) == "permission denied for schema contacts"
        with pytest.raises(DataProblem, match="permission denied"), reader(account) as connection:
            fetch(connection, "SELECT * FROM contacts.contacts")
    with pytest.raises(Error, match="does not exist"), reader(workbook.database) as connection:
        fetch(connection, "SELECT * FROM contacts")  # even the owner's reports do not find them
    assert not_allowed(stranger) == "permission denied for schema workbook"

    def enter(account: Server, table: str, content: str) -> None:
        path = workbook.file(f"{table}.csv", content)
        import_file(table, path, home=workbook.home, database=account)

    enter(importers, "waves", WAVES.replace("annual", "special"))
    assert "special" in set(workbook.rows("waves")["kind"])
    before = workbook.contents()
    with pytest.raises(DataProblem, match="permission denied for schema contacts"):
        enter(importers, "contacts", CONTACTS.replace("H1", "H2"))
    with pytest.raises(DataProblem, match="permission denied for table"):
        enter(reports, "waves", WAVES)
    assert workbook.contents() == before


def not_allowed(account: Server, *, personal: bool = False) -> str:
    with pytest.raises(DataProblem) as caught, reader(account, personal=personal):
        pass
    return caught.value.problems[0].rule


def test_nobody_else_may_use_the_schema_of_personal_data(workbook: Workbook) -> None:
    workbook.enter("contacts", CONTACTS)
    with reader(workbook.database) as connection:
        granted = fetch(
            connection,
            "SELECT has_schema_privilege('public', 'contacts', 'USAGE') AS one UNION ALL "
            "SELECT has_table_privilege('public', 'contacts.contacts', 'SELECT')",
        )
    assert granted["one"].tolist() == [False, False]


def test_the_order_does_not_follow_the_language_of_the_server(
    server: TeamServer, tmp_path: Path
) -> None:
    server.administer(
        "DROP DATABASE IF EXISTS chinese",
        "CREATE DATABASE chinese TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN'",
    )
    place = Server(server.url("chinese"))
    names = ["b", "A", "a", "B", "A-1", "A_1", "a1"]
    with writer(place) as connection:
        for name in names:
            execute(connection, PROJECT.format(name))
    with reader(place) as connection:
        found = fetch(connection, "SELECT project FROM projects ORDER BY project")["project"]
        other = fetch(connection, 'SELECT CAST(project AS text) COLLATE "default" AS p FROM '
                                  "projects ORDER BY p")["p"]  # fmt: skip
    assert found.tolist() == sorted(names)
    assert other.tolist() != sorted(names)


def test_a_database_without_utf_8_is_refused(server: TeamServer) -> None:
    server.administer(
        "DROP DATABASE IF EXISTS ascii",
        "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
    )
    place = Server(server.url("ascii"))
    with pytest.raises(DataProblem, match="UTF-8"), writer(place):
        pass
    assert not exists(place)


def test_a_reader_sees_one_state_while_others_import(workbook: Workbook) -> None:
    count = "SELECT count(*) AS n FROM projects"
    with reader(workbook.database) as early:
        assert fetch(early, count)["n"].tolist() == [2]
        with writer(workbook.database) as connection:
            execute(connection, PROJECT.format("P3"))
        assert fetch(early, count)["n"].tolist() == [2]
    assert len(workbook.rows("projects")) == 3


def test_an_import_that_is_killed_leaves_nothing_and_nobody_waits(workbook: Workbook) -> None:
    code = (
        "import sys, time\nfrom satisfaction.data.database import execute, located, writer\n"
        "with writer(located(sys.argv[1])) as connection:\n"
        "    execute(connection, 'DELETE FROM answers')\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    before = workbook.contents()
    command = [sys.executable, "-c", code, workbook.database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == b"held"
        killed.kill()
    with writer(workbook.database, wait=10):
        pass
    assert workbook.contents() == before


def test_a_lost_connection_is_told(workbook: Workbook) -> None:
    for use in (reader, writer):
        with (
            pytest.raises(DataProblem, match="the connection to the server was lost"),
            use(workbook.database) as connection,
        ):
            fetch(connection, "SELECT pg_terminate_backend(pg_backend_pid()) AS ended")


def test_a_slice_scans_no_rows_of_other_projects(
    empty: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def noted(connection: Connection, sql: str, parameters: tuple[str, ...]) -> object:
        asked.append((sql, parameters))
        return fetch_arrow(connection, sql, parameters)

    with writer(empty) as connection:
        for statement in MANY_PROJECTS:
            execute(connection, statement)
        execute(connection, "ANALYZE")
    monkeypatch.setattr(slices, "fetch_arrow", noted)
    assert len(slices.read_slice(empty, "P7", "2025", load_settings(PARAMS)).answers) == 1000
    with reader(empty) as connection:
        plans = [
            "\n".join(fetch(connection, f"EXPLAIN {sql}", given).iloc[:, 0]) for sql, given in asked
        ]
    whole = re.compile(r"Seq Scan on (answers|responses|households)")
    assert [found for plan in plans for found in whole.findall(plan)] == []
    assert any("answers_sheet" in plan for plan in plans)
