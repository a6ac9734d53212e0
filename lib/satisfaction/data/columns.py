"""Building blocks of the table models: a column carries its type, checks, wording and unit.

Column metadata: ``zh`` the Chinese heading, ``unit``, ``kind`` (text, ident, choice, integer, real,
boolean, day, moment) and ``choices`` of a closed column. Days end in ``_on``, moments in ``_at``.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa

from satisfaction.data.choices import Choices

IDENTIFIER = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_-])?"
TEXT_LIMIT = 5000


def _column(kind: str, dtype: Any, zh: str, meaning: str, null: bool, **more: Any) -> pa.Column:
    metadata = {"zh": zh, "kind": kind, "unit": more.pop("unit", "")}
    if "choices" in more:
        metadata["choices"] = more.pop("choices")
    return pa.Column(
        dtype,
        checks=more.pop("checks", None),
        nullable=null,
        coerce=True,
        description=meaning,
        metadata=metadata,
    )


def ident(zh: str, meaning: str, *, null: bool = False) -> pa.Column:
    """An identifier: 1-63 letters, digits, ``_ . -``; safe in file names on every system."""
    check = pa.Check.str_matches(f"^{IDENTIFIER}$")
    return _column("ident", "str", zh, meaning, null, checks=[check])


def text(zh: str, meaning: str, *, null: bool = False, limit: int = 200) -> pa.Column:
    """Free text of 1 to ``limit`` characters."""
    check = pa.Check.str_length(1, limit)
    return _column("text", "str", zh, meaning, null, checks=[check])


def choice(zh: str, meaning: str, codes: Choices, *, null: bool = False) -> pa.Column:
    """One of the closed ``codes``."""
    check = pa.Check.isin(list(codes))
    return _column("choice", "str", zh, meaning, null, checks=[check], choices=codes)


def integer(
    zh: str, meaning: str, low: int, high: int | None = None, *, null: bool = False, unit: str = ""
) -> pa.Column:
    """A whole number of at least ``low`` (and at most ``high``)."""
    checks = [pa.Check.ge(low)] + ([] if high is None else [pa.Check.le(high)])
    return _column("integer", pd.Int64Dtype(), zh, meaning, null, checks=checks, unit=unit)


def real(zh: str, meaning: str, checks: list[pa.Check], *, null: bool = False) -> pa.Column:
    """A real number."""
    return _column("real", float, zh, meaning, null, checks=checks)


def boolean(zh: str, meaning: str, *, null: bool = False) -> pa.Column:
    """Yes or no."""
    return _column("boolean", pd.BooleanDtype(), zh, meaning, null)


def day(zh: str, meaning: str, *, null: bool = False) -> pa.Column:
    """A calendar day."""
    return _column("day", "datetime64[us]", zh, meaning, null)


def moment(zh: str, meaning: str, *, null: bool = False) -> pa.Column:
    """A point in time, local to the project."""
    return _column("moment", "datetime64[us]", zh, meaning, null)


def table(
    name: str,
    meaning: str,
    key: list[str],
    columns: dict[str, pa.Column],
    *,
    references: dict[tuple[str, ...], str] | None = None,
    derived: bool = False,
    personal: bool = False,
    indexed: bool = True,
) -> pa.DataFrameSchema:
    """A table model.

    references  columns -> the table whose key they name
    derived     written by the product itself, not by an import
    personal    holds personal data: a database of its own, values never shown
    indexed     False: the import holds the key, not the database
    """
    metadata = {
        "key": key,
        "references": references or {},
        "derived": derived,
        "personal": personal,
        "indexed": indexed,
    }
    return pa.DataFrameSchema(
        columns, name=name, description=meaning, metadata=metadata, strict=True
    )
