"""The colours: each pair of tokens keeps its contrast, computed from the served style sheet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

# Text or line, ground, least ratio: WCAG 1.4.3 (4.5), 1.4.11 (3), and the design's own figures.
PAIRS = {
    "light": [
        ("--text", "--panel", 16),
        ("--text", "--canvas", 15),
        ("--muted", "--panel", 7),
        ("--muted", "--canvas", 6.8),
        ("--link", "--panel", 8),
        ("--link", "--canvas", 7.5),
        ("--on-primary", "--primary", 11),
        ("--on-primary", "--primary-hover", 14),
        ("--control-border", "--panel", 3.9),
        ("--control-border", "--canvas", 3.6),
        ("--error", "--panel", 7),
        ("--error", "--error-ground", 6.5),
        ("--warn", "--warn-ground", 7.9),
        ("--warn-bar", "--panel", 4),
        ("--ok", "--panel", 6.4),
        ("--ok", "--ok-ground", 5.9),
        ("--info", "--info-ground", 7.5),
        ("--text", "--info-ground", 7),
        ("--focus-ring", "--panel", 16),
        ("--focus-ring", "--canvas", 15),
        ("--focus-inside", "--primary", 7),
    ],
    "dark": [
        ("--text", "--panel", 14),
        ("--text", "--canvas", 15),
        ("--muted", "--panel", 8),
        ("--muted", "--canvas", 8.5),
        ("--link", "--panel", 9),
        ("--link", "--canvas", 9.5),
        ("--on-primary", "--primary", 9),
        ("--on-primary", "--primary-hover", 11),
        ("--control-border", "--panel", 5.4),
        ("--control-border", "--canvas", 5.8),
        ("--error", "--panel", 8.4),
        ("--error", "--error-ground", 8),
        ("--warn", "--warn-ground", 10),
        ("--warn-bar", "--panel", 3),
        ("--ok", "--panel", 9.5),
        ("--ok", "--ok-ground", 8.5),
        ("--info", "--info-ground", 8),
        ("--text", "--info-ground", 7),
        ("--focus-ring", "--panel", 11),
    ],
}


def _luminance(colour: str) -> float:
    digits = colour.strip().lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    assert re.fullmatch("[0-9a-f]{6}", digits), colour
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours in hexadecimal."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_pair_of_colours_keeps_its_contrast(scheme: str, page: Page) -> None:
    assert ratio("#000", "#fff") == 21
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/")
    names = sorted({name for pair in PAIRS[scheme] for name in pair[:2]})
    tokens = page.evaluate(
        "names => Object.fromEntries(names.map((name) => "
        "[name, getComputedStyle(document.documentElement).getPropertyValue(name)]))",
        names,
    )
    faint = {
        (above, below): round(found, 1)
        for above, below, least in PAIRS[scheme]
        if (found := ratio(tokens[above], tokens[below])) < least
    }
    assert faint == {}
