"""Pure statistics, one module per family; nothing here knows files, databases or languages."""

import lazy_loader

# Importing all of it takes seconds: each name is fetched when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "change": [
            "detectable_difference",
            "smallest_significant_change",
            "wave_difference",
        ],
        "correlation": [
            "correlation_matrix",
            "correlations",
        ],
        "drivers": [
            "johnson_weights",
            "shapley_importance",
        ],
        "estimation": [
            "estimates_from_tallies",
            "score_distribution",
            "survey_mean",
            "survey_proportion",
            "survey_quantile",
            "survey_ratio",
            "survey_std",
            "survey_total",
        ],
        "priorities": [
            "importance_shares",
            "priority_quadrant",
            "stated_importance",
        ],
        "ranking": [
            "certainly_low",
            "grade_probabilities",
            "other_projects",
            "own_row",
            "peer_comparison",
        ],
        "reliability": [
            "cronbach_alpha",
        ],
        "result": [
            "Result",
        ],
        "sampling": [
            "draw_sample",
            "exclusion_bounds",
            "expected_margin",
            "frame_waterfall",
            "sample_size",
        ],
        "stratification": [
            "allocation",
        ],
        "targets": [
            "conversions_for",
            "conversions_needed",
            "target_verdict",
        ],
        "weighting": [
            "composition",
            "kish_deff",
            "representativeness",
            "stratum_weights",
        ],
    },
)
