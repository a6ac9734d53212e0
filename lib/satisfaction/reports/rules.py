"""The rules for notebooks as mechanical checks: it reads like a report, not like a program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from satisfaction.i18n import LANGUAGES
from satisfaction.reports.notebooks import read_notebook, tags, titles

PARAMETERS = ("project", "wave", "lang", "seed")
MOST_PARAMETERS = len(PARAMETERS) + 2
MOST_LINES = 6
MEDIAN_LINES = 3
MODULES = {"os", "sys", "pathlib", "io", "shutil", "subprocess", "pickle", "sqlite3", "duckdb",
           "matplotlib", "seaborn", "plotly", "requests", "socket"}  # fmt: skip
CALLS = {"merge", "join", "groupby", "pivot", "pivot_table", "round", "open", "print", "exec",
         "eval", "read_csv", "read_excel", "to_csv", "to_excel"}  # fmt: skip
NAMES = {"plt", "sns", "plotly"}
KEPT_METADATA = {"tags", "satisfaction"}
PATH = re.compile(r"^(?:[A-Za-z]:)?[./~]*[\\/]|[\w-][\\/][\w-]|\.(?:csv|xlsx|duckdb|yaml|json)$")
PERCENTAGE = re.compile(r"\d\s*(?:%|％|percent|个百分点)|百分之|[一二三四五六七八九]成")
# Markdown closes bold behind punctuation only where a space or more punctuation follows.
UNCLOSED_BOLD = re.compile(r"\*\*[^*\n]+[：:。.，！？）)”]\*\*(?=\w)")
# levels, worst cases and the ends of the scale are conventions, not results
DEFINITIONS = re.compile(r"(?<![\d.])(?:0|50|95|100)\s*[%％]")


def notebook_problems(path: Path) -> list[str]:
    """What in a notebook breaks the rules, each as a sentence; empty when it keeps them all."""
    notebook = read_notebook(path)
    cells = notebook["cells"]
    return [
        *_metadata_problems(notebook),
        *_title_problems(notebook),
        *_parameter_problems(cells),
        *_pair_problems(cells),
        *_prose_problems(cells),
        *_code_problems(cells),
        *_output_problems(cells),
    ]


def _metadata_problems(notebook: Mapping[str, Any]) -> Iterator[str]:
    metadata = notebook["metadata"]
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernelspec python3 is missing"
    for key in sorted({"language_info", "papermill", "widgets"} & set(metadata)):
        yield f"the metadata hold {key}: strip them"
    order = metadata.get("satisfaction", {}).get("order")
    if not isinstance(order, int | float):
        yield "metadata.satisfaction.order, its place among the reports, is missing"


def _title_problems(notebook: Mapping[str, Any]) -> Iterator[str]:
    for lang in LANGUAGES:
        if lang not in titles(notebook):
            yield f"there is no H1 in a markdown cell tagged {lang}"
    headings = [
        re.findall(r"^# ", cell["source"], re.MULTILINE)
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
    ]
    if sum(map(len, headings)) > len(LANGUAGES):
        yield "there is more than one H1 in a language"


def _parameter_problems(cells: list[dict[str, Any]]) -> Iterator[str]:
    tagged = [cell for cell in cells if "parameters" in tags(cell)]
    if len(tagged) != 1 or tagged[0]["cell_type"] != "code":
        yield f"there must be one code cell tagged parameters, not {len(tagged)}"
        return
    names = []
    for line in tagged[0]["source"].splitlines():
        name = _one_line_literal(line)
        if name is None:
            yield f"a parameter must be a one-line literal with a # help behind it: {line[:60]!r}"
        else:
            names.append(name)
    for name in PARAMETERS:
        if name not in names:
            yield f"the parameter {name} is missing"
    if len(names) > MOST_PARAMETERS:
        yield f"there are {len(names)} parameters; at most {MOST_PARAMETERS} are allowed"


def _one_line_literal(line: str) -> str | None:
    """The parameter's name if the line is ``name = literal  # help``."""
    try:
        (statement,) = ast.parse(line).body
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target: ast.expr = statement.target
            value = statement.value
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        else:
            return None
        ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return None
    has_help = re.match(r"\s*#\s*\S", line[value.end_col_offset or 0 :])
    return target.id if isinstance(target, ast.Name) and has_help else None


