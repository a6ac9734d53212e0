"""Pure statistics, one module per family; nothing here knows files, databases or languages."""

import lazy_loader

# Importing all of it takes seconds: each name is fetched when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "association": [
            "group_tests",
            "survey_association",
        ],
        "calibration": [
            "nonresponse_weights",
            "post_stratify",
            "rake",
            "rake_to_frame",
            "trim_weights",
            "weight_summary",
        ],
        "change": [
            "wave_difference",
        ],
        "change_decomposition": [
            "change_decomposition",
        ],
        "control_chart": [
            "control_chart",
        ],
        "correlation": [
            "correlation_matrix",
            "correlations",
        ],
        "detection": [
            "detectable_difference",
            "smallest_significant_change",
        ],
        "differences": [
            "group_difference",
        ],
        "drivers": [
            "johnson_weights",
            "shapley_importance",
        ],
        "effect_sizes": [
            "cliffs_delta",
            "cramers_v",
            "hedges_g",
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
        "funnel": [
            "funnel_limits",
            "overdispersion",
            "peer_funnel",
        ],
        "multiplicity": [
            "significant_changes",
        ],
        "ordinal_association": [
            "rank_association",
        ],
        "pearson": [
            "survey_correlation",
        ],
        "precision": [
            "expected_domain_margins",
            "expected_margin",
        ],
        "priorities": [
            "importance_shares",
            "priority_quadrant",
            "stated_importance",
        ],
        "rank_simulation": [
            "rank_intervals",
        ],
        "rank_tests": [
            "kruskal_wallis",
            "pairwise_ranks",
            "survey_rank_test",
        ],
        "ranking": [
            "certainly_low",
            "grade_probabilities",
            "other_projects",
            "own_row",
            "peer_comparison",
        ],
        "regression": [
            "survey_regression",
        ],
        "reliability": [
            "cronbach_alpha",
        ],
        "result": [
            "Result",
        ],
        "sampling": [
            "draw_sample",
            "eligibility_counts",
            "exclusion_bounds",
            "frame_waterfall",
        ],
        "shrinkage": [
            "fay_herriot",
            "shrunken_shares",
        ],
        "sizes": [
            "power_sample_size",
            "power_sample_size_means",
            "sample_size",
        ],
        "sensitivity": [
            "weighting_sensitivity",
        ],
        "stratification": [
            "allocation",
            "stratum_deviations",
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
