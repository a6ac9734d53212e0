"""The sample portfolio: deterministic, complete, free of real people, and as true as it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from satisfaction.config.settings import load_settings
from satisfaction.data import portfolio
from satisfaction.data.portfolio import TRUTH, households, survey, writing
from satisfaction.data.portfolio.answers import frame_answers
from satisfaction.data.portfolio.project import ANNUAL, DESIGN, MONTHLY
from satisfaction.data.portfolio.truth import SEED, WEIGHTS

HOME = Path(__file__).parents[1]
PARAMS = HOME / "params"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    return portfolio.write_portfolio(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {key: households.households(truth, SEED) for key, truth in TRUTH.items()}


@pytest.fixture(scope="module")
def histories(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {key: households.flags(truth, frames[key], SEED) for key, truth in TRUTH.items()}


@pytest.fixture(scope="module")
def drawn(frames, histories) -> dict[str, pd.DataFrame]:
    return {
        key: survey.samples(truth, frames[key], histories[key], SEED)
        for key, truth in TRUTH.items()
    }


@pytest.fixture(scope="module")
def sheets(files: list[tuple[str, Path]]) -> pd.DataFrame:
    """All sheets of the annual waves but the paper ones, read back from the raw files."""
    by_heading = {label: item for item, label in writing.LABELS.items()}
    columns = {"项目编号": "project", "批次": "wave", "户号": "household", "收集方式": "mode",
               "收集人编号": "collector", "答卷时间": "answered_at"}  # fmt: skip
    parts = []
    for table, path in files:
        if table == "responses" and path.stem.removeprefix("responses_") in ANNUAL:
            read = pd.read_csv if path.suffix == ".csv" else _read_excel
            parts.append(read(path).rename(columns=by_heading | columns))
    rows = pd.concat(parts, ignore_index=True)
    rows["wave"] = rows["wave"].astype(str)
    scores = ["overall", *WEIGHTS]
    rows[scores] = rows[scores].apply(pd.to_numeric).astype(float).where(lambda v: v <= 5)
    return rows


def _read_excel(path: Path) -> pd.DataFrame:
    return pd.read_excel(path, engine="calamine")


def _estimate(sheets: pd.DataFrame, frames, drawn, project: str, wave: str) -> tuple[float, float]:
    """Share satisfied, weighted to the strata's sizes, and its standard error (no FPC: wide)."""
    rows = sheets[(sheets["project"] == project) & (sheets["wave"] == wave)]
    rows = rows.dropna(subset="overall")
    strata = drawn[project][drawn[project]["wave"] == wave].drop_duplicates("stratum")
    size = strata.set_index("stratum")["stratum_population"]
    group = frames[project].set_index("household")["customer_group"]
    parts = (rows["overall"] >= 4).groupby(rows["household"].map(group)).agg(["mean", "size"])
    weight = (size / size.sum()).reindex(parts.index)
    variance = (weight**2 * parts["mean"] * (1 - parts["mean"]) / parts["size"]).sum()
    return float((weight * parts["mean"]).sum() / weight.sum()), float(np.sqrt(variance))


def _difference(sheets, frames, drawn, project: str) -> tuple[float, float]:
    before, error_before = _estimate(sheets, frames, drawn, project, "2024")
    now, error_now = _estimate(sheets, frames, drawn, project, "2025")
    return now - before, float(np.hypot(error_before, error_now))


