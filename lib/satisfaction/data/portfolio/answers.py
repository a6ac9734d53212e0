"""What every household of a frame would answer in a wave: one latent attitude, scored items.

item latent   = 4.2 + item level + project level + attitude + building + mode + noise
item score    = latent rounded to 1-5
overall latent = constant + sum of weight x (item score - 4) + mode + noise, rounded to 1-5

The constant is set in the frame so that exactly the true share is satisfied: the truth is then a
finite-population fact, and only sampling and non-response stand between it and an estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.data.portfolio.households import exact_parts, flagged, generator
from satisfaction.data.portfolio.project import ProjectTruth
from satisfaction.data.portfolio.truth import (
    DROPPED_IN_2025,
    GROUP_EFFECTS,
    NEW_IN_2025,
    PULSE_ITEMS,
    REWORDED,
    WEIGHTS,
)

FloatArray = npt.NDArray[np.floating]

ITEM_LEVELS = {
    "lifts": 0.0, "staff_attitude": 0.25, "response_speed": -0.05, "cleaning": 0.10,
    "access_control": 0.0, "communication": -0.10, "patrols": 0.0, "greening": 0.10,
    "water_power": 0.20, "fire_safety": 0.15, "charging": -0.40, "waste_sorting": -0.15,
    "newsletter": 0.0, "activities": -0.25, "parking": -0.55, "shared_charges": -0.45,
}  # fmt: skip
ITEM_SPREAD = 0.95
COMMON = 0.45  # share of an item's variance that comes from the household's attitude
PERSISTENCE = 0.8  # correlation of an attitude over the waves is the square of it
OVERALL_NOISE = 0.5
# Shift of item and overall latents that makes a phone effect of one (share); see the tests.
PHONE_ON_ITEMS, PHONE_ON_OVERALL = 2.2, 1.7
FLAG_EFFECTS = {"blacklisted": -1.0, "good_relationship": 0.6}


@dataclass(frozen=True)
class FrameAnswers:
    """Potential answers of all households that have moved in: one row each."""

    households: pd.DataFrame  # project, household, building, customer_group, occupancy, mode
    scores: pd.DataFrame  # overall and all items, 1-5

    @property
    def share_satisfied(self) -> float:
        """True share of the wave."""
        return float((self.scores["overall"] >= 4).mean())


def asked_items(wave: str) -> list[str]:
    """Closed items of the questionnaire of a wave, without the overall item."""
    if "-" in wave:
        return list(PULSE_ITEMS)
    absent = NEW_IN_2025 if wave < "2025" else DROPPED_IN_2025
    return [item for item in WEIGHTS if item != absent]


def frame_answers(
    truth: ProjectTruth, frame: pd.DataFrame, history: pd.DataFrame, wave: str, seed: int
) -> FrameAnswers:
    """Answers that the households of a project would give in ``wave``."""
    people = frame[frame["occupancy"] != "not_moved_in"].reset_index(drop=True)
    random = generator(seed, truth.project, wave, "answers")
    people["mode"] = exact_parts(dict(truth.mode_mix(wave)), len(people), random)
    phone: FloatArray = (people["mode"] == "phone").to_numpy(dtype=float) * truth.phone_effect
    unhappy = flagged(history, "blacklisted", pd.Timestamp("2025-12-31"))
    classes = _classes(truth, people, unhappy, wave)
    level = np.select(
        [mask for mask, _ in classes],
        [0.75 * (_probit(share) - _probit(0.83)) for _, share in classes],
    )
    asked = asked_items(wave)
    items = [*asked, *(item for item in WEIGHTS if item not in asked)]
    noise = random.standard_normal((len(people), len(items)))
    attitude = _attitude(truth, people, history, wave, seed)
    spread = np.sqrt(COMMON) * attitude[:, None] + np.sqrt(1 - COMMON) * noise
    latent = 4.2 + _item_levels(truth, items, seed) + level[:, None] + ITEM_SPREAD * spread
    if truth.case == "declined" and truth.reference[wave] == "2025":
        latent[:, items.index("response_speed")] += truth.facts["response_speed_shift"]
    own_noise = OVERALL_NOISE * random.standard_normal(len(people))
    weight = np.array([WEIGHTS[item] for item in items])

    def overall(latents: FloatArray, mode: FloatArray) -> FloatArray:
        scores = _rounded(latents + PHONE_ON_ITEMS * mode[:, None])
        return (scores - 4) @ weight + PHONE_ON_OVERALL * mode + own_noise

    mode = np.zeros(len(people)) if truth.online_shares else phone
    constant = _constants(overall(latent, mode), classes)
    if truth.case == "declined" and truth.reference[wave] == "2025":
        latent[:, items.index("lifts")] += _lifts_shift(
            lambda shifted: overall(shifted, phone) + constant, latent, items.index("lifts"),
            truth.shares["2025"],
        )  # fmt: skip
    result = _rounded(overall(latent, phone) + constant)
    if truth.case == "reworded_item" and wave == "2025":
        latent[:, items.index(REWORDED)] += truth.facts["wording_shift"]
    scores = pd.DataFrame(_rounded(latent + PHONE_ON_ITEMS * phone[:, None]), columns=items)
    scores.insert(0, "overall", result)
    return FrameAnswers(people, scores[["overall", *asked]].astype(int))


def _classes(
    truth: ProjectTruth, people: pd.DataFrame, unhappy: set[str], wave: str
) -> list[tuple[npt.NDArray[np.bool_], float]]:
    """Parts of the frame whose share is set apart, with their shares."""
    everybody = np.ones(len(people), dtype=bool)
    reference = truth.reference[wave]
    if truth.case == "mix_only":
        resident = (people["occupancy"] == "resident").to_numpy()
        return [
            (resident, truth.facts["resident_share"]),
            (~resident, truth.facts["occasional_share"]),
        ]
    if truth.case == "excluded_unhappy":
        black = people["household"].isin(unhappy).to_numpy()
        return [(black, truth.facts["blacklisted_share"]), (~black, truth.facts["other_share"])]
    if truth.case == "declined":  # the lifts are broken afterwards, on top of the earlier truth
        return [(everybody, truth.shares["2024"])]
    return [(everybody, (truth.online_shares or truth.shares)[reference])]


def _attitude(
    truth: ProjectTruth, people: pd.DataFrame, history: pd.DataFrame, wave: str, seed: int
) -> FloatArray:
    lasting = generator(seed, truth.project, "attitude").standard_normal(len(people))
    passing = generator(seed, truth.project, wave, "attitude").standard_normal(len(people))
    blocks = generator(seed, truth.project, "buildings").normal(0, 0.12, truth.buildings + 1)
    block = people["building"].str.removesuffix("栋").astype(int).to_numpy()
    attitude = PERSISTENCE * lasting + np.sqrt(1 - PERSISTENCE**2) * passing + blocks[block]
    attitude += people["customer_group"].map(GROUP_EFFECTS).to_numpy(dtype=float)
    for flag, effect in FLAG_EFFECTS.items():
        carries = people["household"].isin(flagged(history, flag, pd.Timestamp("2025-12-31")))
        attitude += effect * carries.to_numpy(dtype=float)
    return attitude


def _item_levels(truth: ProjectTruth, items: list[str], seed: int) -> FloatArray:
    """What each item is like in the project, the same in all waves."""
    own = generator(seed, truth.project, "items").normal(0, 0.12, len(WEIGHTS))
    place = list(WEIGHTS)
    return np.array([ITEM_LEVELS[item] + own[place.index(item)] for item in items])


def _constants(
    latent: FloatArray, classes: list[tuple[npt.NDArray[np.bool_], float]]
) -> FloatArray:
    """Constant per household such that in each class the share is satisfied (latent >= 3.5)."""
    constant = np.zeros(len(latent))
    for mask, share in classes:
        falling = np.sort(latent[mask])[::-1]
        k = min(max(round(share * len(falling)), 1), len(falling) - 1)
        constant[mask] = 3.5 - (falling[k - 1] + falling[k]) / 2
    return constant


def _lifts_shift(
    overall: Callable[[FloatArray], FloatArray], latent: FloatArray, column: int, share: float
) -> float:
    """How far the lifts' latent must fall until only ``share`` is satisfied (bisection)."""
    low, high = -4.0, 0.0
    for _ in range(30):
        middle = (low + high) / 2
        shifted = latent.copy()
        shifted[:, column] += middle
        if float((overall(shifted) >= 3.5).mean()) > share:
            high = middle
        else:
            low = middle
    return high


def _rounded(latent: FloatArray) -> FloatArray:
    return np.clip(np.floor(latent + 0.5), 1, 5)


def _probit(share: float) -> float:
    return NormalDist().inv_cdf(share)
