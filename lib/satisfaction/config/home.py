"""Where the workbook lies: the folder that holds ``params/policy.yaml``."""

from __future__ import annotations

import os
from pathlib import Path

from satisfaction.problems import DataProblem, Problem


def find_home(start: Path | None = None) -> Path:
    """``SATISFACTION_HOME``, or the first folder from ``start`` upwards with a policy."""
    named = os.environ.get("SATISFACTION_HOME")
    origin = Path(named) if named else (start or Path.cwd())
    for folder in [origin] if named else [origin, *origin.parents]:
        if (folder / "params" / "policy.yaml").is_file():
            return folder.resolve()
    raise DataProblem(
        Problem(
            origin.name or str(origin),
            "this is not a workbook: there is no params/policy.yaml here or above",
            "Change into the workbook's folder, or set SATISFACTION_HOME to it.",
        )
    )
