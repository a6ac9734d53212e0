"""Where reports go: a folder of this machine or of the network, or any place that fsspec knows.

Names are relative and use ``/``: ``2025/cuihu/descriptive_statistics.zh.html``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from satisfaction.problems import DataProblem, Problem


class Storage(Protocol):
    """What a run needs of the place where its reports go."""

    place: str

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
        self.place = str(self.root)
        self.incoming = self.root / f".incoming-{uuid.uuid4().hex[:12]}"
        self._held: int | None = None

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
            with _locked(self.root):
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
        if self._held is not None:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        for left in self.root.glob(".incoming-*"):
            with suppress(OSError), _locked(left, wait=False):
                shutil.rmtree(left)
        self.incoming.mkdir()
        self._held = _lock(self.incoming)


class RemoteStorage:
    """A place that fsspec knows: a bucket, a server, a share. Each file is written whole."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            remedy = "Install it: pip install 'satisfaction[cluster]'."
            raise DataProblem(
                Problem(_without_secrets(url), "this needs fsspec", remedy)
            ) from error
        try:
            self.files, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise _unwritable(_without_secrets(url), error) from error
        self.root = self.root.rstrip("/")
        self.place = url

    def check(self) -> None:
        """Raise ``DataProblem`` unless files can be written."""
        probe = f".probe-{uuid.uuid4().hex[:8]}"
        try:
            self.put({probe: b"x"}, ())
            self.remove([probe])
        except Exception as error:  # whatever this file system raises
            raise _unwritable(_without_secrets(self.place), error) from error

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return bytes(self.files.cat_file(self._full(name)))
        except FileNotFoundError:
            return None

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none."""
        try:
            return int(self.files.size(self._full(name)))
        except FileNotFoundError:
            return None

    def put(self, contents: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
        """Write files, the last one last."""
        self.remove(gone)
        for name, content in contents.items():
            full = self._full(name)
            self.files.makedirs(full.rpartition("/")[0], exist_ok=True)
            self.files.pipe_file(full, content)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, as far as they exist."""
        for name in names:
            with suppress(FileNotFoundError):
                self.files.rm_file(self._full(name))

    def records(self) -> Iterator[tuple[str, str | None]]:
        """Name and text of every record, by name."""
        self.files.invalidate_cache()
        for full in sorted(self.files.glob(f"{self.root}/*/*/*.json")):
            name = full.removeprefix(self.root).lstrip("/")
            yield name, _text(self.read(name))

    def close(self) -> None:
        """Nothing is left: each file was written whole."""

    def _full(self, name: str) -> str:
        return f"{self.root}/{name}"


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


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder; ``OSError`` if somebody else has it and we do not wait."""
    held = _lock(folder, wait=wait)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def _lock(folder: Path, *, wait: bool = True) -> int | None:
    """Take the lock of a folder; it ends when the descriptor closes, or with the process."""
    try:
        import fcntl
    except ImportError:  # Windows has none; what a killed run left is then not cleared away
        if not wait:
            raise OSError("cannot tell whether it is in use") from None
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _without_secrets(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _unwritable(place: str, error: Any) -> DataProblem:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DataProblem(
        Problem(
            place,
            f"the output folder cannot be written: {reason}",
            "Free space, change its permissions, or name another folder with --out.",
        )
    )
