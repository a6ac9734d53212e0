"""What a reader sees: charts, tables, cards and notes, each made from a Result."""

from satisfaction.exhibits.change import slope_chart, trend_chart
from satisfaction.exhibits.comparison import dot_plot, peer_strip_chart
from satisfaction.exhibits.distribution import distribution_chart
from satisfaction.exhibits.drivers import correlation_heatmap, importance_chart
from satisfaction.exhibits.exhibit import Exhibit, csv_bytes, html_table
from satisfaction.exhibits.fonts import font_face_css, missing_glyphs
from satisfaction.exhibits.groups import group_dot_plot, group_heat_table
from satisfaction.exhibits.notes import kpi_cards, note
from satisfaction.exhibits.palette import css_variables
from satisfaction.exhibits.quadrant import quadrant_chart
from satisfaction.exhibits.sampling import (
    allocation_chart,
    frame_waterfall_chart,
    representativeness_chart,
)
from satisfaction.exhibits.tables import result_table, stages_table
from satisfaction.exhibits.words import method_text, reason_text

__all__ = [
    "Exhibit",
    "allocation_chart",
    "correlation_heatmap",
    "css_variables",
    "csv_bytes",
    "distribution_chart",
    "dot_plot",
    "font_face_css",
    "frame_waterfall_chart",
    "group_dot_plot",
    "group_heat_table",
    "html_table",
    "importance_chart",
    "kpi_cards",
    "method_text",
    "missing_glyphs",
    "note",
    "peer_strip_chart",
    "quadrant_chart",
    "reason_text",
    "representativeness_chart",
    "result_table",
    "slope_chart",
    "stages_table",
    "trend_chart",
]
