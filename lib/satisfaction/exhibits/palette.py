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


def css_variables() -> str:
    """The palette as CSS custom properties, for a style sheet's ``:root``."""
    return "".join(f"--{name}:{colour};" for colour, name in NAMES.items())


def named(colour: str) -> str:
    """A palette colour as the CSS variable that a style sheet may override; others unchanged."""
    name = NAMES.get(colour.lower())
    return f"var(--{name},{colour.lower()})" if name else colour


def tint(share: float, colour: str = SATISFIED, *, most: float = 0.85) -> str:
    """``colour`` mixed into white, stronger with ``share`` (0-1); for heat maps."""
    strength = most * min(max(share, 0.0), 1.0)
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - strength * (255 - part)):02x}" for part in parts)


def ink_on(ground: str) -> str:
    """Dark or white text, whichever reads better on ``ground``."""
    linear = [_linear(int(ground[place : place + 2], 16) / 255) for place in (1, 3, 5)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if (luminance + 0.05) / 0.062 >= 1.05 / (luminance + 0.05) else PAPER


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
