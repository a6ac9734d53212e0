"""Whom the next wave asks: others first (rotation), the same again (panel), or by chance alone.

Every household has one permanent random number, and a wave asks those that follow its start. The
line of numbers stays as it is, whoever joins or leaves the frame: what an earlier wave asked is a
stretch of it, read off its list. Rotation starts behind such a stretch, a panel where that of its
own last wave starts; independent samples take other numbers each time.

Samples of earlier waves are one row a drawn unit: ``wave, stratum, draw_order, invited`` (main and
used reserves), ``seed``, ``drawn_at`` and the unit. A list that does not follow the numbers of its
own seed (drawn by other means) cannot be placed on the line and is left out.

Source: Ohlsson (1995), "Coordination of samples using permanent random numbers"; Ernst, Valliant &
Casady (2000), "Permanent and collocated random number sampling and the coverage of births and
deaths".
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from satisfaction.methods.result import Result
from satisfaction.methods.sampling import permanent_random_numbers

OVERLAPS = ("rotate", "independent", "panel")
FloatArray = npt.NDArray[np.float64]


def coordinated_plan(
    plan: pd.DataFrame,
    frame: pd.DataFrame,
    earlier: pd.DataFrame,
    *,
    overlap: str,
    seed: int,
    wave: str,
    repeats: str | None = None,
    unit: str = "household",
) -> Result:
    """Where each stratum's draw starts, and with which seed, so that waves overlap as asked.

    rotate       just behind the last unit that the newest list asked in the stratum; behind that of
                 an older list only where the next n_h units then hold fewer of those asked in or
                 since wave ``repeats`` (lists that followed each other leave nothing to gain). No
                 unit is asked again before its stratum is used up, as long as it stays in it. A
                 stratum never asked before starts where the largest one does.
    panel        where the list of wave ``repeats`` started; n_h grows to hold all units up to the
                 last one asked then: everybody still in the stratum is asked again, and newcomers
                 whose numbers fall among them enter with the same chance as all others did. Where
                 there is no such list, as rotate.
    independent  from 0, on the numbers of ``wave_seed(seed, wave)``.

    Rotation and panel go on with the seed of the list they follow: a project has one permanent
    line; ``seed`` is for the first list.

    plan: columns ``stratum, population, n``; frame: all units that can be drawn, with ``stratum``;
    repeats: the last earlier wave of the same kind, if any.

    Rows: those of the plan, ``planned`` (its n), ``start``, method, reason (``first_list``: no
    earlier list to follow). ``stages``: ``overlap, seed, follows`` (wave, None for a first list)
    and ``off_line`` (earlier lists that cannot be placed).
    """
    if overlap not in OVERLAPS:
        raise ValueError(f"overlap must be one of {', '.join(OVERLAPS)}, not {overlap!r}")
    rows = plan[["stratum", "population", "n"]].assign(planned=plan["n"], start=0.0)
    rows = rows.reset_index(drop=True)
    placed = stretches(earlier, unit=unit)
    lines = placed[placed["on_line"]]
    follows, used = None, seed
    if overlap == "independent":
        used = wave_seed(seed, wave)
    elif len(lines):
        newest = lines.iloc[-1]
        same = lines[lines["wave"] == repeats] if overlap == "panel" else lines[:0]
        last = same.iloc[-1] if len(same) else newest
        follows, used = str(last["wave"]), int(last["seed"])
        lines = lines[lines["seed"] == used]
        if len(same):
            rows = _as_before(rows, same, frame, used, unit)
        else:
            rows["start"] = _behind(rows, lines, frame, _recent(earlier, repeats), unit)
    rows["method"] = f"overlap_{overlap}"
    rows["reason"] = "first_list" if follows is None and overlap != "independent" else ""
    off_line = placed.loc[~placed["on_line"], "wave"].nunique()
    stages = {"overlap": overlap, "seed": used, "follows": follows, "off_line": int(off_line)}
    return Result(rows, f"overlap_{overlap}", n=int(rows["n"].sum()), stages=stages)


def stretches(samples: pd.DataFrame, *, unit: str = "household") -> pd.DataFrame:
    """The stretch of the line that each list asked, a row a wave and stratum, oldest list first.

    Columns: ``wave, stratum, seed, drawn_at, asked`` (units), ``first, last`` (numbers of the first
    unit of the list and of the last one asked), ``on_line`` (the whole list of the wave follows the
    numbers of its seed).
    """
    columns = ["wave", "stratum", "seed", "drawn_at", "asked", "first", "last", "on_line"]
    if not len(samples):
        return pd.DataFrame(columns=columns).astype({"on_line": bool})
    waves, strata = (pd.factorize(samples[name], sort=True)[0] for name in ("wave", "stratum"))
    drawn_at, position = samples["drawn_at"].to_numpy(), samples["draw_order"].to_numpy(dtype=float)
    order = np.lexsort([position, strata, waves, drawn_at])
    table, waves, strata, drawn_at = (
        samples.iloc[order],
        waves[order],
        strata[order],
        drawn_at[order],
    )
    number = _numbers(table, unit)
    begins = np.ones(len(table), dtype=bool)
    begins[1:] = np.any([x[1:] != x[:-1] for x in (drawn_at, waves, strata)], axis=0)
    stretch = np.cumsum(begins) - 1
    first = number[begins][stretch]
    way = (number - first) % 1.0
    falling = ~begins & (way <= np.roll(way, 1))
    asked = np.flatnonzero(table["invited"].astype(bool))
    _, places = np.unique(stretch[asked], return_index=True)
    ends = np.append(places[1:], len(asked)) - 1
    head = asked[places]
    found = table[["wave", "stratum", "seed", "drawn_at"]].iloc[head].reset_index(drop=True)
    return found.assign(
        asked=ends - places + 1,
        first=first[head],
        last=number[asked[ends]],
        on_line=~np.isin(waves, waves[falling])[head],
    )


def _numbers(table: pd.DataFrame, unit: str) -> FloatArray:
    """The permanent random number of each row's unit, on the line of its seed."""
    seeds, units = table["seed"].to_numpy(dtype=int), table[unit].to_numpy(dtype=object)
    number = np.empty(len(table))
    for seed in np.unique(seeds):
        rows = seeds == seed
        number[rows] = permanent_random_numbers(units[rows], int(seed)).to_numpy()
    return number


