"""The policy as arguments: what a notebook hands to methods and exhibits, one name per purpose.

``methods.survey_proportion(study.responses, study.items, **study.shares)``: a notebook holds no
threshold and names none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from satisfaction.config.policy import Policy
from satisfaction.config.questionnaire import Questionnaire
from satisfaction.config.settings import Settings


@dataclass(frozen=True)
class PolicyArguments:
    """Keyword arguments that follow from the settings and the questionnaire of a study."""

    settings: Settings
    questionnaire: Questionnaire

    @property
    def policy(self) -> Policy:
        """The policy in force for this project."""
        return self.settings.policy

    @property
    def level(self) -> float:
        """Level of every interval."""
        return self.policy.sampling.confidence_level

    @property
    def satisfied_from(self) -> int:
        """Smallest score that counts as satisfied (S3-5)."""
        return self.questionnaire.scale.satisfied_from

    @property
    def mark(self) -> dict[str, Any]:
        """What counts as satisfied (S3-5), and the level."""
        return {"at_least": self.satisfied_from, "level": self.level}

    @property
    def shares(self) -> dict[str, Any]:
        """Arguments of every satisfied share that comes with an interval."""
        return self.mark | {"interval": self.policy.reporting.interval}

    @property
    def change_rule(self) -> dict[str, Any]:
        """Arguments of the size that sees a change to the next wave (S0-18)."""
        rules = self.policy
        return {
            "change": rules.sampling.change_to_detect,
            "power": rules.drivers.power,
            "decides": rules.sampling.change_decides,
        }

    @property
    def target_rule(self) -> dict[str, Any]:
        """Arguments of the verdict against the target."""
        rules = self.policy
        return {
            "target": rules.satisfaction.target,
            "minimum_n": rules.reporting.minimum_answers,
            "level": self.level,
        }

    @property
    def peer_rule(self) -> dict[str, Any]:
        """Arguments of every comparison with projects of the same type."""
        rules = self.policy.reporting
        return {
            "minimum_peers": rules.minimum_peers,
            "minimum_n": rules.minimum_answers,
            "level": self.level,
        }

    @property
    def driver_rule(self) -> dict[str, Any]:
        """Arguments of the drivers' importance."""
        rules = self.policy.drivers
        return {
            "draws": rules.bootstrap_draws,
            "minimum_n": rules.minimum_answers,
            "level": self.level,
        }

    @property
    def quality_rule(self) -> dict[str, Any]:
        """Arguments of the checks of the answer sheets (S2-8, S4-13)."""
        rules = self.policy.audit
        return {
            "outcome": self.questionnaire.overall,
            "at_least": self.satisfied_from,
            "scores": self.questionnaire.scale.scores,
            "visit_days": rules.visit_window_days,
            "burst_days": rules.burst_days,
            "minimum_n": self.policy.reporting.minimum_cell,
            "level": rules.confidence_level,
        }

    @property
    def exclusion_rule(self) -> dict[str, Any]:
        """Arguments of the exclusion audit (S3-2, S3-4)."""
        return {
            "late_days": self.policy.audit.late_flag_days,
            "minimum_peers": self.policy.reporting.minimum_peers,
            "level": self.policy.audit.confidence_level,
        }

    @property
    def gap_rule(self) -> dict[str, Any]:
        """Arguments of what an item has beyond the others: fewest common answers, and the level."""
        return {"minimum_n": self.policy.drivers.minimum_answers, "level": self.level}

    @property
    def penalty_rule(self) -> dict[str, Any]:
        """Arguments of penalty and reward: low is not satisfied, top the best score (S3-5)."""
        return {
            "low_below": self.satisfied_from,
            "top_from": self.questionnaire.scale.maximum,
            "minimum_cell": self.policy.reporting.minimum_cell,
            **self.gap_rule,
        }

    @property
    def small_cells(self) -> dict[str, Any]:
        """Arguments of every chart that must not show cells with few answers (S4-6)."""
        return {"minimum_n": self.policy.reporting.minimum_cell}

    @property
    def group_rule(self) -> dict[str, Any]:
        """Arguments of tests between groups: satisfied shares, groups large enough to be shown."""
        return self.mark | self.small_cells

    @property
    def cell_rule(self) -> dict[str, Any]:
        """The same for a table that also marks cells to be read with caution."""
        return {**self.small_cells, "caution_n": self.policy.reporting.caution_cell}

    @property
    def target_mark(self) -> dict[str, Any]:
        """Arguments of a chart that marks the target and its clause."""
        rules = self.policy.satisfaction
        return {"target": rules.target, "target_clause": rules.target_clause}

    @property
    def target_line(self) -> dict[str, Any]:
        """Arguments of a chart of shares: the target's mark and the smallest cell."""
        return self.target_mark | self.small_cells

    @property
    def scale(self) -> dict[str, Any]:
        """Arguments of a distribution over the scores of the scale."""
        return {"scores": self.questionnaire.scale.scores, "level": self.level}

    @property
    def bands(self) -> dict[str, list[int]]:
        """Scores in bands, lowest first; the one below satisfied stands alone (S3-5, S3-9)."""
        scale = self.questionnaire.scale
        found = {
            "dissatisfied": [x for x in scale.scores if x < scale.satisfied_from - 1],
            "neutral": [x for x in scale.scores if x == scale.satisfied_from - 1],
            "satisfied": [x for x in scale.scores if x >= scale.satisfied_from],
        }
        return {name: scores for name, scores in found.items() if scores}

    @property
    def satisfied_rule(self) -> dict[str, Any]:
        """Arguments of a chart that divides satisfied from dissatisfied scores."""
        return {"satisfied_from": self.satisfied_from, **self.small_cells}
