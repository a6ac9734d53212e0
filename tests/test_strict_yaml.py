"""Settings files: what people mean is read, everything clever is refused with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from satisfaction.config.strict_yaml import MAXIMUM_BYTES, _plain, load_model, read_yaml
from satisfaction.problems import DataProblem, Problem


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    count: int
    share: float = 0.5


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    inner: Inner
    listed: list[int] = []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.yaml"


def read(file: Path, text: str | bytes) -> Any:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_yaml(file)[0]


def refused(file: Path, text: str | bytes, model: type[BaseModel] | None = None) -> list[Problem]:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DataProblem) as caught:
        read_yaml(file) if model is None else load_model(file, model)
    for problem in caught.value.problems:
        assert problem.file == f"{file.parent.name}/{file.name}"  # enough to find it
        assert problem.remedy
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),  # not False, as YAML 1.1 has it
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("false", False),
        ("True", "True"),  # one spelling only
        ("null", None),
        ("~", None),
        ("", None),
        ("0123", "0123"),  # a project id, not 83
        ("007", "007"),
        ("0", 0),
        ("-0", 0),
        ("42", 42),
        ("+42", 42),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("00.5", "00.5"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),  # not 45000 seconds
        ("2025-10-28", "2025-10-28"),  # the model makes it a date
        (".nan", ".nan"),
        (".inf", ".inf"),
        ('"42"', "42"),
        ("'true'", "true"),
        ("东区一期", "东区一期"),
    ],
)
def test_plain_values_are_what_people_mean(file: Path, written: str, meant: Any) -> None:
    value = read(file, f"key: {written}\n")["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_keys_follow_the_same_rules(file: Path) -> None:
    assert read(file, "no: a\n0123: b\n5: c\n'5x': d\n") == {
        "no": "a",
        "0123": "b",
        5: "c",
        "5x": "d",
    }


@given(st.text(max_size=30))
def test_any_scalar_is_read_without_an_error(text: str) -> None:
    assert _plain(text) is None or isinstance(_plain(text), str | bool | int | float)


def test_a_byte_order_mark_and_an_empty_file(file: Path) -> None:
    assert read(file, b"\xef\xbb\xbfkey: 1\n") == {"key": 1}
    assert read(file, "") == {}
    assert read(file, "# only a comment\n") == {}


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [echo]\n", 2, "YAML tag"),
        ("a: 1\nb: !!python/name:os.system\n", 2, "YAML tag"),
        ("a: !own {x: 1}\n", 1, "YAML tag"),
        ("a:\n  - !!set {x: null}\n", 2, "YAML tag"),
        ("a: !!str 5\n", 1, "YAML tag"),
        ("a: !!binary aGVsbG8=\n", 1, "YAML tag"),
        ("a: !!int '5'\n", 1, "YAML tag"),
        (BOMB, 1, "aliases"),
        ("a: &x 1\nb: *x\n", 1, "aliases"),
        ("a: &x {k: *x}\n", 1, "aliases"),
        ("a: {x: 1}\nb:\n  <<: {y: 2}\n", 3, "merge keys"),
        ("a: &x {y: 1}\nb:\n  <<: *x\n", 3, "merge keys"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("x:\n  a: 1\n  'a': 2\n", 3, "'a' stands twice"),
        ("1: a\n01: b\n1: c\n", 3, "1 stands twice"),
        ("[1, 2]: x\n", 1, "a key must be plain text"),
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: 1\n b: 2\n", 2, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: *nowhere\n", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
    ],
)
def test_what_is_clever_is_refused_with_its_line(
    file: Path, text: str, line: int, said: str
) -> None:
    (problem,) = refused(file, text)
    assert said in problem.rule
    # an alias is found where it is used, at the place where its text stands
    assert problem.row == line


def test_a_quoted_merge_key_is_an_ordinary_key(file: Path) -> None:
    assert read(file, "'<<': 1\n") == {"<<": 1}


def test_files_that_are_not_settings_are_refused(file: Path) -> None:
    (problem,) = refused(file, "key: 东区".encode("gb18030"))
    assert "not UTF-8" in problem.rule
    (problem,) = refused(file, b"key: a\x00b\n")
    assert "not valid YAML" in problem.rule
    (problem,) = refused(file, b"#" * (MAXIMUM_BYTES + 1))
    assert "larger than 1 MB" in problem.rule
    file.unlink()
    with pytest.raises(DataProblem, match="does not exist"):
        read_yaml(file)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="cannot be read"):
        read_yaml(tmp_path)


@pytest.mark.parametrize("depth", [40, 2000])
def test_deep_nesting_is_refused(file: Path, depth: int) -> None:
    (problem,) = refused(file, "a: " + "[" * depth + "]" * depth)
    assert "more than 30 levels" in problem.rule


def test_a_model_names_every_wrong_line(file: Path) -> None:
    text = "name: 5\ninner:\n  count: five\n  shaer: 0.4\nlisted:\n  - 1\n  - 2.5\n"
    problems = refused(file, text, Outer)
    found = {problem.column: (problem.row, problem.rule, problem.value) for problem in problems}
    assert found["name"][0] == 1
    assert found["name"][2] == "5"
    assert found["inner.count"][0] == 3
    assert found["inner.shaer"][:2] == (4, "unknown key")
    assert found["listed.1"][0] == 7
    assert len(problems) == 4


def test_a_missing_key_names_the_section(file: Path) -> None:
    (problem,) = refused(file, "name: a\ninner:\n  share: 0.4\n", Outer)
    assert (problem.row, problem.column) == (2, "inner.count")
    assert problem.rule == "a required key is missing"


@pytest.mark.parametrize("text", ["- 1\n", "just words\n", "5\n"])
def test_a_file_of_another_shape_is_refused(file: Path, text: str) -> None:
    (problem,) = refused(file, text, Outer)
    assert problem.row == 1


def test_a_good_file_becomes_its_model(file: Path) -> None:
    file.write_text("name: no\ninner: {count: 3}\nlisted: [1, 2]\n", encoding="utf-8")
    assert load_model(file, Outer) == Outer(
        name="no", inner=Inner(count=3, share=0.5), listed=[1, 2]
    )


def test_a_file_is_checked_once_for_as_long_as_it_stays_the_same(file: Path) -> None:
    text = "name: a\ninner:\n  count: {}\n"
    file.write_text(text.format(1), encoding="utf-8")
    first = load_model(file, Outer)
    assert load_model(file, Outer) is first
    file.write_text(text.format(2), encoding="utf-8")  # as long, and perhaps in the same moment
    assert load_model(file, Outer).inner.count == 2
    file.write_text(text.format("x"), encoding="utf-8")
    for _again in range(2):  # what is wrong is told every time
        with pytest.raises(DataProblem) as caught:
            load_model(file, Outer)
        assert caught.value.problems[0].row == 3
    file.unlink()
    with pytest.raises(DataProblem, match="does not exist"):
        load_model(file, Outer)


def test_the_same_text_in_another_file_is_told_with_its_own_name(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text("name: 5\n", encoding="utf-8")
        with pytest.raises(DataProblem) as caught:
            load_model(tmp_path / name, Outer)
        assert {problem.file for problem in caught.value.problems} == {f"{tmp_path.name}/{name}"}
