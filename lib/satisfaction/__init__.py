"""Resident satisfaction workbook: survey design, statistics and reports for property management."""

__version__ = "0.4.1"
FORMULA_VERSION = "2026-3"  # changes whenever a published number would change for the same data
