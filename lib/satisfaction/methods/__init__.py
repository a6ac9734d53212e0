"""Pure statistics, one module per family; nothing here knows files, databases or languages."""

from satisfaction.methods.change import (
    detectable_difference,
    smallest_significant_change,
    wave_difference,
)
from satisfaction.methods.correlation import correlation_matrix, correlations
from satisfaction.methods.drivers import (
    johnson_weights,
    shapley_importance,
)
from satisfaction.methods.estimation import (
    estimates_from_tallies,
    score_distribution,
    survey_mean,
    survey_proportion,
    survey_quantile,
    survey_ratio,
    survey_std,
    survey_total,
)
from satisfaction.methods.priorities import (
    importance_shares,
    priority_quadrant,
    stated_importance,
)
from satisfaction.methods.ranking import (
    certainly_low,
    grade_probabilities,
    other_projects,
    own_row,
    peer_comparison,
)
from satisfaction.methods.reliability import cronbach_alpha
from satisfaction.methods.result import Result
from satisfaction.methods.sampling import (
    draw_sample,
    exclusion_bounds,
    expected_margin,
    frame_waterfall,
    sample_size,
)
from satisfaction.methods.stratification import allocation
from satisfaction.methods.targets import conversions_for, conversions_needed, target_verdict
from satisfaction.methods.weighting import (
    composition,
    kish_deff,
    representativeness,
    stratum_weights,
)

__all__ = [
    "Result",
    "allocation",
    "certainly_low",
    "composition",
    "conversions_for",
    "conversions_needed",
    "correlation_matrix",
    "correlations",
    "cronbach_alpha",
    "detectable_difference",
    "draw_sample",
    "estimates_from_tallies",
    "exclusion_bounds",
    "expected_margin",
    "frame_waterfall",
    "grade_probabilities",
    "importance_shares",
    "johnson_weights",
    "kish_deff",
    "other_projects",
    "own_row",
    "peer_comparison",
    "priority_quadrant",
    "representativeness",
    "sample_size",
    "score_distribution",
    "shapley_importance",
    "smallest_significant_change",
    "stated_importance",
    "stratum_weights",
    "survey_mean",
    "survey_proportion",
    "survey_quantile",
    "survey_ratio",
    "survey_std",
    "survey_total",
    "target_verdict",
    "wave_difference",
]