def test_two_runs_give_the_same_bytes(files: list[tuple[str, Path]], tmp_path: Path) -> None:
    again = portfolio.write_portfolio(tmp_path)
    assert [(table, path.name) for table, path in again] == [(t, p.name) for t, p in files]
    for (_, first), (_, second) in zip(files, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_twelve_projects_of_three_types() -> None:
    rows = households.projects()
    assert rows["property_type"].value_counts().to_dict() == {
        "residential": 6,
        "commercial": 3,
        "industrial_park": 3,
    }
    sizes = [truth.households for truth in TRUTH.values()]
    assert (min(sizes), max(sizes)) == (150, 4000)
    assert rows["synthetic"].all()


def test_every_table_comes_as_a_file_in_import_order(files: list[tuple[str, Path]]) -> None:
    order = list(dict.fromkeys(table for table, _ in files))
    assert order == [
        "projects", "waves", "households", "household_flags", "contacts", "samples", "responses",
        "complaints", "suggestions", "visits", "actions",
    ]  # fmt: skip
    assert {path.suffix for _, path in files} == {".csv", ".xlsx"}
    names = [path.name for _, path in files]
    assert len(set(names)) == len(names)
    assert all(f"responses_{month}.csv" in names for month in MONTHLY)


def test_no_file_holds_what_looks_like_a_real_person(files: list[tuple[str, Path]]) -> None:
    mobile, identity = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"(?<!\d)\d{17}[\dXx]")
    room = re.compile(r"\d+栋\d+单元")
    for table, path in files:
        if path.suffix == ".xlsx":
            text = _read_excel(path).astype(str).to_csv()
        else:
            text = path.read_text("gb18030" if _is_gb(path) else "utf-8-sig")
        for pattern in (mobile, identity, room):
            assert not pattern.search(text), (path.name, pattern.pattern)
        assert ("测试住户" in text) == (table == "contacts")
    people = _read_excel(next(path for table, path in files if table == "contacts"))
    assert people["姓名"].str.fullmatch(r"测试住户\d{5}").all()
    assert people["电话"].str.fullmatch(r"000-0000-\d{5}").all()


def _is_gb(path: Path) -> bool:
    return not path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_some_files_are_gb18030(files: list[tuple[str, Path]]) -> None:
    found = [path.name for _, path in files if path.suffix == ".csv" and _is_gb(path)]
    assert found == ["households_east.csv", "household_flags.csv", "responses_2025-06.csv"]


def test_the_design_is_that_of_the_policy() -> None:
    sampling = load_settings(PARAMS).policy.sampling
    assert sampling.margin_of_error == DESIGN.margin
    assert sampling.confidence_level == DESIGN.level
    assert sampling.expected_response == DESIGN.response_rate
    assert sampling.reserve_share == DESIGN.reserve_share
    assert sampling.minimum_share == DESIGN.minimum_share
    assert sampling.minimum_per_stratum == DESIGN.minimum_per_stratum
    assert (sampling.strata, sampling.allocation) == (["customer_group"], "proportional")
    assert {survey.drawn_at(wave).day for wave in (*ANNUAL, *MONTHLY)} == {sampling.draw_day}


def test_questionnaires_ask_what_the_files_hold() -> None:
    settings = load_settings(PARAMS)
    for wave in (*ANNUAL, *MONTHLY):
        key = households.waves().set_index("wave")["questionnaire"][wave]
        questionnaire = settings.questionnaires[key]
        assert set(questionnaire.select("item")) == set(survey.asked_items(wave))
        labels = questionnaire.labels("zh")
        asked = questionnaire.select("overall", "item", "open")
        assert {item: labels[item] for item in asked} == {i: writing.LABELS[i] for i in asked}
        assert questionnaire.dont_know == [survey.DONT_KNOW]


def test_only_the_declared_projects_override_something() -> None:
    settings = {key: load_settings(PARAMS, key) for key in TRUTH}
    excluding = [key for key, own in settings.items() if own.policy.sampling.exclude_blacklisted]
    assert [TRUTH[key].case for key in excluding] == ["excluded_unhappy"]
    reworded = [key for key, own in settings.items() if own.own_questionnaires]
    assert [TRUTH[key].case for key in reworded] == ["reworded_item"]


@pytest.mark.parametrize("project", list(TRUTH))
def test_frame_shares_are_exactly_true(project, frames, histories) -> None:
    truth = TRUTH[project]
    for wave, share in truth.shares.items():
        found = frame_answers(truth, frames[project], histories[project], wave, SEED)
        # by mode the share follows from the mode effect, so it is only nearly as written
        allowed = 0.02 if truth.online_shares else 1.0 / len(found.scores)
        assert found.share_satisfied == pytest.approx(share, abs=allowed)


