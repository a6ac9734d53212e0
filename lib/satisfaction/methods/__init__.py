"""Pure statistics, one module per family; nothing here knows files, databases or languages."""

import lazy_loader

# Importing all of it takes seconds: each name is fetched when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": [
            "intraclass_correlation",
        ],
        "association": [
            "group_tests",
            "survey_association",
        ],
        "budget": [
            "budget_allocation",
            "cautious_share",
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
        "coordination": [
            "coordinated_plan",
            "expected_repeats",
            "observed_repeats",
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
        "kitagawa": [
            "change_decomposition",
        ],
        "monthly": [
            "control_chart",
        ],
        "multiplicity": [
            "significant_changes",
        ],
        "one_factor": [
            "omega_total",
            "one_factor_loadings",
            "sampling_adequacy",
        ],
        "ordinal": [
            "ordinal_check",
            "proportional_odds",
        ],
        "ordinal_association": [
            "rank_association",
        ],
        "panel": [
            "panel_difference",
        ],
        "panel_moves": [
            "transitions",
        ],
        "partial": [
            "partial_correlations",
        ],
        "peer_change": [
            "peer_difference_in_differences",
        ],
        "pearson": [
            "survey_correlation",
        ],
        "penalty_reward": [
            "penalty_reward",
        ],
        "polychoric": [
            "polychoric_correlations",
        ],
        "precision": [
            "expected_domain_margins",
            "expected_margin",
        ],
        "exclusion": [
            "exclusion_audit",
        ],
        "exclusion_scenario": [
            "exclusion_scenario",
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
            "dimension_reliability",
            "item_reliability",
            "ordinal_alpha",
        ],
        "response_quality": [
            "flagged_sheets",
            "quality_sensitivity",
            "response_quality",
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
        "tallies": [
            "estimates_from_tallies",
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
