"""A small company in which every text that somebody can enter is an attack, and its reports.

Each text carries a mark of its place (``q07``), so that a test can tell which of them a page shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from typing import Any

import yaml
from made import LANGUAGES

from satisfaction.planning import plan_tasks
from satisfaction.reports.batch import Batch, run_reports
from satisfaction.reports.notebooks import titles
from small_study import table
from small_workbook import Workbook

ROOT = Path(__file__).parents[2]
ATTACKS = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</style></td></svg><b onclick=a()>",
    "javascript:alert(3)",
    "]]>${alert`5`}{{7*7}}<!--",
    "[x](javascript:alert(4))![y](x:y)",
    "'onfocus=alert(6) autofocus='",
    "\u202eabc\u2028def\u2066&#x3c;s>&lt;i>",
    "=cmd|' /C calc'!A0",
    "＝HYPERLINK(0)",
)
PROJECT, WAVES = "P1", ("2024", "2025")
PEERS = ("P2", "P3", "P4", "P5")
HOSTILE_FILE = '"><img src=x onerror=alert(7)>'


class Poison:
    """Texts that attack, each in turn with the mark of its place."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}
        self._numbers = count(1)

    def __call__(self, place: str) -> str:
        number = next(self._numbers)
        attack, mark = ATTACKS[number % len(ATTACKS)], f"q{number:02}"
        self.marks[place] = mark
        # a formula has to stand at the beginning
        return f"{attack}{mark}" if attack[0] in "=＝" else f"{mark}{attack}"

    def words(self, place: str) -> dict[str, str]:
        """A text in both languages."""
        return {lang: self(f"{place} {lang}") for lang in LANGUAGES}


def questionnaire(poison: Poison) -> dict[str, Any]:
    closed = [
        {"id": f"i{k}", "role": "item", "dimension": f"d{k % 2}",
         "label": poison.words(f"item {k}"), "wording": poison.words(f"wording {k}")}
        for k in range(6)
    ]  # fmt: skip
    return {
        "id": "bad",
        "version": "1",
        "title": poison.words("title"),
        "approved": False,
        "approved_by": poison("approver of the questionnaire"),
        "formula": "1",
        "dont_know": [9],
        "scale": {"labels": {score: poison.words(f"score {score}") for score in range(1, 6)}},
        "dimensions": {f"d{k}": poison.words(f"dimension {k}") for k in range(2)},
        "items": [
            {"id": "overall", "role": "overall", "label": poison.words("overall")},
            *closed,
            {"id": "first", "role": "priority", "label": poison.words("priority"),
             "codes": {1: "i0", 2: "i1"}},
            {"id": "why", "role": "open", "label": poison.words("open question")},
        ],
    }  # fmt: skip


def company(home: Path, poison: Poison) -> None:
    """Settings, frame and answers."""
    workbook = Workbook(home)
    params = home / "params"
    asked = yaml.safe_dump(questionnaire(poison), sort_keys=False)
    (params / "questionnaires" / "bad-1.yaml").write_text(asked, "utf-8")
    policy = yaml.safe_load((params / "policy.yaml").read_text("utf-8"))
    policy["customer_groups"] = {name: poison.words(name) for name in ("owner", "tenant")}
    (params / "policy.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    own = {
        "reason": poison("reason"),
        "approved_by": poison("approver"),
        "approved_on": "2025-01-01",
        "policy": {
            "sampling": {"exclude_blacklisted": True, "exclusion_reason": poison.words("excluded")}
        },
    }
    (params / "projects").mkdir()
    text = yaml.safe_dump(own, sort_keys=False).replace("'2025-01-01'", "2025-01-01")
    (params / "projects" / f"{PROJECT}.yaml").write_text(text, "utf-8")
    regions = {"region": poison("region")}
    names = [
        {"project": name, "name": poison(f"name {name}"), "name_en": poison(f"English {name}"),
         "property_type": "residential", **regions}
        for name in (PROJECT, *PEERS)
    ]  # fmt: skip
    workbook.enter("projects", table(names), name=f"{HOSTILE_FILE}.csv")
    waves = [
        {"wave": wave, "name": poison(f"wave {wave}"), "name_en": poison(f"English wave {wave}"),
         "kind": "annual", "opened_on": f"{wave}-10-01", "closed_on": f"{wave}-11-30",
         "questionnaire": "bad-1"}
        for wave in WAVES
    ]  # fmt: skip
    workbook.enter("waves", table(waves))
    blocks = [poison(f"building {k}") for k in range(3)]
    units = [
        {"project": name, "household": f"H{k:03}", "building": blocks[k % 3],
         "customer_group": "owner" if k % 3 else "tenant", "occupancy": "resident",
         "handed_over_on": "2020-01-01"}
        for name, k in product((PROJECT, *PEERS), range(1, 121))
    ]  # fmt: skip
    workbook.enter("households", table(units))
    sheets = [*_sheets(poison)]
    workbook.enter("responses", table(sheets), name=f"r {HOSTILE_FILE}.csv")


def _sheets(poison: Poison) -> Iterator[dict[str, object]]:
    comment = poison("comment")
    for name, wave, k in product((PROJECT, *PEERS), WAVES, range(1, 91)):
        overall = 1 + (k * 7 + len(name + wave) * (k % 5)) % 5
        scores = {f"i{n}": max(1, min(5, overall + (k * (n + 2)) % 3 - 1)) for n in range(6)}
        yield {
            "project": name, "wave": wave, "response": f"R{k}", "household": f"H{k:03}",
            "mode": ("web", "phone", "paper")[k % 3], "answered_at": f"{wave}-10-05 09:00",
            "overall": overall, **scores, "first": 1 + k % 2, "why": comment if k % 4 else "",
        }  # fmt: skip


def notebooks(home: Path, poison: Poison) -> None:
    """The report notebooks with hostile titles, one that fails with an attack, one that is none."""
    folder = home / "notebooks"
    folder.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        plain = json.loads(path.read_text("utf-8"))
        if "satisfaction" not in plain["metadata"]:
            continue
        for cell in plain["cells"]:
            cell["source"] = "".join(cell["source"])
        for lang, title in titles(plain).items():
            hostile = poison(f"title of {path.stem} {lang}")
            for cell in plain["cells"]:
                cell["source"] = cell["source"].replace(title, f"{hostile}: {hostile}?")
        (folder / path.name).write_text(json.dumps(plain), "utf-8")
        # the last one made is the pattern of those that end badly
        says = f"print({poison('printed')!r})\nraise ValueError({poison('exception')!r})"
        plain["cells"] = [*plain["cells"][:4], {**plain["cells"][3], "source": says, "id": "bad",
                                                "metadata": {}}]  # fmt: skip
    (folder / f"{HOSTILE_FILE}.ipynb").write_text(json.dumps(plain), "utf-8")
    (folder / f"half {HOSTILE_FILE}.ipynb").write_text("{", "utf-8")


def make(home: Path, poison: Poison) -> Batch:
    """The reports of the project in both languages, and one that fails of another project."""
    company(home, poison)
    notebooks(home, poison)
    tasks = plan_tasks(home, projects=[PROJECT], languages=[*LANGUAGES])
    tasks += plan_tasks(home, projects=[PEERS[0]], reports=[HOSTILE_FILE])
    return run_reports(tasks, home=home, out=home / "reports")
