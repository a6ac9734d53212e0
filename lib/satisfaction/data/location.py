"""Where the database is: a DuckDB file of this machine, or a PostgreSQL server of the team."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from satisfaction.problems import DataProblem, Problem

VARIABLE = "SATISFACTION_DATABASE"
_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL database; its address may hold a password, so neither text form shows it."""

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """Host and database: all of the address that messages may show."""
        parts = urlsplit(self.url)
        place = parts.netloc.rpartition("@")[2]
        return f"postgresql://{place}/{unquote(parts.path.lstrip('/'))}"

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


Location = Path | Server


def database_of(home: Path) -> Location:
    """The workbook's database: ``SATISFACTION_DATABASE``, or ``data/workbook.duckdb``."""
    named = os.environ.get(VARIABLE)
    return located(named, VARIABLE) if named else home / "data" / "workbook.duckdb"


def located(text: str, given_as: str = "database") -> Location:
    """A database by its address; DataProblem (``given_as`` names the input) if it is malformed."""
    if not re.match(r"[a-z][a-z0-9+]+://", text, re.IGNORECASE):
        return Path(text)
    if not text.startswith(_SCHEMES):
        raise DataProblem(
            Problem(
                given_as,
                "this is neither a file nor an address that begins with postgresql://",
                "Name a DuckDB file, or postgresql://account@host/database.",
            )
        )
    if not _is_well_formed(text):
        raise DataProblem(
            Problem(
                given_as,
                "the address of the PostgreSQL database is malformed",
                "Write postgresql://account:password@host:5432/database; in a password, "
                "% is %25, @ is %40, / is %2F, : is %3A, ? is %3F and # is %23.",
            )
        )
    return Server(text)


def _is_well_formed(url: str) -> bool:
    """Whether every part is what it seems: a password with a bare sign would end up elsewhere."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        return False
    account, _, _place = parts.netloc.rpartition("@")
    return (
        "@" not in account + parts.path + parts.query
        and account.count(":") <= 1
        and "#" not in url
        and not re.search(r"%(?![0-9A-Fa-f]{2})", url)
        and not re.search(r"[\s\x00-\x1f]", url)
    )
