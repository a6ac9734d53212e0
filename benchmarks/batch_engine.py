"""The batch engine beside what it replaces: CPU, wall seconds and memory of a report, from one run.

(a) the commands papermill and nbconvert in a loop, (b) papermill's Python API in a process pool,
(c) our engine, (d) the bare cells in one warm process; then our engine with more reports, the same
batch unchanged, and the same studies and reports in larger portfolios. Run by ``make bench``, on
Linux; ``--quick`` for a look. CPU seconds are those of all processes; ours hold everything but the
check of the methods, which is made once for an installation.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from measuring import Measured, measure
from portfolios import REPOSITORY, make_portfolio, make_sample, project_id
from ways import Job

from satisfaction.reports.certificate import certificate
from satisfaction.reports.storage import storage_at

WAYS = {"commands": "(a) commands", "pool": "(b) pool", "ours": "(c) ours", "bare": "(d) bare"}
TARGETS = {"commands": 0.10, "pool": 0.25, "bare": 1.5}
KINDS = ("sampling_design", "descriptive_statistics", "correlation_drivers", "year_over_year")
SMALL = "small"
BURNT, BURNER = 2.0, "burner"
PROJECTS = 12  # of the sample portfolio
COMPARED = (2, 5, 8, 11)  # a residential, a commercial and an industrial project, and a new one
CPU_SECONDS, FLAT, CONFIRM_SECONDS = 1.0, 1.15, 10.0
HOUSEHOLDS = 0.05  # kept of the other projects; what a report reads of them is whole
OPENED, REPORTED = 10, (2, 5)  # how many studies, and the projects whose reports are made

Costs = dict[tuple[str, str], tuple[float, float]]  # (project, report) -> CPU and wall seconds

_begun = time.perf_counter()


def main() -> None:
    """Measure and print; nothing is asserted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and small: for a look")
    parser.add_argument("--reports", type=_numbers, help="sizes of batches, for example 12,100")
    parser.add_argument("--portfolios", type=_numbers, help="numbers of projects")
    parser.add_argument("--sample", type=Path, help="a workbook that holds the sample portfolio")
    given = parser.parse_args()
    sizes = given.reports or ([12, 24] if given.quick else [12, 100, 1000])
    portfolios = given.portfolios or ([10, 50] if given.quick else [10, 500, 5000])
    rounds = [COMPARED[:1]] if given.quick else [COMPARED[:2], COMPARED[2:]]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if given.sample is None:
            progress("the sample portfolio is imported")
        sample = given.sample or make_sample(folder / "sample")
        compare(sample, folder, rounds)
        scale(sample, folder, sizes)
        compare_portfolios(sample, folder, portfolios)
    progress("done")


def compare(sample: Path, folder: Path, rounds: Iterable[tuple[int, ...]]) -> None:
    """The four ways side by side."""
    home = make_portfolio(sample, folder / "compared", PROJECTS)
    _small_notebooks(home / "notebooks")
    costs: dict[str, Costs] = {way: {} for way in WAYS}
    once: dict[str, list[float]] = {way: [] for way in WAYS}
    peaks = dict.fromkeys(WAYS, 0.0)
    ways = itertools.cycle([list(WAYS), list(reversed(WAYS))])
    for number, (numbers, order) in enumerate(zip(rounds, ways, strict=False), 1):
        reports = [(project_id(each), kind) for each in numbers for kind in (SMALL, *KINDS)]
        reports = [(project_id(1), SMALL), *reports]
        if number == 1:
            reports.append((project_id(numbers[0]), BURNER))
        for way in order:
            progress(f"round {number}: {len(reports)} reports, {WAYS[way]}")
            measured = run(way, Job(str(home), str(folder / f"{way}-{number}"), reports))
            found, rest = costs_of(measured)
            costs[way] |= found
            once[way].append(rest)
            peaks[way] = max(peaks[way], measured.peak_megabytes)
    burners = {way: _burnt(costs[way]) for way in WAYS}
    print_costs(costs, {way: median(rest) for way, rest in once.items()}, peaks)
    counted = ", ".join(f"{WAYS[way][:3]} {seconds:.2f}" for way, seconds in burners.items())
    print(f"accounting: of {BURNT:.1f} CPU s burnt in a notebook and its child, counted: {counted}")
    print_breakdown(folder.glob("ours-*/*/*/*.json"), costs["ours"])


