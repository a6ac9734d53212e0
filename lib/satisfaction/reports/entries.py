"""What the index needs of each record, and no more: thousands of them fit into little memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from satisfaction.reports.pdf import KIND
from satisfaction.reports.record import VERDICTS, Record

FIGURES = ("share", "ci_low", "ci_high", "n", "population", "change", "change_low", "change_high",
           "p_value", "false_discovery_rate", "digits")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One report as the index sees it.

    file     name of its record, for an order that no disk decides
    pdf      whether it was printed, too
    verdict  one of the known ones; empty if it has none
    figures  numbers of the verdict bundle that are known and finite
    """

    file: str
    report: str
    project: str
    wave: str
    lang: str
    ok: bool
    pdf: bool
    order: float
    title: str
    error: str
    project_name: Mapping[str, str]
    wave_name: Mapping[str, str]
    property_type: str
    region: str
    verdict: str
    grade: str
    like_for_like: str
    synthetic: bool
    figures: Mapping[str, float]


def entry(file: str, record: Record) -> Entry:
    """The record reduced; whatever is not of its kind counts as not known."""
    bundle = record.verdict
    verdict = _text(bundle.get("verdict"))
    return Entry(
        file=file,
        report=sys.intern(record.report),
        project=sys.intern(record.project),
        wave=sys.intern(record.wave),
        lang=sys.intern(record.lang),
        ok=record.ok,
        pdf=KIND in record.sizes,
        order=_number(record.order) or 0.0,
        title=sys.intern(record.title),
        error=sys.intern(record.error),
        project_name=_names(record.project_name),
        wave_name=_names(record.wave_name),
        property_type=sys.intern(record.property_type),
        region=sys.intern(record.region),
        verdict=verdict if verdict in VERDICTS else "",
        grade=_text(bundle.get("grade")),
        like_for_like=_text(bundle.get("like_for_like")),
        synthetic=bool(bundle.get("synthetic")),
        figures={
            name: number for name in FIGURES if (number := _number(bundle.get(name))) is not None
        },
    )


def _names(names: Mapping[str, Any]) -> dict[str, str]:
    return {sys.intern(lang): sys.intern(name) for lang, name in names.items() if _text(name)}


def _text(value: Any) -> str:
    return sys.intern(value) if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
