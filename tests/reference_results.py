"""R's results for tests: the ones that ship with the package, id -> entry."""

from __future__ import annotations

from satisfaction.certification.reference import reference_results

R = reference_results()
