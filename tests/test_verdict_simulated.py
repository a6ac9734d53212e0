"""Hundreds of invented surveys, their cards read back and checked against the raw answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import verdict_reader as read
from satisfaction import i18n, methods
from satisfaction.exhibits.bottom_line import MIME
from satisfaction.exhibits.exhibit import Exhibit
from satisfaction.exhibits.report_cards import change_card, drivers_card, sample_card
from satisfaction.exhibits.verdict import verdict_card
from satisfaction.methods.result import Result

CUTS = [(0.9, 0.8, 0.7), (0.9, 0.8, 0.7), (0.95, 0.85, 0.6), (0.875, 0.75, 0.5), (1.0, 0.6, 0.333)]
ALPHA = 0.05
ENOUGH = 20
CELL = 10
STUDIES = 130


@pytest.fixture(autouse=True)
def chinese_after_all() -> Iterator[None]:
    yield
    i18n.use("zh")


@dataclass(frozen=True)
class Survey:
    """One invented survey: its answers, its settings and the Results made of them."""

    now: pd.DataFrame
    before: pd.DataFrame
    target: float
    cuts: tuple[float, ...]
    identity: dict[str, Any]
    share: Result
    judged: Result
    grades: Result
    change: Result
    parts: Result | None
    comparable: bool
    simple: bool
    shown: dict[str, Exhibit] = field(default_factory=dict)

    def card(self) -> Exhibit:
        return verdict_card(
            self.share, self.judged, self.grades, self.identity,
            change=self.change, parts=self.parts, minimum_n=CELL,
        )  # fmt: skip


def answers(
    random: np.random.Generator, sizes: list[tuple[int, int]], p: float, kind: str, owners: float
) -> pd.DataFrame:
    """Answer sheets of a wave: ``sizes`` of population and sheets by stratum.

    ``owners`` share of the owners, who are more often satisfied where it is not one half.
    """
    frames = []
    for place, (population, n) in enumerate(sizes):
        own = p if p in (0.0, 1.0) else float(np.clip(p + random.normal(0, 0.08), 0.02, 0.98))
        owner = random.random(n) < owners
        chance = own if owners == 0.5 else np.where(owner, 0.9, 0.5)
        high, low = random.integers(4, 6, n), random.integers(1, 4, n)
        score = np.where(random.random(n) < chance, high, low)
        frame = pd.DataFrame({"overall": score.astype(float)})
        frame["group"] = np.where(owner, "owner", "tenant")
        frame["household"] = [f"{place}-{k}" for k in random.permutation(population)[:n]]
        frame["stratum"] = f"s{place}"
        if kind == "frame":
            frame["stratum_population"] = float(population)
        if kind == "weights":
            frame["weight"] = random.uniform(0.3, 3.0, n)
        frames.append(frame)
    wave = pd.concat(frames, ignore_index=True)
    if random.random() < 0.4:
        wave.loc[random.random(len(wave)) < random.choice([0.05, 0.3]), "overall"] = np.nan
    wave["mode"] = np.where(random.random(len(wave)) < random.random(), "phone", "online")
    return wave if kind != "plain" else wave.drop(columns="stratum")


def raw_share(wave: pd.DataFrame) -> float:
    """Share satisfied, a sheet standing for N/n of the households of its stratum."""
    stands_for = np.ones(len(wave))
    if "weight" in wave:
        stands_for = wave["weight"].to_numpy()
    if "stratum_population" in wave:
        sheets = wave["stratum"].map(wave["stratum"].value_counts()).to_numpy(dtype=float)
        stands_for = wave["stratum_population"].to_numpy() / sheets
    score = wave["overall"].to_numpy()
    rated = stands_for[~np.isnan(score)].sum()
    return float(stands_for[score >= 4].sum() / rated) if rated else float("nan")


def survey(seed: int) -> Survey:
    random = np.random.default_rng(seed)
    kind = str(random.choice(["plain", "strata", "frame", "frame", "weights"]))
    count = 1 if kind == "plain" else int(random.integers(1, 5))
    most = int(random.choice([10, 60, 60, 300, 900]))
    sizes = []
    for _stratum in range(count):
        population = int(random.integers(1, 2500))
        n = int(random.integers(0, most // count + 2))
        sizes.append((population, population if random.random() < 0.04 else min(n, population)))
    p = float(random.choice([0.0, 1.0, random.uniform(), 0.9, 0.9, 0.8, random.uniform(0.6, 1)]))
    past = str(
        random.choice(
            ["none", "same", "same", "fallen", "risen", "small", "reworded", "others", "others"]
        )
    )
    owners = (0.15, 0.85) if past == "others" else (0.5, 0.5)
    now = answers(random, sizes, p, kind, owners[0])
    step = {"fallen": 0.25, "risen": -0.25}.get(past, 0.0)
    earlier = [(N, min(N, 5)) for N, _n in sizes] if past == "small" else sizes
    before = answers(random, earlier, float(np.clip(p + step, 0, 1)), kind, owners[1])
    before = before.iloc[:0] if past == "none" else before
    share = methods.survey_proportion(now, ["overall"], at_least=4)
    row = share.rows.iloc[0]
    ends = [x for x in row[["estimate", "ci_low", "ci_high"]] if x == x and 0 < x < 1]
    close = round(float(random.choice(ends)), 2) if ends else 0.9
    target = float(random.choice([0.9, 0.9, 0.8, 0.875, 0.6667, close, close]))
    cuts = CUTS[int(random.integers(len(CUTS)))]
    comparable = past != "reworded"
    change = methods.wave_difference(
        now, before, ["overall"], at_least=4, minimum_n=ENOUGH, unit="household",
        comparable={"overall"} if comparable else set(),
    )  # fmt: skip
    parts = None
    if past == "others" or seed % 5 == 0:
        parts = methods.change_decomposition(
            now, before, "overall", {"residents": ["group"], "modes": ["mode"]}, at_least=4,
            minimum_n=ENOUGH, unit="household", comparable=comparable,
        )  # fmt: skip
    return Survey(
        now=now,
        before=before,
        target=target,
        cuts=cuts,
        identity={
            "project": "P1",
            "wave": "2025",
            "population": sum(N for N, _n in sizes) if random.random() < 0.8 else None,
            "sheets": len(now),
            "invited": int(random.choice([0, len(now) + int(random.integers(200)), len(now) // 2])),
            "target_clause": "S2-2",
            "satisfied_scores": [4, 5],
            "absent": [] if len(before) else ["previous"],
        },
        share=share,
        judged=methods.target_verdict(row, target, minimum_n=ENOUGH),
        grades=methods.grade_probabilities(
            share.rows, dict(zip(("excellent", "good", "average"), cuts, strict=True))
        ),
        change=change,
        parts=parts,
        comparable=comparable,
        simple=kind == "plain",
    )


@pytest.fixture(scope="module")
def surveys() -> list[Survey]:
    return [survey(seed) for seed in range(STUDIES)]


def printed(card: Exhibit, lang: str) -> tuple[str, str]:
    """The sentence and the lines below it, after the checks that hold for every card."""
    text = read.plain(card.body)
    read.check_language(text, lang)
    sentence, _line, support = text.partition("\n")
    assert sentence == card.alt == card.bundle[MIME]["sentence"]
    assert len(re.findall(r"。|\.(?!\d)", sentence)) == 1, sentence
    return sentence, support


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_verdict_is_true_of_the_raw_answers(surveys: list[Survey], lang: str) -> None:
    seen: set[str] = set()
    for one in surveys:
        with i18n.speaking(lang):
            card = one.card()
        sentence, support = printed(card, lang)
        said = {code for code, words in read.VERDICT[lang].items() if words in sentence}
        assert len(said) == 1, sentence
        seen |= said
        check_target(one, card, sentence, said.pop(), lang)
        check_base(one, card, support, lang)
    assert seen == set(read.VERDICT[lang]) - {"no_interval"}  # the studies hold every case


def check_target(one: Survey, card: Exhibit, sentence: str, said: str, lang: str) -> None:
    goal = read.find(read.TARGET, lang, sentence)
    assert goal is not None
    assert goal["clause"] == "S2-2"
    assert read.rounds(goal["target"], 100 * one.target)
    title = {"met": ("达标", "Target met"), "not_met": ("未达标", "Target not met")}.get(
        said, ("无法判断", "Cannot tell")
    )
    assert card.title == title[lang == "en"]
    rated = one.now["overall"].dropna()
    truth = raw_share(one.now)
    share = read.find(read.SHARE, lang, sentence)
    if said in ("no_answers", "too_few"):
        assert (len(rated) == 0) is (said == "no_answers")
        assert len(rated) < ENOUGH
        assert (share is not None) is (len(rated) >= CELL)
        assert card.bundle[MIME]["grade"] == ""
        assert (card.bundle[MIME]["share"] is None) is (len(rated) < CELL)
        assert not any(f"“{grade}”" in sentence for grade in read.GRADES)
        return
    assert len(rated) >= ENOUGH
    assert share is not None
    assert read.rounds(share["share"], 100 * truth), (sentence, truth)
    value, target = read.number(share["share"]), read.number(goal["target"])
    row = one.share.rows.iloc[0]
    assert (read.CENSUS[lang] in sentence) is bool(row["ci_low"] == row["ci_high"])
    if read.CENSUS[lang] in sentence:
        strata = one.now.groupby("stratum")["stratum_population"]
        assert (strata.first() == strata.size()).all()
        low = high = value
    else:
        ends = read.find(read.INTERVAL, lang, sentence)
        assert ends is not None
        assert ends["level"] == "95"
        assert read.rounds(ends["low"], 100 * row["ci_low"])
        assert read.rounds(ends["high"], 100 * row["ci_high"])
        low, high = read.number(ends["low"]), read.number(ends["high"])
        assert low <= value <= high
        if one.simple:
            assert 100 * wilson(truth, effective(one)) == pytest.approx(
                100 * row[["ci_low", "ci_high"]].to_numpy(dtype=float)
            )
    known = 100 * row[["ci_low", "ci_high"]].to_numpy(dtype=float) - 100 * one.target
    if said == "met":
        assert low >= target
        assert known[0] > -1e-6
    elif said == "not_met":
        assert high < target
        assert known[1] < 0
    else:
        assert low < target <= high
        assert known[0] < 0 <= known[1] + 1e-6
    check_grade(one, sentence, share["share"], truth, lang)
    check_distance(one, read.plain(card.body), share["share"], lang)
    check_change(one, sentence, lang)


def effective(one: Survey) -> float:
    """Effective answers of a survey without strata: n, and as in s² one less of all sheets."""
    n, share = float(one.now["overall"].count()), raw_share(one.now)
    return n * (1 - 1 / len(one.now)) if 0 < share < 1 else n


def wilson(p: float, n: float) -> np.ndarray:
    """Wilson's interval as the textbook has it."""
    z = 1.959963984540054
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.array([centre - half, centre + half]) / (1 + z * z / n)


