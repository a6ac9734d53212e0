"""The documents tell the truth: every worked example is computed anew, every link leads somewhere.

A worked example in METHODS.md is a block of inputs, a line ``gives:`` and results. The results are
compared with what the library computes, to the digits that are printed.
"""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from satisfaction import FORMULA_VERSION, __version__, methods
from satisfaction.certification.runner import cases, certify
from satisfaction.cli import _parser
from satisfaction.exhibits.suppression import hidden_cells
from satisfaction.methods.correlation import correlations
from satisfaction.methods.exact_tests import fisher_p_value
from satisfaction.methods.intervals import wilson_interval
from satisfaction.methods.multiplicity import adjusted_p_values
from satisfaction.methods.one_factor import omega_of_loadings
from satisfaction.problems import DataProblem
from satisfaction.reports.notebooks import reports_in

HOME = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "README.zh-CN.md", "METHODS.md", "CHANGELOG.md")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
CUT_POINTS = {"excellent": 0.9, "good": 0.8, "average": 0.7}


def text_of(name: str) -> str:
    return (HOME / name).read_text("utf-8")


# --- worked examples -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """One block of METHODS.md: its name, its inputs and the results as printed."""

    name: str
    given: Mapping[str, Any]
    printed: Mapping[str, str]


def examples_in(text: str) -> list[Example]:
    found = []
    for name, body in re.findall(r"^```example (\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        given, results = body.split("gives:\n")
        found.append(
            Example(
                name,
                {key: ast.literal_eval(value) for key, value in _assignments(given)},
                dict(_assignments(results)),
            )
        )
    return found


def _assignments(lines: str) -> list[tuple[str, str]]:
    pairs = (line.split(" = ", 1) for line in lines.splitlines() if line.strip())
    return [(key.strip(), value.strip()) for key, value in pairs]


def disagreements(example: Example) -> list[str]:
    """Printed results that the library does not give; compared to the printed precision."""
    computed = CALCULATIONS[example.name](**example.given)
    return [
        f"{example.name}: {key} is printed as {printed}, but is {computed[key]!r}"
        for key, printed in example.printed.items()
        if not _agree(printed, computed[key])
    ]


def _agree(printed: str, value: Any) -> bool:
    if isinstance(value, str):
        return printed == value
    number, percent = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)( %)?", printed).groups()  # type: ignore[union-attr]
    decimals = len(number.partition(".")[2])
    shown = float(value) * (100 if percent else 1)
    return abs(shown - float(number)) <= 0.5 * 10**-decimals + 1e-9


