"""What must hold inside one file: types, required columns, closed codes, keys and orders."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from satisfaction.config.settings import Settings
from satisfaction.data.conversion import RULES, convert, convert_with, words_parser
from satisfaction.data.findings import Field, Findings

ROOM_REMEDY = "Use a pseudonymous code such as H0001; rooms belong to contacts."
DEVICE_NAMES = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
# earlier column, later column: the later one may be missing, but not lie before the earlier
ORDERS: dict[str, tuple[tuple[str, str], ...]] = {
    "waves": (("opened_on", "closed_on"), ("closed_on", "delivered_on")),
    "household_flags": (("set_at", "cleared_at"),),
    "complaints": (
        ("received_at", "entered_at"),
        ("received_at", "due_at"),
        ("received_at", "responded_at"),
        ("received_at", "closed_at"),
        ("received_at", "reopened_at"),
    ),
    "suggestions": (("received_at", "decided_at"), ("received_at", "feedback_at")),
    "actions": (("closed_on", "verified_on"),),
}
STRICT_ORDERS = {("set_at", "cleared_at")}


def typed_frame(
    model: pa.DataFrameSchema,
    fields: Dictionary[str, Field],
    length: int,
    settings: Settings,
    findings: Findings,
    *,
    is_excel: bool,
) -> pd.DataFrame:
    """The table's columns with their types; everything wrong goes to ``findings``."""
    columns = {}
    already = {}
    for name, column in model.columns.items():
        field = fields.get(name)
        if field is None:
            if not column.nullable:
                findings.add(
                    f"the required column {name} ({column.metadata['zh']}) is missing",
                    "Add it, or name it in a mapping (rename or constants).",
                )
            # no second problem for every cell of a column that is not there
            already[name] = np.ones(length, dtype=bool)
            empty = pd.Series([None], dtype="str").take(np.zeros(length, dtype=np.intp))
            columns[name], _ = convert(empty.reset_index(drop=True), column, is_excel=is_excel)
            continue
        columns[name], wrong = convert(field.text, column, is_excel=is_excel)
        rule, remedy = RULES.get(column.metadata["kind"], ("", ""))
        allowed = "; ".join(
            f"{code} ({zh}, {en})" for code, (zh, en) in column.metadata.get("choices", {}).items()
        )
        findings.add_cells(field, wrong, rule, remedy.format(allowed=allowed))
        already[name] = wrong
    frame = pd.DataFrame(columns)
    if "customer_group" in fields and "customer_group" in frame:
        already["customer_group"] = _read_groups(frame, fields, settings, findings)
    _check_model(model, frame, fields, already, findings)
    _check_orders(model.name, frame, fields, findings)
    for name, field in fields.items():
        if name in model.columns and model.columns[name].metadata["kind"] == "text":
            check_text(field, findings)
    return frame


def check_text(field: Field, findings: Findings) -> None:
    """No NUL signs: half of all programs take them for the end of the text."""
    holds_nul = field.text.str.contains("\x00", regex=False, na=False).to_numpy(bool)
    findings.add_cells(field, holds_nul, "the text holds a NUL sign", "Remove it.")


def _check_model(
    model: pa.DataFrameSchema,
    frame: pd.DataFrame,
    fields: Dictionary[str, Field],
    already: dict[str, NDArray[np.bool_]],
    findings: Findings,
) -> None:
    try:
        model.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return
    for (name, check), group in cases.groupby(["column", "check"], sort=False):
        if name not in fields:
            continue
        places = group["index"].to_numpy(np.int64)
        places = places[~already[name][places]]
        rule, remedy = _words(model.columns[name], str(name), str(check))
        findings.add_cells(fields[name], places, rule, remedy)


def _words(column: pa.Column, name: str, check: str) -> tuple[str, str]:
    """Pandera's check as a sentence and what to do."""
    numbers = re.findall(r"-?\d+", check)
    if check == "not_nullable":
        return "the cell is empty", "Fill it in; this column is required."
    if check.startswith("str_matches"):
        rule = "not an identifier (1 to 63 letters, digits, _ . or -, no spaces)"
        return rule, ROOM_REMEDY if name == "household" else "Correct the identifier."
    if check.startswith("str_length"):
        return f"the text is longer than {numbers[-1]} characters", "Shorten it."
    comparison = {
        "greater_than_or_equal_to": "at least",
        "greater_than": "more than",
        "less_than_or_equal_to": "at most",
    }
    sign = comparison.get(check.split("(")[0])
    limit = check.split("(")[-1].rstrip(")")
    rule = f"the value must be {sign} {limit}" if sign else f"the value breaks the rule {check}"
    return rule, f"Correct it: {column.description}."