def grade_of(value: float, cuts: tuple[float, ...]) -> str:
    for name, cut in zip(("excellent", "good", "average"), cuts, strict=True):
        if value >= cut - 1e-9:
            return name
    return "poor"


def check_grade(one: Survey, sentence: str, shown: str, truth: float, lang: str) -> None:
    sure = read.find(read.GRADE, lang, sentence)
    named = sure or read.find(read.TWO_GRADES, lang, sentence)
    assert named is not None, sentence
    grade = read.GRADES[named["grade"]]
    assert grade == grade_of(truth, one.cuts)
    if all(read.rounds(shown, 100 * cut) is (read.number(shown) == 100 * cut) for cut in one.cuts):
        assert grade == grade_of(read.number(shown) / 100, one.cuts), sentence
    chances = one.grades.rows.set_index("grade")["estimate"]
    if one.simple:
        n = effective(one)
        edges = beta.sf(one.cuts, n * truth + 0.5, n * (1 - truth) + 0.5)
        mass = np.diff([0.0, *edges, 1.0])
        assert mass == pytest.approx(chances[["excellent", "good", "average", "poor"]], abs=1e-9)
    low, high = read.chance_range(named["own"])
    assert low <= chances[grade] <= high
    if sure:
        assert high >= 0.5
        assert chances[grade] == chances.max()
    else:
        rival = read.GRADES[named["rival"]]
        assert rival != grade
        assert chances[grade] < 0.5
        assert chances[rival] == chances.drop(grade).max()
        low, high = read.chance_range(named["other"])
        assert low <= chances[rival] <= high


