"""Codes and column names in the reader's words; every label that enters a chart passes here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from satisfaction import i18n
from satisfaction.i18n import N_, _

Labels = Mapping[str, str]

REASONS = {
    "no_answers": N_("nobody answered"),
    "too_few": N_("too few answers"),
    "single_item": N_("a single item"),
    "constant_item": N_("an item to which all gave the same answer"),
    "no_factor": N_("the items share no common factor"),
    "no_maximum": N_("the estimate does not settle"),
    "perfect_association": N_("perfect association in these answers"),
    "constant": N_("all answers are the same"),
    "no_variation": N_("all answers are the same"),
    "no_frame": N_("the number of households is not known"),
    "empty_stratum": N_("a stratum has no answers"),
    "first_list": N_("no household was asked before"),
    "not_comparable": N_("the question was not asked in the same way"),
    "collinear": N_("the item says what others say already"),
    "confounded": N_("it moved together with something else"),
    "interval_covers_target": N_("the interval covers the target"),
    "no_group": N_("the group is not known"),
    "not_drawn": N_("no sample was drawn"),
    "no_changes": N_("none, nor in the year before"),
    "no_earlier_draw": N_("there is no earlier draw"),
    "no_collector": N_("no collector is recorded"),
    "no_time": N_("no time of answering is recorded"),
    "no_visits": N_("no visits are recorded"),
    "one_end": N_("too few low or top scores"),
    "rows_with_missing": N_("not all questions answered"),
    "weight_zero": N_("weight zero"),
    "separated": N_("the items tell both outcomes apart without error"),
    "no_exception": N_("both rise together without exception"),
}

METHODS = {
    "wilson_n_eff": N_("Wilson interval on the effective sample size"),
    "wilson_kish_n": N_("Wilson interval on the effective sample size, at most Kish's"),
    "wilson_n_eff_t": N_("Wilson interval on the effective sample size, with the design's t"),
    "korn_graubard": N_("Korn-Graubard interval"),
    "wald_t": N_("normal approximation"),
    "mean_linearised": N_("design-based mean, t interval"),
    "ratio_linearised": N_("design-based ratio, t interval"),
    "std_linearised": N_("design-based standard deviation, t interval"),
    "total_linearised": N_("design-based total, t interval"),
    "woodruff": N_("Woodruff interval of a quantile"),
    "cochran": N_("Cochran's formula with finite population correction"),
    "proportional_allocation": N_("proportional allocation"),
    "neyman_allocation": N_("Neyman allocation"),
    "power_allocation": N_("power allocation"),
    "expected_margin": N_("expected margin of error"),
    "frame_waterfall": N_("count of households step by step"),
    "eligibility": N_("count of households by the first rule that applies"),
    "stratum_deviations": N_("standard deviations of the previous wave"),
    "overlap_rotate": N_("rotation: others first"),
    "overlap_independent": N_("independent samples: by chance alone"),
    "overlap_panel": N_("panel: the same again"),
    "observed_repeats": N_("count of households asked again"),
    "budget_largest_margin": N_("budget shared out for the smallest largest margin"),
    "budget_sum_of_variances": N_("budget shared out for the smallest sum of variances"),
    "exclusion_bounds": N_("bounds: all excluded satisfied, or none"),
    "exclusion_audit": N_("exact tests of counts, Holm over all checks"),
    "exclusion_scenario": N_("excluded taken as comparable dissatisfied respondents"),
    "response_quality": N_("exact tests against other sheets or a model, Holm over all"),
    "t": N_("t interval"),
    "newcombe": N_("Newcombe interval"),
    "panel_difference": N_("the same households twice"),
    "paired_t": N_("paired t test on the design's standard error"),
    "mcnemar": N_("exact McNemar test, Newcombe interval for pairs"),
    "decomposition_pooled": N_("Oaxaca-Blinder decomposition, like compared with like"),
    "decomposition_average": N_("Kitagawa decomposition"),
    "laney": N_("p-chart with Laney's correction"),
    "difference_in_differences": N_("difference in differences"),
    "wave_difference": N_("difference of two waves, t test"),
    "shapley": N_("Shapley shares (LMG), bootstrap intervals"),
    "johnson": N_("Johnson's relative weights, bootstrap intervals"),
    "partial": N_("partial correlation"),
    "partial_linearised": N_("partial correlation, design-based interval"),
    "penalty_reward": N_("regression on low and top scores, design-based intervals"),
    "proportional_odds": N_("proportional odds model"),
    "spearman": N_("Spearman's rank correlation"),
    "kendall": N_("Kendall's tau-b"),
    "pearson": N_("Pearson's correlation"),
    "priority_quadrant": N_("importance against satisfaction"),
    "importance_satisfaction": N_("share naming it times share not satisfied"),
    "chi_square_goodness_of_fit": N_("chi-square goodness of fit"),
    "cronbach_alpha": N_("Cronbach's alpha"),
    "cronbach_alpha_listwise": N_("Cronbach's alpha, complete answers"),
    "cronbach_alpha_pairwise": N_("Cronbach's alpha, pairwise answers"),
    "dimension_reliability": N_("Cronbach's alpha, Feldt's interval; omega total of one factor"),
    "omega_total_minres": N_("omega total of one factor"),
    "omega_total_ml": N_("omega total of one factor, maximum likelihood"),
    "ordinal_alpha": N_("alpha of the polychoric correlations"),
    "item_rest": N_("correlation of an item with the sum of the others"),
    "kaiser_meyer_olkin": N_("Kaiser-Meyer-Olkin measure, Bartlett's test"),
    "intraclass_correlation": N_("intraclass correlation"),
    "polychoric_two_step": N_("polychoric correlation"),
    "polychoric_ml": N_("polychoric correlation, maximum likelihood"),
    "weighting_sensitivity": N_("the same answers under other weights"),
    "rao_scott": N_("Rao-Scott test of independence (second order, F)"),
    "rao_scott_1": N_("Rao-Scott test of independence (first order)"),
    "pearson_chi_square": N_("Pearson's chi-square test of independence"),
    "group_difference": N_("difference of two groups, design-based t test"),
    "survey_gaussian": N_("design-based linear regression"),
    "survey_logistic": N_("design-based logistic regression"),
    "survey_pearson": N_("design-based Pearson correlation"),
    "rank_association": N_("rank association, design-based standard errors"),
    "survey_rank_test": N_("design-based rank test"),
    "kruskal_wallis": N_("Kruskal-Wallis test"),
    "wilcoxon": N_("Wilcoxon rank sum test"),
    "cliffs_delta": N_("Cliff's delta"),
    "hedges_g": N_("Hedges' g"),
    "beta_jeffreys": N_("beta distribution with Jeffreys prior"),
    "beta_peers": N_("beta distribution with the peers' spread as prior"),
    "fay_herriot": N_("empirical Bayes estimates (Fay-Herriot, Paule-Mandel)"),
    "shrunken_share": N_("shares drawn towards the peers' mean (empirical Bayes)"),
    "rank_simulation": N_("places simulated from the joint uncertainty"),
    "funnel_binomial": N_("exact binomial funnel limits (Spiegelhalter)"),
}

STAGES = {
    "cochran": N_("For an unlimited population (Cochran)"),
    "finite_population": N_("With finite population correction"),
    "minimum_share": N_("Minimum share of households"),
    "minimum_strata": N_("Minimum per stratum"),
    "see_change": N_("To see a change to the next wave"),
    "needed": N_("Answers needed"),
    "invitations": N_("Households to invite"),
    "expected_answers": N_("Answers expected"),
}

DIRECTIONS = {
    "up": N_("up"),
    "down": N_("down"),
    "above": N_("above"),
    "below": N_("below"),
    "none": N_("not to be told"),
}

HEADERS = {
    "check": N_("Check"),
    "expected": N_("Expected"),
    "flagged": N_("Beyond chance"),
    "scenario": N_("Scenario"),
    "item": N_("Item"),
    "item_a": N_("Item"),
    "item_b": N_("and item"),
    "group": N_("Group"),
    "dimension": N_("Dimension"),
    "n_items": N_("Items"),
    "alpha_std": N_("Alpha of the standardised items"),
    "lambda6": N_("Guttman's lambda 6"),
    "omega_total": N_("Omega total"),
    "alpha_without": N_("Highest alpha without one item"),
    "score": N_("Score"),
    "estimate": N_("Estimate"),
    "std_error": N_("Standard error"),
    "ci_low": N_("Interval from"),
    "ci_high": N_("Interval to"),
    "n": N_("Answers (n)"),
    "project": N_("Project"),
    "outer_low": N_("Outer limit from"),
    "outer_high": N_("Outer limit to"),
    "n_eff": N_("Effective n"),
    "deff": N_("Design effect"),
    "df": N_("Degrees of freedom"),
    "method": N_("Method"),
    "reason": N_("Remark"),
    "step": N_("Step"),
    "removed": N_("Removed"),
    "share_of_start": N_("Share of start"),
    "stratum": N_("Stratum"),
    "population": N_("Households"),
    "eligibility": N_("Can it be drawn?"),
    "overlap": N_("Rule"),
    "waves_until": N_("Waves until asked again"),
    "chosen": N_("Policy"),
    "share": N_("Share"),
    "probability": N_("Probability of selection"),
    "variable": N_("Characteristic"),
    "category": N_("Category"),
    "frame_share": N_("Share of households"),
    "respondent_share": N_("Share of respondents"),
    "named_share": N_("Named by"),
    "named_low": N_("Named from"),
    "named_high": N_("Named to"),
    "satisfied_share": N_("Satisfied"),
    "difference": N_("Difference"),
    "weighted_share": N_("Share after weighting"),
    "p": N_("p"),
    "p_value": N_("p"),
    "p_holm": N_("p (Holm)"),
    "top3_probability": N_("Probability of the top three"),
    "tier": N_("Group that cannot be told apart"),
    "partial_estimate": N_("Partial correlation"),
    "partial_ci_low": N_("Partial from"),
    "partial_ci_high": N_("Partial to"),
    "partial_p_holm": N_("Partial p (Holm)"),
    "penalty": N_("Penalty"),
    "penalty_low": N_("Penalty from"),
    "penalty_high": N_("Penalty to"),
    "reward": N_("Reward"),
    "reward_low": N_("Reward from"),
    "reward_high": N_("Reward to"),
    "kano": N_("Kind"),
    "n_low": N_("Low scores"),
    "n_top": N_("Top scores"),
    "rank": N_("Rank"),
    "rank_low": N_("Rank from"),
    "rank_high": N_("Rank to"),
    "importance": N_("Importance"),
    "importance_low": N_("Importance from"),
    "importance_high": N_("Importance to"),
    "performance": N_("Result"),
    "performance_low": N_("Result from"),
    "performance_high": N_("Result to"),
    "quadrant": N_("Quadrant"),
    "sure": N_("Clear"),
    "current": N_("This wave"),
    "previous": N_("Previous wave"),
    "significant": N_("Beyond chance"),
    "direction": N_("Direction"),
    "n_eff_previous": N_("Previous effective n"),
    "n_common": N_("Answered both times"),
    "share_low": N_("Share from"),
    "share_high": N_("Share to"),
    "wave": N_("Wave"),
    "value": N_("Value"),
    "n_previous": N_("Previous n"),
    "detectable": N_("Detectable change"),
    "part": N_("Part"),
    "centre": N_("Middle line"),
    "flag": N_("Signal"),
    "mean": N_("Mean"),
    "median": N_("Median"),
    "sd": N_("Standard deviation"),
    "statistic": N_("Test statistic"),
    "groups": N_("Groups"),
    "cramers_v": N_("Cramér's V"),
}

SENTENCE_ENDS = (".", "。", "!", "！", "?", "？", "…")
_DROPPED = ("Cc", "Cf", "Cs")  # control, format (direction overrides) and surrogate characters


def clean(words: object) -> str:
    """Text that can be drawn: white space in one line, no control or direction characters."""
    kept = (" " if sign.isspace() else sign for sign in str(words))
    text = "".join(sign for sign in kept if unicodedata.category(sign) not in _DROPPED)
    return " ".join(text.split())


def label(code: object, labels: Labels | None = None) -> str:
    """The reader's word for an item or group; the code itself where there is none."""
    return clean((labels or {}).get(str(code), code)) or i18n.MISSING


