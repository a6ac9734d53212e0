"""What several test modules share: a surveyed workbook, built once and read only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from databases import FILES, NO_SERVER, Databases, TeamServer, server_programs
from satisfaction import origin
from satisfaction.problems import DataProblem
from satisfaction.reports.pdf import find_browser
from small_study import surveyed_workbook
from small_workbook import Workbook

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# their tests run on DuckDB and on PostgreSQL; the others on DuckDB alone
ON_BOTH = {
    "test_budget",
    "test_database",
    "test_dictionary",
    "test_drawing",
    "test_editions",
    "test_exporting",
    "test_frames",
    "test_importing",
    "test_mapping",
    "test_privacy",
    "test_study",
    "test_tallies",
    "test_validation",
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "duckdb: about DuckDB's files, or too long to run on both")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "databases" in metafunc.fixturenames:
        both = metafunc.module.__name__ in ON_BOTH
        on_files = metafunc.definition.get_closest_marker("duckdb") is not None
        kinds = ["duckdb", "postgresql"] if both and not on_files else ["duckdb"]
        metafunc.parametrize("databases", kinds, indirect=True, scope="session")


@pytest.fixture(autouse=True)
def no_survey_on_show() -> None:
    """What one test opened is not named in the exhibits of the next."""
    origin.use(None)


@pytest.fixture(scope="session")
def server() -> Iterator[TeamServer]:
    """A PostgreSQL server for this run; skips where the machine has none."""
    programs = server_programs()
    if programs is None:
        pytest.skip(NO_SERVER)
    pytest.importorskip("adbc_driver_postgresql")
    running = TeamServer(programs)
    try:
        with pytest.MonkeyPatch.context() as patch:
            running.take_over(patch)
            yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """The kind of database that the test runs on."""
    return request.getfixturevalue("server") if request.param == "postgresql" else FILES


@pytest.fixture(autouse=True)
def _dropped(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test made in its own folder goes away on the server too."""
    if not {"databases", "tmp_path"} <= set(request.fixturenames):
        yield
        return
    databases, folder = map(request.getfixturevalue, ("databases", "tmp_path"))
    yield
    databases.forget(folder)


@pytest.fixture(scope="session")
def surveyed(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Workbook:
    """Many projects with answers; a test that changes it works on ``own_copy``."""
    return surveyed_workbook(tmp_path_factory.mktemp("surveyed"), databases)


@pytest.fixture
def own_copy(surveyed: Workbook, tmp_path: Path) -> Workbook:
    """A copy of the surveyed workbook that the test may change."""
    return surveyed.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Workbook:
    """The small workbook with its four tables, to be copied by tests that change it."""
    made = Workbook(tmp_path_factory.mktemp("filled"), databases)
    made.fill()
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; skips where it has none."""
    try:
        program = find_browser()
    except DataProblem as problem:
        pytest.skip(f"no page can be looked at: {problem}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program)
        yield opened
        opened.close()
