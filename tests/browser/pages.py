"""The portal's pages by their labels: what a person clicks, fills in and reads."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from tests import factories
from tests.browser import labels
from tests.browser.copies import Copy

HOME = re.compile(r"/home/$")
CARD_URL = re.compile(r"/card/[\w-]+/$")


def button(page: Page, name: str) -> Locator:
    """A button by its exact name."""
    return page.get_by_role("button", name=name, exact=True)


def press(page: Page, name: str) -> None:
    """A button that sends a form; returns when the page that answers is there."""
    with page.expect_navigation():
        button(page, name).click()


def link(page: Page, name: str) -> Locator:
    """A link by its exact name."""
    return page.get_by_role("link", name=name, exact=True)


def heading(page: Page, name: str) -> Locator:
    """The page's h1 by its exact words."""
    return page.get_by_role("heading", level=1, name=name, exact=True)


def shows(page: Page, title: str) -> None:
    """Wait until this h1 is on screen."""
    expect(heading(page, title)).to_be_visible()


# Signing in -----------------------------------------------------------------------------------


def enter_password(page: Page, user: User) -> None:
    """From the start page to the second step."""
    page.goto("/")
    link(page, labels.LOGIN).first.click()
    page.get_by_label("Username", exact=True).fill(user.username)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    press(page, labels.LOGIN)


def log_in(page: Page, user: User, digits: str) -> None:
    """Both steps with a Temporary Code, by the forms' requests alone; ends on the home page.

    Most tests begin after the login; `test_walk.py` goes through its pages.
    """
    page.context.clear_cookies()
    answer = page.request.get("/login/")
    for fields in (
        {"username": user.username, "password": factories.PASSWORD},
        {"temporary_code": digits},
    ):
        token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', answer.text())
        assert token, answer.url
        form = {"csrfmiddlewaretoken": token[1], **fields}
        answer = page.request.post(answer.url, form=form)
        assert answer.ok, answer.text()
    page.goto("/home/")


def log_in_with_card(page: Page, user: User, kept: Copy) -> None:
    """Both steps with a card, read from a kept copy."""
    enter_password(page, user)
    shows(page, "Enter your Card Values")
    page.get_by_label(labels.CARD_VALUES, exact=True).fill(kept.answer(page))
    press(page, labels.LOGIN)
    page.wait_for_url(HOME)


def log_out(page: Page) -> None:
    """By the button in the page's head."""
    page.locator("header").get_by_role("button", name="Log out", exact=True).click()
    shows(page, "You are logged out")


# The card -------------------------------------------------------------------------------------


def device(page: Page, title: str) -> Locator:
    """A device in the list, by the beginning of its name."""
    name = page.get_by_role("heading", level=3, name=re.compile(f"^{re.escape(title)}"))
    return page.get_by_role("listitem").filter(has=name)


def open_list(page: Page) -> None:
    """The page with the security devices."""
    page.goto("/settings/user/secure-login/")
    shows(page, labels.SECURE_LOGIN_SYSTEM)


def request_card(page: Page) -> None:
    """From the list to the card."""
    open_list(page)
    press(page, labels.REQUEST)
    page.wait_for_url(CARD_URL)
    shows(page, "Your Online Security Code Card")


def copy_of_card(page: Page) -> Copy:
    """Reads the text version, from the page that shows the card, without visiting it."""
    answer = page.request.get(f"{page.url}text/")
    rows = re.findall(
        r'<th scope="row">(\d+)</th>\s*<td><span aria-hidden="true">(\d{3})</span>', answer.text()
    )
    assert len(rows) == 224, answer.status
    return Copy({int(index): value for index, value in rows})


def to_activation(page: Page) -> None:
    """From the card, through the warning."""
    press(page, labels.CONTINUE)
    shows(page, "Have you kept your card?")
    press(page, labels.CONTINUE)
    shows(page, "Activate your card")


def send_values(page: Page, entry: str) -> None:
    """Fill in Card Values and continue."""
    page.get_by_label(labels.CARD_VALUES, exact=True).fill(entry)
    press(page, labels.CONTINUE)


def activate(page: Page, kept: Copy) -> None:
    """From the activation page to the confirmation."""
    send_values(page, kept.answer(page))
    shows(page, "Your Online Security Code Card is active")


def card_ready(page: Page, user: User, digits: str) -> Copy:
    """Log in and request a card; ends on the card's page."""
    log_in(page, user, digits)
    request_card(page)
    return copy_of_card(page)


def activation_ready(page: Page, user: User, digits: str) -> Copy:
    """Log in, request a card and pass the warning; ends on the activation page."""
    kept = card_ready(page, user, digits)
    to_activation(page)
    return kept


def all_done(page: Page, user: User, digits: str) -> Copy:
    """The whole way; ends on the confirmation."""
    kept = activation_ready(page, user, digits)
    activate(page, kept)
    return kept


def open_classic_menu(page: Page) -> None:
    """Manage Account > Security > Secure Login System, on a wide window."""
    menu = page.get_by_role("navigation", name="Main").filter(visible=True)
    for name in (labels.MANAGE_ACCOUNT, labels.SECURITY, labels.SECURE_LOGIN_SYSTEM):
        menu.locator("summary").get_by_text(name, exact=True).click()


def choose_layout(page: Page, name: str) -> None:
    """Standard or Classic, on the page User Settings."""
    page.get_by_role("radio", name=re.compile(f"^{name}")).check()
    press(page, "Save")