def scale(sample: Path, folder: Path, sizes: list[int]) -> None:
    """Our engine with more and more reports on all cores, then the last batch unchanged.

    What a batch costs but for its reports is taken from batches of one. The small batches run
    before the largest one and again after it: a machine's speed changes within minutes.
    """
    progress("a portfolio for the large batch is made")
    copies = -(-max(sizes) // (PROJECTS * len(KINDS)))
    home = make_portfolio(sample, folder / "scaled", PROJECTS * copies)
    workers = len(os.sched_getaffinity(0))
    found: dict[int, list[Measured]] = {size: [] for size in (1, *sizes)}
    for size in (1, *sizes, *reversed((1, *sizes[:-1]))):
        batches = max(1, (len(KINDS) if size == 1 else 2 * PROJECTS) // size)
        progress(f"{batches} x {size:,} reports")
        for _batch in range(batches):
            done = len(found[size])
            job = Job(
                str(home), str(folder / f"scaled-{size}-{done}"),
                batch_reports(size, start=done * size), workers=workers, each=False,
            )  # fmt: skip
            found[size].append(run("ours", job))
            if size == max(sizes):
                largest = job
    totals = {size: [each.said[-1] for each in runs] for size, runs in found.items()}
    cpu = {size: mean(each["cpu"] for each in runs) for size, runs in totals.items()}
    first = cpu.pop(1)
    del totals[1]
    print(f"\n(c) on {workers} cores, CPU s; a batch of one report costs {first:.1f}")
    costs = {size: (seconds - first) / (size - 1) for size, seconds in cpu.items()}
    for size, runs in totals.items():
        wall = mean(each["wall"] for each in runs) / size
        print(
            f"{size:>7,} reports {cpu[size] / size:6.2f} each, {costs[size]:.2f} a further one, "
            f"wall {wall:5.2f} s, "
            f"peak of the parent {max(each['parent_megabytes'] for each in runs):4.0f} MB, "
            f"of all processes {max(each.peak_megabytes for each in found[size]):5.0f} MB"
        )
    print_flatness([*costs.values()])
    again = run("ours", largest).said[-1]
    used = f"{again['wall']:.1f} s ({again['cpu']:.1f} CPU s)"
    print(
        f"the same {sizes[-1]:,} again: {again['unchanged']:,} confirmed unchanged in "
        f"{used}{_against(again['wall'], CONFIRM_SECONDS)}"
    )


def compare_portfolios(sample: Path, folder: Path, portfolios: list[int]) -> None:
    """Opening the same projects, and their reports, in portfolios of different sizes."""
    homes = {}
    for size in portfolios:
        progress(f"a portfolio of {size:,} projects is made")
        homes[size] = make_portfolio(sample, folder / f"portfolio-{size}", size, HOUSEHOLDS)
    opened = [(project_id(1 + number % OPENED), "") for number in range(OPENED + 1)]
    reports = [(project_id(number), kind) for number in REPORTED for kind in KINDS]
    reports.insert(0, reports[-1])  # the first one is not measured
    studies: dict[int, list[float]] = {size: [] for size in portfolios}
    made: dict[int, list[float]] = {size: [] for size in portfolios}
    for turn, size in enumerate(portfolios * 3):
        progress(f"{len(opened)} studies and {len(reports)} reports of {size:,} projects")
        for way, jobs, costs in (("slices", opened, studies), ("ours", reports, made)):
            job = Job(str(homes[size]), str(folder / f"portfolio-reports-{turn}"), jobs)
            costs[size] += [cpu for cpu, _wall in costs_of(run(way, job))[0].values()]
    print(f"\nin a larger portfolio ({HOUSEHOLDS:.0%} of the other projects' households), CPU s")
    for size in portfolios:
        study, report = median(studies[size]), mean(made[size])
        print(
            f"{size:>7,} projects: open_study {study:6.3f} (median), a report {report:5.2f} (mean)"
        )
    print("open_study, ", end="")
    print_flatness([median(seconds) for seconds in studies.values()])
    print("a report, ", end="")
    print_flatness([mean(seconds) for seconds in made.values()])


def run(way: str, job: Job) -> Measured:
    """Measure one way; the check of the methods is there beforehand."""
    if way == "ours":
        Path(job.out).mkdir(exist_ok=True)
        certificate(storage_at(job.out))
    program = str(Path(__file__).with_name("ways.py"))
    return measure([program, way, job.as_json()], {"SATISFACTION_HOME": job.home})


def batch_reports(size: int, start: int = 0) -> list[tuple[str, str]]:
    """Every dozen holds all twelve projects of the sample and each kind three times."""
    found = []
    for number in range(start, start + size):
        dozen, place = divmod(number, PROJECTS)
        copy, shift = divmod(dozen, len(KINDS))
        kind = KINDS[(place + shift) % len(KINDS)]
        found.append((project_id(copy * PROJECTS + place + 1), kind))
    return found


def costs_of(measured: Measured) -> tuple[Costs, float]:
    """Costs of each report, and the CPU seconds that belong to none."""
    *each, whole = measured.said
    costs = {(one["project"], one["report"]): (one["cpu"], one["wall"]) for one in each}
    first = [cpu for (_project, report), (cpu, _wall) in costs.items() if report == SMALL]
    used = sum(cpu for cpu, _wall in costs.values()) + (median(first) if first else 0)
    return costs, whole["cpu"] - used


def print_costs(costs: dict[str, Costs], once: dict[str, float], peaks: dict[str, float]) -> None:
    """A table: medians by kind, and the medians of the ratios of the same report."""
    print(
        "\nCPU s (wall s) per report, one at a time: medians; ratios of CPU: medians, same report"
    )
    heads = "".join(f"{head:>15}" for head in WAYS.values())
    print(f"{'':24}{heads}     c/a    c/b    c/d   c-d")
    kinds = {kind: [kind] for kind in (*KINDS, SMALL)} | {"all": [*KINDS, SMALL]}
    for name, members in kinds.items():
        keys = [key for key in costs["ours"] if key[1] in members]
        cells = "".join(
            f"{median(costs[way][key][0] for key in keys):8.2f}"
            f" ({median(costs[way][key][1] for key in keys):4.1f})"
            for way in WAYS
        )
        ratios = {
            way: median(costs["ours"][key][0] / max(costs[way][key][0], 0.001) for key in keys)
            for way in TARGETS
        }
        marked = "".join(
            f"{ratio:6.2f}{' ' if ratio <= TARGETS[way] else '!'}" for way, ratio in ratios.items()
        )
        more = median(costs["ours"][key][0] - costs["bare"][key][0] for key in keys)
        print(f"{name:24}{cells}  {marked} {more:5.2f}")
    print(f"{'target (! missed)':24}{'':60}  " + "".join(f"{t:6.2f} " for t in TARGETS.values()))
    for name, row in (("CPU s once a batch", once), ("peak memory, MB", peaks)):
        print(f"{name:24}" + "".join(f"{row[way]:8.1f}       " for way in WAYS))
    ours = median(cpu for (_project, kind), (cpu, _) in costs["ours"].items() if kind in KINDS)
    print(f"a report of the sample portfolio: {ours:.2f} CPU s{_against(ours, CPU_SECONDS)}")


def print_breakdown(records: Iterable[Path], costs: Costs) -> None:
    """Where our wall seconds go, by the clocks in the records; the rest is what they cannot see."""
    print("(c) wall s: cells, papermill around them, conversion, rest (fork, write, parent)")
    found: dict[str, list[tuple[float, ...]]] = {}
    for path in records:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        key = record["project"], record["report"]
        if key in costs and record["report"] != BURNER:
            cells = sum(record.get("cell_seconds", {}).values())
            execute, convert = (record["seconds"][part] for part in ("execute", "convert"))
            rest = costs[key][1] - execute - convert
            found.setdefault(key[1], []).append((cells, execute - cells, convert, rest))
    for kind, rows in found.items():
        print(f"{kind:24}" + "".join(f"{median(part):8.3f}" for part in zip(*rows, strict=True)))


def print_flatness(costs: Sequence[float]) -> None:
    """How far apart the same thing costs in small and in large."""
    ratio = max(costs) / min(costs)
    print(f"dearest / cheapest: {ratio:.2f}{_against(ratio, FLAT)}")


def progress(what: str) -> None:
    """Say what happens, and when."""
    print(f"[{time.perf_counter() - _begun:4.0f} s] {what}", flush=True)


def _small_notebooks(folder: Path) -> None:
    """A notebook with next to no computing, and the same one with a known amount."""
    small = REPOSITORY / "tests" / "fixtures" / "notebooks" / "descriptive_statistics.ipynb"
    shutil.copy(small, folder / f"{SMALL}.ipynb")
    notebook = json.loads(small.read_text(encoding="utf-8"))
    burn = f"import time\nwhile time.process_time() < start + {BURNT / 2}:\n    pass"
    code = f"""import subprocess, sys
child = "import time; start = time.process_time()\\n" + {burn.partition(chr(10))[2]!r}
subprocess.run([sys.executable, "-S", "-c", child], check=True)
import time; start = time.process_time()
{burn}
"""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    notebook["cells"].append({**cell, "id": BURNER, "source": code})
    (folder / f"{BURNER}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _burnt(costs: Costs) -> float:
    """What a way counts for the burner, which it then forgets, beyond the small notebook."""
    key = next(key for key in costs if key[1] == BURNER)
    return costs.pop(key)[0] - costs[key[0], SMALL][0]


def _against(value: float, target: float) -> str:
    return f" (target <= {target:g}{'' if value <= target else ', missed'})"


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
