"""What a reader sees: charts, tables, cards and notes, each made from a Result."""

import lazy_loader

# Importing all of it takes seconds: each name is fetched when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
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
        "distribution": [
            "distribution_chart",
        ],
        "drivers": [
            "correlation_heatmap",
            "importance_chart",
            "outcome_plot",
        ],
        "exhibit": [
            "Exhibit",
            "csv_bytes",
            "html_table",
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
            "reliability_table",
            "sample_table",
            "size_table",
            "standing_note",
            "stated_table",
        ],
        "notes": [
            "kpi_cards",
            "note",
        ],
        "palette": [
            "css_variables",
        ],
        "quadrant": [
            "quadrant_chart",
        ],
        "sampling": [
            "allocation_chart",
            "frame_waterfall_chart",
            "representativeness_chart",
        ],
        "summary": [
            "advice_note",
            "comparability_note",
            "conversion_note",
            "detectable_note",
            "exclusion_note",
            "facts_cards",
            "next_time_note",
            "summary_table",
        ],
        "tables": [
            "result_table",
            "stages_table",
        ],
        "verdict": [
            "change_card",
            "drivers_card",
            "sample_card",
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
