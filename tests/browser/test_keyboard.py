"""The walk with the keyboard alone: each stop on the way can be seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests import factories
from tests.browser import labels, pages

MOST_STOPS = 40
FOCUS = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {
    what: e.outerHTML.slice(0, 100),
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}"""


class Keyboard:
    """Tab, Enter and what stands in focus."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, target: Locator) -> None:
        """Press Tab until the target has the focus; each stop must be visible."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(FOCUS)
            assert focus["outline"] >= 2, focus
            assert focus["seen"], focus
            if target.evaluate("e => e === document.activeElement"):
                return
        pytest.fail(f"Tab never reached {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Reach the target and press a key on it."""
        self.tab_to(target)
        self.page.keyboard.press(key)

    def follow(self, target: Locator, key: str = "Enter") -> None:
        """The same, where it leads to another page; returns when that is there."""
        self.tab_to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def type(self, label: str, text: str) -> None:
        """Reach a field and type."""
        self.tab_to(self.page.get_by_label(label, exact=True))
        self.page.keyboard.type(text)


def test_the_base_text_can_be_walked_with_the_keyboard(page: Page, jane: User, code: str) -> None:
    keys = Keyboard(page)
    page.add_init_script("window.print = () => window.dispatchEvent(new Event('beforeprint'))")
    page.goto("/")
    keys.press(page.get_by_role("link", name="Skip to main content"))
    expect(page.locator("#main")).to_be_focused()
    keys.follow(page.locator("main").get_by_role("link", name=labels.LOGIN, exact=True))
    pages.shows(page, "Login")
    keys.type("Username", jane.username)
    keys.type("Password", factories.PASSWORD)
    keys.follow(pages.button(page, labels.LOGIN))
    pages.shows(page, "Enter your Temporary Code")
    keys.type(labels.TEMPORARY_CODE, code)
    keys.follow(pages.button(page, labels.LOGIN), "Space")
    pages.shows(page, "Home")
    keys.follow(pages.link(page, labels.USER_SETTINGS))
    pages.shows(page, labels.USER_SETTINGS)
    keys.follow(pages.link(page, f"{labels.CONFIGURE} {labels.SECURE_LOGIN_SYSTEM}"))
    pages.shows(page, labels.SECURE_LOGIN_SYSTEM)
    keys.follow(pages.button(page, labels.REQUEST))
    pages.shows(page, "Your Online Security Code Card")
    kept = pages.copy_of_card(page)
    keys.press(pages.button(page, labels.PRINT), "Space")
    keys.follow(pages.button(page, labels.CONTINUE))
    pages.shows(page, "Activate your card")
    keys.type(labels.CARD_VALUES, kept.answer(page))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    pages.shows(page, "Your Online Security Code Card is active")
    keys.follow(pages.link(page, labels.OK))
    pages.shows(page, labels.SECURE_LOGIN_SYSTEM)


def test_the_controls_of_the_card_come_in_the_order_of_the_work(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    keys = Keyboard(page)
    keys.tab_to(pages.button(page, labels.PRINT))
    for name in ("Download PDF", "Download PNG", "Show the card as text"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == name
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == labels.CONTINUE
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Discard this card"


def test_the_classic_menu_closes_with_escape_and_gives_the_focus_back(
    page: Page, jane: User, code: str
) -> None:
    jane.layout = User.Layout.CLASSIC
    jane.save()
    pages.log_in(page, jane, code)
    keys = Keyboard(page)
    menu = page.locator("summary", has_text=labels.MANAGE_ACCOUNT).filter(visible=True)
    keys.press(menu)
    keys.tab_to(
        page.locator("summary").get_by_text(labels.SECURITY, exact=True).filter(visible=True)
    )
    page.keyboard.press("Escape")
    assert menu.evaluate("e => e === document.activeElement && !e.parentElement.open")
