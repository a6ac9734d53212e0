"""Few colours, each with one meaning; the same names serve charts and style sheets.

Blue-green against orange is told apart with every common colour blindness, and dark against light
stays apart in grey print. A chart refers to a colour by name (``var(--satisfied, #0b6e78)``), so a
style sheet can give it another value for the dark or printed page.
"""

from __future__ import annotations

SATISFIED = "#0b6e78"  # satisfied, reached, better
SATISFIED_LIGHT = "#80b6b3"  # the weaker half of satisfied
NEUTRAL = "#c6cdd6"  # neither satisfied nor dissatisfied
DISSATISFIED = "#b5541c"  # dissatisfied
DISSATISFIED_LIGHT = "#e3a06f"  # the weaker half of dissatisfied
FOCUS = "#c05517"  # look here: below target, priority, worse
FOCUS_TINT = "#fcefe6"  # ground under what is in focus
QUIET = "#6b7280"  # context and what cannot be told apart
FRAME = "#9fb1bd"  # households, population: what the answers stand for
RULE = "#e2e5ea"  # grid and axes
INK = "#141d2b"  # text
MUTED = "#5b6472"  # secondary text
PAPER = "#ffffff"  # ground

STRONGEST = 0.5  # of a colour under text: ink is readable on it by day and on dark screens

NAMES: dict[str, str] = {
    SATISFIED: "satisfied",
    SATISFIED_LIGHT: "satisfied-light",
    NEUTRAL: "neutral",
    DISSATISFIED: "dissatisfied",
    DISSATISFIED_LIGHT: "dissatisfied-light",
    FOCUS: "focus",
    FOCUS_TINT: "focus-tint",
    QUIET: "quiet",
    FRAME: "frame",
    RULE: "rule",
    INK: "ink",
    MUTED: "muted",
    PAPER: "paper",
}


DARK: dict[str, str] = {
    SATISFIED: "#62bdc5",
    SATISFIED_LIGHT: "#2f7279",
    NEUTRAL: "#5a6573",
    DISSATISFIED: "#ea8b55",
    DISSATISFIED_LIGHT: "#8f5330",
    FOCUS: "#f0975f",
    FOCUS_TINT: "#36241a",
    QUIET: "#98a2ae",
    FRAME: "#64768a",
    RULE: "#2a313b",
    INK: "#e7eaee",
    MUTED: "#a9b2bd",
    PAPER: "#151a21",
}

# what only pages need: name -> (light, dark)
GROUNDS: dict[str, tuple[str, str]] = {
    "ground": ("#f4f5f7", "#0d1117"),  # around the page
    "tint": ("#f4f5f7", "#1e252e"),  # under notes
    "satisfied-tint": ("#eaf3f3", "#16292b"),  # under what is reached
    "focus-ink": ("#a2450f", "#f0975f"),  # text in focus on its tint
    "alarm": ("#a4161a", "#a4161a"),  # a report that failed
    "alarm-tint": ("#fdecec", "#331a1c"),
    "alarm-ink": ("#8c1216", "#ff9a9d"),
}


def css_variables() -> str:
    """The palette as a style sheet's custom properties, by day and on dark screens."""
    light = {name: colour for colour, name in NAMES.items()}
    dark = {NAMES[colour]: other for colour, other in DARK.items()}
    light |= {name: pair[0] for name, pair in GROUNDS.items()}
    dark |= {name: pair[1] for name, pair in GROUNDS.items()}
    return (
        f":root{{color-scheme:light dark;{_declared(light)}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_declared(dark)}}}}}"
    )


def _declared(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def named(colour: str) -> str:
    """A palette colour as the CSS variable that a style sheet may override; others unchanged."""
    name = NAMES.get(colour.lower())
    return f"var(--{name},{colour.lower()})" if name else colour


def ground(share: float) -> str:
    """A style's background for a share of 0-1 in a heat map: the darker, the more satisfied."""
    strength = 100 * STRONGEST * min(max(share, 0.0), 1.0)
    return f"background:color-mix(in srgb,{named(SATISFIED)} {strength:.0f}%,transparent)"