def check_distance(one: Survey, text: str, shown: str, lang: str) -> None:
    """Gaps are those of the shown numbers, to the cut-points next above and below."""
    value, names = read.number(shown), ("excellent", "good", "average")
    cuts = dict(zip(names, one.cuts, strict=True))
    short, above = (read.find(each, lang, text) for each in (read.SHORT, read.ABOVE))
    grade = grade_of(raw_share(one.now), one.cuts)
    assert (read.HIGHEST[lang] in text) is (grade == "excellent") is (short is None)
    assert (above is None) is (grade == "poor")
    if short:
        better = read.GRADES[short["next"]]
        order = (*names, "poor")
        assert order.index(better) == order.index(grade) - 1
        assert read.rounds(short["cut"], 100 * cuts[better])
        assert read.number(short["gap"]) == pytest.approx(read.number(short["cut"]) - value)
        assert read.number(short["gap"]) > 0
    if above:
        assert read.GRADES[above["own"]] == grade
        assert read.rounds(above["cut"], 100 * cuts[grade])
        assert read.number(above["gap"]) == pytest.approx(value - read.number(above["cut"]))
        assert read.number(above["gap"]) >= 0
        over = raw_share(one.now) - cuts[grade]
        if read.number(above["gap"]) == 0:
            assert -1e-9 < over <= 0.005  # the edge belongs to the grade above it
        else:
            assert over > 1e-9


