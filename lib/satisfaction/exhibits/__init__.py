"""What a reader sees: charts, tables, cards and notes, each made from a Result."""

from satisfaction.exhibits.change import slope_chart, trend_chart
from satisfaction.exhibits.checks import checks_note
from satisfaction.exhibits.comparison import dot_plot, peer_strip_chart
from satisfaction.exhibits.distribution import distribution_chart
from satisfaction.exhibits.drivers import correlation_heatmap, importance_chart
from satisfaction.exhibits.exhibit import Exhibit, csv_bytes, html_table
from satisfaction.exhibits.fonts import font_face_css, missing_glyphs
from satisfaction.exhibits.groups import group_dot_plot, group_heat_table
from satisfaction.exhibits.listings import (
    grades_table,
    margin_table,
    means_table,
    mix_table,
    reliability_table,
    sample_table,
    size_table,
    standing_note,
    stated_table,
)
from satisfaction.exhibits.notes import kpi_cards, note
from satisfaction.exhibits.palette import css_variables
from satisfaction.exhibits.quadrant import quadrant_chart
from satisfaction.exhibits.sampling import (
    allocation_chart,
    frame_waterfall_chart,
    representativeness_chart,
)
from satisfaction.exhibits.summary import (
    advice_note,
    comparability_note,
    conversion_note,
    detectable_note,
    exclusion_note,
    facts_cards,
    next_time_note,
    summary_table,
)
from satisfaction.exhibits.tables import result_table, stages_table
from satisfaction.exhibits.verdict import change_card, drivers_card, sample_card, verdict_card
from satisfaction.exhibits.words import method_text, reason_text

__all__ = [
    "Exhibit",
    "advice_note",
    "allocation_chart",
    "change_card",
    "checks_note",
    "comparability_note",
    "conversion_note",
    "correlation_heatmap",
    "css_variables",
    "csv_bytes",
    "detectable_note",
    "distribution_chart",
    "dot_plot",
    "drivers_card",
    "exclusion_note",
    "facts_cards",
    "font_face_css",
    "frame_waterfall_chart",
    "grades_table",
    "group_dot_plot",
    "group_heat_table",
    "html_table",
    "importance_chart",
    "kpi_cards",
    "margin_table",
    "means_table",
    "method_text",
    "missing_glyphs",
    "mix_table",
    "next_time_note",
    "note",
    "peer_strip_chart",
    "quadrant_chart",
    "reason_text",
    "reliability_table",
    "representativeness_chart",
    "result_table",
    "sample_card",
    "sample_table",
    "size_table",
    "slope_chart",
    "stages_table",
    "standing_note",
    "stated_table",
    "summary_table",
    "trend_chart",
    "verdict_card",
]
