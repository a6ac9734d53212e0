"""Whether items measure one thing, and whether coders agree: R's ``psych``."""

from __future__ import annotations

from satisfaction.certification.case import Case, Values
from satisfaction.certification.samples import AGREEABLENESS, agreeableness
from satisfaction.methods.reliability import cronbach_alpha

CASES: tuple[Case, ...] = ()
