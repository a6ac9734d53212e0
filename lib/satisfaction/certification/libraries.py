"""What the methods run on here."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "pingouin")


def library_versions() -> dict[str, str]:
    """Python and the libraries that compute, by name."""
    found = {"Python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return found