def labelled(codes: Iterable[object], labels: Labels | None = None) -> list[str]:
    """``label`` of each."""
    return [label(code, labels) for code in codes]


def reason_text(code: str) -> str:
    """Why a number is not there, in words; the code itself if it is a new one."""
    return _(REASONS[code]) if code in REASONS else clean(code).replace("_", " ")


def method_text(code: str) -> str:
    """A method code in words; the code itself if it is a new one."""
    return _(METHODS[code]) if code in METHODS else clean(code).replace("_", " ")


def stage_name(code: str, labels: Labels | None = None) -> str:
    """A stage of a calculation in words."""
    if code in STAGES and code not in (labels or {}):
        return _(STAGES[code])
    return label(code, labels).replace("_", " ")


def header_text(column: str) -> str:
    """A Result column as the head of a table."""
    return _(HEADERS[column]) if column in HEADERS else clean(column).replace("_", " ")


def main_reason(rows: pd.DataFrame) -> str:
    """The most frequent reason why rows have no estimate, in words."""
    codes = rows["reason"].astype(str) if "reason" in rows else pd.Series(dtype=str)
    codes = codes[codes != ""]
    return reason_text(codes.mode().iloc[0]) if len(codes) else _("there are no answers yet")


def numbers(
    rows: pd.DataFrame,
    columns: Sequence[str],
    labels: Labels | None = None,
    *,
    percent: Sequence[str] = (),
) -> pd.DataFrame:
    """The chosen columns (as far as present) for the reader: words, heads, shares in percent."""
    shown: dict[str, Any] = {}
    for column in columns:
        if column not in rows:
            continue
        values, head = rows[column], header_text(column)
        if column in percent:
            values, head = 100 * values.astype(float), f"{head} (%)"
        elif column == "reason":
            values = values.map(lambda code: reason_text(str(code)) if code else "")
        elif column == "method":
            values = values.map(lambda code: method_text(str(code)))
        elif column == "direction":
            values = values.map(lambda code: _(DIRECTIONS.get(str(code), str(code))))
        elif pd.api.types.is_bool_dtype(values):
            values = values.map(lambda yes: _("yes") if yes else _("no"))
        elif not pd.api.types.is_numeric_dtype(values):
            values = values.map(lambda code: label(code, labels))
        shown[head] = values.to_numpy()
    return pd.DataFrame(shown)


def n_text(counts: Iterable[float]) -> str:
    """``n = 326`` or, over several rows, ``n = 318–326``."""
    known = [int(count) for count in counts if count == count]
    if not known:
        return "n = 0"
    low, high = min(known), max(known)
    return f"n = {low:,}" if low == high else f"n = {low:,}–{high:,}"


def method_note(method: str) -> str:
    """How the numbers and their intervals were made."""
    return _("Method: {method}.").format(method=method_text(method))


def sentences(*parts: str) -> str:
    """Sentences set one after the other, each with its full stop; empty ones left out."""
    stop, gap = ("。", "") if i18n.language() == "zh" else (".", " ")
    kept = (part.strip() for part in parts if part.strip())
    return gap.join(part if part.endswith(SENTENCE_ENDS) else part + stop for part in kept)
