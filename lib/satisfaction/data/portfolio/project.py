"""What is written down about one invented project, and how all of them are surveyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANNUAL = ("2023", "2024", "2025")
MONTHLY = tuple(f"2025-{month:02d}" for month in range(1, 13))

# Satisfied share by phone minus that of the same households online, where it is not given apart.
PHONE_EFFECT = 0.06
USUAL_MODES = {"wechat": 0.50, "app": 0.15, "web": 0.05, "phone": 0.20, "on_site": 0.10}


@dataclass(frozen=True)
class Design:
    """How every sample is drawn; a test holds it equal to ``params/policy.yaml``."""

    margin: float = 0.05
    level: float = 0.95
    response_rate: float = 0.6
    reserve_share: float = 0.5
    minimum_share: float = 0.05
    minimum_per_stratum: int = 10
    monthly_invitations: int = 50


DESIGN = Design()


@dataclass(frozen=True)
class ProjectTruth:
    """One invented project.

    case      what the project is there to show ("" = nothing remarkable happens in it)
    shares    wave -> share satisfied overall of all households that have moved in (blacklisted ones
              included), each answering in the mode in which it would answer; exact in the frame
              unless ``online_shares`` is given. January to June have the truth of 2024 (projects
              with that wave), July to December that of 2025.
    groups    customer group -> share of the households
    sampled_shares    expected of the survey where a declared exclusion moves it away from shares
    """

    project: str
    name: str
    name_en: str
    property_type: str
    region: str
    handed_over_on: str
    households: int
    buildings: int
    groups: Mapping[str, float]
    shares: Mapping[str, float]
    case: str = ""
    note: str = ""
    occupancy: Mapping[str, float] = field(
        default_factory=lambda: {"resident": 0.78, "occasional": 0.13, "not_moved_in": 0.09}
    )
    modes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # wave -> mode -> share
    phone_effect: float = PHONE_EFFECT
    online_shares: Mapping[str, float] = field(default_factory=dict)
    blacklisted: float = 0.015
    sampled_shares: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def waves(self) -> tuple[str, ...]:
        """Waves in which the project was asked, annual ones first."""
        monthly = MONTHLY if "2024" in self.shares else MONTHLY[6:]
        return (*self.shares, *monthly)

    @property
    def reference(self) -> Mapping[str, str]:
        """Wave -> annual wave with the same truth."""
        return {
            wave: wave if wave in self.shares else ("2024" if wave < "2025-07" else "2025")
            for wave in self.waves
        }

    def mode_mix(self, wave: str) -> Mapping[str, float]:
        """Shares of the modes in a wave."""
        return self.modes.get(self.reference[wave], USUAL_MODES)