def test_phone_raises_the_share_by_six_points(frames, histories) -> None:
    gaps = []
    for key, truth in TRUTH.items():
        if truth.online_shares or truth.case in ("excellent", "poor"):
            continue
        for wave in truth.shares:
            found = frame_answers(truth, frames[key], histories[key], wave, SEED)
            satisfied = found.scores["overall"] >= 4
            phone = found.households["mode"] == "phone"
            gaps.append((satisfied[phone].mean() - satisfied[~phone].mean(), phone.sum()))
    effect, count = np.array(gaps).T
    assert np.average(effect, weights=count) == pytest.approx(0.06, abs=0.015)


def test_the_declined_project_fell_as_written(sheets, frames, drawn) -> None:
    change, error = _difference(sheets, frames, drawn, "cuihu")
    assert change == pytest.approx(TRUTH["cuihu"].facts["change"], abs=3 * error)
    assert change < -2 * error
    rows = sheets[sheets["project"] == "cuihu"].groupby("wave")[list(WEIGHTS)].mean()
    fall = (rows.loc["2025"] - rows.loc["2024"]).dropna()
    assert fall.idxmin() == "lifts"
    assert fall["lifts"] < -0.8
    assert fall.drop(["lifts", "response_speed"]).abs().max() < 0.3


def test_only_the_mix_moved(sheets, frames, drawn) -> None:
    change, error = _difference(sheets, frames, drawn, "yunshan")
    assert change < -2 * error
    rows = sheets[(sheets["project"] == "yunshan")].dropna(subset="overall")
    kind = rows["household"].map(frames["yunshan"].set_index("household")["occupancy"])
    cells = (rows["overall"] >= 4).groupby([rows["wave"], kind]).agg(["mean", "size"])
    for occupancy in ("resident", "occasional"):
        for wave in ANNUAL:
            share, n = cells.loc[(wave, occupancy)]
            true = TRUTH["yunshan"].facts[f"{occupancy}_share"]
            assert share == pytest.approx(true, abs=3.2 * np.sqrt(true * (1 - true) / n))


@pytest.mark.parametrize(
    "project", [key for key, truth in TRUTH.items() if not truth.case or truth.case == "poor"]
)
def test_unremarkable_projects_stay_where_they_are(project, sheets, frames, drawn) -> None:
    for wave in ANNUAL:
        found, error = _estimate(sheets, frames, drawn, project, wave)
        # willingness to answer depends a little on satisfaction: half a point
        assert found == pytest.approx(TRUTH[project].shares[wave], abs=3 * error + 0.01)


def test_excluding_the_unhappy_raises_the_surveyed_share(sheets, frames, histories, drawn) -> None:
    truth = TRUTH["jinhe"]
    now, error = _estimate(sheets, frames, drawn, "jinhe", "2025")
    assert now == pytest.approx(truth.sampled_shares["2025"], abs=3 * error + 0.01)
    assert now > truth.shares["2025"] + 0.02
    lived_in = (frames["jinhe"]["occupancy"] != "not_moved_in").sum()
    excluded = {
        wave: len(households.flagged(histories["jinhe"], "blacklisted", survey.drawn_at(wave)))
        for wave in ANNUAL
    }
    assert excluded["2024"] / lived_in == pytest.approx(0.03, abs=0.002)
    assert excluded["2025"] / lived_in == pytest.approx(0.08, abs=0.002)
    asked = set(drawn["jinhe"].loc[drawn["jinhe"]["wave"] == "2025", "household"])
    flags = households.flagged(histories["jinhe"], "blacklisted", survey.drawn_at("2025"))
    assert not asked & flags


