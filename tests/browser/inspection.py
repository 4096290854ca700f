"""What every page in every state has to pass: axe-core, reflow at 320 pixels, target sizes.

The pages are looked at in light, dark and forced colours. With ``SCREENSHOTS=<folder>`` each
state is also photographed, wide and narrow, light and dark.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Off by default in axe.
ALSO = ["target-size", "td-has-header", "table-fake-caption", "p-as-heading"]
EVERYTHING = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {rule: {"enabled": True} for rule in ALSO},
    "resultTypes": ["violations"],
}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
TARGETS = {
    "runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]},
    "resultTypes": ["violations"],
}
MEDIA: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced": {"color_scheme": "light", "forced_colors": "active"},
}


@cache
def _axe_script() -> str:
    return str(Axe().axe_script)


def violations(page: Page, options: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe-core finds, one line for each element."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_axe_script())
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """How far the page is wider than its window, and what sticks out."""
    page.evaluate("() => document.fonts.ready.then(() => null)")
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over <= 0:
        return []
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
          .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""
    )
    return [f"{over} px too wide: {wide}"]


def inspect(page: Page, name: str) -> None:
    """Look at one state of a page in all ways; leaves it wide and light.

    Raises:
        AssertionError: with everything that was found.
    """
    found: list[str] = []
    for media, emulated in MEDIA.items():
        page.emulate_media(**emulated)
        # The admin fades its colours whatever the person prefers.
        page.evaluate("document.getAnimations().forEach((running) => running.finish())")
        options = EVERYTHING if media == "light" else COLOURS
        found += [f"{media}: {line}" for line in violations(page, options)]
        _photograph(page, name, media)
    page.emulate_media(**MEDIA["light"])
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    found += [f"narrow: {line}" for line in sideways(page) + violations(page, TARGETS)]
    for media in ("light", "dark"):
        page.emulate_media(**MEDIA[media])
        _photograph(page, name, f"320-{media}")
    page.emulate_media(**MEDIA["light"])
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert not found, "\n".join([f"{name} ({page.url})", *found])


def _photograph(page: Page, name: str, media: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}-{media}.png", full_page=True)