def _sheets(strata: Mapping[str, tuple[int, int, int]]) -> pd.DataFrame:
    """Answer sheets from stratum -> (households, answers, satisfied answers): scores 5 and 2."""
    parts = [
        pd.DataFrame(
            {
                "overall": [5.0] * satisfied + [2.0] * (answers - satisfied),
                "stratum": name,
                "stratum_population": float(households),
            }
        )
        for name, (households, answers, satisfied) in strata.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _yes_no(satisfied: int, answers: int) -> pd.DataFrame:
    return pd.DataFrame({"overall": [5.0] * satisfied + [2.0] * (answers - satisfied)})


def frame_waterfall(households: int, not_handed_over: int, not_moved_in: int) -> dict[str, Any]:
    number = pd.Series(range(households))
    handed = number >= not_handed_over
    moved = number >= not_handed_over + not_moved_in
    steps = {"handed_over": handed, "moved_in": moved | ~handed}
    rows = methods.frame_waterfall(pd.DataFrame({"household": number}), steps=steps).rows
    left = rows.set_index("step")
    return {
        "handed_over": left.loc["handed_over", "n"],
        "moved_in": left.loc["moved_in", "n"],
        "removed_by_moved_in": left.loc["moved_in", "removed"],
        "share_of_start": left.loc["moved_in", "share_of_start"],
    }


def exclusion_bounds(satisfied: float, excluded: float) -> dict[str, Any]:
    row = methods.exclusion_bounds(satisfied, excluded).rows.iloc[0]
    return {"lowest": row["ci_low"], "highest": row["ci_high"]}


def exclusion_scenario(
    answers: int,
    satisfied: int,
    comparable: int,
    satisfied_comparable: int,
    excluded: int,
    households: int,
) -> dict[str, Any]:
    happy, low = np.zeros(answers, dtype=bool), np.zeros(answers, dtype=bool)
    low[:comparable] = True
    happy[:satisfied_comparable] = True
    happy[comparable : comparable + satisfied - satisfied_comparable] = True
    sheets = pd.DataFrame({"overall": np.where(happy, 5.0, 2.0), "lifts": np.where(low, 1.0, 5.0)})
    found = methods.exclusion_scenario(
        sheets,
        ["lifts"],
        outcome="overall",
        at_least=4,
        excluded={"all": excluded},
        population=households,
    ).rows.set_index("scenario")["estimate"]
    return {"surveyed": found["surveyed"], "scenario": found["like_dissatisfied"]}


def exclusion_audit(
    households: int,
    blacklisted: int,
    drawn: int,
    drawn_blacklisted: int,
    late_flags: int,
    usual_flags: int,
) -> dict[str, Any]:
    when = pd.Timestamp("2025-10-28 10:00")
    frames = pd.DataFrame(
        {
            "project": ["P"], "wave": ["2025"], "drawn_at": [when], "eligible": [households],
            "blacklisted": [blacklisted], "drawn": [drawn],
            "drawn_blacklisted": [drawn_blacklisted],
        }
    )  # fmt: skip
    days = [3] * late_flags + [100] * usual_flags
    flags = pd.DataFrame({"set_at": when - pd.to_timedelta(days, unit="D"), "cleared_at": pd.NaT})
    found = methods.exclusion_audit(frames, flags, project="P", wave="2025", late_days=14)
    rows = found.rows.set_index("check")
    return {
        "expected_drawn": rows.loc["drawn", "expected"], "p_drawn": rows.loc["drawn", "p_value"],
        "expected_late": rows.loc["late_set", "expected"],
        "p_late": rows.loc["late_set", "p_value"],
    }  # fmt: skip


def collector(**counts: list[int]) -> dict[str, Any]:
    return {
        "p_top": fisher_p_value(*counts["own_top"], *counts["other_top"], "more"),
        "p_satisfied": fisher_p_value(*counts["own_satisfied"], *counts["other_satisfied"]),
    }


def sample_size(
    households: int, margin: float, minimum_share: float, groups: int, per_group: int, answer: float
) -> dict[str, Any]:
    found = methods.sample_size(
        households, margin=margin, minimum_share=minimum_share, strata=groups,
        minimum_per_stratum=per_group, response_rate=answer,
    )  # fmt: skip
    return dict(found.stages)


def allocation(households: dict[str, int], invitations: int, minimum: int) -> dict[str, Any]:
    strata = pd.DataFrame({"stratum": list(households), "population": list(households.values())})
    rows = methods.allocation(strata, invitations, minimum=minimum).rows
    return dict(zip(rows["stratum"], rows["n"], strict=True))


def see_change(before: float, after: float, households: int) -> dict[str, Any]:
    found = methods.sample_size(
        households, margin=0.05, change=abs(before - after), expected_share=before
    )
    endless = methods.power_sample_size(before, after)
    return {"endless": endless, "corrected": found.stages["see_change"]}


def asked_again(households: int, last_time: int, now: int) -> dict[str, Any]:
    strata = pd.DataFrame(
        {"stratum": ["all"], "population": [households], "n": [now], "asked": [last_time]}
    )
    rows = {
        rule: methods.expected_repeats(strata, overlap=rule).rows.iloc[0]
        for rule in ("rotate", "independent", "panel")
    }
    shares = {rule: row["estimate"] for rule, row in rows.items()}
    return {**shares, "waves_until": rows["rotate"]["waves_until"]}


def budget(
    households: dict[str, int], expected: dict[str, float], interviews: int, minimum: int
) -> dict[str, Any]:
    projects = pd.DataFrame({"population": households, "proportion": expected})
    projects = projects.rename_axis("project").reset_index()
    plan = methods.budget_allocation(projects, interviews, minimum=minimum)
    parts = dict(zip(plan.rows["project"], plan.rows["n"], strict=True))
    return {**parts, "widest": plan.stages["largest_margin"]}


def draw(households: list[str], main: int, reserve_share: float, seed: int) -> dict[str, Any]:
    frame = pd.DataFrame({"household": households, "stratum": "all"})
    plan = pd.DataFrame({"stratum": ["all"], "n": [main]})
    drawn = methods.draw_sample(frame, plan, seed=seed, reserve_share=reserve_share)
    again = methods.draw_sample(frame.iloc[::-1], plan, seed=seed, reserve_share=reserve_share)
    assert drawn.equals(again)
    by_role = drawn.groupby("role")["household"].agg(" ".join)
    return {**by_role.to_dict(), "probability": drawn["probability"].iloc[0]}


def expected_margin(households: int, answers: int) -> dict[str, Any]:
    plan = pd.DataFrame({"stratum": ["all"], "population": [households], "n": [answers]})
    return {"margin": methods.expected_margin(plan).rows["estimate"].iloc[0]}


def weighted_share(**strata: tuple[int, int, int]) -> dict[str, Any]:
    sheets = _sheets(strata)
    row = methods.survey_proportion(sheets, ["overall"], at_least=4).rows.iloc[0]
    weight = methods.stratum_weights(sheets).groupby(sheets["stratum"]).first()
    return {
        **{f"weight_{name}": weight[name] for name in strata},
        "unweighted": (sheets["overall"] >= 4).mean(),
        "weighted": row["estimate"],
        "standard_error": row["std_error"],
        "effective_answers": row["n_eff"],
        "low": row["ci_low"],
        "high": row["ci_high"],
    }


def census(**strata: tuple[int, int, int]) -> dict[str, Any]:
    row = methods.survey_proportion(_sheets(strata), ["overall"], at_least=4).rows.iloc[0]
    return {"share": row["estimate"], "low": row["ci_low"], "high": row["ci_high"]}


def wilson(satisfied: int, answers: int) -> dict[str, Any]:
    row = methods.survey_proportion(_yes_no(satisfied, answers), ["overall"], at_least=4).rows
    low, high = wilson_interval(satisfied / answers, row["n_eff"].iloc[0])
    assert (float(low), float(high)) == (row["ci_low"].iloc[0], row["ci_high"].iloc[0])
    return {
        "share": row["estimate"].iloc[0],
        "effective_answers": row["n_eff"].iloc[0],
        "low": low,
        "high": high,
    }


def mean_and_spread(scores: list[int]) -> dict[str, Any]:
    data = pd.DataFrame({"overall": np.array(scores, dtype=float)})
    mean = methods.survey_mean(data, ["overall"]).rows.iloc[0]
    return {
        "mean": mean["estimate"],
        "mean_low": mean["ci_low"],
        "mean_high": mean["ci_high"],
        "median": methods.survey_quantile(data, ["overall"]).rows["estimate"].iloc[0],
        "standard_deviation": methods.survey_std(data, ["overall"]).rows["estimate"].iloc[0],
    }


def distribution(scores: list[int]) -> dict[str, Any]:
    data = pd.DataFrame({"overall": np.array(scores, dtype=float)})
    rows = methods.score_distribution(data, ["overall"]).rows
    return {f"score_{s}": e for s, e in zip(rows["score"], rows["estimate"], strict=True)}


def grade(share: float, effective_answers: float) -> dict[str, Any]:
    rows = pd.DataFrame({"estimate": [share], "n_eff": [effective_answers], "reason": [""]})
    found = methods.grade_probabilities(rows, CUT_POINTS).rows
    own = found.loc[found["is_own"], "grade"].iloc[0]
    return {"grade": own, **dict(zip(found["grade"], found["estimate"], strict=True))}


def verdict(satisfied: int, answers: int, target: float) -> dict[str, Any]:
    row = methods.survey_proportion(_yes_no(satisfied, answers), ["overall"], at_least=4).rows
    judged = methods.target_verdict(row.iloc[0], target, minimum_n=20).rows.iloc[0]
    return {"low": judged["ci_low"], "high": judged["ci_high"], "verdict": judged["verdict"]}


def pooled(residents: list[list[int | None]]) -> dict[str, Any]:
    data = pd.DataFrame(residents, columns=["a", "b"], dtype=float)
    row = methods.survey_proportion(data, {"dimension": ["a", "b"]}, at_least=4).rows.iloc[0]
    return {"share": row["estimate"], "residents": row["n"]}


def low_items(shares: dict[str, tuple[float, float, float]]) -> dict[str, Any]:
    rows = pd.DataFrame(
        [(k, *v) for k, v in shares.items()], columns=["item", "estimate", "ci_low", "ci_high"]
    )
    flagged = methods.certainly_low(methods.Result(rows, "example"))
    return {"average": rows["estimate"].mean(), "flagged": " ".join(flagged)}


def suppression(answers: dict[str, list[int]], minimum: int) -> dict[str, Any]:
    hidden = hidden_cells(pd.DataFrame(answers), minimum).T
    shown = [
        " ".join("hidden" if h else str(n) for n, h in zip(row, mask, strict=True))
        for row, mask in zip(answers.values(), hidden, strict=True)
    ]
    return dict(zip(answers, shown, strict=True))


def representativeness(frame: dict[str, int], answers: dict[str, int]) -> dict[str, Any]:
    tables = [
        pd.DataFrame({"group": [name for name, n in counts.items() for _ in range(n)]})
        for counts in (answers, frame)
    ]
    found = methods.representativeness(tables[0], tables[1], ["group"])
    row = found.rows.iloc[0]
    return {
        "frame_share": row["frame_share"],
        "answer_share": row["respondent_share"],
        "chi_square": found.stages["group"]["chi_square"],
        "p_value": row["p_value"],
    }


def raking(**occupancies: tuple[int, int, int]) -> dict[str, Any]:
    frame = pd.DataFrame(
        [{"occupancy": name} for name, (n, _, _) in occupancies.items() for _i in range(n)]
    )
    sheets = pd.DataFrame(
        [
            {"occupancy": name, "overall": 5.0 if i < satisfied else 1.0}
            for name, (_, answers, satisfied) in occupancies.items()
            for i in range(answers)
        ]
    )
    rows = methods.weighting_sensitivity(sheets, frame, "overall", ["occupancy"], at_least=4).rows
    rows = rows.set_index("step")
    return {
        "unweighted": rows.loc["unweighted", "estimate"],
        "raked": rows.loc["raked", "estimate"],
        "difference": rows.loc["raked", "difference"],
        "design_effect": rows.loc["raked", "deff"],
    }


def group_difference(owners: tuple[int, int], tenants: tuple[int, int]) -> dict[str, Any]:
    sheets = pd.DataFrame(
        [
            {"group": name, "satisfied": float(place < satisfied)}
            for name, (answers, satisfied) in (("owners", owners), ("tenants", tenants))
            for place in range(answers)
        ]
    )
    row = methods.survey_association(sheets, "group", "satisfied").rows.iloc[0]
    return {
        "chi_square": row["chi_square"],
        "f": row["statistic"],
        "p_value": row["p_value"],
        "cramers_v": row["estimate"],
    }


def spearman(item: list[int], overall: list[int]) -> dict[str, Any]:
    data = pd.DataFrame({"item": item, "overall": overall}, dtype=float)
    row = correlations(data, ["item"], outcome="overall").rows.iloc[0]
    return {
        "correlation": row["estimate"],
        "low": row["ci_low"],
        "high": row["ci_high"],
        "p_value": row["p_value"],
    }


def holm(p_values: list[float]) -> dict[str, Any]:
    adjusted = adjusted_p_values(p_values)
    return dict(zip(("first", "second", "third"), adjusted, strict=True))


def importance(first_alone: float, second_alone: float, both: float) -> dict[str, Any]:
    """Answers with exactly these R²: the columns are mixed from uncorrelated ones."""
    a, b = np.sqrt(first_alone), np.sqrt(second_alone)
    # both = (a² + b² - 2abr) / (1 - r²), solved for the correlation r of the two items
    r = min(np.roots([both, -2 * a * b, a**2 + b**2 - both]).real, key=abs)
    wanted = np.array([[1, r, a], [r, 1, b], [a, b, 1]])
    signs = np.array([[1, -1] * 4, [1, 1, -1, -1] * 2, [1] * 4 + [-1] * 4], dtype=float).T
    answers = np.tile(signs @ np.linalg.cholesky(wanted).T, (5, 1))
    data = pd.DataFrame(answers, columns=["first", "second", "overall"])
    result = {}
    for name, method in (("", methods.shapley_importance), ("johnson_", methods.johnson_weights)):
        rows = method(data, "overall", ["first", "second"], draws=2, seed=1).rows.set_index("item")
        result |= {f"{name}{item}": rows.loc[item, "estimate"] for item in ("first", "second")}
        result |= {f"{name}share_{item}": rows.loc[item, "share"] for item in ("first", "second")}
    return result


def quadrant(importance: dict[str, float], satisfied: dict[str, float]) -> dict[str, Any]:
    def axis(values: dict[str, float]) -> methods.Result:
        rows = pd.DataFrame({"item": list(values), "estimate": list(values.values())})
        rows = rows.assign(ci_low=rows["estimate"], ci_high=rows["estimate"], n=100, reason="")
        return methods.Result(rows, "example")

    found = methods.priority_quadrant(axis(importance), axis(satisfied))
    places = dict(zip(found.rows["item"], found.rows["quadrant"], strict=True))
    return {
        "importance_line": found.stages["importance_split"],
        "satisfaction_line": found.stages["performance_split"],
        **places,
    }


def partial(
    item_and_overall: float, item_and_other: float, other_and_overall: float
) -> dict[str, Any]:
    """Answers with exactly these correlations: columns mixed from uncorrelated ones."""
    plain = np.random.default_rng(0).normal(size=(60, 3))
    uncorrelated = np.linalg.qr(plain - plain.mean(axis=0))[0]
    wanted = np.array(
        [
            [1, item_and_other, item_and_overall],
            [item_and_other, 1, other_and_overall],
            [item_and_overall, other_and_overall, 1],
        ]
    )
    mixed = uncorrelated @ np.linalg.cholesky(wanted).T
    data = pd.DataFrame(mixed, columns=["item", "other", "overall"])
    result = methods.partial_correlations(data, "overall", ["item", "other"])
    return {"partial": result.row(item="item")["estimate"]}


def penalty(
    low_score: int, overall_low: float, overall_between: float, overall_top: float
) -> dict[str, Any]:
    around = np.tile([-0.5, 0.5], 10)
    data = pd.DataFrame(
        {
            "item": np.repeat([low_score, 4.0, 5.0], 20),
            "overall": np.concatenate(
                [mean + around for mean in (overall_low, overall_between, overall_top)]
            ),
        }
    )
    row = methods.penalty_reward(data, "overall", ["item"], low_below=4, top_from=5).rows.iloc[0]
    return {
        "penalty": row["penalty"],
        "reward": row["reward"],
        "asymmetry": row["estimate"],
        "kind": row["kano"],
    }


def stated(answers: int, naming: int, satisfied: int) -> dict[str, Any]:
    data = pd.DataFrame(
        {
            "first_choice": [1.0] * naming + [2.0] * (answers - naming),
            "lifts": [5.0] * satisfied + [2.0] * (answers - satisfied),
        }
    )
    share = methods.survey_proportion(data, ["lifts"], at_least=4)
    rows = methods.stated_importance(data, ["first_choice"], {1: "lifts"}, share).rows
    return {"named": rows["named_share"].iloc[0], "rating": rows["estimate"].iloc[0]}


def cronbach(first: list[int], second: list[int]) -> dict[str, Any]:
    data = pd.DataFrame({"a": first, "b": second}, dtype=float)
    row = methods.cronbach_alpha(data, {"dimension": ["a", "b"]}).rows.iloc[0]
    return {"alpha": row["estimate"], "low": row["ci_low"], "high": row["ci_high"]}


def omega(first_second: float, first_third: float, second_third: float) -> dict[str, Any]:
    a, b, c = first_second, first_third, second_third
    loadings = methods.one_factor_loadings([[1, a, b], [a, 1, c], [b, c, 1]])
    return {
        "first": loadings[0],
        "others": loadings[1],
        "total": omega_of_loadings(loadings),
    }


def wave_difference(
    satisfied_now: int, answers_now: int, satisfied_before: int, answers_before: int
) -> dict[str, Any]:
    row = methods.wave_difference(
        _yes_no(satisfied_now, answers_now), _yes_no(satisfied_before, answers_before), ["overall"]
    ).rows.iloc[0]
    return {
        "change": row["estimate"],
        "low": row["ci_low"],
        "high": row["ci_high"],
        "p_value": row["p_value"],
        "direction": row["direction"],
    }


def detectable(share: float, answers: int) -> dict[str, Any]:
    return {
        "true_change_found_in_80": methods.detectable_difference(share, answers, answers),
        "smallest_significant": methods.smallest_significant_change(share, answers, answers),
    }


def composition(now: dict[str, int], before: dict[str, int]) -> dict[str, Any]:
    waves = [
        pd.DataFrame({"mode": [mode for mode, n in counts.items() for _ in range(n)]})
        for counts in (now, before)
    ]
    row = methods.composition(*waves, ["mode"]).rows.set_index("category").loc["phone"]
    return {"phone_now": row["current"], "phone_before": row["previous"], "p_value": row["p_value"]}


def decomposition(
    now: dict[str, tuple[int, int]], before: dict[str, tuple[int, int]]
) -> dict[str, Any]:
    waves = [
        pd.concat([_yes_no(*counts).assign(stay=stay) for stay, counts in cells.items()])
        for cells in (now, before)
    ]
    result = methods.change_decomposition(*waves, "overall", {"residents": ["stay"]})
    rows = result.rows.set_index("part")
    return {
        "change": rows.loc["total", "estimate"],
        "changed_their_answers": rows.loc["answers", "estimate"],
        "other_residents": rows.loc["residents", "estimate"],
        "other_low": rows.loc["residents", "ci_low"],
        "other_high": rows.loc["residents", "ci_high"],
    }


def panel(both: int, became_satisfied: int, stopped_being: int, neither: int) -> dict[str, Any]:
    cells = [(5, 5)] * both + [(5, 2)] * became_satisfied
    cells += [(2, 5)] * stopped_being + [(2, 2)] * neither
    waves = [
        pd.DataFrame({"household": range(len(cells)), "overall": [float(c[k]) for c in cells]})
        for k in (0, 1)
    ]
    row = methods.panel_difference(*waves, ["overall"]).rows.iloc[0]
    return {
        "change": row["estimate"],
        "low": row["ci_low"],
        "high": row["ci_high"],
        "p_value": row["p_value"],
    }


def control(satisfied: list[int], answers: int) -> dict[str, Any]:
    months = pd.DataFrame({"estimate": np.array(satisfied) / answers, "n": answers})
    result = methods.control_chart(months.assign(wave=range(len(satisfied))))
    return {
        "middle": result.stages["centre"],
        "variation_against_chance": result.stages["sigma_z"],
        "low": result.rows["ci_low"].iloc[0],
        "high": result.rows["ci_high"].iloc[0],
        "signals": result.stages["flagged"],
    }


def peer_change(
    own: tuple[int, int], peers: dict[str, tuple[int, int]], answers: int
) -> dict[str, Any]:
    def shares(place: int) -> pd.DataFrame:
        rows = [
            methods.survey_proportion(
                _yes_no(counts[place], answers), ["overall"], at_least=4
            ).rows.assign(project=name)
            for name, counts in peers.items()
        ]
        return pd.concat(rows)

    change = methods.wave_difference(
        _yes_no(own[1], answers), _yes_no(own[0], answers), ["overall"]
    ).rows.iloc[0]
    row = methods.peer_difference_in_differences(change, shares(1), shares(0), "own").rows.iloc[0]
    return {
        "own_change": row["own"],
        "peers_change": row["peers"],
        "difference": row["estimate"],
        "low": row["ci_low"],
        "high": row["ci_high"],
        "p_value": row["p_value"],
    }


def tallies(**strata: tuple[int, int, int]) -> dict[str, Any]:
    rows = pd.DataFrame(
        [
            ("P", "2025", "overall", name, float(households), score, n, answers)
            for name, (households, answers, satisfied) in strata.items()
            for score, n in ((5, satisfied), (2, answers - satisfied))
        ],
        columns=["project", "wave", "item", "stratum", "stratum_population", "score", "n",
                 "responses"],
    )  # fmt: skip
    return {"share": methods.estimates_from_tallies(rows, at_least=4).rows["estimate"].iloc[0]}


def funnel(common_share: float, answers: list[int]) -> dict[str, Any]:
    rows = methods.funnel_limits(answers, common_share, levels=[0.95]).rows
    limits = {}
    for n, low, high in rows[["n_eff", "ci_low", "ci_high"]].to_numpy():
        limits |= {f"low_{n:.0f}": low, f"high_{n:.0f}": high}
    return limits


def shrinkage(satisfied: dict[str, int], answers: dict[str, int]) -> dict[str, Any]:
    rows = pd.DataFrame({"project": list(answers), "n": list(answers.values())})
    rows["estimate"] = [satisfied[name] / n for name, n in answers.items()]
    found = methods.shrunken_shares(rows.assign(n_eff=rows["n"].astype(float)))
    fair = found.rows.set_index("project")
    return {
        "common_mean": found.stages["mean"],
        "weight_of_mean": fair.loc["small", "shrinkage"],
        **fair["estimate"].to_dict(),
    }


def false_discovery(changes: list[float], p_values: list[float]) -> dict[str, Any]:
    alone = [
        methods.significant_changes([change], [p]).sum()
        for change, p in zip(changes, p_values, strict=True)
    ]
    return {
        "fell_together": methods.significant_changes(changes, p_values).sum(),
        "fell_each_alone": sum(alone),
    }


def peers(satisfied: dict[str, int], answers: int) -> dict[str, Any]:
    rows = pd.concat(
        [
            methods.survey_proportion(_yes_no(k, answers), ["overall"], at_least=4).rows.assign(
                project=name
            )
            for name, k in satisfied.items()
        ],
        ignore_index=True,
    )
    row = methods.peer_comparison(rows.iloc[0], rows).rows.iloc[0]
    return {
        "peers_together": row["peers"],
        "difference": row["estimate"],
        "low": row["ci_low"],
        "high": row["ci_high"],
        "p_value": row["p_value"],
        "best_place": row["rank_low"],
        "worst_place": row["rank_high"],
    }


def conversions(answers: int, satisfied: int, target: float) -> dict[str, Any]:
    rows = methods.conversions_needed(satisfied, answers, target).rows.set_index("goal")
    return {
        "to_win_over": rows.loc["point", "estimate"],
        "beyond_doubt": rows.loc["interval", "estimate"],
    }


def certified(result: str) -> dict[str, Any]:
    low, high = cases()[result].compute()["ci"]
    return {"low": low, "high": high, "holds": certify([result])[0].holds}


CALCULATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    function.__name__: function
    for function in (
        frame_waterfall, exclusion_bounds, exclusion_scenario, exclusion_audit, collector,
        sample_size, see_change, allocation, draw, asked_again, budget, expected_margin,
        weighted_share, census, wilson, mean_and_spread, distribution, grade, verdict, pooled,
        low_items, suppression, group_difference, representativeness, raking, spearman, holm,
        importance, partial, penalty, quadrant, stated, cronbach, omega, wave_difference,
        detectable, composition, decomposition, panel, control, peer_change,
        tallies, peers, funnel, shrinkage,
        false_discovery, conversions, certified,
    )
}  # fmt: skip
EXAMPLES = examples_in(text_of("METHODS.md"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_worked_example_gives_what_is_printed(example: Example) -> None:
    assert disagreements(example) == []


def test_every_calculation_has_its_example() -> None:
    assert {example.name for example in EXAMPLES} == set(CALCULATIONS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_wrong_last_digit_is_noticed(example: Example) -> None:
    for key, printed in example.printed.items():
        wrong = re.sub(r"\d(?=\D*$)", lambda d: str((int(d.group()) + 5) % 10), printed)
        wrong = wrong if wrong != printed else printed + " and more"
        changed = Example(example.name, example.given, {**example.printed, key: wrong})
        assert len(disagreements(changed)) == 1, f"{example.name}: {key} = {wrong} passed"


# --- METHODS, README and CHANGELOG against the product -------------------------------------------


def test_methods_name_the_formula_version_in_force() -> None:
    assert f"`{FORMULA_VERSION}`" in text_of("METHODS.md")


def test_changelog_has_this_version_and_what_alters_published_numbers() -> None:
    text = text_of("CHANGELOG.md")
    assert f"## [{__version__}]" in text
    assert "### Changes that alter published numbers" in text
    assert f"`{FORMULA_VERSION}`" in text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_exist(name: str) -> None:
    found = [link or picture for link, picture in LINK.findall(text_of(name))]
    targets = [one for one in found if not re.match(r"[a-z]+:", one)]
    assert targets or name == "CHANGELOG.md"
    missing = []
    for target in targets:
        file, _, anchor = target.partition("#")
        path = HOME / file if file else HOME / name
        if not path.exists() or (anchor and anchor not in _anchors(path.read_text("utf-8"))):
            missing.append(target)
    assert missing == []


def _anchors(text: str) -> set[str]:
    """Anchors of the headings as the usual code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


def test_readmes_lead_to_the_data_dictionary() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert "](data/README.md)" in text_of(name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text_of(name))) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_and_their_options_are_accepted(name: str) -> None:
    """Every command line in a document is one that the command line takes."""
    for line in _command_lines(text_of(name)):
        try:
            _parser().parse_args(shlex.split(line))
        except SystemExit as end:
            pytest.fail(f"{name}: python -m satisfaction {line} (code {end.code})")


def _command_lines(text: str) -> list[str]:
    """Whole command lines of fenced blocks, with continued lines joined and remarks cut off."""
    blocks = "\n".join(re.findall(r"^```(?:sh|bat)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    lines = re.sub(r"\s*\\\n\s*", " ", blocks).splitlines()
    found = (re.match(r"python -m satisfaction (.*)", line.partition("  #")[0]) for line in lines)
    return [match.group(1).strip() for match in found if match]


def test_every_command_is_shown_in_the_readme() -> None:
    usage = _parser().format_help()
    commands = set(re.findall(r"^    ([a-z]+)  ", usage, re.MULTILINE))
    assert commands == {line.split()[0] for line in _command_lines(text_of("README.md"))}
    named = set(re.findall(r"python -m satisfaction ([a-z]+)", "".join(map(text_of, DOCUMENTS))))
    assert named <= commands


def test_dependency_tables_hold_exactly_the_direct_dependencies() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    tables = text_of("README.md").partition("## Why each dependency is there")[2]
    running, rest = tables.partition("## Licences")[0].split("Optional:")
    optional, developing = rest.split("For development")
    extras = project["optional-dependencies"]
    for table, wanted in (
        (running, project["dependencies"]),
        (optional, extras["cluster"] + extras["postgresql"]),
        (developing, [one for one in extras["dev"] if not one.startswith("satisfaction")]),
    ):
        named = re.findall(r"^\| `([\w.-]+)` \|", table, re.MULTILINE)
        assert sorted(named) == sorted(re.match(r"[\w.-]+", one).group() for one in wanted)  # type: ignore[union-attr]


def test_readme_names_every_report() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert all(report.id in text_of(name) for report in reports_in(HOME / "notebooks"))


def test_mapping_examples_are_valid(tmp_path: Path) -> None:
    from satisfaction.data.mapping import load_mapping

    blocks = re.findall(r"^```yaml\n(table: .*?)^```$", text_of("README.md"), re.M | re.S)
    blocks += re.findall(r"^```yaml\n(table: .*?)^```$", text_of("README.zh-CN.md"), re.M | re.S)
    assert len(blocks) >= 2
    for block in blocks:
        path = tmp_path / "mapping.yaml"
        path.write_text(block, "utf-8")
        load_mapping(path, "responses")
    path.write_text(blocks[0] + "unknown_key: 1\n", "utf-8")
    with pytest.raises(DataProblem):
        load_mapping(path, "responses")
