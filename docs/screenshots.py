"""Take the README's pictures from reports that are built: ``make screenshots``.

Needs the development dependencies and an installed Chromium or Chrome. The reports of the sample
project must exist in both languages; the index shows whatever the folder holds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from satisfaction.problems import DataProblem
from satisfaction.reports.pdf import find_browser

HOME = Path(__file__).resolve().parents[1]
REPORTS = HOME / "reports"
IMAGES = HOME / "docs" / "images"
PROJECT, WAVE = "cuihu", "2025"
MOST_BYTES = 250_000  # a README must load quickly
MARGIN = 24.0


@dataclass(frozen=True)
class Picture:
    """One picture: which page, how wide the window is, and how much of the page it shows.

    ``at`` selects the one element that is shown; empty for the top of the page, up to ``height``
    or the end of its content.
    """

    name: str
    page: str
    width: int
    height: int = 1000
    at: str = ""
    scale: float = 1.0


REPORT = f"{WAVE}/{PROJECT}"
PICTURES = (
    Picture("index", "index.html", 1200, 760),
    Picture("descriptive-zh", f"{REPORT}/descriptive_statistics.zh.html", 1100, 1000),
    Picture("descriptive-en", f"{REPORT}/descriptive_statistics.en.html", 1100, 1000),
    Picture("phone", f"{REPORT}/descriptive_statistics.zh.html", 390, 844, scale=1.5),
    Picture("drivers", f"{REPORT}/correlation_drivers.en.html", 1100, at="figure.importance"),
)


def main() -> int:
    """Take all pictures; 2 and a sentence where something is missing."""
    try:
        program = find_browser()
    except DataProblem as problem:
        return _missing(str(problem))
    absent = [one.page for one in PICTURES if not (REPORTS / one.page).is_file()]
    if absent:
        return _missing(
            f"not built yet: {', '.join(dict.fromkeys(absent))}\n"
            f"run: python -m satisfaction run --wave {WAVE} --projects {PROJECT} --lang zh,en"
        )
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        sizes = {picture.name: _take(browser, picture) for picture in PICTURES}
        browser.close()
    for name, size in sizes.items():
        print(f"docs/images/{name}.png  {size / 1000:.0f} kB")
    large = [name for name, size in sizes.items() if size > MOST_BYTES]
    return _missing(f"larger than {MOST_BYTES} bytes: {', '.join(large)}") if large else 0


def _take(browser: Browser, picture: Picture) -> int:
    """Save one picture and return its size in bytes."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.scale,
        color_scheme="light",
        reduced_motion="reduce",
    )
    page.goto((REPORTS / picture.page).as_uri())
    page.evaluate("document.fonts.ready")
    path = IMAGES / f"{picture.name}.png"
    shown = page.locator(picture.at or "body > *:last-child").first.bounding_box()
    assert shown is not None, f"{picture.page} has no {picture.at}"
    end = shown["y"] + shown["height"]
    top = shown["y"] - MARGIN if picture.at else 0.0
    height = end + MARGIN - top if picture.at else min(end, picture.height)
    clip = {"x": 0.0, "y": top, "width": float(picture.width), "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
    page.close()
    return path.stat().st_size


def _missing(words: str) -> int:
    print(words, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
