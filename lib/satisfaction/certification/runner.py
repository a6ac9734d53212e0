"""All reference results on the installed libraries: which hold, which do not, which cannot run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from satisfaction.certification.case import Case, compare
from satisfaction.certification.reference import reference_results

FAMILIES = (
    "estimation", "intervals", "sampling", "weighting", "association", "drivers", "reliability",
    "change", "ranking",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of one reference result.

    deviation  the largest relative deviation, measured against what is tolerated
    value      name of the value that has it
    compared   values compared; 0 if it could not run
    error      in words, if it could not run
    remarks    what is not compared or less strictly, and why
    """

    id: str
    call: str
    state: Literal["holds", "fails", "cannot run"]
    deviation: float = float("inf")
    tolerance: float = 0.0
    value: str = ""
    compared: int = 0
    error: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every value of it agrees."""
        return self.state == "holds"


def certify(ids: Iterable[str] | None = None) -> list[Outcome]:
    """Run the reference results (all, or those named), in the order of ``reference.json``."""
    known = reference_results()
    unknown = sorted(set(ids or ()) - set(known))
    if unknown:
        raise ValueError(f"no reference result is called {', '.join(unknown)}")
    found, broken = cases_and_failures()
    chosen = list(known) if ids is None else list(ids)
    return [_outcome(name, found.get(name), broken) for name in chosen]


def cases() -> dict[str, Case]:
    """All cases by their id."""
    return cases_and_failures()[0]


def cases_and_failures() -> tuple[dict[str, Case], str]:
    """The cases, and what went wrong with families that cannot be imported here."""
    found: dict[str, Case] = {}
    broken = []
    for family in FAMILIES:
        try:
            module = import_module(f"satisfaction.certification.{family}")
        except Exception as error:  # a library that does not fit: the other families still run
            broken.append(_words(error))
            continue
        for case in module.CASES:
            if case.id in found:
                raise ValueError(f"two cases are called {case.id}")
            found[case.id] = case
    return found, "; ".join(broken)


def _outcome(name: str, case: Case | None, broken: str) -> Outcome:
    entry = reference_results()[name]
    call = str(entry["call"])
    if case is None:
        return Outcome(name, call, "cannot run", error=broken or "there is no case for it")
    try:
        found = compare(case, entry["values"], case.compute())
    except Exception as error:  # whatever a library does: the others are still checked
        return Outcome(name, call, "cannot run", error=_words(error))
    return Outcome(
        name,
        call,
        "holds" if found.holds else "fails",
        found.deviation,
        found.tolerance,
        found.value,
        found.compared,
        remarks=tuple(_remarks(case)),
    )


def _remarks(case: Case) -> Iterator[str]:
    for name, why in case.left_out.items():
        yield f"{case.id} {name} is not compared: {why}"
    for name, (tolerance, why) in case.looser.items():
        yield f"{case.id} {name} may deviate by {tolerance:.0e}: {why}"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