def check_change(one: Survey, sentence: str, lang: str) -> None:
    proven, unseen, unproven, nothing = (
        read.find(each, lang, sentence)
        for each in (read.CHANGE, read.UNSEEN, read.UNPROVEN, read.NO_CHANGE)
    )
    found = [each for each in (proven, unseen, unproven, nothing) if each is not None]
    assert len(found) == 1, sentence
    row = one.change.rows.iloc[0]
    enough = min(one.now["overall"].count(), one.before["overall"].count()) >= ENOUGH
    if nothing is not None:
        assert (nothing["first"] is not None) is (not len(one.before))
        assert not one.comparable or not enough
        return
    assert one.comparable
    assert enough
    step = raw_share(one.now) - raw_share(one.before)
    assert row["estimate"] == pytest.approx(step, abs=1e-9)
    if proven is None:
        assert row["p_value"] >= ALPHA or row["ci_low"] <= 0 <= row["ci_high"]
        if unseen is not None:
            assert read.rounds(unseen["detectable"], 100 * row["detectable"])
            assert read.number(unseen["detectable"]) > round(100 * abs(step), 1)
        else:
            assert unproven is not None
            assert read.rounds(unproven["step"], 100 * step)
            assert not abs(step) < row["detectable"] - 1e-3
        return
    up = proven["way"] in ("Up", "up", "上升")
    assert up is (step > 0)
    assert read.rounds(proven["size"], 100 * abs(step))
    assert read.number(proven["size"]) > 0
    low, high = read.number(proven["from"]), read.number(proven["to"])
    assert read.rounds(proven["from"], 100 * row["ci_low"])
    assert read.rounds(proven["to"], 100 * row["ci_high"])
    assert (low > 0) if up else (high < 0), sentence
    assert low <= (1 if up else -1) * read.number(proven["size"]) <= high
    least, most = read.p_range(proven["p"])
    assert least - 1e-9 <= row["p_value"] <= most + 1e-9
    assert row["p_value"] < ALPHA
    assert float(proven["p"].split()[-1]) < ALPHA
    if one.parts is not None:
        own = one.parts.rows.set_index("part").loc["answers"]
        if proven["unlike"]:
            assert not (own["significant"] and (own["estimate"] > 0) is up)
    else:
        assert not proven["unlike"]


