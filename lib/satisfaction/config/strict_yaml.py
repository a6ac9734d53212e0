"""YAML as people mean it: no tags, no aliases, no duplicate keys, no ``no`` that becomes False.

Plain scalars follow the YAML 1.2 core schema, except that digits with a leading zero stay text
(project ids). Every error names file and line.

A process parses and checks a file once for as long as its bytes stay the same. What is returned is
shared, so it must not be changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from satisfaction.problems import DataProblem, Problem

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?\.?[0-9]+([eE][-+]?[0-9]+)?")
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 30
KEPT_FILES = 256  # of each model, by their bytes
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is fifteen times as fast


def read_yaml(path: Path) -> tuple[Any, Mapping[Place, int]]:
    """The content of a YAML file and the line on which each of its values stands."""
    return _parsed(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataProblem(
            Problem(shown_name(path), "the file does not exist", "Check the name and the folder.")
        ) from None
    except OSError as error:
        raise DataProblem(
            Problem(
                shown_name(path),
                f"the file cannot be read: {error.strerror}",
                "Check name and rights.",
            )
        ) from None


@lru_cache(KEPT_FILES)
def _parsed(path: Path, raw: bytes) -> tuple[Any, Mapping[Place, int]]:
    if len(raw) > MAXIMUM_BYTES:
        raise DataProblem(
            Problem(
                shown_name(path),
                "the file is larger than 1 MB",
                "Settings are small; check the file.",
            )
        )
    try:
        root = yaml.compose(raw.decode("utf-8-sig"), Loader=LOADER)
    except UnicodeDecodeError:
        raise DataProblem(
            Problem(shown_name(path), "the text is not UTF-8", "Save the file as UTF-8.")
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise DataProblem(
            Problem(
                shown_name(path), f"not valid YAML: {error.problem}", "Mend this line.", row=line
            )
        ) from None
    except yaml.YAMLError as error:
        raise DataProblem(
            Problem(shown_name(path), f"not valid YAML: {error}", "Remove the control character.")
        ) from None
    except RecursionError:
        raise _too_deep(path) from None
    if root is None:
        return {}, {(): 1}
    lines: dict[Place, int] = {}
    return _value(root, (), lines, path, set()), lines


def shown_name(path: Path) -> str:
    """Folder and file name, as errors show it: nobody needs the way to this machine's folders."""
    return "/".join(path.parts[-2:])


def load_model(path: Path, model: type[Model]) -> Model:
    """The file as a checked ``model``; DataProblem lists all that is wrong, with lines."""
    checked: Model = _checked(path, _bytes(path), model)
    return checked


@lru_cache(KEPT_FILES)
def _checked(path: Path, raw: bytes, model: type[Model]) -> Model:
    content, lines = _parsed(path, raw)
    return check_model(content, model, path, lines)


def check_model(content: Any, model: type[Model], path: Path, lines: Mapping[Place, int]) -> Model:
    """Validate already parsed content, naming file and line in every error."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DataProblem(
            [_problem(detail, path, lines) for detail in error.errors(include_url=False)]
        ) from None


def _too_deep(path: Path, line: int | None = None) -> DataProblem:
    return DataProblem(
        Problem(
            shown_name(path),
            f"not valid settings: more than {MAXIMUM_DEPTH} levels",
            "Settings are shallow; check the file.",
            row=line,
        )
    )


def _problem(detail: Any, path: Path, lines: Mapping[Place, int]) -> Problem:
    place: Place = tuple(detail["loc"])
    known = place
    while known and known not in lines:
        known = known[:-1]
    rules = {
        "extra_forbidden": ("unknown key", "Remove it or correct its spelling."),
        "missing": ("a required key is missing", "Add it."),
    }
    rule, remedy = rules.get(detail["type"], (detail["msg"], "Correct the value."))
    scalar = detail["input"] if isinstance(detail["input"], str | int | float | bool) else ""
    return Problem(
        shown_name(path),
        rule,
        remedy,
        row=lines.get(known),
        column=".".join(map(str, place)),
        value=str(scalar)[:80],
    )


def _value(
    node: yaml.Node, place: Place, lines: dict[Place, int], path: Path, seen: set[int]
) -> Any:
    line = node.start_mark.line + 1

    def wrong(rule: str, remedy: str, at: yaml.Node = node) -> DataProblem:
        return DataProblem(Problem(shown_name(path), rule, remedy, row=at.start_mark.line + 1))

    if id(node) in seen:
        raise wrong("aliases (*name) are not allowed", "Write the value out.")
    if len(place) > MAXIMUM_DEPTH:
        raise _too_deep(path, line)
    seen.add(id(node))
    lines[place] = line
    if isinstance(node, yaml.ScalarNode):
        if _explicit_tag(node):
            raise wrong(f"YAML tag {node.tag} is not allowed", "Remove the tag.")
        return node.value if node.style else _plain(node.value)  # no style, or "" in libyaml
    standard = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
    if node.tag not in standard:
        raise wrong(f"YAML tag {node.tag} is not allowed", "Remove the tag.")
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*place, number), lines, path, seen)
            for number, item in enumerate(node.value)
        ]
    assert isinstance(node, yaml.MappingNode)
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise wrong("a key must be plain text", "Use a simple key.", key_node)
        if key_node.value == "<<" and not key_node.style:
            raise wrong("merge keys (<<) are not allowed", "Write the values out.", key_node)
        key = key_node.value if key_node.style else _plain(key_node.value)
        if key in result:
            raise wrong(f"the key {key!r} stands twice", "Keep one of them.", key_node)
        result[key] = _value(value_node, (*place, key), lines, path, seen)
        lines[(*place, key)] = key_node.start_mark.line + 1  # a section begins at its name
    return result


_TEXT = "tag:yaml.org,2002:str"
_RESOLVER = yaml.SafeLoader("")


def _explicit_tag(node: yaml.ScalarNode) -> bool:
    """Whether the scalar carries a written tag; the composer keeps only the resolved one."""
    implied = _TEXT if node.style else _RESOLVER.resolve(type(node), node.value, (True, False))
    return node.tag != implied


def _plain(text: str) -> Any:
    if text.lower() in _CONSTANTS and (text.islower() or not text or text == "~"):
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text):
        return float(text)
    return text
