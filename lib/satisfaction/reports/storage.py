"""Where reports go: a folder of this machine or of the network, or any place that fsspec knows.

Names are relative and use ``/``: ``2025/cuihu/descriptive_statistics.zh.html``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.locks import lock, locked

RENAMING = {"file", "local", "sftp", "ssh"}  # where a file can be renamed over another one


class Storage(Protocol):
    """What a run needs of the place where its reports go.

    place    for people to read
    address  for `storage_at`, on any machine; it may hold a password
    """

    place: str
    address: str

    def check(self) -> None:
        """Raise ``DataProblem`` unless files can be written."""

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none."""

    def put(self, contents: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
        """Write files, the last one last, and remove others; no reader sees half a file."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, as far as they exist."""

    def records(self) -> Iterator[tuple[str, str | None]]:
        """Name and text of every ``<wave>/<project>/*.json`` by name; None: cannot be read."""

    def close(self) -> None:
        """Leave nothing behind but the files that were put."""


def storage_at(place: str | Path) -> Storage:
    """The storage at a folder, or at a URL such as ``s3://bucket/reports``."""
    text = str(place)
    if "://" in text and not text.startswith("file://"):
        return RemoteStorage(text)
    return Folder(Path(text.removeprefix("file://")))


class Folder:
    """A folder. What is not complete yet lies in ``.incoming-…`` inside it, never in its place."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.place = self.address = str(self.root)
        self.incoming = self.root / f".incoming-{uuid.uuid4().hex[:12]}"
        self._held: int | None = None
        self._opening = threading.Lock()

    def check(self) -> None:
        """Raise ``DataProblem`` unless files can be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root, prefix=".probe") as probe:
                probe.write(bytes(65536))
        except OSError as error:
            raise _unwritable(self.root.name, error) from error

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return None

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none."""
        try:
            return (self.root / name).stat().st_size
        except OSError:
            return None

    def put(self, contents: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
        """Write files aside, then move them into place while no other run does the same."""
        self._open()
        for name in contents:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        moves = []
        try:
            for name, content in contents.items():
                aside = self.incoming / uuid.uuid4().hex
                moves.append((aside, self.root / name))
                aside.write_bytes(content)
            with locked(self.root):
                self.remove(gone)
                for aside, place in moves:
                    aside.replace(place)
        finally:
            for aside, _place in moves:
                aside.unlink(missing_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, as far as they exist."""
        for name in names:
            (self.root / name).unlink(missing_ok=True)

    def records(self) -> Iterator[tuple[str, str | None]]:
        """Name and text of every record, by name."""
        for wave in _listed(self.root):
            for project in _listed(self.root / wave):
                for file in _listed(self.root / wave / project):
                    if file.endswith(".json"):
                        name = f"{wave}/{project}/{file}"
                        yield name, _text(self.read(name))

    def close(self) -> None:
        """Remove the folder of incoming files."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _open(self) -> None:
        """Make our folder of incoming files, and remove those of runs that were killed."""
        with self._opening:
            if self._held is not None:
                return
            self.root.mkdir(parents=True, exist_ok=True)
            for left in self.root.glob(".incoming-*"):
                with suppress(OSError), locked(left, wait=False):
                    shutil.rmtree(left)
            self.incoming.mkdir()
            self._held = lock(self.incoming)


class RemoteStorage:
    """A place that fsspec knows: a bucket, a server, a share.

    A bucket shows no half file; where files can be renamed, they are written aside first.
    """

    def __init__(self, url: str) -> None:
        self.address = url
        self.place, self._secrets = _apart(url)
        try:
            import fsspec
        except ImportError as error:
            remedy = "Install it: pip install 'satisfaction[cluster]'."
            raise DataProblem(Problem(self.place, "this needs fsspec", remedy)) from error
        try:
            self.files, root = fsspec.core.url_to_fs(url)
        except Exception as error:  # an unknown scheme, a package that is missing, no such server
            raise _unwritable(self.place, self._told(error)) from None
        self.root = root.rstrip("/")
        names = self.files.protocol
        self._renames = bool(RENAMING & ({names} if isinstance(names, str) else {*names}))

    def check(self) -> None:
        """Raise ``DataProblem`` unless files can be written."""
        probe = f".probe-{uuid.uuid4().hex[:8]}"
        try:
            self.put({probe: b"x"})
            self.remove([probe])
        except OSError as error:
            raise _unwritable(self.place, error) from None

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        with self._without_secrets():
            try:
                return bytes(self.files.cat_file(self._full(name)))
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none."""
        with self._without_secrets():
            try:
                return int(self.files.size(self._full(name)))
            except FileNotFoundError:
                return None

    def put(self, contents: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
        """Write files, the last one last."""
        self.remove(gone)
        with self._without_secrets():
            for name, content in contents.items():
                full = self._full(name)
                folder = full.rpartition("/")[0]
                self.files.makedirs(folder, exist_ok=True)
                if not self._renames:
                    self.files.pipe_file(full, content)
                    continue
                aside = f"{folder}/.incoming-{uuid.uuid4().hex[:12]}"
                try:
                    self.files.pipe_file(aside, content)
                    self.files.mv(aside, full)
                except BaseException:
                    with suppress(Exception):
                        self.files.rm_file(aside)
                    raise

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, as far as they exist."""
        with self._without_secrets():
            for name in names:
                with suppress(FileNotFoundError):
                    self.files.rm_file(self._full(name))

    def records(self) -> Iterator[tuple[str, str | None]]:
        """Name and text of every record, by name."""
        with self._without_secrets():
            self.files.invalidate_cache()
            found = sorted(self.files.glob(f"{self.root}/*/*/*.json"))
        for full in found:
            name = full.removeprefix(self.root).lstrip("/")
            if "/." not in f"/{name}":
                yield name, _text(self.read(name))

    def close(self) -> None:
        """Nothing is left: each file was written whole."""

    def _full(self, name: str) -> str:
        return f"{self.root}/{name}"

    @contextmanager
    def _without_secrets(self) -> Iterator[None]:
        """Whatever a file system raises becomes an ``OSError`` whose words may be shown."""
        try:
            yield
        except Exception as error:
            raise OSError(self._told(error)) from None

    def _told(self, error: Exception) -> str:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        for secret in self._secrets:
            words = words.replace(secret, "•••")
        return words


def _listed(folder: Path) -> list[str]:
    """What a folder holds, in order of names; nothing if it is no folder."""
    try:
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except OSError:
        return []


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _apart(url: str) -> tuple[str, list[str]]:
    """An address as it may be shown, and what must not be: account, password, query."""
    scheme, _, rest = url.partition("://")
    account, _, place = rest.rpartition("@")
    if ":" not in account:  # abfs://container@account: no password
        account, place = "", rest
    place, _, query = place.partition("?")
    password = account.partition(":")[2]
    hidden = [url, account, password, unquote(password), query]
    return f"{scheme}://{place}", [text for text in hidden if text]


def _unwritable(place: str, error: Any) -> DataProblem:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DataProblem(
        Problem(
            place,
            f"the output folder cannot be written: {reason}",
            "Free space, change its permissions, or name another folder with --out.",
        )
    )
