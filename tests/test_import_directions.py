"""Imports point one way: settings, data, study, reports; methods and exhibits stand alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LIB = Path(__file__).parent.parent / "lib"
ROOT_FACTS = "satisfaction"  # the package itself: version numbers

# part -> the parts that it may import besides itself
ALLOWED: dict[str, set[str]] = {
    ROOT_FACTS: set(),
    "problems": set(),
    "i18n": set(),
    "origin": {"i18n"},
    "once": set(),
    "config": {"problems"},
    "methods": set(),
    "certification": {"methods"},
    "data": {"config", "problems"},
    "data.portfolio": {"data", "config", "methods", "problems"},
    "exhibits": {"methods", "origin", "i18n"},
    "arguments": {"config"},
    "assembly": {"data", "config"},
    "small_groups": {"config"},
    "wave_facts": {"arguments", "small_groups", "data", "config"},
    "study": {
        "wave_facts", "assembly", "small_groups", "data", "config", "origin", "i18n", "problems",
    },
    "drawing": {"study", "assembly", "once", "data", "methods", "problems"},
    "budgeting": {"data", "config", "methods", "problems"},
    "auditing": {"study", "once", "methods"},
    "checks": {"auditing", "study", "methods", "config", "i18n", ROOT_FACTS},
    "reports": {
        "checks", "drawing", "study", "exhibits", "methods", "certification", "config", "data",
        "i18n", "problems", ROOT_FACTS,
    },
    "planning": {"reports", "study", "data", "config", "problems"},
    "demo": {"data", "data.portfolio"},
    "self_check": {"reports", "data", "config", "i18n", "problems", ROOT_FACTS},
    "cli_run": {"planning", "reports", "config", "problems"},
    "cli": {
        "cli_run",
        "planning", "budgeting", "drawing", "reports", "demo", "self_check", "certification",
        "study", "data", "config", "problems", ROOT_FACTS,
    },
    "__main__": {"cli"},
    "explore": {
        "planning", "budgeting", "drawing", "reports", "checks", "auditing", "study", "exhibits",
        "methods", "data", "config", "i18n", "problems",
    },
}  # fmt: skip


def modules(lib: Path) -> dict[str, Path]:
    """Dotted name below the package (empty for the package itself) -> file."""
    package = lib / "satisfaction"
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: set[str]) -> Iterator[str]:
    """Modules of the package that a module imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            base = str(node.module)
            targets = [
                full if full.removeprefix("satisfaction.") in known else base
                for full in (f"{base}.{alias.name}" for alias in node.names)
            ]
        else:
            continue
        for target in targets:
            if target == "satisfaction" or target.startswith("satisfaction."):
                yield target.removeprefix("satisfaction").removeprefix(".")


def graph(lib: Path) -> dict[str, set[str]]:
    found = modules(lib)
    return {name: set(imported(name, path, set(found))) - {name} for name, path in found.items()}


def part(module: str) -> str:
    if module.startswith("data.portfolio"):
        return "data.portfolio"
    return module.split(".")[0] or ROOT_FACTS


def violations(lib: Path) -> list[str]:
    return [
        f"{module} imports {target or ROOT_FACTS}"
        for module, targets in graph(lib).items()
        for target in sorted(targets)
        if part(target) != part(module) and part(target) not in ALLOWED.get(part(module), set())
    ]


def cycle(lib: Path) -> list[str]:
    # a package's __init__ gathers what its modules define: that alone is no cycle of two stories
    found = graph(lib)
    gathering = {name for name, path in modules(lib).items() if path.name == "__init__.py"}
    edges = {
        name: {target for target in targets if target not in gathering}
        for name, targets in found.items()
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def third_party(lib: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, path in modules(lib).items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.setdefault(name, set()).update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found.setdefault(name, set()).update(names | {node.module})
    return found


def test_every_import_points_the_right_way() -> None:
    assert violations(LIB) == []


def test_every_part_has_its_place() -> None:
    assert {part(module) for module in modules(LIB)} <= set(ALLOWED)


def test_the_parts_themselves_have_an_order() -> None:
    TopologicalSorter(ALLOWED).prepare()


def test_no_module_imports_itself_over_others() -> None:
    assert cycle(LIB) == []


def test_charts_are_drawn_without_a_plotting_library() -> None:
    # half a second to load, most of a report's time to draw, and settings of its own
    libraries = ("matplotlib", "seaborn", "plotly", "altair", "bokeh")
    for name, used in third_party(LIB).items():
        assert not [one for one in used if one.startswith(libraries)], name


def test_methods_and_exhibits_read_no_files() -> None:
    drivers = ("adbc_driver", "duckdb", "sqlite3", "yaml", "requests", "urllib", "socket")
    for name, used in third_party(LIB).items():
        if part(name) in ("methods", "exhibits"):
            assert not [one for one in used if one.startswith(drivers)], name


def test_widgets_are_for_notebooks_only() -> None:
    users = {name for name, used in third_party(LIB).items() if "ipywidgets" in used}
    assert {part(name) for name in users} == {"explore"}


def test_only_the_database_module_opens_connections() -> None:
    for name, used in third_party(LIB).items():
        opens = {one for one in used if re.match(r"duckdb|adbc_driver_\w+[.]dbapi", one)}
        assert not opens or name in ("data.duckdb_file", "data.postgresql"), name


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("methods/estimation.py", "from satisfaction.study import Study"),
        ("methods/new.py", "from satisfaction import i18n"),
        ("methods/new.py", "from satisfaction.certification.runner import certify"),
        ("certification/new.py", "from satisfaction.study import open_study"),
        ("exhibits/summary.py", "from satisfaction.data.slices import read_slice"),
        ("exhibits/new.py", "import satisfaction.study"),
        ("data/new.py", "def late():\n    from satisfaction.study import open_study"),
        ("data/new.py", "from satisfaction.methods.result import Result"),
        ("config/new.py", "from satisfaction.data import tables"),
        ("study.py", "from satisfaction import reports"),
        ("problems.py", "from satisfaction.i18n import _"),
        ("reports/new.py", "from satisfaction.cli import main"),
        ("reports/new.py", "from satisfaction.explore import RunPanel"),
        ("newpart.py", "from satisfaction.study import open_study"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, line: str) -> None:
    for name, path in modules(LIB).items():
        copy = tmp_path / path.relative_to(LIB)
        copy.parent.mkdir(parents=True, exist_ok=True)
        # only what a module imports matters here
        copy.write_text(f"'''{name}'''\n", encoding="utf-8")
    assert violations(tmp_path) == []
    planted = tmp_path / "satisfaction" / module
    planted.write_text(line + "\n", encoding="utf-8")
    assert len(violations(tmp_path)) == 1


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    package = tmp_path / "satisfaction" / "methods"
    package.mkdir(parents=True)
    (package / "one.py").write_text("from satisfaction.methods.two import b\n", encoding="utf-8")
    (package / "two.py").write_text("from satisfaction.methods import one\n", encoding="utf-8")
    assert set(cycle(tmp_path)) == {"methods.one", "methods.two"}
