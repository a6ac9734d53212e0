"""From the frame to the answer sheets: the draw, who answers, by which mode and in which words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.data.portfolio.answers import FrameAnswers, asked_items, frame_answers
from satisfaction.data.portfolio.households import flagged, generator
from satisfaction.data.portfolio.phrases import COMPLAINTS, ENDINGS, NOTHING, OPENINGS, PRAISE
from satisfaction.data.portfolio.project import DESIGN, ProjectTruth
from satisfaction.methods.sampling import draw_sample
from satisfaction.methods.sizes import sample_size
from satisfaction.methods.stratification import allocation

# the portfolio's own design, drawn before the workbook was there; `draw` writes versions of its own
DESIGN_VERSION = "2026-1"
DONT_KNOW = 9
MONTHLY_LIMIT = 40
COACH = "S07"

GROUP_RESPONSE = {"owner": 0.61, "landlord": 0.52, "tenant": 0.58, "merchant": 0.6}
DONT_KNOW_SHARES = {
    "charging": 0.08, "activities": 0.06, "fire_safety": 0.05, "newsletter": 0.05,
    "waste_sorting": 0.03, "parking": 0.03, "shared_charges": 0.03,
}  # fmt: skip


def chronological(truth: ProjectTruth) -> list[str]:
    """Waves of a project in the order in which they are drawn."""
    return sorted(truth.waves, key=lambda wave: (opened_on(wave), "-" not in wave))


def opened_on(wave: str) -> pd.Timestamp:
    """First day of field work."""
    return pd.Timestamp(f"{wave}-01" if "-" in wave else f"{wave}-11-01")


def drawn_at(wave: str) -> pd.Timestamp:
    """The 28th of the month before (S3-2)."""
    before = opened_on(wave) - pd.offsets.MonthBegin(1)
    return before + pd.Timedelta(days=27, hours=10)


def samples(
    truth: ProjectTruth, frame: pd.DataFrame, history: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Samples of all waves; each wave starts where the one before ended, so few are asked twice."""
    parts, start = [], 0.0
    for wave in chronological(truth):
        eligible = frame[frame["occupancy"] != "not_moved_in"]
        if truth.case == "excluded_unhappy":
            black = flagged(history, "blacklisted", drawn_at(wave))
            eligible = eligible[~eligible["household"].isin(black)]
        eligible = eligible.assign(stratum=eligible["customer_group"])
        strata = eligible.groupby("stratum").size().rename("population").reset_index()
        n = _invitations(len(eligible), len(strata), monthly="-" in wave)
        minimum = DESIGN.minimum_per_stratum
        plan = allocation(strata, n, how="proportional", minimum=minimum)
        drawn = draw_sample(
            eligible, plan, seed=seed, reserve_share=DESIGN.reserve_share, start=start
        )
        start = (start + len(drawn) / len(eligible)) % 1.0
        parts.append(drawn.assign(project=truth.project, wave=wave, drawn_at=drawn_at(wave)))
    rows = pd.concat(parts, ignore_index=True)
    # a tenth of the reserves is used, in draw order, for main units that moved away
    used = rows["draw_order"] <= np.ceil(rows["stratum_sample"] * (1 + DESIGN.reserve_share / 10))
    rows["invited"] = (rows["role"] == "main") | used
    rows["design_version"] = DESIGN_VERSION
    return rows


def _invitations(population: int, strata: int, *, monthly: bool) -> int:
    if monthly:
        return min(DESIGN.monthly_invitations, population)
    size = sample_size(
        population,
        margin=DESIGN.margin,
        level=DESIGN.level,
        minimum_share=DESIGN.minimum_share,
        minimum_per_stratum=DESIGN.minimum_per_stratum,
        strata=strata,
        response_rate=DESIGN.response_rate,
    )
    return int(size.stages["invitations"])


def sheets(
    truth: ProjectTruth, frame: pd.DataFrame, history: pd.DataFrame, drawn: pd.DataFrame, seed: int
) -> dict[str, pd.DataFrame]:
    """Wave -> answer sheets, wide: key, mode, collector, time, items and open answers."""
    result = {}
    for wave in truth.waves:
        potential = frame_answers(truth, frame, history, wave, seed)
        invited = drawn[(drawn["wave"] == wave) & drawn["invited"]]
        result[wave] = _sheets(truth, wave, potential, set(invited["household"]), seed)
    return result


