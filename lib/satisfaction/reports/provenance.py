"""What a report was made with: versions and fingerprints for its record and footer."""

from __future__ import annotations

import hashlib
import platform
import re
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import satisfaction

PACKAGES = (
    "pandas", "numpy", "scipy", "statsmodels", "pingouin", "papermill", "nbconvert",
)  # fmt: skip
SOURCES = {".py", ".po", ".sql", ".j2", ".css", ".json", ".csv", ".js", ".otf"}


def fingerprint(*parts: bytes) -> str:
    """Short hash of bytes, as all fingerprints of the product."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def code_fingerprint() -> str:
    """Hash of the package's own sources as they are now, wherever it is installed."""
    folder = Path(satisfaction.__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.suffix in SOURCES and path.is_file())
    parts = [part for path in files for part in (_name(path, folder), path.read_bytes())]
    return fingerprint(*parts)


@cache
def versions() -> dict[str, str]:
    """Versions of all that can change a published number."""
    found = {
        "python": platform.python_version(),
        "satisfaction": satisfaction.__version__,
        "formula": satisfaction.FORMULA_VERSION,
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "?"
    return found


def all_versions() -> dict[str, str]:
    """Versions of every library that we ask for: any of them may change a page."""
    found = dict(versions())
    with suppress(PackageNotFoundError):  # run from its folder without being installed
        for line in requires("satisfaction") or ():
            name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
            with suppress(PackageNotFoundError):  # an extra that is not installed
                found[name] = version(name)
    return found


def _name(path: Path, folder: Path) -> bytes:
    return path.relative_to(folder).as_posix().encode()
