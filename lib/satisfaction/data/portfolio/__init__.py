"""The built-in sample portfolio: twelve invented projects as raw files (labelled as synthetic)."""

from satisfaction.data.portfolio.truth import TRUTH
from satisfaction.data.portfolio.writing import write_portfolio

__all__ = ["TRUTH", "write_portfolio"]
