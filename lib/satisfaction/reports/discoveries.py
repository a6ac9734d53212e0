"""Drops that hold in the whole portfolio: false discoveries kept rare over all its projects.

With a test of 5 % each, of a thousand projects in which nothing changed twenty-five would seem to
have fallen. So all projects of a wave are tested together (Benjamini-Hochberg), from their records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from satisfaction.methods.multiplicity import significant_changes
from satisfaction.reports.entries import Entry

SOURCE = "year_over_year"  # the report whose verdict holds the change and its test


@dataclass(frozen=True)
class Discoveries:
    """By wave: the projects tested, those that fell with their change, and the rate that holds.

    ``unlike``: of those that fell, the ones where like residents asked in like ways did not.
    """

    tested: Mapping[str, list[str]]
    dropped: Mapping[str, dict[str, float]]
    rates: Mapping[str, float]
    unlike: Mapping[str, set[str]]


def discoveries(entries: Iterable[Entry]) -> Discoveries:
    """Falls since the last wave over all records; each project of a wave counts once.

    The rate is that of the policy, which each record carries; where they differ the smallest.
    Records without a change, its two-sided p-value (of this test alone) and the rate do not count.
    """
    waves: dict[str, dict[str, tuple[float, float, float]]] = defaultdict(dict)
    others: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.ok and entry.report == SOURCE:
            numbers = map(entry.figures.get, ("change", "p_value", "false_discovery_rate"))
            change, p_value, rate = numbers
            if change is None or p_value is None or rate is None or not 0 < rate < 1:
                continue
            if 0 <= p_value <= 1:
                waves[entry.wave][entry.project] = (change, p_value, rate)
                if entry.like_for_like == "none":
                    others[entry.wave].add(entry.project)
    tested, dropped, rates = {}, {}, {}
    for wave, projects in waves.items():
        changes, p_values, allowed = zip(*projects.values(), strict=True)
        fell = significant_changes(changes, p_values, rate=min(allowed))
        tested[wave], rates[wave] = list(projects), min(allowed)
        dropped[wave] = {
            project: change
            for project, change, real in zip(projects, changes, fell, strict=True)
            if real
        }
    unlike = {wave: others[wave] & set(projects) for wave, projects in dropped.items()}
    return Discoveries(tested, dropped, rates, unlike)