def _sheets(
    truth: ProjectTruth, wave: str, potential: FrameAnswers, invited: set[str], seed: int
) -> pd.DataFrame:
    random = generator(seed, truth.project, wave, "sheets")
    chance = _propensity(truth, wave, potential)
    answers = (random.random(len(chance)) < chance) & potential.households["household"].isin(
        invited
    ).to_numpy()
    chosen = random.permutation(np.flatnonzero(answers))
    if "-" in wave:
        chosen = chosen[:MONTHLY_LIMIT]
    people = potential.households.iloc[chosen].reset_index(drop=True)
    scores = potential.scores.iloc[chosen].reset_index(drop=True)
    answered = _times(opened_on(wave), len(people), random)
    mode = people["mode"].to_numpy(dtype=object, copy=True)
    collector = _collectors(mode, random)
    coached = np.zeros(len(people), dtype=bool)
    if truth.case == "coached" and wave == "2025":
        coached[: round(truth.facts["coached_share"] * len(people))] = True
        answered[coached] = _burst(opened_on(wave), int(coached.sum()), random)
        mode[coached], collector[coached] = "on_site", COACH
    open_answers = _comments(wave, scores, random)
    codes = _with_gaps(scores, random)
    codes.loc[coached] = 5
    open_answers.loc[coached] = None
    third = np.isin(mode, ["phone", "paper"])
    rows = pd.DataFrame(
        {
            "project": truth.project,
            "wave": wave,
            "household": people["household"],
            "mode": mode,
            "collected_by": np.where(third, "third_party", "own_staff"),
            "collector": collector,
            "answered_at": answered,
        }
    )
    rows = pd.concat([rows, codes, open_answers], axis=1)
    rows = rows.sort_values(["answered_at", "household"], ignore_index=True)
    numbers = [f"{truth.project}-{wave}-{place:04d}" for place in range(1, len(rows) + 1)]
    rows.insert(2, "response", numbers)
    return rows


def _propensity(
    truth: ProjectTruth, wave: str, potential: FrameAnswers
) -> npt.NDArray[np.floating]:
    """Chance to answer: depends on the group, and a little on satisfaction."""
    people = potential.households
    if truth.case == "mix_only" and "-" not in wave:
        year = "2025" if wave == "2025" else "2024"
        resident = people["occupancy"] == "resident"
        return np.where(
            resident,
            truth.facts[f"resident_response_{year}"],
            truth.facts[f"occasional_response_{year}"],
        )
    base = people["customer_group"].map(GROUP_RESPONSE).fillna(0.62).to_numpy(dtype=float)
    satisfied = (potential.scores["overall"] >= 4).to_numpy()
    return base + np.where(satisfied, 0.005, -0.015)


def _times(opened: pd.Timestamp, n: int, random: np.random.Generator) -> npt.NDArray[np.datetime64]:
    days = np.minimum(random.beta(1.2, 2.0, n) * 28, 27).astype(int)
    minutes = np.clip(random.normal(15 * 60, 180, n), 8 * 60, 21 * 60).astype(int)
    return (opened + pd.to_timedelta(days * 1440 + minutes, unit="min")).to_numpy(copy=True)


def _burst(opened: pd.Timestamp, n: int, random: np.random.Generator) -> npt.NDArray[np.datetime64]:
    """Minutes apart, on the 12th and 13th day."""
    minutes = random.integers(0, 3 * 60, n) + 14 * 60 + random.integers(11, 13, n) * 1440
    return (opened + pd.to_timedelta(minutes, unit="min")).to_numpy(copy=True)


def _collectors(
    mode: npt.NDArray[np.object_], random: np.random.Generator
) -> npt.NDArray[np.object_]:
    """Pseudonymous codes: T = agency, S = own staff; nobody collects what is answered online."""
    number = random.integers(1, 5, len(mode))
    codes = np.full(len(mode), None, dtype=object)
    for kind, letter in (("phone", "T"), ("on_site", "S")):
        chosen = mode == kind
        codes[chosen] = [f"{letter}{place:02d}" for place in number[chosen]]
    codes[mode == "paper"] = "T09"
    return codes


def _with_gaps(scores: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Scores with don't-know codes and empty cells, as sheets come in."""
    draw = random.random(scores.shape)
    unknown = [
        DONT_KNOW_SHARES.get(item, 0.0 if item == "overall" else 0.005) for item in scores.columns
    ]
    blank = [0.004 if item == "overall" else 0.025 for item in scores.columns]
    codes = np.where(draw < unknown, DONT_KNOW, scores.to_numpy(dtype=float))
    codes[draw > 1 - np.array(blank)] = np.nan
    return pd.DataFrame(codes, columns=scores.columns).astype("Int64")


def _comments(wave: str, scores: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Open answers: what to improve (mostly from the dissatisfied) and what is good."""
    items = asked_items(wave)
    unhappy = (scores["overall"] <= 3).to_numpy()
    writes = random.random(len(scores)) < np.where(unhappy, 0.55, 0.18)
    praises = random.random(len(scores)) < np.where(unhappy, 0.04, 0.15)
    worst = np.argsort(scores[items].to_numpy() + random.normal(0, 0.7, scores[items].shape))
    improve: list[str | None] = [None] * len(scores)
    praise: list[str | None] = [None] * len(scores)
    for row in np.flatnonzero(writes):
        if not unhappy[row] and random.random() < 0.2:
            improve[row] = str(random.choice(NOTHING))
            continue
        named = [items[place] for place in worst[row, : 2 if random.random() < 0.25 else 1]]
        words = "，另外".join(str(random.choice(COMPLAINTS[item])) for item in named)
        improve[row] = f"{random.choice(OPENINGS)}{words}{random.choice(ENDINGS)}"
    for row in np.flatnonzero(praises):
        praise[row] = f"{random.choice(PRAISE)}。"
    if "-" in wave:
        return pd.DataFrame({"improve": improve}, dtype=object)
    return pd.DataFrame({"improve": improve, "praise": praise}, dtype=object)
