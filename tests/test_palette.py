"""The colours: readable by day, on dark screens and in print, and apart without colour."""

from __future__ import annotations

import re

import pytest

from satisfaction.exhibits.palette import STRONGEST, css_variables
from satisfaction.reports.page import style_sheet

AA = 4.5  # WCAG 2.2, 1.4.3: contrast of ordinary text
PAIRS = [
    ("ink", "paper"), ("ink", "tint"), ("ink", "focus-tint"), ("ink", "satisfied-tint"),
    ("muted", "paper"), ("muted", "tint"), ("muted", "focus-tint"), ("muted", "satisfied-tint"),
    ("quiet", "paper"), ("satisfied", "paper"), ("focus", "paper"), ("focus-ink", "paper"),
    ("focus-ink", "focus-tint"), ("alarm-ink", "alarm-tint"),
    ("paper", "satisfied"), ("paper", "focus-ink"), ("paper", "muted"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(sign * 2 for sign in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def variables(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", sheet))


def modes() -> dict[str, dict[str, str]]:
    light, dark = css_variables().split("@media")
    printed = re.search(r"@media print \{.*?:root \{(.*?)\}", style_sheet("report.css"), re.S)
    assert printed is not None
    day = variables(light)
    return {"light": day, "dark": day | variables(dark), "print": day | variables(printed[1])}


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
def test_text_can_be_read(mode: str, pair: tuple[str, str]) -> None:
    colours = modes()[mode]
    assert contrast(*(colours[name] for name in pair)) >= AA


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize("colour", ["satisfied", "dissatisfied"])
def test_text_can_be_read_on_the_strongest_cell_of_a_heat_map(mode: str, colour: str) -> None:
    colours = modes()[mode]
    both = [
        [int(colours[name][place : place + 2], 16) for place in (1, 3, 5)]
        for name in (colour, "paper")
    ]
    mixed = [STRONGEST * over + (1 - STRONGEST) * under for over, under in zip(*both, strict=True)]
    assert contrast("#" + "".join(f"{round(part):02x}" for part in mixed), colours["ink"]) >= AA


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # just not AA


def test_dark_screens_get_every_colour_anew_but_what_needs_none() -> None:
    light, dark = (variables(part) for part in css_variables().split("@media"))
    assert set(dark) == set(light)


@pytest.mark.parametrize(
    ("one", "other"),
    [("focus", "satisfied"), ("satisfied", "satisfied-light"), ("dissatisfied", "neutral")],
)
def test_print_in_grey_keeps_them_apart(one: str, other: str) -> None:
    colours = modes()["print"]
    assert contrast(colours[one], colours[other]) >= 1.5
