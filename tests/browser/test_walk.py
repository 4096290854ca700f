"""The base text, walked by role and exact label: with scripts, without, on a small screen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests import factories
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.copies import Copy
from tests.browser.inspection import sideways
from tests.browser.pages import button, follow, link, press, shows

Look = Callable[[Page], None]
PRINTS = "window.print = () => window.dispatchEvent(new Event('beforeprint'))"


def sign_in(page: Page, jane: User, code: str, look: Look) -> None:
    """Steps 1 to 3."""
    page.goto("/")
    look(page)
    follow(page, link(page, labels.LOGIN).first)
    page.get_by_label("Username", exact=True).fill(jane.username)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    look(page)
    press(page, labels.LOGIN)
    page.get_by_label(labels.TEMPORARY_CODE, exact=True).fill(code)
    look(page)
    press(page, labels.LOGIN)
    shows(page, "Home")
    look(page)


def go_to_card(page: Page, look: Look) -> None:
    """Steps 4 and 5, by the menu of the window's size."""
    narrow = page.locator("summary", has_text="Menu").filter(visible=True)
    if narrow.count():
        narrow.click()
    menu = page.get_by_role("navigation", name="Main").filter(visible=True)
    expect(menu.locator("summary").get_by_text(labels.SETTINGS, exact=True)).to_be_visible()
    follow(page, menu.get_by_role("link", name=labels.USER_SETTINGS, exact=True))
    look(page)
    security = page.get_by_role("region", name=labels.SECURITY, exact=True)
    gear = f"{labels.CONFIGURE} {labels.SECURE_LOGIN_SYSTEM}"
    follow(page, security.get_by_role("link", name=gear, exact=True))
    look(page)
    press(page, labels.REQUEST)
    shows(page, "Your Online Security Code Card")
    look(page)


def activate(page: Page, kept: Copy, look: Look) -> None:
    """Steps 8 and 9; ends on the list."""
    page.get_by_label(labels.CARD_VALUES, exact=True).fill(kept.answer(page))
    look(page)
    press(page, labels.CONTINUE)
    shows(page, "Your Online Security Code Card is active")
    until = re.compile(r"^It works until \d+ \w+ \d{4}, \d\d:\d\d \(Zurich time\)\.$")
    expect(page.get_by_text(until)).to_be_visible()
    look(page)
    follow(page, link(page, labels.OK))
    shows(page, labels.SECURE_LOGIN_SYSTEM)
    card = pages.device(page, "Online Security Code Card ending")
    expect(card.get_by_text("Active", exact=True)).to_be_visible()
    look(page)


def does_not_look(_page: Page) -> None:
    """For walks on a wide screen."""


def fits(page: Page) -> None:
    """Nothing sticks out at the side."""
    assert sideways(page) == [], page.url


@pytest.mark.parametrize(("width", "look"), [(1280, does_not_look), (320, fits)])
def test_the_base_text_leads_to_a_working_card(
    width: int, look: Look, new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(width=width, height=640)
    page.add_init_script(PRINTS)
    sign_in(page, jane, code, look)
    go_to_card(page, look)
    kept = pages.copy_of_card(page)
    button(page, labels.PRINT).click()
    press(page, labels.CONTINUE)
    activate(page, kept, look)
    pages.log_out(page)
    pages.log_in_with_card(page, jane, kept)


def test_the_base_text_can_be_walked_without_javascript(
    new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, jane, code, does_not_look)
    go_to_card(page, does_not_look)
    kept = pages.copy_of_card(page)
    leave = page.locator("noscript meta").get_attribute("content")
    assert leave == "900;url=/logged-out/?r=idle"
    printed = page.request.get(link(page, labels.PRINT).get_attribute("href") or "")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.headers["content-disposition"].startswith("inline")
    assert printed.body().startswith(b"%PDF")
    press(page, labels.CONTINUE)
    activate(page, kept, does_not_look)


def test_the_warning_stands_in_the_way_of_a_card_that_was_not_kept(
    page: Page, jane: User, code: str
) -> None:
    sign_in(page, jane, code, does_not_look)
    go_to_card(page, does_not_look)
    kept = pages.copy_of_card(page)
    pages.to_activation(page)
    activate(page, kept, does_not_look)
