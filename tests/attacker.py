"""A reader who wants to know what few people answered, and computes it from what is shown.

It knows every page of a report, and of every answer sheet all but the answers: group, mode,
weight, which questions were answered at all. Whole numbers of satisfied residents that fit all that
is shown are looked for by integer programming; a hidden number is found out if its least and its
greatest fitting value are the same.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

DATA_URI = re.compile(r"data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]*)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SHORT = re.compile(r"([\d,]+) more of ([\d,]+) would have to be satisfied to reach ([\d.]+)%")


class _Tables(HTMLParser):
    """The cells of all tables of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


@dataclass
class Shown:
    """Read from pages: (row head, column head) -> lowest and highest share it can stand for."""

    cells: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    satisfied: int | None = None  # answer sheets that are satisfied overall, unweighted

    def add(self, row: str, column: str, text: str) -> None:
        found = NUMBER.match(text.strip())
        if not found or text.startswith("n<"):
            return
        figure = found.group()
        half = 0.5 * 10.0 ** -len(figure.partition(".")[2])
        value = float(figure)
        low, high = (value - half) / 100 - 1e-9, (value + half) / 100 + 1e-9
        before = self.cells.get((row, column), (-np.inf, np.inf))
        self.cells[row, column] = max(low, before[0]), min(high, before[1])


def read(pages: Sequence[str]) -> Shown:
    """All shares on the pages: the tables in sight and those for download, by their heads."""
    shown = Shown()
    for page in pages:
        tables = _Tables()
        tables.feed(page)
        rows = [tables.rows]
        for part in DATA_URI.findall(page):
            text = base64.b64decode(part).decode("utf-8-sig")
            rows.append(list(csv.reader(io.StringIO(text))))
        for lines in rows:
            heads: list[str] = []
            if lines and {"Score", "Scores"} & set(lines[0]):
                continue  # how the answers spread, not their satisfied share
            for line in lines:
                if not heads or (line and line[0] == heads[0]):
                    heads = line
                    continue
                for head, text in zip(heads[1:], line[1:], strict=False):
                    if text.rstrip("*").endswith("%") or "(%)" in head:
                        shown.add(line[0], head, text)
        if found := SHORT.search(page):
            short, n, target = (float(part.replace(",", "")) for part in found.groups())
            shown.satisfied = int(np.ceil(target / 100 * n - 1e-9) - short)
    return shown


@dataclass(frozen=True)
class Found:
    """What the pages tell of a hidden number of satisfied answers."""

    cell: tuple[str, str]
    answers: int
    low: float
    high: float
    told: bool = False  # by the sum of a stratum that is large enough to be shown

    @property
    def exposed(self) -> bool:
        """One value fits, and nothing that may be known tells as much."""
        return self.high - self.low < 0.5 and not self.told


class System:
    """Whole unknowns between 0 and their limits, and sums of them that are known within bounds."""

    def __init__(self, limits: Sequence[float]) -> None:
        self.limits = np.asarray(limits, dtype=float)
        self.rows: list[np.ndarray] = []
        self.bounds: list[tuple[float, float]] = []

    def know(self, row: np.ndarray, low: float, high: float) -> None:
        self.rows.append(row)
        self.bounds.append((low, high))

    def range(self, aim: np.ndarray) -> tuple[float, float]:
        """Least and greatest fitting value of a sum."""
        low, high = np.array(self.bounds).T
        facts = LinearConstraint(np.array(self.rows), low, high)
        ends = []
        for sign in (1, -1):
            solved = milp(sign * aim, integrality=np.ones(len(aim)), constraints=facts,
                          bounds=Bounds(0, self.limits), options={"time_limit": 5})  # fmt: skip
            assert solved.x is not None, "what is shown contradicts itself"
            ends.append(float(aim @ np.rint(solved.x)))
        return ends[0], ends[1]

    def find(
        self, cell: tuple[str, str], answers: int, aim: np.ndarray, large: Sequence[np.ndarray]
    ) -> Found:
        """A hidden sum; ``large`` the strata with enough answers, whose sums may be known."""
        low, high = self.range(aim)
        if high - low > 0.5 or not large:
            return Found(cell, answers, low, high)
        allowed = System(self.limits)
        for stratum in large:
            allowed.know(stratum, *self.range(stratum))
        ends = allowed.range(aim)
        return Found(cell, answers, low, high, told=ends[1] - ends[0] < 0.5)


