"""A kept copy of a card, and what the pages ask of it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect


@dataclass(frozen=True)
class Copy:
    """A kept copy: 224 values by index number, as a person has them on paper."""

    values: dict[int, str]

    def answer(self, page: Page) -> str:
        """The six digits that the page asks for."""
        first, second = pair(page)
        return self.values[first] + self.values[second]

    def wrong_answer(self, page: Page) -> str:
        """Six digits of which each is wrong; never the index numbers."""
        return "".join(str((int(digit) + 5) % 10) for digit in self.answer(page))


def pair(page: Page) -> tuple[int, int]:
    """The two index numbers on screen."""
    numbers = page.locator("ol.pair strong")
    expect(numbers).to_have_count(2)
    first, second = map(int, numbers.all_inner_texts())
    return first, second
