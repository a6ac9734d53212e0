"""Whether the workbook itself is in order: settings, notebooks, catalogs, generated files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from satisfaction import i18n
from satisfaction.config.settings import load_settings
from satisfaction.config.strict_yaml import load_model
from satisfaction.data.dictionary import generated_files
from satisfaction.data.mapping import Mapping
from satisfaction.problems import DataProblem, Problem
from satisfaction.reports.notebooks import read_notebook
from satisfaction.reports.rules import notebook_problems

PACKAGE = Path(i18n.__file__).parent
CATALOG = i18n.CATALOGS / "zh" / "LC_MESSAGES" / "satisfaction.po"
MARKERS = {"_": None, "N_": None}
METHODS = [("**.py", "python"), ("**/template/**.j2", "jinja2")]


def workbook_problems(home: Path) -> list[Problem]:
    """Everything that is wrong, in the order in which it is best mended."""
    return [
        *_settings_problems(home),
        *_notebook_problems(home),
        *_catalog_problems(),
        *_stale_files(home),
    ]


def write_generated(home: Path) -> list[Path]:
    """Write schema, dictionary and catalog anew; new texts stand in the catalog untranslated."""
    written = []
    for path, text in generated_files(home).items():
        path.write_text(text, "utf-8", newline="\n")
        written.append(path)
    catalog = merged_catalog()
    with CATALOG.open("wb") as file:
        write_po(file, catalog, width=100, omit_header=False, sort_output=True, no_location=True)
    return [*written, CATALOG]


def source_texts() -> set[str]:
    """Every text of the package that is marked for translation."""
    found = extract_from_dir(str(PACKAGE), METHODS, keywords=MARKERS)
    return {text for _file, _line, text, *_rest in found if isinstance(text, str)}


def merged_catalog() -> Catalog:
    """The Chinese catalog with exactly the texts of the sources."""
    old = _catalog()
    merged = Catalog(locale="zh", charset="utf-8")
    merged.header_comment = "# Chinese texts of the resident satisfaction workbook."
    merged.mime_headers = [("Content-Type", "text/plain; charset=utf-8")]
    for text in sorted(source_texts()):
        message = old.get(text)
        merged.add(text, str(message.string) if message is not None else "")
    return merged


def _catalog() -> Catalog:
    if not CATALOG.is_file():
        return Catalog(locale="zh")
    with CATALOG.open("rb") as file:
        return read_po(file, locale="zh")


def _catalog_problems() -> Iterator[Problem]:
    catalog = _catalog()
    texts = source_texts()
    known = {message.id: message.string for message in catalog if message.id}
    for text in sorted(texts):
        if not known.get(text):
            yield Problem(
                CATALOG.name, "a text has no Chinese translation", "Translate it.", value=text[:80]
            )
    for left in sorted(set(map(str, known)) - texts):
        yield Problem(
            CATALOG.name,
            "a text is translated that no source holds",
            "Run: python -m satisfaction check --write",
            value=left[:80],
        )


def _settings_problems(home: Path) -> Iterator[Problem]:
    params = home / "params"
    names = [None, *(path.stem for path in sorted((params / "projects").glob("*.yaml")))]
    for name in names:
        try:
            load_settings(params, name)
        except DataProblem as problem:
            yield from problem.problems
            if name is None:  # every project would say the same again
                break
    for path in sorted((params / "imports").glob("*.yaml")):
        try:
            load_model(path, Mapping)
        except DataProblem as problem:
            yield from problem.problems


def _notebook_problems(home: Path) -> Iterator[Problem]:
    for path in sorted((home / "notebooks").glob("*.ipynb")):
        try:
            if "satisfaction" not in read_notebook(path).get("metadata", {}):
                continue  # an interactive notebook, not a report
            for rule in notebook_problems(path):
                yield Problem(path.name, rule, "See the rules for notebooks in README.md.")
        except DataProblem as problem:
            yield from problem.problems


def _stale_files(home: Path) -> Iterator[Problem]:
    for path, text in generated_files(home).items():
        if not path.is_file() or path.read_text("utf-8") != text:
            yield Problem(
                path.name,
                "the file differs from the table models it is written from",
                "Run: python -m satisfaction check --write",
            )
