"""Columns that many tables share, and the tables whose keys they name."""

from __future__ import annotations

import pandera.pandas as pa

from satisfaction.data.columns import ident, text


def project() -> pa.Column:
    """Project id."""
    return ident("项目编号", "project id; part of file names")


def wave() -> pa.Column:
    """Wave id."""
    return ident("批次", "survey wave id; part of file names")


def household(null: bool = False) -> pa.Column:
    """Household code."""
    return ident("户号", "pseudonymous household code, never the room", null=null)


def response() -> pa.Column:
    """Answer sheet id."""
    return ident("答卷编号", "answer sheet id")


def recorder() -> pa.Column:
    """Who recorded a row (S2-8)."""
    return text("记录人", "who recorded it (S2-8)", null=True, limit=60)


References = dict[tuple[str, ...], str]

PROJECT: References = {("project",): "projects"}
WAVE: References = {("wave",): "waves"}
HOUSEHOLD: References = {("project", "household"): "households"}