def test_the_coached_collector_brings_only_fives(sheets) -> None:
    rows = sheets[(sheets["project"] == "gaoke") & (sheets["wave"] == "2025")]
    coached = rows["collector"] == survey.COACH
    assert coached.mean() == pytest.approx(0.35, abs=0.01)
    items = ["overall", *survey.asked_items("2025")]
    assert (rows.loc[coached, items] == 5).all(axis=None)
    assert (rows.loc[~coached, items] == 5).all(axis=1).mean() < 0.1
    assert pd.to_datetime(rows.loc[coached, "answered_at"]).dt.normalize().nunique() == 2


def test_modes_and_small_group(sheets, frames) -> None:
    rows = sheets[sheets["project"] == "wanlong"]
    phone = (rows["mode"] == "电话").groupby(rows["wave"]).mean()
    assert phone["2024"] > 0.8
    assert phone["2025"] < 0.2
    assert (frames["heyuan"]["customer_group"] == "landlord").sum() == 9


def test_wording_alone_lowers_the_reworded_item(sheets) -> None:
    rows = sheets[sheets["project"] == "huitong"].groupby("wave")[list(WEIGHTS)].mean()
    change = (rows.loc["2025"] - rows.loc["2024"]).dropna()
    assert change.idxmin() == "response_speed"
    assert change["response_speed"] < -0.3
    assert change.drop("response_speed").abs().max() < 0.35


def test_true_drivers_are_recovered_by_regression(sheets) -> None:
    """Pooled least squares within project and wave; attenuated by rounding, so only the order."""
    rows = sheets[(sheets["collector"] != survey.COACH) & (sheets["project"] != "huitong")]
    items = [item for item in WEIGHTS if item not in ("charging", "newsletter")]
    complete = rows.dropna(subset=["overall", *items])
    centred = complete[["overall", *items]] - complete.groupby(["project", "wave"])[
        ["overall", *items]
    ].transform("mean")
    found, *_ = np.linalg.lstsq(
        centred[items].to_numpy(), centred["overall"].to_numpy(), rcond=None
    )
    found = pd.Series(found, index=items)
    true = pd.Series({item: WEIGHTS[item] for item in items})
    assert found.sort_values(ascending=False).index[:4].tolist() == true.index[:4].tolist()
    assert found.corr(true) > 0.98
    assert found[["parking", "shared_charges", "activities"]].max() < found[true.index[:7]].min()


def test_months_stay_small_and_nobody_answers_twice(files: list[tuple[str, Path]]) -> None:
    for table, path in files:
        if table != "responses" or not path.stem.startswith("responses_2025-"):
            continue
        encoding = "gb18030" if _is_gb(path) else "utf-8-sig"
        rows = pd.read_csv(path, encoding=encoding, dtype=str)
        first = "project" if "project" in rows else "项目编号"
        unit = "household" if "household" in rows else "户号"
        assert rows.groupby(first).size().max() <= 40
        assert not rows.duplicated([first, unit]).any()


def test_records_hold_the_cases_that_later_reports_look_for(files: list[tuple[str, Path]]) -> None:
    paths = dict(files)
    rows = _read_excel(paths["complaints"])
    own = rows[rows["工单类型"] == "投诉"]
    moments = {
        name: pd.to_datetime(own[name]) for name in ("受理时间", "录入时间", "承诺时限", "关闭时间")
    }
    assert (moments["录入时间"] - moments["受理时间"] > pd.Timedelta(hours=4)).any()
    assert (moments["关闭时间"].isna() & (moments["承诺时限"] < pd.Timestamp("2025-12-01"))).any()
    assert own["重开时间"].notna().any()
    assert set(own["责任类别"]) == {1, 2, 3}
    assert (own["原责任类别"] != own["责任类别"])[own["原责任类别"].notna()].all()
    assert own.loc[own["关闭时间"].notna(), "处理措施"].notna().all()
    actions = _read_excel(paths["actions"])
    closed, checked = actions["关闭日期"].notna(), actions["验证结果"].notna()
    assert (closed & ~checked).any()
    assert (~closed).any()
    assert set(actions["验证结果"].dropna()) == {"是", "否"}