def check_base(one: Survey, card: Exhibit, support: str, lang: str) -> None:
    base = read.find(read.BASE, lang, support.splitlines()[0])
    assert base is not None, support
    assert read.number(base["sheets"]) == len(one.now)
    population = one.identity["population"]
    assert (base["population"] is None) is (population is None)
    assert population is None or read.number(base["population"]) == population
    rate, invited = read.find(read.RATE, lang, support), one.identity["invited"]
    assert (rate is not None) is (0 < invited >= len(one.now))
    if rate:
        assert read.number(rate["invited"]) == invited
        assert read.rounds(rate["rate"], 100 * len(one.now) / invited)
    margin, row = read.find(read.MARGIN, lang, support), one.share.rows.iloc[0]
    shown, counted = card.bundle[MIME]["share"] is not None, row["ci_low"] == row["ci_high"]
    assert (margin is not None) is (shown and not counted)
    if margin:
        halves = 100 * (row["ci_low"] - row["estimate"]), 100 * (row["ci_high"] - row["estimate"])
        texts = (margin["below"], margin["above"])
        if margin["half"]:
            texts = ("−" + margin["half"], margin["half"])
        assert all(read.rounds(text, half) for text, half in zip(texts, halves, strict=True))


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_card_of_a_change_is_true_of_the_raw_answers(surveys: list[Survey], lang: str) -> None:
    ways = set()
    for one in surveys:
        with i18n.speaking(lang):
            card = change_card(one.change, one.identity, parts=one.parts)
        sentence, _support = printed(card, lang)
        check_change(one, sentence, lang)
        ways.add(card.bundle[MIME]["direction"])
        assert (card.kind == "verdict cannot_tell") is (
            read.find(read.NO_CHANGE, lang, sentence) is not None
        )
    assert ways == {"up", "down", "none"}


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_card_of_the_drivers_names_one_leader_only_where_one_leads(lang: str) -> None:
    alone = {"en": "goes most closely", "zh": "关系最密切"}
    kinds = set()
    for seed in range(16):
        random = np.random.default_rng(seed)
        n, k = int(random.choice([30, 80, 400])), int(random.integers(2, 8))
        data = pd.DataFrame(random.integers(1, 6, (n, k)).astype(float)).add_prefix("i")
        strength = random.choice([0.0, 0.4, 1.0])
        noise = random.normal(0, 1, n)
        data["y"] = (2 + strength * data["i0"] * 0.6 + noise).round().clip(1, 5)
        items = [f"i{j}" for j in range(k)]
        names = {item: f"{'电梯' if lang == 'zh' else 'Lift'}{j}" for j, item in enumerate(items)}
        result = methods.shapley_importance(data, "y", items, draws=60, seed=seed, minimum_n=50)
        with i18n.speaking(lang):
            card = drivers_card(result, {"project": "P1"}, names)
        sentence, support = printed(card, lang)
        if n < 50:
            assert card.kind == "verdict cannot_tell"
            continue
        rows = result.rows.sort_values("estimate", ascending=False, kind="stable")
        assert f"“{names[rows['item'].iloc[0]]}”" in sentence
        tied = int((rows["tier"] == 1).sum())
        assert (alone[lang] in sentence) is (tied == 1), sentence
        told = [names[item] for item in rows["item"][1:tied]]
        hidden = re.search(r"and (\d+) more|其他 (\d+) 项", sentence)
        left = int(hidden[1] or hidden[2]) if hidden else 0
        assert sum(name in sentence for name in told) + left == len(told)
        assert str(result.n) in support
        kinds.add(tied == 1)
    assert kinds == {True, False}


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_card_of_a_sample_counts_as_the_plan_does(lang: str) -> None:
    patterns = {
        "en": r"Invite ([\d,]+) households to get ([\d,]+) answers",
        "zh": r"邀请 ([\d,]+) 户，以收回 ([\d,]+) 份答卷",
    }
    for seed in range(12):
        random = np.random.default_rng(seed)
        sizes = random.integers(0, 3000, int(random.integers(1, 5)))
        sizes[1:] *= random.random(len(sizes) - 1) < 0.7  # some groups without households
        strata = pd.DataFrame(
            {"stratum": [f"s{j}" for j in range(len(sizes))], "population": sizes}
        )
        size = methods.sample_size(int(sizes.sum()), margin=0.05, response_rate=0.6)
        plan = methods.allocation(strata, int(size.stages["invitations"]))
        margin = methods.expected_margin(plan.rows.assign(n=(plan.rows["n"] * 0.6).round()))
        with i18n.speaking(lang):
            card = sample_card(size, margin, plan, {"population": int(sizes.sum())})
        sentence, support = printed(card, lang)
        found = re.search(patterns[lang], sentence)
        assert found is not None
        invited, needed = (read.number(part) for part in found.groups())
        assert needed == size.stages["needed"]
        assert invited == plan.rows["n"].sum()
        reached = int((plan.rows["n"] > 0).sum())
        counts = re.findall(
            r"(\d+)(?=[^.。]*(?:customer groups|客户群体))|客户群体中的 (\d+)", support
        )
        counts = [int(before or after) for before, after in counts]
        assert set(counts) <= {reached, len(sizes)}
        assert (len(set(counts)) == 1) is (reached == len(sizes))
        expected = re.search(r"±([\d.]+)", support)
        assert expected is None or read.rounds(expected[1], 100 * margin.rows["estimate"].iloc[0])
