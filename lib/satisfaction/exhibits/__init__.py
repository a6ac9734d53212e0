"""What a reader sees: charts, tables, cards and notes, each made from a Result."""

import lazy_loader

# Importing all of it takes seconds: each name is fetched when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "audit": [
            "exclusion_audit_table",
        ],
        "change": [
            "slope_chart",
            "trend_chart",
        ],
        "checks": [
            "checks_note",
        ],
        "comparison": [
            "dot_plot",
            "peer_strip_chart",
        ],
        "correlations": [
            "correlation_heatmap",
        ],
        "decomposition": [
            "change_bridge",
        ],
        "distribution": [
            "distribution_chart",
        ],
        "drivers": [
            "importance_chart",
        ],
        "exhibit": [
            "Exhibit",
            "csv_bytes",
            "html_table",
        ],
        "figures": [
            "facts_cards",
            "summary_table",
        ],
        "fonts": [
            "font_face_css",
            "missing_glyphs",
        ],
        "funnel": [
            "funnel_chart",
        ],
        "group_tests": [
            "group_test_note",
        ],
        "groups": [
            "group_dot_plot",
            "group_heat_table",
        ],
        "listings": [
            "grades_table",
            "margin_table",
            "means_table",
            "mix_table",
            "sample_table",
            "size_table",
            "standing_note",
            "stated_table",
        ],
        "monthly": [
            "control_chart",
        ],
        "notes": [
            "kpi_cards",
            "note",
        ],
        "outcome": [
            "outcome_plot",
        ],
        "panel": [
            "panel_table",
            "peer_change_note",
        ],
        "palette": [
            "css_variables",
        ],
        "penalty": [
            "penalty_reward_chart",
        ],
        "quadrant": [
            "quadrant_chart",
        ],
        "reliability": [
            "reliability_table",
        ],
        "report_cards": [
            "change_card",
            "drivers_card",
            "sample_card",
        ],
        "sampling": [
            "allocation_chart",
            "frame_waterfall_chart",
            "representativeness_chart",
        ],
        "selection": [
            "eligibility_table",
            "overlap_table",
        ],
        "summary": [
            "advice_note",
            "comparability_note",
            "conversion_note",
            "detectable_note",
            "exclusion_note",
            "next_time_note",
        ],
        "tables": [
            "result_table",
            "stages_table",
        ],
        "trust": [
            "quality_table",
        ],
        "verdict": [
            "verdict_card",
        ],
        "weighting": [
            "weighting_table",
        ],
        "words": [
            "method_text",
            "reason_text",
        ],
    },
)
