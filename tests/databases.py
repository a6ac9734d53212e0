"""Where the tests keep their databases: DuckDB files, or a PostgreSQL server of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol

import pytest

from satisfaction.data.database import Location
from satisfaction.data.location import Server, database_of

OWNER, PASSWORD = "keeper", "geheim%/@:?&#"
USERS = ("study", "planning", "budgeting", "data.importing")
NO_SERVER = "no PostgreSQL server (initdb, postgres) on this machine"


class Databases(Protocol):
    kind: str

    def new(self, home: Path) -> Location:
        """The database of a workbook that has none yet."""

    def copy(self, home: Path, twin: Path) -> Location:
        """The same database for the copy of a workbook, whose folder is copied already."""

    def forget(self, folder: Path) -> None:
        """Drop the databases of workbooks in this folder."""


class Files:
    """A DuckDB file in the folder of each workbook."""

    kind = "duckdb"

    def new(self, home: Path) -> Location:
        return home / "data" / "workbook.duckdb"

    def copy(self, home: Path, twin: Path) -> Location:
        return self.new(twin)

    def forget(self, folder: Path) -> None:
        """The files go away with their folder."""


FILES = Files()


class TeamServer:
    """A server in a folder of its own, stopped and removed at the end, whatever happens."""

    kind = "postgresql"

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self.port = free_port()
        self.databases: dict[Path, Server] = {}
        self.made = 0
        account = None
        if os.geteuid() == 0:  # the server refuses to run as root
            import pwd

            account = pwd.getpwnam("nobody")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.account = account
        try:
            self.process = self._start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        data = self.folder / "data"
        made = self._run(
            "initdb", f"--pgdata={data}", f"--username={OWNER}", f"--pwfile={secret}",
            "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        _, trouble = made.communicate(timeout=60)
        assert made.returncode == 0, trouble.decode()
        quick = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder,
            "port": self.port, "fsync": "off", "synchronous_commit": "off",
            "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": 0,
            "shared_buffers": "32MB", "autovacuum": "off", "log_min_messages": "fatal",
        }  # fmt: skip
        options = [part for name, value in quick.items() for part in ("-c", f"{name}={value}")]
        process = self._run("postgres", "-D", str(data), *options)
        until = time.monotonic() + 30
        while True:
            try:
                self.administer("SELECT 1")
            except Exception:
                if process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return process

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self.programs / program), *arguments]
        if shutil.which("setpriv"):  # the server ends with the tests, even if these are killed
            command = ["setpriv", "--pdeathsig=INT", *command]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, account: str = OWNER) -> str:
        return f"postgresql://{account}@/{database}?host={self.folder}&port={self.port}"

    def administer(self, *statements: str, database: str = "postgres") -> None:
        from adbc_driver_postgresql import dbapi

        with (
            closing(dbapi.connect(self.url(database), autocommit=True)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    def _create(self, home: Path, clause: str = "") -> Server:
        self.made += 1
        name = f"workbook_{self.made}"
        self.administer(f"CREATE DATABASE {name} {clause}")
        self.databases[home] = Server(self.url(name))
        return self.databases[home]

    def new(self, home: Path) -> Server:
        return self._create(home)

    def copy(self, home: Path, twin: Path) -> Server:
        template = self.databases[home].name.rpartition("/")[2]
        return self._create(twin, f"TEMPLATE {template}")

    def forget(self, folder: Path) -> None:
        gone = [home for home in self.databases if home.is_relative_to(folder)]
        names = [self.databases.pop(home).name.rpartition("/")[2] for home in gone]
        if names:
            self.administer(*(f"DROP DATABASE {name} WITH (FORCE)" for name in names))

    def take_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the product find the database of each workbook here, several at a time."""

        def of(home: Path) -> Location:
            return self.databases.get(Path(home)) or database_of(home)

        for name in USERS:
            monkeypatch.setattr(import_module(f"satisfaction.{name}"), "database_of", of)


def address(location: Location) -> str:
    """As ``SATISFACTION_DATABASE`` names it, to hand on to another process."""
    return location.url if isinstance(location, Server) else str(location)


def server_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; Debian keeps them out of PATH."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in found if (one / "postgres").is_file()), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
