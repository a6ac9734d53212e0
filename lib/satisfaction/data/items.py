"""Answers to the items of a questionnaire: which items a file may hold and what a score may be."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from satisfaction.config.questionnaire import Questionnaire
from satisfaction.config.settings import Settings, load_settings
from satisfaction.data.columns import TEXT_LIMIT
from satisfaction.data.conversion import convert_with, parse_integer
from satisfaction.data.findings import Field, Findings
from satisfaction.data.validation import check_text

CLOSED = ("overall", "item", "detail", "priority")
Pair = tuple[str, str]  # project, wave


def questionnaires_of(
    pairs: Iterable[Pair], waves: Dictionary[str, str], params: Path, settings: Settings
) -> dict[Pair, Questionnaire]:
    """The questionnaire of each (project, wave): the project's own, else the wave's."""
    own: dict[str, dict[str, str]] = {}
    found = {}
    for project, wave in pairs:
        if project not in own:
            has_file = (params / "projects" / f"{project}.yaml").is_file()
            chosen = load_settings(params, project) if has_file else settings
            own[project] = chosen.own_questionnaires
        key = own[project].get(wave, waves.get(wave))
        if key in settings.questionnaires:
            found[project, wave] = settings.questionnaires[key]
    return found


def item_headings(questionnaires: Iterable[Questionnaire]) -> dict[str, str]:
    """Every accepted heading of an item, id or label -> id."""
    ids: dict[str, str] = {}
    labels: dict[str, str] = {}
    ambiguous = set()
    for questionnaire in questionnaires:
        for item in questionnaire.items:
            if item.status == "dropped":
                continue
            ids[item.id] = item.id
            for label in (item.label.zh, item.label.en):
                if labels.setdefault(label, item.id) != item.id:
                    ambiguous.add(label)
    return {label: name for label, name in labels.items() if label not in ambiguous} | ids


@dataclass(frozen=True)
class Scores:
    """The closed answers of a file, one row per answer sheet and one column per item.

    given   the cell holds an answer, a don't-know included
    scores  the score; meaningless where ``known`` is false
    """

    items: list[str]
    given: NDArray[np.bool_]
    known: NDArray[np.bool_]
    scores: NDArray[np.int32]


def read_scores(
    fields: Dictionary[str, Field],
    asked: Dictionary[int, Questionnaire],
    which: NDArray[np.int64],
    findings: Findings,
) -> Scores:
    """Closed items of wide rows; ``which`` is the questionnaire of each row (-1: unknown)."""
    names = sorted(
        name
        for name in fields
        if any(name in questionnaire.select(*CLOSED) for questionnaire in asked.values())
    )
    shape = (len(which), len(names))
    given = np.zeros(shape, dtype=bool)
    known = np.zeros(shape, dtype=bool)
    scores = np.zeros(shape, dtype=np.int32)
    for place, name in enumerate(names):
        field = fields[name]
        given[:, place] = field.text.notna().to_numpy(bool) | field.declared.to_numpy(bool)
        for number, questionnaire in asked.items():
            rows = which == number
            if not _is_asked(questionnaire, name, field, rows, findings, CLOSED):
                continue
            text = field.text.where(rows)
            read = _scores_of(text, questionnaire, name, field, findings)
            known[:, place] |= read >= 0
            scores[:, place] = np.where(read >= 0, read, scores[:, place])
    return Scores(names, given, known, scores)


def check_item_scores(
    items: pd.Series,
    field: Field,
    asked: Dictionary[int, Questionnaire],
    which: NDArray[np.int64],
    findings: Findings,
) -> pd.Series:
    """Scores of long rows, checked against the item that stands beside them."""
    result = np.full(len(which), -1, dtype=np.int64)
    for number, questionnaire in asked.items():
        for name in questionnaire.select(*CLOSED):
            rows = (which == number) & (items == name).to_numpy(bool)
            if rows.any():
                text = field.text.where(rows)
                result = np.maximum(result, _scores_of(text, questionnaire, name, field, findings))
    scores = pd.Series(result, dtype="Int64")
    return scores.mask(scores < 0)


def check_items(
    items: pd.Series,
    field: Field,
    roles: tuple[str, ...],
    asked: Dictionary[int, Questionnaire],
    which: NDArray[np.int64],
    findings: Findings,
) -> pd.Series:
    """Items of long rows as ids; they must belong to the questionnaire of their row."""
    ids = items.copy()
    for number, questionnaire in asked.items():
        rows = which == number
        headings = item_headings([questionnaire])
        allowed = set(questionnaire.select(*roles))
        names = items.where(rows).map(headings)
        ids = ids.mask(rows & names.notna().to_numpy(bool), names)
        wrong = rows & items.notna().to_numpy(bool) & ~names.isin(allowed).to_numpy(bool)
        kind = "open" if roles == ("open",) else "closed"
        findings.add_cells(
            field,
            wrong,
            f"not {'an' if kind == 'open' else 'a'} {kind} item of {questionnaire.key}",
            "Correct the item; the questionnaire of the wave lists them.",
        )
    return ids.astype("str")


def read_comments(
    fields: Dictionary[str, Field],
    asked: Dictionary[int, Questionnaire],
    which: NDArray[np.int64],
    findings: Findings,
) -> dict[str, pd.Series]:
    """Open items of wide rows: item -> texts."""
    names = sorted(
        name
        for name in fields
        if any(name in questionnaire.select("open") for questionnaire in asked.values())
    )
    found = {}
    for name in names:
        field = fields[name]
        for number, questionnaire in asked.items():
            _is_asked(questionnaire, name, field, which == number, findings, ("open",))
        long = field.text.str.len() > TEXT_LIMIT
        findings.add_cells(
            field,
            long.fillna(False).to_numpy(bool),
            f"the text is longer than {TEXT_LIMIT} characters",
            "Shorten it.",
        )
        check_text(field, findings)
        found[name] = field.text
    return found


def _is_asked(
    questionnaire: Questionnaire,
    name: str,
    field: Field,
    rows: NDArray[np.bool_],
    findings: Findings,
    roles: tuple[str, ...],
) -> bool:
    if name in questionnaire.select(*roles):
        return True
    findings.add_cells(
        field,
        rows & field.text.notna().to_numpy(bool),
        f"{questionnaire.key}, the questionnaire of this row, does not ask this item",
        "Correct the wave, or empty the cell.",
    )
    return False


def _scores_of(
    text: pd.Series, questionnaire: Questionnaire, name: str, field: Field, findings: Findings
) -> NDArray[np.int64]:
    """Scores, -1 where there is none (empty, don't know, wrong)."""
    numbers, unreadable = convert_with(text, parse_integer, "Int64")
    findings.add_cells(field, unreadable, "the score is not a whole number", _remedy(questionnaire))
    valid = questionnaire.valid_codes(name)
    fits = numbers.isin(valid).to_numpy(bool)
    unknown = numbers.isin(questionnaire.dont_know).to_numpy(bool)
    where = "the scale" if valid == questionnaire.scale.scores else "the codes of this item"
    findings.add_cells(
        field,
        numbers.notna().to_numpy(bool) & ~fits & ~unknown,
        f"the score is not on {where} ({min(valid)} to {max(valid)})",
        _remedy(questionnaire),
    )
    return np.where(fits, numbers.fillna(-1).to_numpy(np.int64), -1)


def _remedy(questionnaire: Questionnaire) -> str:
    codes = ", ".join(map(str, questionnaire.dont_know))
    known = f" or the code for don't know ({codes})" if codes else ""
    return f"Write a score{known}, leave the cell empty, or recode it in a mapping."


def long_answers(keys: pd.DataFrame, scores: Scores, source: str) -> pa.Table:
    """One row per answer, ordered by project, wave, response and item."""
    order = keys.sort_values(["project", "wave", "response"], kind="stable").index.to_numpy()
    given = scores.given[order]
    known = scores.known[order][given]
    sheets, items = np.nonzero(given)  # row by row, so the order holds

    def repeated(texts: pd.Series) -> pa.Array:
        codes, distinct = pd.factorize(texts)
        return _coded(codes[order][sheets], list(distinct))

    return pa.table(
        {
            "project": repeated(keys["project"]),
            "wave": repeated(keys["wave"]),
            "response": repeated(keys["response"]),
            "item": _coded(items, scores.items),
            "score": pa.array(scores.scores[order][given], mask=~known),
            "source": _coded(np.zeros(len(items), dtype=np.int32), [source]),
        }
    )


def _coded(codes: NDArray[np.int64] | NDArray[np.int32], values: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(values, pa.string())
    )


def long_comments(keys: pd.DataFrame, texts: Dictionary[str, pd.Series]) -> pd.DataFrame:
    """One row per open answer, with the place of its sheet in the file."""
    parts = [
        keys.assign(item=name, text=text, place=np.arange(len(keys)))[text.notna()]
        for name, text in texts.items()
    ]
    columns = ["project", "wave", "response", "item", "text", "place"]
    if not parts:
        return pd.DataFrame(columns=columns).astype({"place": "int64"})
    return pd.concat(parts, ignore_index=True)[columns]