def attack(
    pages: Sequence[str],
    sheets: pd.DataFrame,
    items: Mapping[str, Sequence[str]],
    overall: str,
    *,
    minimum: int = 10,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Found]:
    """Every hidden small group: by dimension and customer group, overall by mode and by group.

    ``sheets`` holds 1 where an item was answered, NaN where not: no answers.
    """
    shown, words = read(pages), dict(labels or {})
    weight = _weights(sheets)
    for name, columns in items.items():
        yield from _dimension(shown, sheets, weight, name, columns, minimum, words)
    yield from _overall(shown, sheets, weight, overall, minimum, words)


def _weights(sheets: pd.DataFrame) -> np.ndarray:
    size = sheets.groupby("stratum")["stratum"].transform("size")
    return (sheets["stratum_population"] / size).fillna(1.0).to_numpy(dtype=float)


def _dimension(
    shown: Shown,
    sheets: pd.DataFrame,
    weight: np.ndarray,
    name: str,
    columns: Sequence[str],
    minimum: int,
    words: Mapping[str, str],
) -> Iterator[Found]:
    given = sheets[list(columns)].notna().sum(axis=1).to_numpy(dtype=float)
    groups = sorted(sheets.loc[given > 0, "customer_group"].unique())
    people = [int(((sheets["customer_group"] == g) & (given > 0)).sum()) for g in groups]
    own = [(sheets["customer_group"] == g).to_numpy() for g in groups]
    answers = np.array([given[mask].sum() for mask in own])
    each = np.array([(weight * given)[mask].sum() for mask in own]) / answers
    system = System(answers)
    _know_total(system, shown, words.get(name, name), each, answers)
    for place, group in enumerate(groups):
        cell = shown.cells.get((words.get(name, name), words.get(group, group)))
        if cell:
            row = np.eye(len(groups))[place]
            system.know(row, cell[0] * answers[place], cell[1] * answers[place])
    strata = sheets.groupby("customer_group")["stratum"].first()[groups].to_numpy()
    inside = [strata == name for name in np.unique(strata)]
    large = [mask.astype(float) for mask in inside if np.array(people)[mask].sum() >= minimum]
    for place, group in enumerate(groups):
        if people[place] < minimum:
            yield system.find((name, group), people[place], np.eye(len(groups))[place], large)


def _overall(
    shown: Shown,
    sheets: pd.DataFrame,
    weight: np.ndarray,
    overall: str,
    minimum: int,
    words: Mapping[str, str],
) -> Iterator[Found]:
    used = sheets[overall].notna().to_numpy()
    part = sheets.loc[used].assign(weight=weight[used])
    blocks = part.groupby(["mode", "customer_group"], sort=True)["weight"].agg(["size", "mean"])
    modes, groups = (np.array(blocks.index.get_level_values(level)) for level in (0, 1))
    size, each = blocks["size"].to_numpy(dtype=float), blocks["mean"].to_numpy()
    system = System(size)
    _know_total(system, shown, words.get(overall, overall), each, size)
    for mode in np.unique(modes):
        inside = modes == mode
        for (row, column), (low, high) in shown.cells.items():
            if row == words.get(mode, mode) and column == "Estimate (%)":
                base = (each * size)[inside].sum()
                system.know(np.where(inside, each, 0.0), low * base, high * base)
    if shown.satisfied is not None:
        system.know(np.ones(len(size)), shown.satisfied, shown.satisfied)
    strata = sheets.groupby("customer_group")["stratum"].first()[groups].to_numpy()
    parts = [strata == name for name in np.unique(strata)]
    large = [mask.astype(float) for mask in parts if size[mask].sum() >= minimum]
    for names in (modes, groups):
        for name in np.unique(names):
            inside = names == name
            answers = int(size[inside].sum())
            if answers < minimum:
                yield system.find((overall, str(name)), answers, inside.astype(float), large)


def _know_total(
    system: System, shown: Shown, name: str, each: np.ndarray, answers: np.ndarray
) -> None:
    """The share of all, from wherever it is given most exactly: the first fact of a system."""
    base = (each * answers).sum()
    known = [shown.cells.get((name, head), (0.0, 1.0)) for head in ("Estimate (%)", "Satisfied")]
    system.know(each, max(low for low, _ in known) * base, min(high for _, high in known) * base)
