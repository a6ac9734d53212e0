"""A PostgreSQL database: any number of readers, and writers who wait for each other.

The workbook stands in the schema ``workbook``, personal data in ``contacts``; a connection sees
one of the two, and rights are granted on each alone.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NoReturn

from satisfaction.data.connection import Connection, execute, fetch
from satisfaction.data.location import Server
from satisfaction.problems import DataProblem, Problem

WORKBOOK, CONTACTS = "workbook", "contacts"
CONNECT_SECONDS = 10
# advisory locks are plain numbers, the same for every program that uses this database
_LOCKS = {WORKBOOK: 7_046_029_254_386_353, CONTACTS: 7_046_029_254_386_354}
_LOCK_TAKEN, _FORBIDDEN = "55P03", "42501"
_LOST = ("08", "57P")
_GONE = re.compile("server closed the connection|no connection to the server")
_MISSING_RIGHT = (
    "Use an account that has the right, or ask the owner for it (README: a shared database)."
)


def open_server(server: Server, *, personal: bool, read_only: bool, wait: float) -> Connection:
    """A connection inside a transaction of its own; a writer alone makes the schema and the lock.

    A reader sees one state of the database, whatever is imported meanwhile.
    """
    schema = CONTACTS if personal else WORKBOOK
    connection = _connected(server)
    try:
        with told(server):
            if read_only:
                execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            fetch(
                connection,
                "SELECT set_config('search_path', $1, false) AS path, "
                "set_config('datestyle', 'ISO, YMD', false) AS style",
                (f"{schema}, pg_temp",),
            )
            if not read_only:
                _take_lock(connection, server, schema, wait)
            _enter(connection, server, schema, read_only=read_only)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def told(server: Server) -> Iterator[None]:
    """Missing rights and a lost connection, in words; anything else passes as it is."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        state = error.sqlstate or ""
        if state == _FORBIDDEN:
            what = re.search(r"permission denied for [\w ]+", str(error))
            _stop(
                server,
                what.group() if what else "this account lacks a right",
                _MISSING_RIGHT,
            )
        if state.startswith(_LOST) or _GONE.search(str(error)):
            _stop(server, "the connection to the server was lost", "Try again.")
        raise


def _connected(server: Server) -> Connection:
    from adbc_driver_manager import Error

    try:
        from adbc_driver_postgresql import dbapi

        return dbapi.connect(_address(server), autocommit=False)
    except ImportError:
        rule = "the driver for PostgreSQL is not installed"
        remedy = "Run: pip install 'satisfaction[postgresql]'"
    except Error as error:
        rule, remedy = _refusal(str(error))
    # outside of the handlers: the driver's own words may quote parts of the address
    raise DataProblem(Problem(server.name, rule, remedy))


def _address(server: Server) -> str:
    """The address with a limit to waiting, and a name that tells others who is connected."""
    own = {
        "connect_timeout": str(CONNECT_SECONDS),
        "application_name": f"satisfaction%20PID%20{os.getpid()}%20on%20"
        + re.sub(r"[^\w.-]", "", socket.gethostname(), flags=re.ASCII)[:30],
    }
    more = "&".join(f"{name}={text}" for name, text in own.items() if f"{name}=" not in server.url)
    joint = "&" if "?" in server.url else "?"
    return server.url + (joint + more if more else "")


def _refusal(message: str) -> tuple[str, str]:
    """Why no connection came about; only what the server itself said may be shown."""
    if re.search(r"password|SCRAM|authentication failed", message):
        return (
            "the server refused the account or its password",
            "Correct the address, or keep the password in ~/.pgpass.",
        )
    if found := re.search(r'FATAL:\s+((?:database|role) "[^"]*" does not exist)', message):
        return found.group(
            1
        ), "Correct the address, or create it first (README: a shared database)."
    if found := re.search(r"(?:FATAL|致命错误):\s*(.+)", message):
        return f"the server refused the connection: {found.group(1)}", "Ask who runs the server."
    return (
        "the server cannot be reached",
        "Check host and port of the address, the network, and that the server runs.",
    )


def _take_lock(connection: Connection, server: Server, schema: str, wait: float) -> None:
    from adbc_driver_manager import Error

    execute(connection, f"SET LOCAL lock_timeout = {max(1, round(1000 * wait))}")
    try:
        fetch(connection, f"SELECT pg_advisory_xact_lock({_LOCKS[schema]}) IS NULL AS taken")
    except Error as error:
        if error.sqlstate != _LOCK_TAKEN:
            raise
    else:
        execute(connection, "SET LOCAL lock_timeout = DEFAULT")
        return
    connection.rollback()
    holders = fetch(
        connection,
        "SELECT a.usename AS account, a.application_name AS program FROM pg_locks l "
        "JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        f"AND (CAST(l.classid AS bigint) << 32) + CAST(l.objid AS bigint) = {_LOCKS[schema]}",
    )
    who = " and ".join(f"{one.account} ({one.program})" for one in holders.itertuples())
    _stop(
        server,
        f"the database is in use by {who or 'another import'}",
        "Wait until that import has finished, and try again.",
    )


def has_schema(server: Server, *, personal: bool) -> bool:
    """Whether anything was ever imported there."""
    with closing(_connected(server)) as connection, told(server):
        return _usable(connection, CONTACTS if personal else WORKBOOK) is not None


def _usable(connection: Connection, schema: str) -> bool | None:
    """Whether this account may look into the schema; None: there is none."""
    found = fetch(
        connection,
        "SELECT has_schema_privilege(oid, 'USAGE') AS usable FROM pg_namespace WHERE nspname = $1",
        (schema,),
    )["usable"]
    return bool(found.iloc[0]) if len(found) else None


def _enter(connection: Connection, server: Server, schema: str, *, read_only: bool) -> None:
    """Find the schema, with the right to use it; a writer makes what is missing."""
    usable = _usable(connection, schema)
    if usable is not None:
        if not usable:
            _stop(server, f"permission denied for schema {schema}", _MISSING_RIGHT)
        return
    if read_only:
        _stop(
            server,
            "the database does not exist yet: nothing was imported into it",
            "Import data first: python -m satisfaction import projects <file>.",
        )
    encoding = fetch(connection, "SELECT current_setting('server_encoding') AS name")
    if encoding["name"].iloc[0] != "UTF8":
        _stop(
            server,
            "the database does not keep its texts in UTF-8",
            "Create it with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )
    execute(connection, f"CREATE SCHEMA {schema}")
    execute(connection, f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")


def _stop(server: Server, rule: str, remedy: str) -> NoReturn:
    raise DataProblem(Problem(server.name, rule, remedy)) from None
