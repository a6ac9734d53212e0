"""From which score to which: the households that answered both times (S3-9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from satisfaction.methods.estimation import survey_proportion
from satisfaction.methods.panel import DESIGN, panel
from satisfaction.methods.result import Result


def transitions(
    current: pd.DataFrame,
    previous: pd.DataFrame,
    item: str,
    bands: Mapping[str, Sequence[float]],
    *,
    unit: str = "household",
    minimum_n: int = 10,
    level: float = 0.95,
) -> Result:
    """Where the households of each band of scores went: S3-9, "3 points turned into 4-5".

    bands     name -> its scores, lowest first, e.g. ``{"neutral": [3], "satisfied": [4, 5]}``;
              one band per score gives the whole 5 x 5 matrix
              bands with fewer than ``minimum_n`` households before are joined with the next higher
              one, but for the highest: ``"dissatisfied+neutral"``
    estimate  weighted share of the households of band ``previous`` that are now in band
              ``current``, with Wilson's interval: for neutral -> satisfied the conversion rate

    Rows, bands before x bands now: ``item, previous, current, estimate, std_error, ci_low,
    ci_high, n`` (households in this cell), ``n_previous`` (in the band before), ``n_eff, method,
    reason`` (``no_answers`` or ``too_few`` in the band before; ``not_comparable`` an item of one
    wave only). ValueError for an item that both waves lack or a score in two bands.
    """
    if item not in current.columns and item not in previous.columns:
        raise ValueError(f"neither wave holds {item}")
    band_of = {score: name for name, scores_of in bands.items() for score in scores_of}
    if len(band_of) != sum(len(scores_of) for scores_of in bands.values()):
        raise ValueError("a score must lie in one band only")
    lost = item not in current.columns or item not in previous.columns
    current, previous = (
        data if item in data.columns else data.assign(**{item: np.nan})
        for data in (current, previous)
    )
    now, before, exclusions = panel(current, previous, unit)
    names = list(bands)
    start, end = before[item].map(band_of), now[item].map(band_of)
    both = start.notna() & end.notna()
    data = now[[c for c in DESIGN if c in now.columns]].copy()
    counts = start[both].value_counts().reindex(names, fill_value=0)
    origins = _joined(counts, minimum_n)
    start = start.map({name: origin for origin, inside in origins.items() for name in inside})
    data["previous"] = pd.Categorical(start.where(both), list(origins))
    for name in names:
        data[f"is {name}"] = np.where(both, (end == name).astype(float), np.nan)
    columns = {name: [f"is {name}"] for name in names}
    if len(data):
        rows = survey_proportion(data, columns, by="previous", level=level).rows
    else:
        rows = pd.DataFrame(
            {"item": np.tile(names, len(origins)), "group": np.repeat([*origins], len(names))}
        )
        rows = rows.assign(n=0, method="wilson_n_eff", reason="no_answers")
        rows[["estimate", "std_error", "ci_low", "ci_high", "n_eff"]] = np.nan
    rows = rows.rename(columns={"item": "current", "group": "previous", "n": "n_previous"})
    cells = pd.Series(list(zip(start[both], end[both], strict=True)), dtype=object).value_counts()
    pairs = zip(rows["previous"], rows["current"], strict=True)
    rows["n"] = [int(cells.get(pair, 0)) for pair in pairs]
    few = (rows["n_previous"] > 0) & (rows["n_previous"] < minimum_n)
    rows["reason"] = np.select(
        [lost, rows["n_previous"] == 0, few],
        ["not_comparable", "no_answers", "too_few"],
        default="",
    )
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "n_eff"]
    rows[numbers] = rows[numbers].astype(float).mask(rows["reason"] != "")
    place = {name: number for number, name in enumerate([*origins, *names])}
    rows = rows.assign(item=item).sort_values(
        ["previous", "current"], key=lambda column: column.astype(str).map(place), kind="stable"
    )
    order = ["item", "previous", "current", "estimate", "std_error", "ci_low", "ci_high", "n"]
    rows = rows[[*order, "n_previous", "n_eff", "method", "reason"]].reset_index(drop=True)
    n = int(both.sum())
    return Result(rows, "transitions", level, n, {"panel": len(now), "pairs": n}, exclusions)


def _joined(counts: pd.Series, minimum_n: int) -> dict[str, list[str]]:
    """Bands before, the small ones joined upwards: name -> the bands in it."""
    *lower, highest = [str(name) for name in counts.index]
    groups: list[list[str]] = []
    open_group: list[str] = []
    for name in lower:
        open_group.append(name)
        if counts[open_group].sum() >= minimum_n:
            groups.append(open_group)
            open_group = []
    if open_group and groups:
        groups[-1] += open_group
    elif open_group:
        groups.append(open_group)
    return {"+".join(group): group for group in [*groups, [highest]]}
