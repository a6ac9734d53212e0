"""The one way in which this product says that input is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Problem:
    """One thing wrong in an input file, and what to do about it.

    row     as Excel counts it (the header is row 1) or the line of a YAML file; None: whole file
    value   what stands there, as text (never personal data)
    """

    file: str
    rule: str
    remedy: str
    row: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        if self.value:
            place += f", value {self.value!r}"
        return f"{place}: {self.rule}. {self.remedy}"


class DataProblem(ValueError):
    """Input that cannot be used; carries every problem found, nothing was changed."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        shown = "\n".join(str(problem) for problem in self.problems[:5])
        more = len(self.problems) - 5
        super().__init__(shown + (f"\n... and {more} more" if more > 0 else ""))

    def table(self) -> pd.DataFrame:
        """All problems as a table: file, row, column, value, rule, remedy."""
        import pandas as pd  # half a second to import; only a failed import needs it

        columns = ["file", "row", "column", "value", "rule", "remedy"]
        found = pd.DataFrame([asdict(problem) for problem in self.problems], columns=columns)
        return found.astype({"row": "Int64"})
