"""The whole database in another place: a file becomes a server's database, or the other way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from satisfaction.data.connection import as_frame
from satisfaction.data.database import (
    Connection,
    Location,
    append,
    exists,
    fetch,
    gather_statistics,
    reader,
    writer,
)
from satisfaction.data.tables import TABLES
from satisfaction.problems import DataProblem, Problem


def export(source: Location, target: Location, *, contacts: bool = False) -> dict[str, int]:
    """Copy every table from ``source`` into the empty ``target``; rows by table.

    All or nothing, and compared value by value before it counts. ``contacts``: personal data too.
    """
    if isinstance(source, Path) and isinstance(target, Path) and _same_file(source, target):
        raise _refused(target, "this is the database itself", "Name another place.")
    with ExitStack() as stack:
        old, new = stack.enter_context(reader(source)), stack.enter_context(writer(target))
        rows = _copy_all(old, new, target, personal=False)
        if contacts and exists(source, personal=True):
            old = stack.enter_context(reader(source, personal=True))
            new = stack.enter_context(writer(target, personal=True))
            rows |= _copy_all(old, new, target, personal=True)
    return rows


def _copy_all(
    old: Connection, new: Connection, target: Location, *, personal: bool
) -> dict[str, int]:
    # parents stand before the tables that refer to them
    models = [model for model in TABLES.values() if model.metadata["personal"] == personal]
    for model in models:
        if len(fetch(new, f"SELECT 1 AS one FROM {model.name} LIMIT 1")):
            raise _refused(
                target,
                f"it is not empty: {model.name} has rows",
                "Name an empty database, or a file that does not exist yet.",
            )
    return {str(model.name): _copy(old, new, model, target) for model in models}


def _copy(
    old: Connection, new: Connection, model: pandera.DataFrameSchema, target: Location
) -> int:
    name, columns = model.name, list(model.columns)
    if not model.metadata["derived"]:
        columns.append("source")
    # neighbours in the key lie side by side in the new place, which reads them together
    query = f"SELECT {', '.join(columns)} FROM {name} ORDER BY {', '.join(model.metadata['key'])}"
    given = _Content()
    with closing(old.cursor()) as cursor:
        cursor.execute(query)
        batches = cursor.fetch_record_batch()
        first = next(batches, None)
        if first is not None:
            schema = _plain(batches.schema)
            counted = given.through(_chain(first, batches), schema)
            append(new, name, pa.RecordBatchReader.from_batches(schema, counted))
    gather_statistics(new, name)
    stored = _Content()
    with closing(new.cursor()) as cursor:
        cursor.execute(query)
        batches = cursor.fetch_record_batch()
        for _ in stored.through(batches, _plain(batches.schema)):
            pass
    if (stored.rows, stored.checksum) != (given.rows, given.checksum):
        raise _refused(
            target,
            f"{name} arrived with {stored.rows:,} rows instead of {given.rows:,}, or with other "
            "values",
            "Nothing was kept. Report it with the versions of both databases.",
        )
    return given.rows


class _Content:
    """Rows that passed by: how many, and a checksum that no order changes."""

    def __init__(self) -> None:
        self.rows = 0
        self.checksum = 0

    def through(
        self, batches: Iterator[pa.RecordBatch], schema: pa.Schema
    ) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            plain = pa.RecordBatch.from_arrays(batch.columns, schema=schema)
            frame = as_frame(pa.Table.from_batches([plain]))
            self.rows += len(frame)
            hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy(np.uint64)
            self.checksum = (self.checksum + int(hashes.sum(dtype=np.uint64))) % 2**64
            yield plain


def _plain(schema: pa.Schema) -> pa.Schema:
    """The columns without what the driver notes beside them."""
    return pa.schema([pa.field(one.name, one.type) for one in schema])


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _same_file(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _refused(target: Location, rule: str, remedy: str) -> DataProblem:
    return DataProblem(Problem(target.name, rule, remedy))
