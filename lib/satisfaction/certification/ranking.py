"""Fair comparison of projects: shrinkage and funnel limits."""

from __future__ import annotations

from satisfaction.certification.case import Case

CASES: tuple[Case, ...] = ()
