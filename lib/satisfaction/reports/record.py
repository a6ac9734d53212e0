"""The record beside every report: what was run, with what, and what came of it.

Records are the archive (S0-4) and the only thing that the index is built from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from satisfaction.reports.storage import Storage
from satisfaction.reports.task import Task

SCHEMA = 1
MIME = "application/vnd.satisfaction.verdict+json"
VERDICTS = ("met", "not_met", "cannot_tell", "info")
TEXTS = ("run_id", "report", "project", "wave", "lang", "state", "title", "error", "html",
         "property_type", "region")  # fmt: skip
KINDS = (".html", ".ipynb", ".pdf")  # what may lie beside a record
REQUIRED = ("project", "wave", "verdict", "sentence")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Record:
    """One report: made (``ok``) or not (``failed``, with the error in words)."""

    run_id: str
    report: str
    project: str
    wave: str
    lang: str
    state: str
    started_at: str
    finished_at: str
    title: str = ""
    order: float = 0
    error: str = ""
    failed_cell: int | None = None
    project_name: Mapping[str, str] = field(default_factory=dict)
    wave_name: Mapping[str, str] = field(default_factory=dict)
    property_type: str = ""
    region: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    data_fingerprint: str = ""
    settings_fingerprint: str = ""
    code_fingerprint: str = ""
    notebook_fingerprint: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    certificate: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    cell_seconds: Mapping[str, float] = field(default_factory=dict)
    attempts: int = 1
    engine: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    verdict: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    html: str = ""
    schema: int = SCHEMA

    @property
    def ok(self) -> bool:
        """Whether the report was made."""
        return self.state == "ok"

    @property
    def folder(self) -> Path:
        """Where its files lie, relative to the output folder."""
        return Path(self.wave) / self.project

    @property
    def stem(self) -> str:
        """Name of its files without extension."""
        return f"{self.report}.{self.lang}"

    def to_json(self) -> str:
        """The record as text of a JSON file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=str) + "\n"


FIELDS = frozenset(each.name for each in fields(Record))


def record_from_json(text: str) -> Record:
    """Read what ``to_json`` wrote; ``ValueError`` for anything else."""
    try:
        plain = json.loads(text)
    except RecursionError as error:
        raise ValueError("this is nested too deeply") from error
    if SURROGATE.search(text):  # half a character could not be written into any page
        json.dumps(plain, ensure_ascii=False).encode()
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise ValueError("this is not a record, or of another version")
    try:
        record = Record(**{name: value for name, value in plain.items() if name in FIELDS})
    except TypeError as error:
        raise ValueError("the record is not complete") from error
    for name in TEXTS:
        if not isinstance(getattr(record, name), str):
            raise ValueError(f"{name} is not text")
    for name in ("report", "project", "wave", "lang"):
        if not getattr(record, name):
            raise ValueError(f"{name} is empty")
    for name in ("project_name", "wave_name", "verdict", "certificate", "inputs", "sizes"):
        if not isinstance(getattr(record, name), dict):
            raise ValueError(f"{name} is not a mapping")
    return record


def verdict_of(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict bundle in an executed notebook's outputs; ``ValueError`` if it shows none."""
    found = [
        output["data"][MIME]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if MIME in output.get("data", {})
    ]
    if not found:
        raise ValueError("the notebook shows no verdict")
    bundle = found[-1]
    missing = [key for key in REQUIRED if not isinstance(bundle.get(key), str)]
    if missing or bundle["verdict"] not in VERDICTS:
        raise ValueError(f"the notebook's verdict lacks {', '.join(missing) or 'a known verdict'}")
    return dict(bundle)


def bilingual(name: Any) -> dict[str, str]:
    """A name as a mapping of languages: a plain text serves both."""
    if isinstance(name, Mapping):
        return {str(lang): str(text) for lang, text in name.items()}
    return {"zh": str(name), "en": str(name)} if name else {}


def failed(task: Task, error: str, *, started_at: str, finished_at: str,
           cell: int | None = None, **more: Any) -> Record:  # fmt: skip
    """The record of a report that could not be made."""
    return Record(
        state="failed", error=error, failed_cell=cell,
        started_at=started_at, finished_at=finished_at, **{**about(task), **more},
    )  # fmt: skip


def about(task: Task) -> dict[str, Any]:
    """What a record knows from its task alone."""
    return {
        "report": task.report.id,
        "project": task.project,
        "wave": task.wave,
        "lang": task.lang,
        "title": task.report.title(task.lang),
        "order": task.report.order,
        "project_name": dict(task.project_name),
        "wave_name": dict(task.wave_name),
        "property_type": task.property_type,
        "region": task.region,
        "parameters": task.given,
        "seed": task.seed,
    }


def publish(storage: Storage, record: Record, files: Mapping[str, bytes]) -> Record:
    """Put a report and its record in place; a reader never sees a half file.

    ``files`` are the contents by extension. What an earlier run left and this one does not give is
    removed, so that nothing old passes for current. The record, which is given back with the sizes
    of the files, comes last.
    """
    whole = replace(record, sizes={kind: len(content) for kind, content in files.items()})
    name = f"{record.folder.as_posix()}/{record.stem}"
    contents = {name + kind: content for kind, content in files.items()}
    gone = [name + kind for kind in KINDS if kind not in files]
    storage.put({**contents, f"{name}.json": whole.to_json().encode()}, gone)
    return whole


def withdraw(storage: Storage, record: Record) -> None:
    """Remove all files of a report whose state could not be written down."""
    name = f"{record.folder.as_posix()}/{record.stem}"
    storage.remove(name + kind for kind in (*KINDS, ".json"))


def files_of(storage: Storage, record: Record) -> dict[str, bytes]:
    """The files of a report as they lie in their place, by extension."""
    name = f"{record.folder.as_posix()}/{record.stem}"
    found = ((kind, storage.read(name + kind)) for kind in KINDS)
    return {kind: content for kind, content in found if content is not None}


def read_records(files: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, Record | None]]:
    """Name and record of each file, one at a time; None where it is none."""
    for name, text in files:
        try:
            yield name, record_from_json(text) if text is not None else None
        except ValueError:
            yield name, None
