"""Seconds and memory to import 200,000 answer sheets of 20 items from a CSV file.

Run by ``make bench``; ``--sheets N`` for another size.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from satisfaction.data.importing import import_file

SHEETS_A_PROJECT = 1000
ITEMS = 20

QUESTIONNAIRE = """id: bench
version: "1"
title: {zh: 基准, en: Benchmark}
approved: true
formula: "1"
dont_know: [9]
dimensions: {service: {zh: 服务, en: Service}}
items:
"""


def make_home(home: Path, sheets: int) -> None:
    """A workbook with one wave, a questionnaire of 20 items and as many projects as needed."""
    own = Path(__file__).parent.parent / "params" / "policy.yaml"
    folder = home / "params" / "questionnaires"
    folder.mkdir(parents=True)
    shutil.copy(own, home / "params" / "policy.yaml")
    lines = [
        f"  - {{id: q{number:02d}, role: {'item' if number else 'overall'}, dimension: service, "
        f"label: {{zh: 题{number}, en: Item {number}}}}}"
        for number in range(ITEMS)
    ]
    text = QUESTIONNAIRE + "\n".join(lines) + "\n"
    (folder / "bench-1.yaml").write_text(text, encoding="utf-8")
    random = np.random.default_rng(1)
    project = np.arange(sheets) // SHEETS_A_PROJECT
    ids = pd.Series([f"P{number:04d}" for number in range(project.max() + 1)])
    frame = {
        "project": ids.to_numpy()[project],
        "wave": "2025",
        "response": [f"R{number:07d}" for number in range(sheets)],
        "mode": random.choice(["web", "phone", "纸质问卷"], sheets),
    }
    scores = random.choice([1, 2, 3, 4, 5, 9], (sheets, ITEMS), p=[0.05, 0.1, 0.2, 0.3, 0.3, 0.05])
    frame |= {f"q{number:02d}": scores[:, number] for number in range(ITEMS)}
    pd.DataFrame(frame).to_csv(home / "responses.csv", index=False)
    projects = pd.DataFrame(
        {"project": ids, "name": ids, "property_type": "住宅", "region": "华东"}
    )
    projects.to_csv(home / "projects.csv", index=False)
    (home / "waves.csv").write_text(
        "wave,name,kind,opened_on,closed_on,questionnaire\n"
        "2025,2025,annual,2025-10-01,2025-11-30,bench-1\n",
        encoding="utf-8",
    )


def peak_megabytes() -> float | None:
    """Largest memory of this process so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """Measure a first import, the same file again, and a corrected file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=200_000)
    sheets = parser.parse_args().sheets
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_home(home, sheets)
        for table in ("projects", "waves"):
            import_file(table, home / f"{table}.csv", home=home)
        before = peak_megabytes()
        file = home / "responses.csv"
        print(f"{sheets:,} answer sheets x {ITEMS} items, {file.stat().st_size / 1e6:.0f} MB CSV")
        for what in ("first import", "same file again", "corrected file"):
            if what == "corrected file":
                file.write_text(file.read_text("utf-8").replace("phone", "app", 1), "utf-8")
            report = import_file("responses", file, home=home)
            print(f"{what}: {report.state} in {report.seconds:.1f} s, rows {report.rows}")
        after = peak_megabytes()
        if before is not None and after is not None:
            print(f"peak memory: {after:.0f} MB (before the import {before:.0f} MB)")


if __name__ == "__main__":
    main()
