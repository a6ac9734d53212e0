"""Every notebook of the workbook keeps the rules, and each rule really catches its offence."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from satisfaction.reports.rules import notebook_problems

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXEMPLARY = Path(__file__).parent / "fixtures" / "notebooks" / "exemplary.ipynb"

Notebook = dict[str, Any]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_rules(path: Path) -> None:
    report = "satisfaction" in json.loads(path.read_text(encoding="utf-8"))["metadata"]
    if not report:
        pytest.skip("an interactive notebook, not a report")
    assert notebook_problems(path) == []


def test_the_exemplary_notebook_keeps_the_rules() -> None:
    assert notebook_problems(EXEMPLARY) == []


def code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
            "id": "new", "source": source}  # fmt: skip


def markdown(lang: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {"tags": [lang]}, "id": "new", "source": source}


def adding(*sources: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"].extend(code(source) for source in sources)


def parameters(change: Callable[[str], str]) -> Callable[[Notebook], None]:
    def offend(notebook: Notebook) -> None:
        cell = next(c for c in notebook["cells"] if c["metadata"].get("tags") == ["parameters"])
        cell["source"] = change("".join(cell["source"]))

    return offend


def prose(text: str) -> Callable[[Notebook], None]:
    twins = [markdown("zh", text), markdown("en", "Why.")]
    return lambda notebook: notebook["cells"].extend(copy.deepcopy(twins))


def untagged(notebook: Notebook) -> None:
    notebook["cells"][3]["metadata"] = {}


def without(place: int) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"].pop(place) and None


OFFENCES: list[tuple[str, Callable[[Notebook], None], str]] = [
    ("no English title", without(1), "no H1 in a markdown cell tagged en"),
    ("two titles", prose("# Noch ein Titel"), "more than one H1"),
    ("no parameters", without(2), "one code cell tagged parameters"),
    ("no help", parameters(lambda s: s.replace("  # project id", "")), "one-line literal"),
    ("a computed parameter", parameters(lambda s: s + "\nn = 2 * 3  # n"), "one-line literal"),
    ("no seed", parameters(lambda s: s.replace("seed", "start")), "parameter seed is missing"),
    (
        "seven parameters",
        parameters(lambda s: s + "\na = 1  # a\nb = 1  # b\nc = 1  # c"),
        "at most 6 are allowed",
    ),
    ("untagged prose", untagged, "tagged with one language"),
    ("a lonely cell", without(4), "no twin"),
    ("a result in prose", prose("约有 83% 的业主满意"), "figures come from a Result"),
    ("a result in words", prose("八成以上满意"), "figures come from a Result"),
    ("bold that is not", prose("**怎么读：**看图"), "or it is not bold"),
    ("HTML in prose", prose("<b>x</b>"), "markdown holds HTML"),
    ("a function", adding("def f():\n    return study"), "defines a function"),
    ("a class", adding("class A:\n    pass"), "defines a function or class"),
    ("a lambda", adding("study.shares(lambda x: x)"), "defines a function"),
    ("an import of os", adding("import os"), "imports os"),
    ("an import of pathlib", adding("from pathlib import Path"), "imports pathlib"),
    ("a merge", adding("study.a.merge(study.b)"), "calls merge"),
    ("a groupby", adding("study.a.groupby('x')"), "calls groupby"),
    ("plotting", adding("plt.plot(study)"), "uses plt"),
    ("seaborn", adding("sns.barplot(study)"), "uses sns"),
    ("matplotlib", adding("import matplotlib.pyplot"), "imports matplotlib"),
    ("rounding", adding("round(study.share)"), "calls round"),
    ("rounding a frame", adding("study.rows.round()"), "calls round"),
    ("a path", adding("study.read('data/raw/a')"), "holds a path"),
    ("an absolute path", adding("study.read('/etc/passwd')"), "holds a path"),
    ("a threshold", adding("study.shares(at_least=0.9)"), "holds the number 0.9"),
    ("a negative number", adding("study.shares(-3)"), "holds the number 3"),
    ("a long cell", adding("study\n" * 7), "at most 6 are allowed"),
    ("long cells", adding(*["study\n" * 5] * 9), "the median code cell"),
    ("no setup", without(5), "one setup cell"),
    ("two setups", adding("study = open_study(project, wave)"), "one setup cell"),
    ("magic", adding("%matplotlib inline"), "not plain Python"),
    (
        "outputs",
        lambda notebook: notebook["cells"][2].update(execution_count=3),
        "outputs or an execution count",
    ),
    ("another kernel", lambda nb: nb["metadata"].pop("kernelspec") and None, "kernelspec"),
    ("no order", lambda nb: nb["metadata"].pop("satisfaction") and None, "order"),
    ("dirty metadata", lambda nb: nb["metadata"].update(language_info={}), "language_info"),
    ("dirty cells", lambda nb: nb["cells"][0]["metadata"].update(papermill={}), "papermill"),
]


@pytest.mark.parametrize(
    ("offend", "said"), [row[1:] for row in OFFENCES], ids=[row[0] for row in OFFENCES]
)
def test_each_rule_catches_its_offence(
    offend: Callable[[Notebook], None], said: str, tmp_path: Path
) -> None:
    notebook = json.loads(EXEMPLARY.read_text(encoding="utf-8"))
    offend(notebook)
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    problems = notebook_problems(path)
    assert any(said in problem for problem in problems), problems
