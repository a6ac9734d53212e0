"""Reports at any place that fsspec knows."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from satisfaction.problems import DataProblem
from satisfaction.reports.notebooks import reports_in
from satisfaction.reports.record import failed, publish, withdraw
from satisfaction.reports.storage import Folder, RemoteStorage, Storage, storage_at
from satisfaction.reports.task import Task

fsspec = pytest.importorskip("fsspec")

NOTEBOOKS = Path(__file__).parent / "fixtures" / "notebooks"


@pytest.fixture(params=["local", "memory", "dir"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A folder, a bucket of objects, and a file system wrapped into another one."""
    place = tmp_path / "a place"
    url = {"local": f"local://{place}", "memory": f"memory://{uuid.uuid4().hex}",
           "dir": f"dir::file://{place}"}[request.param]  # fmt: skip
    opened = storage_at(url)
    assert isinstance(opened, RemoteStorage)
    yield opened
    opened.close()


def test_a_file_comes_back_as_it_was_put(storage: Storage) -> None:
    storage.put({"2025/a/x.en.html": b"one", "2025/a/x.en.json": b"{}"})
    storage.put({"2025/a/x.en.html": b"second"})
    assert storage.read("2025/a/x.en.html") == b"second"
    assert storage.size("2025/a/x.en.html") == 6
    assert storage.size("2025/a/x.en.json") == 2


def test_what_is_not_there_has_neither_content_nor_size(storage: Storage) -> None:
    assert storage.read("2025/a/x.en.html") is None
    assert storage.size("2025/a/x.en.html") is None
    assert list(storage.records()) == []
    storage.remove(["2025/a/x.en.html"])


def test_what_is_gone_is_removed(storage: Storage) -> None:
    storage.put({"2025/a/x.html": b"old", "2025/a/x.ipynb": b"old"})
    storage.put({"2025/a/x.json": b"{}"}, gone=["2025/a/x.html", "2025/a/x.ipynb"])
    assert [storage.read(f"2025/a/x.{kind}") for kind in ("html", "ipynb", "json")] == [
        None, None, b"{}",
    ]  # fmt: skip


def test_records_are_the_json_files_of_projects_by_name(storage: Storage) -> None:
    names = ["2025/b/x.json", "2025/a/y.json", "2025/a/x.json", "2024/c/x.json"]
    storage.put(dict.fromkeys([*names, "top.json", "2025/a/x.html", "2025/.aside/x.json"], b"{}"))
    storage.put({"2025/a/y.json": b"\xff"})
    found = dict(storage.records())
    assert list(found) == sorted(names)
    assert found["2025/a/y.json"] is None
    assert found["2025/a/x.json"] == "{}"


def test_checking_leaves_nothing(storage: Storage) -> None:
    storage.check()
    storage.put({"2025/a/x.json": b"{}"})
    assert isinstance(storage, RemoteStorage)
    names = storage.files.find(storage.root)
    assert [name.rpartition("/")[2] for name in names] == ["x.json"]


def test_a_report_is_published_and_withdrawn(storage: Storage) -> None:
    report = next(each for each in reports_in(NOTEBOOKS) if each.id == "silent")
    task = Task("yunqi", "2025", report, "en", 7)
    record = failed(task, "no", run_id="r", started_at="", finished_at="")
    whole = publish(storage, record, {".html": b"page", ".ipynb": b"notebook"})
    assert whole.sizes == {".html": 4, ".ipynb": 8}
    assert storage.read("2025/yunqi/silent.en.html") == b"page"
    publish(storage, record, {})
    assert storage.read("2025/yunqi/silent.en.html") is None
    withdraw(storage, record)
    assert list(storage.records()) == []


def test_a_folder_can_be_given_as_a_url(tmp_path: Path) -> None:
    assert isinstance(storage_at(f"file://{tmp_path}"), Folder)
    assert isinstance(storage_at(tmp_path), Folder)


def test_two_of_one_address_are_one_place(storage: Storage) -> None:
    storage.put({"2025/a/x.json": b"{}"})
    assert storage_at(storage.address).read("2025/a/x.json") == b"{}"


class Broken(fsspec.AbstractFileSystem):
    """A server that repeats the whole address with all it complains about."""

    protocol = "broken"

    def __init__(self, **options: str) -> None:
        super().__init__()
        self.options_given = options

    @staticmethod
    def _get_kwargs_from_urls(url: str) -> dict[str, str]:
        return {"url": url}

    def __getattribute__(self, name: str) -> object:
        if name in ("makedirs", "cat_file", "size", "rm_file", "glob"):
            raise ConnectionError(f"cannot reach {self.options_given['url']} as o%40k or o@k")
        return super().__getattribute__(name)


@pytest.mark.parametrize("query", ["", "?token=s3cret"])
def test_a_password_is_shown_nowhere(query: str) -> None:
    fsspec.register_implementation("broken", Broken, clobber=True)
    storage = storage_at(f"broken://me:o%40k@host/reports{query}")
    assert storage.place == "broken://host/reports"
    said = []
    for attempt in (storage.check, lambda: storage.put({"a/b": b""}), lambda: storage.read("a"),
                    lambda: storage.size("a"), lambda: storage.remove(["a"]),
                    lambda: list(storage.records())):  # fmt: skip
        with pytest.raises((DataProblem, OSError)) as caught:
            attempt()
        assert caught.value.__cause__ is None
        said.append(str(caught.value))
    assert "broken://host/reports: the output folder cannot be written" in said[0]
    for words in said:
        assert "cannot reach" in words
        for secret in ("o%40k", "o@k", "s3cret"):
            assert secret not in words


def test_the_container_of_an_address_is_no_password() -> None:
    storage = storage_at("memory://container@account/reports")
    assert storage.place == "memory://container@account/reports"


def test_an_address_of_an_unknown_kind() -> None:
    with pytest.raises(DataProblem, match="cannot be written"):
        storage_at("nosuchscheme://me:hidden@x/y")


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_at(f"local://{tmp_path}")
    storage.put({"2025/a/x.html": b"old"})
    assert isinstance(storage, RemoteStorage)

    def fails(*_places: str) -> None:
        raise OSError("the share is gone")

    monkeypatch.setattr(storage.files, "mv", fails)
    with pytest.raises(OSError, match="the share is gone"):
        storage.put({"2025/a/x.html": b"new"})
    assert [path.read_bytes() for path in (tmp_path / "2025" / "a").iterdir()] == [b"old"]


def test_without_fsspec_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(DataProblem, match="pip install 'satisfaction\\[cluster\\]'") as caught:
        storage_at("ftp://me:hidden@host/reports")
    assert "hidden" not in str(caught.value)