def wave_seed(seed: int, wave: str) -> int:
    """A seed of its own for a wave: 31 bits of BLAKE2b of its name, keyed with ``seed``."""
    digest = hashlib.blake2b(wave.encode(), key=str(int(seed)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1  # what every database holds as an integer


def _recent(earlier: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """Units asked in or since ``wave`` (None: ever)."""
    asked = earlier[earlier["invited"].astype(bool)]
    since = asked.loc[asked["wave"] == wave, "drawn_at"].min()
    return asked if pd.isna(since) else asked[asked["drawn_at"] >= since]


def _behind(
    rows: pd.DataFrame, lines: pd.DataFrame, frame: pd.DataFrame, recent: pd.DataFrame, unit: str
) -> FloatArray:
    """Start of each stratum behind an earlier list: the newest that repeats the fewest units."""
    seed = int(lines["seed"].iloc[0])
    number = permanent_random_numbers(frame[unit], seed).to_numpy()
    tired = _names(frame, unit).isin(_names(recent, unit)).to_numpy()
    stratum = frame["stratum"].astype(str).to_numpy()
    ends = lines.groupby("stratum")["last"].agg(list)
    start = np.full(len(rows), np.nan)
    names = rows["stratum"].astype(str).tolist()
    for place, (name, n) in enumerate(zip(names, rows["n"], strict=True)):
        if name in ends.index:
            own = stratum == name
            behind = np.nextafter(np.array(ends[name][::-1]), 2.0) % 1.0
            start[place] = _freshest(behind, number[own], tired[own], int(n))
    known = ~np.isnan(start)
    if known.any():
        rest = start[rows["population"].where(known).argmax()]
    else:
        rest = np.nextafter(float(lines["last"].iloc[-1]), 2.0) % 1.0
    return np.where(known, start, rest)


def _freshest(
    starts: FloatArray, number: FloatArray, tired: npt.NDArray[np.bool_], n: int
) -> float:
    """The first of the starts whose next n units hold the fewest tired ones."""
    order = np.argsort(number, kind="stable")
    before = np.concatenate([[0], np.cumsum(np.tile(tired[order], 2))])  # twice round the circle
    first = np.searchsorted(number[order], starts)
    return float(starts[np.argmin(before[first + n] - before[first])])


def _as_before(
    rows: pd.DataFrame, same: pd.DataFrame, frame: pd.DataFrame, seed: int, unit: str
) -> pd.DataFrame:
    """Start where the wave to be repeated did, and hold all units that it would ask today."""
    arcs = same.set_index("stratum")
    known = rows["stratum"].isin(arcs.index)
    start = rows["stratum"].map(arcs["first"]).astype(float)
    largest = rows["population"].where(start.notna()).argmax() if known.any() else -1
    rest = float(start.iloc[largest] if largest >= 0 else arcs["first"].iloc[0])
    number = permanent_random_numbers(frame[unit], seed).to_numpy()
    first, last = (frame["stratum"].map(arcs[name]).to_numpy(dtype=float) for name in _ENDS)
    inside = (number - first) % 1.0 <= (last - first) % 1.0  # NaN: a stratum not asked then
    held = rows["stratum"].map(frame.loc[inside, "stratum"].value_counts()).fillna(0).astype(int)
    return rows.assign(n=np.maximum(rows["planned"], held), start=start.fillna(rest))


_ENDS = ("first", "last")


def expected_repeats(strata: pd.DataFrame, *, overlap: str) -> Result:
    """Share of the households asked last time that are asked again, to expect, and how soon.

    rotate       those of the a asked last time whom the draw reaches on its way round the
                 stratum: it starts d = (a + between) mod N places after the first of them, where
                 ``between`` were asked by other waves since, and passes
                 max(0, min(a, d + n) - d) + min(a, max(0, d + n - N)) of them;
                 without other waves max(0, n + a - N)
    independent  n/N, by chance
    panel        1: n grows to hold all that are still there

    strata: columns ``stratum, population`` (N), ``n`` to be asked now, ``asked`` (a) last time and
    optionally ``between``. Rows: ``scope`` ("all", "stratum"), ``stratum, population, n, asked,
    estimate`` (the share), ``waves_until`` (waves of n until a household asked now can be asked
    again: rotate floor(N/n) at the earliest; independent N/n on average; panel 1), method, reason
    (``first_list``: nobody was asked before). The whole: the shares together, and the smallest
    number of waves.
    """
    if overlap not in OVERLAPS:
        raise ValueError(f"overlap must be one of {', '.join(OVERLAPS)}, not {overlap!r}")
    size, n, asked = (strata[c].to_numpy(dtype=float) for c in ("population", "n", "asked"))
    between = strata["between"].to_numpy(dtype=float) if "between" in strata else np.zeros(len(n))
    if ((n < 0) | (n > size) | (asked < 0) | (between < 0)).any():
        raise ValueError("n must lie between 0 and the population, asked and between from 0 on")
    with np.errstate(divide="ignore", invalid="ignore"):
        again = {
            "rotate": _passed(asked, n, np.mod(asked + between, size), size),
            "independent": asked * n / size,
            "panel": asked,
        }[overlap]
        until = {
            "rotate": np.floor(size / n),
            "independent": size / n,
            "panel": np.ones(len(n)),
        }[overlap]
        share = np.append(np.nansum(again), again) / np.append(asked.sum(), asked)
    until = np.where(n > 0, until, np.nan)
    known = until[np.isfinite(until)]
    rows = pd.DataFrame(
        {
            "scope": ["all"] + ["stratum"] * len(n),
            "stratum": ["", *strata["stratum"].astype(str)],
            "population": np.append(size.sum(), size).astype(int),
            "n": np.append(n.sum(), n).astype(int),
            "asked": np.append(asked.sum(), asked).astype(int),
            "estimate": share,
            "waves_until": np.append(known.min() if len(known) else np.nan, until),
            "method": f"overlap_{overlap}",
            "reason": np.where(np.isnan(share), "first_list", ""),
        }
    )
    return Result(rows, f"overlap_{overlap}", n=int(n.sum()))


def _passed(asked: FloatArray, n: FloatArray, start: FloatArray, size: FloatArray) -> FloatArray:
    """How many of the first ``asked`` places of a ring the ``n`` places from ``start`` on cover."""
    asked = np.minimum(asked, size)
    ahead = np.maximum(0.0, np.minimum(asked, start + n) - start)
    return ahead + np.clip(start + n - size, 0.0, np.minimum(asked, start))


def _names(rows: pd.DataFrame, unit: str) -> pd.Series:
    return rows[unit].astype(str).astype(object)  # pandas looks texts of Arrow up one by one


def observed_repeats(
    sample: pd.DataFrame, earlier: pd.DataFrame, *, unit: str = "household"
) -> Result:
    """How many of the units that each earlier wave asked are asked again by this sample.

    sample and earlier: columns of a sample; only units with ``invited`` count. Rows, oldest wave
    first: ``wave, asked, again, estimate`` (again / asked), method, reason (""). ``stages``:
    ``invited`` now, ``ever`` (of them asked in any earlier wave).
    """
    now = set(_names(sample[sample["invited"].astype(bool)], unit))
    before = earlier[earlier["invited"].astype(bool)].sort_values(["drawn_at", "wave"])
    hit = _names(before, unit).isin(now)
    by = hit.groupby(before["wave"].astype(str), sort=False)
    asked, again = by.size(), by.sum()
    rows = pd.DataFrame(
        {
            "wave": asked.index,
            "asked": asked.to_numpy(dtype=int),
            "again": again.to_numpy(dtype=int),
            "estimate": again.to_numpy(dtype=float) / asked.to_numpy(dtype=float),
            "method": "observed_repeats",
            "reason": "",
        }
    )
    stages = {"invited": len(now), "ever": int(before.loc[hit, unit].nunique())}
    return Result(rows, "observed_repeats", n=len(now), stages=stages)