def _pair_problems(cells: list[dict[str, Any]]) -> Iterator[str]:
    """Markdown comes in neighbouring pairs: one cell zh, the next en, or the other way round."""
    waiting: str | None = None
    for number, cell in enumerate(cells, 1):
        spoken = [lang for lang in LANGUAGES if lang in tags(cell)]
        if cell["cell_type"] != "markdown":
            if cell["cell_type"] != "code":
                yield f"cell {number} is neither code nor markdown"
            if waiting is not None:
                yield f"cell {number - 1} (markdown, {waiting}) has no twin in the other language"
            waiting = None
        elif len(spoken) != 1:
            yield f"cell {number} must be tagged with one language, not {spoken or 'none'}"
            waiting = None
        elif waiting is None:
            waiting = spoken[0]
        elif waiting == spoken[0]:
            yield f"cell {number - 1} (markdown, {waiting}) has no twin in the other language"
        else:
            waiting = None
    if waiting is not None:
        yield f"the last markdown cell ({waiting}) has no twin in the other language"


def _prose_problems(cells: list[dict[str, Any]]) -> Iterator[str]:
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] != "markdown":
            continue
        found = PERCENTAGE.search(DEFINITIONS.sub("", cell["source"]))
        if found:
            yield f"cell {number}: {found.group()!r} in prose: figures come from a Result"
        if re.search(r"<[A-Za-z/!]", cell["source"]):
            yield f"cell {number}: markdown holds HTML"
        if unclosed := UNCLOSED_BOLD.search(cell["source"]):
            yield f"cell {number}: a space must follow {unclosed.group()!r}, or it is not bold"


def _code_problems(cells: list[dict[str, Any]]) -> Iterator[str]:
    lengths = []
    setups = 0
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] != "code":
            continue
        lines = [line for line in cell["source"].splitlines() if line.strip()]
        setups += "open_study(" in cell["source"]
        if "parameters" in tags(cell):
            continue
        lengths.append(len(lines))
        if len(lines) > MOST_LINES:
            yield f"cell {number} has {len(lines)} lines; at most {MOST_LINES} are allowed"
        try:
            tree = ast.parse(cell["source"])
        except SyntaxError:
            yield f"cell {number} is not plain Python"
            continue
        yield from (f"cell {number}: {problem}" for problem in _syntax_problems(tree))
    if setups != 1:
        yield f"there must be one setup cell with open_study(…), not {setups}"
    if lengths and median(lengths) > MEDIAN_LINES:
        yield f"the median code cell has {median(lengths):g} lines; more than {MEDIAN_LINES}"


def _syntax_problems(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield "defines a function or class"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"imports {name}" for name in _modules(node) if name in MODULES)
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            # ", ".join(words) joins words, not tables
            is_text = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Constant)
            if name in CALLS and not is_text:
                yield f"calls {name}(…)"
        elif isinstance(node, ast.Name) and node.id in NAMES:
            yield f"uses {node.id}"
        elif isinstance(node, ast.Constant):
            yield from _constant_problems(node.value)


def _constant_problems(value: object) -> Iterator[str]:
    if isinstance(value, int | float | complex) and value not in (0, 1):
        yield f"holds the number {value}; thresholds come from the policy"
    elif isinstance(value, str) and PATH.search(value):
        yield f"holds a path ({value[:40]!r})"


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return [alias.name.partition(".")[0] for alias in node.names]


def _output_problems(cells: list[dict[str, Any]]) -> Iterator[str]:
    for number, cell in enumerate(cells, 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number} holds outputs or an execution count: strip them"
        extra = sorted(set(cell["metadata"]) - KEPT_METADATA)
        if extra:
            yield f"cell {number} has metadata {', '.join(extra)}: strip them"