def _check_orders(
    table: str, frame: pd.DataFrame, fields: Dictionary[str, Field], findings: Findings
) -> None:
    for earlier, later in ORDERS.get(table, ()):
        if later not in fields or earlier not in fields:
            continue
        wrong = frame[later] < frame[earlier]
        if (earlier, later) in STRICT_ORDERS:
            wrong |= frame[later] == frame[earlier]
        findings.add_cells(
            fields[later],
            wrong.to_numpy(bool),
            f"{later} lies before {earlier}",
            "Correct one of the two.",
        )


def _read_groups(
    frame: pd.DataFrame, fields: Dictionary[str, Field], settings: Settings, findings: Findings
) -> NDArray[np.bool_]:
    """Customer groups as keys of the policy, which may also be given in words."""
    groups = {key: (words.zh, words.en) for key, words in settings.policy.customer_groups.items()}
    frame["customer_group"], wrong = convert_with(
        frame["customer_group"], words_parser(groups), "str"
    )
    findings.add_cells(
        fields["customer_group"],
        wrong,
        "not a customer group of the policy",
        f"Allowed: {'; '.join(groups)}; or add it to params/policy.yaml.",
    )
    return wrong


def check_names(
    model: pa.DataFrameSchema,
    frame: pd.DataFrame,
    fields: Dictionary[str, Field],
    findings: Findings,
) -> None:
    """Ids that become folders: no device name, no twins in upper and lower case."""
    if model.name not in ("projects", "waves"):
        return
    name = model.metadata["key"][0]
    if name not in fields:
        return
    ids = frame[name]
    findings.add_cells(
        fields[name],
        ids.str.fullmatch(DEVICE_NAMES.pattern).fillna(False).to_numpy(bool),
        "the name is reserved by Windows",
        "Choose another id: it names a folder of reports.",
    )
    lower = ids.str.lower()
    spellings = ids.groupby(lower).transform("nunique")
    findings.add_cells(
        fields[name],
        (spellings > 1).to_numpy(bool),
        "another id of this file differs only in upper and lower case",
        "Choose ids that differ by more: they name folders.",
    )


def check_questionnaires(
    frame: pd.DataFrame, fields: Dictionary[str, Field], settings: Settings, findings: Findings
) -> None:
    """Every wave names a questionnaire that exists."""
    if "questionnaire" in fields:
        known = frame["questionnaire"].isin(list(settings.questionnaires))
        findings.add_cells(
            fields["questionnaire"],
            (frame["questionnaire"].notna() & ~known).to_numpy(bool),
            "unknown questionnaire",
            f"Known: {', '.join(sorted(settings.questionnaires)) or 'none'}; "
            "its file belongs into params/questionnaires.",
        )


def check_unique(
    frame: pd.DataFrame,
    columns: list[str],
    fields: Dictionary[str, Field],
    findings: Findings,
    what: str,
) -> None:
    """No two rows with the same ``columns``; every later row names the first."""
    if not set(columns) <= set(fields):
        return
    given = frame[columns].notna().all(axis=1).to_numpy(bool)
    places = np.flatnonzero(given)
    part = frame.loc[given, columns]
    again = part.duplicated().to_numpy(bool)
    if not again.any():
        return
    groups = part.groupby(columns, sort=False, observed=True).ngroup().to_numpy()
    first = pd.Series(places).groupby(groups).transform("min").to_numpy()
    rules = [f"{what} as in row {findings.rows[one]}" for one in first[again]]
    shown = fields[columns[-1]]
    if shown.constant:
        shown = next((fields[c] for c in reversed(columns) if not fields[c].constant), shown)
    findings.add_cells(shown, places[again], rules, "Keep one of the two rows.")
