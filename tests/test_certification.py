"""Self-certification: every reference result holds, and a wrong number anywhere is seen."""

from __future__ import annotations

import copy
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satisfaction import cli, i18n
from satisfaction.certification import estimation, runner
from satisfaction.certification.case import Case, compare, flat, relative_deviation
from satisfaction.certification.libraries import library_versions
from satisfaction.certification.reference import data_set, reference_results
from satisfaction.certification.runner import Outcome, cases, certify
from satisfaction.reports import certificate as certificates
from satisfaction.reports import processes
from satisfaction.reports.certificate import KEPT, certificate, in_words
from satisfaction.reports.storage import Folder

R = reference_results()
CASES = cases()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {outcome.id: outcome for outcome in certify()}


@pytest.mark.parametrize("name", R, ids=[f"{name}: {R[name]['call'][:60]}" for name in R])
def test_a_reference_result_holds(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    said = f"R: {outcome.call}\n{outcome.value} is off by {outcome.deviation:.2g} {outcome.error}"
    assert outcome.holds, said


def test_every_entry_has_a_case_and_every_case_an_entry() -> None:
    assert set(CASES) == set(R)
    assert len(R) == 48
    for name, entry in R.items():
        assert entry["id"] == name
        assert entry["call"]
        assert entry["values"]


def test_what_is_left_out_or_looser_has_a_reason_and_exists() -> None:
    for name, case in CASES.items():
        names = flat(R[name]["values"])
        for key, reason in case.left_out.items():
            assert [one for one in names if re.match(rf"{re.escape(key)}(?:$|[.\[])", one)], key
            assert len(reason) > 20
        for key, (tolerance, reason) in case.looser.items():
            assert key in R[name]["values"]
            assert 1e-6 < tolerance < 1e-2
            assert len(reason) > 20


# --- a wrong number is seen -------------------------------------------------------------------


def paths(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each number and text of a nested entry stands."""
    inside = values.items() if isinstance(values, dict) else enumerate(values)
    for key, part in inside:
        if isinstance(part, dict | list):
            yield from paths(part, (*path, key))
        else:
            yield (*path, key)


def planted(values: Any, path: tuple[Any, ...], factor: float) -> Any:
    """The entry with one value changed."""
    changed = copy.deepcopy(values)
    place = changed
    for key in path[:-1]:
        place = place[key]
    value = place[path[-1]]
    place[path[-1]] = f"{value}?" if isinstance(value, str) else value * factor + (value == 0)
    return changed


@pytest.mark.parametrize("name", R)
def test_any_wrong_reference_value_is_seen(name: str) -> None:
    case, values = CASES[name], R[name]["values"]
    computed = case.compute()
    assert compare(case, values, computed).holds
    for path in paths(values):
        if path[0] in case.left_out:
            continue
        found = compare(case, planted(values, path, 1 + 1e-2), computed)
        assert not found.holds, path
        assert found.deviation > found.tolerance


def test_a_wrong_method_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = estimation.survey_mean

    def wrong(*given: Any, **named: Any) -> Any:
        result = right(*given, **named)
        return replace(result, rows=result.rows.assign(std_error=result.rows["std_error"] * 1.001))

    monkeypatch.setattr(estimation, "survey_mean", wrong)
    (outcome,) = certify(["strat_mean_nofpc"])
    assert outcome.state == "fails"
    assert outcome.value == "se.api00"
    assert outcome.deviation == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize("result", [np.nan, np.inf, None, "662"])
def test_nothing_passes_for_a_number(result: Any) -> None:
    case = Case("x", lambda: {"est": result})
    try:
        assert not compare(case, {"est": 662.0}, case.compute()).holds
    except TypeError:
        assert result is None


@pytest.mark.parametrize(
    ("reference", "computed", "said"),
    [
        ({"est": 1.0, "se": 2.0}, {"est": 1.0}, "not computed: se"),
        ({"est": 1.0}, {"est": 1.0, "se": 2.0}, "not in the reference: se"),
        ({"ci": [1.0, 2.0]}, {"ci": [1.0]}, r"not computed: ci\[1\]"),
        ({"note": "x"}, {"note": "x"}, "said to be left out: note"),
        ({"note": "x"}, {}, "nothing is compared"),
    ],
)
def test_names_have_to_agree(reference: Any, computed: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare(Case("x", dict, left_out={"note": "a remark"}), reference, computed)


def test_deviations_are_relative_and_the_worst_counts() -> None:
    assert relative_deviation(1.01, 1.0) == pytest.approx(0.01)
    assert relative_deviation(-2.0, 2.0) == 2.0
    assert relative_deviation(1e-9, 0.0) == 1e-9
    assert relative_deviation(math.nan, 1.0) == math.inf
    case = Case("x", dict, looser={"b": (0.1, "an iteration that stops early")})
    found = compare(case, {"a": 1.0, "b": [1.0, 2.0]}, {"a": 1.0 + 5e-7, "b": [1.02, 2.0]})
    assert (found.holds, found.value, found.compared) == (True, "a", 3)
    found = compare(case, {"a": 1.0, "b": [1.0, 2.0]}, {"a": 1.0, "b": [1.0, 2.5]})
    assert (found.holds, found.value, found.tolerance) == (False, "b[1]", 0.1)


def test_a_case_that_breaks_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ImportError("numpy.core is gone\nsecond line")

    changed = replace(CASES["wilson_81_263"], compute=broken)
    monkeypatch.setattr(runner, "cases_and_failures", lambda: ({**CASES, changed.id: changed}, ""))
    first, second = certify(["wilson_81_263", "padj_published"])
    assert (first.state, first.error) == ("cannot run", "ImportError: numpy.core is gone")
    assert second.holds


def test_a_family_that_cannot_be_imported_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "FAMILIES", ("estimation", "no_such_family"))
    first, second = certify(["srs_mean_fpc", "wilson_81_263"])
    assert first.holds
    assert second.state == "cannot run"
    assert "no_such_family" in second.error


def test_unknown_results_are_refused() -> None:
    with pytest.raises(ValueError, match="no reference result is called nonsense"):
        certify(["nonsense"])


def test_the_data_sets_are_what_r_ships() -> None:
    # R: dim(apistrat), dim(apiclus1), dim(apiclus2), nrow(apipop), nrow(housing), dim(sat.act)
    rows = {"apistrat": 200, "apisrs": 200, "apiclus1": 183, "apiclus2": 126, "attitude": 30,
            "bfi": 2800, "housing": 72, "sat_act": 700}  # fmt: skip
    assert {name: len(data_set(name)) for name in rows} == rows
    assert data_set("apipop")["schools"].sum() == 6194
    assert data_set("housing")["Freq"].sum() == 1681


def test_a_data_set_belongs_to_its_reader() -> None:
    first = data_set("attitude")
    first["rating"] = 0
    assert (data_set("attitude")["rating"] > 0).all()


# --- the command ------------------------------------------------------------------------------


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[], tuple[int, str]]:
    """``check --methods`` in an empty folder -> exit code and all that was said."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SATISFACTION_HOME", raising=False)
    monkeypatch.chdir(tmp_path)

    def command() -> tuple[int, str]:
        code = cli.main(["check", "--methods"])
        return code, re.sub(r"[\s│┃]+", " ", "".join(capfd.readouterr()))

    return command


def test_the_command_shows_every_result(
    check: Callable[[], tuple[int, str]],
    outcomes: dict[str, Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "certify", lambda: list(outcomes.values()))
    code, said = check()
    assert code == 0
    assert "48 of 48 reference results hold (Python 3." in said
    assert "svymean(~api00,dstrat)" in said
    assert all(name in said for name in R)
    assert "cochran_n n_simple is not compared: " in said
    assert "bfi_polychoric r may deviate by 1e-04: " in said
    assert all(f"{name} {number}" in said for name, number in library_versions().items())
    assert "in order" not in said  # settings and notebooks were not looked at


def test_the_command_fails_with_a_failure(
    check: Callable[[], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Outcome("good", "mean(x)", "holds", 1e-15, 1e-6, "est", 1)
    bad = Outcome("bad", "x[1]", "fails", 0.25, 1e-6, "se[0]", 2, remarks=("bad q is not ours",))
    monkeypatch.setattr(runner, "certify", lambda: [good, bad])
    code, said = check()
    assert code == 1
    assert "1 of 2 reference results hold" in said
    assert "bad x[1] 2.5e-01 1.0e-06 fails at se[0]" in said
    assert "bad q is not ours" in said
    broken = Outcome("broken", "y", "cannot run", error="ImportError: no [scipy]")
    monkeypatch.setattr(runner, "certify", lambda: [good, broken])
    code, said = check()
    assert (code, "cannot run: ImportError: no [scipy]" in said) == (1, True)


def test_methods_and_write_exclude_each_other() -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main(["check", "--methods", "--write"])
    assert refused.value.code == cli.WRONG_INPUT


# --- the certificate of a batch ---------------------------------------------------------------


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The certificate without running anything; the list grows with every computation."""
    asked: list[str] = []

    def fake(key: str, stop: threading.Event) -> certificates.Certificate:
        asked.append(key)
        return {"held": 47, "total": 48, "failed": ["srs_mean_fpc"]}

    monkeypatch.setattr(certificates, "_computed", fake)
    monkeypatch.setattr(certificates, "_found", {})
    return asked


def test_the_certificate_is_found_once(
    tmp_path: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = certificate(Folder(tmp_path))
    assert first == {"held": 47, "total": 48, "failed": ["srs_mean_fpc"]}
    certificates._found.clear()  # another process
    assert certificate(Folder(tmp_path)) == first
    assert len(computed) == 1
    assert (tmp_path / KEPT).is_file()
    before = (tmp_path / KEPT).read_bytes()
    certificates._found.clear()
    monkeypatch.setattr(certificates, "library_versions", lambda: {"numpy": "99"})
    certificate(Folder(tmp_path))
    assert len(computed) == 2
    assert computed[0] != computed[1]
    assert (tmp_path / KEPT).read_bytes() != before


@pytest.mark.parametrize(
    "kept",
    ["", "{", "[]", '{"held": 48}', '{"held": "48", "total": 48, "failed": [], "key": "%"}',
     '{"held": 48, "total": 40, "failed": [], "key": "%"}',
     '{"held": 0, "total": 0, "failed": [], "key": "%"}',
     '{"held": 48, "total": 48, "failed": [], "key": "of other code"}'],
)  # fmt: skip
def test_a_spoilt_file_is_not_believed(tmp_path: Path, computed: list[str], kept: str) -> None:
    certificate(Folder(tmp_path))
    (tmp_path / KEPT).write_text(kept.replace("%", computed[0]))
    certificates._found.clear()
    assert certificate(Folder(tmp_path))["held"] == 47
    assert len(computed) == 2
    assert json.loads((tmp_path / KEPT).read_text())["key"] == computed[0]


def test_a_folder_that_cannot_be_written_only_costs_time(
    tmp_path: Path, computed: list[str]
) -> None:
    place = tmp_path / "file"
    place.write_text("no folder")
    assert certificate(Folder(place))["total"] == 48


def test_a_failure_is_said_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_computed", lambda key, stop: {})
    monkeypatch.setattr(certificates, "_found", {})
    assert certificate(Folder(tmp_path)) == {}
    assert list(tmp_path.iterdir()) == []
    with i18n.speaking("en"):
        assert in_words({}).startswith("cannot tell")


def test_stopping_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_found", {})
    stop = threading.Event()
    stop.set()
    assert certificate(Folder(tmp_path), stop) == {}


def test_the_process_that_runs_them_leaves_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcomes: dict[str, Outcome]
) -> None:
    spoilt = {**outcomes, "bfi_kmo": replace(outcomes["bfi_kmo"], state="fails")}
    monkeypatch.setattr(runner, "certify", lambda: list(spoilt.values()))
    monkeypatch.setattr(processes, "when_parent_dies", lambda act: None)
    certificates.main(tmp_path / "0123456789abcdef")
    left = json.loads((tmp_path / "0123456789abcdef").read_text())
    assert left["key"] == "0123456789abcdef"
    assert (left["held"], left["total"], left["failed"]) == (47, 48, ["bfi_kmo"])


def test_the_sentence_says_how_many_and_which() -> None:
    good = {"held": 48, "total": 48, "failed": []}
    bad = {"held": 46, "total": 48, "failed": ["clus1_mean", "bfi_kmo"]}
    with i18n.speaking("en"):
        assert in_words(good) == "48 of 48 reference results hold with these versions"
        assert in_words(bad).endswith("46 of 48 reference results hold with these versions; "
                                      "not: clus1_mean, bfi_kmo")  # fmt: skip
