"""What several test modules share: a surveyed workbook, built once and read only."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_study import surveyed_workbook
from small_workbook import Workbook


@pytest.fixture(scope="session")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Many projects with answers; a test that changes it works on ``own_copy``."""
    return surveyed_workbook(tmp_path_factory.mktemp("surveyed"))


@pytest.fixture
def own_copy(surveyed: Workbook, tmp_path: Path) -> Workbook:
    """A copy of the surveyed workbook that the test may change."""
    return surveyed.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The small workbook with its four tables, to be copied by tests that change it."""
    made = Workbook(tmp_path_factory.mktemp("filled"))
    made.fill()
    return made
