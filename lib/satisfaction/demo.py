"""The sample portfolio, written as raw files and taken in by the ordinary import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from satisfaction.data.importing import ImportReport, import_file
from satisfaction.data.portfolio import write_portfolio


def import_portfolio(home: Path) -> Iterator[ImportReport]:
    """Write the files into ``data/raw/portfolio`` and import one after the other.

    A file with a mapping of its own name (``params/imports/portfolio_<name>.yaml``) uses it.
    """
    for table, path in write_portfolio(home / "data" / "raw" / "portfolio"):
        mapping = home / "params" / "imports" / f"portfolio_{path.stem.split('_')[0]}.yaml"
        yield import_file(
            table, path, home=home, mapping=mapping if mapping.is_file() else None, recorder="demo"
        )
