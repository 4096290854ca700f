"""The portal's pages by their labels: what a person clicks, fills in and reads."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.browser import labels
from tests.browser.copies import Copy

SERVED_AT = "localhost"
LIST = "/settings/user/secure-login/"
HOME = re.compile(r"/home/$")
CARD_URL = re.compile(r"/card/[\w-]+/$")


def button(page: Page, name: str) -> Locator:
    """A button by its exact name."""
    return page.get_by_role("button", name=name, exact=True)


def press(page: Page, name: str) -> None:
    """A button that sends a form; returns when the page that answers is there."""
    follow(page, button(page, name))


def follow(page: Page, target: Locator) -> None:
    """Click on what leads to another page; returns when that is there.

    A click alone may return while the page before is still on screen, or half of the next one:
    what is read then, without waiting, is read by chance.
    """
    with page.expect_navigation():
        target.click()


def link(page: Page, name: str) -> Locator:
    """A link by its exact name."""
    return page.get_by_role("link", name=name, exact=True)


def heading(page: Page, name: str) -> Locator:
    """The page's h1 by its exact words."""
    return page.get_by_role("heading", level=1, name=name, exact=True)


def shows(page: Page, title: str) -> None:
    """Wait until this h1 is on screen."""
    expect(heading(page, title)).to_be_visible()


def go_back(page: Page) -> None:
    """As the button: without asking the server, if the browser likes."""
    page.evaluate("() => { window.left = true; setTimeout(() => history.back()); }")
    # Another document, and not one from memory that is just being asked for anew.
    page.wait_for_function("!window.left && !document.body.hidden")
    page.wait_for_load_state()


def stop_clock(page: Page) -> None:
    """From here on the browser's clock stands, until the test moves it: however long the machine
    takes for the test itself."""
    page.clock.install(time=0)
    page.clock.pause_at(3600)


# Signing in -----------------------------------------------------------------------------------


def enter_password(page: Page, user: User) -> None:
    """From the login page to the second step."""
    page.goto("/login/")
    page.get_by_label("Username", exact=True).fill(user.username)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    press(page, labels.LOGIN)


def log_in(page: Page, user: User, digits: str, to: str = "/home/") -> None:
    """Both steps with a Temporary Code, by the forms' requests alone; ends on the page ``to``.

    Most tests begin after the login, or with a card; `test_walk.py` goes through the pages
    before.
    """
    _hand_over(_signed_in(page, user, digits), page, to)


def _signed_in(page: Page, user: User, digits: str) -> Client:
    """A login without a browser, as if with this one."""
    client = Client(HTTP_USER_AGENT=page.evaluate("navigator.userAgent"))
    assert factories.sign_in(client, user, digits).status_code == 302
    return client


def _hand_over(client: Client, page: Page, to: str) -> None:
    """The page's browser goes on with the session, at the page ``to``."""
    page.context.clear_cookies()
    page.context.add_cookies(
        [
            {"name": name, "value": cookie.value, "domain": SERVED_AT, "path": "/"}
            for name, cookie in client.cookies.items()
        ]
    )
    page.goto(to)


def log_in_with_card(page: Page, user: User, kept: Copy) -> None:
    """Both steps with a card, read from a kept copy."""
    enter_password(page, user)
    shows(page, "Enter your Card Values")
    page.get_by_label(labels.CARD_VALUES, exact=True).fill(kept.answer(page))
    press(page, labels.LOGIN)
    page.wait_for_url(HOME)


def log_out(page: Page) -> None:
    """By the button in the page's head."""
    follow(page, page.locator("header").get_by_role("button", name="Log out", exact=True))
    shows(page, "You are logged out")


# The card -------------------------------------------------------------------------------------


def device(page: Page, title: str) -> Locator:
    """A device in the list, by the beginning of its name."""
    name = page.get_by_role("heading", level=3, name=re.compile(f"^{re.escape(title)}"))
    return page.get_by_role("listitem").filter(has=name)


def open_list(page: Page) -> None:
    """The page with the security devices."""
    page.goto(LIST)
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
    """Logged in, with a card that was just requested; ends on the card's page."""
    return _with_card(page, user, digits, lambda _client, card, _kept: card)


def activation_ready(page: Page, user: User, digits: str) -> Copy:
    """The same, past the warning; ends on the activation page."""
    return _with_card(page, user, digits, _pass_warning)


def all_done(page: Page, user: User, digits: str) -> Copy:
    """The whole way; ends on the confirmation."""
    return _with_card(page, user, digits, _prove)


def _with_card(
    page: Page, user: User, digits: str, go_on: Callable[[Client, str, Copy], str]
) -> Copy:
    """By the forms' requests alone, as `log_in`; ``go_on`` says where they end."""
    client = _signed_in(page, user, digits)
    card = client.post(f"{LIST}card/")["Location"]
    values = SecurityCard.objects.latest("pk").sheet(factories.nonce_of(client)).values
    kept = Copy(dict(enumerate(values, start=1)))
    _hand_over(client, page, go_on(client, card, kept))
    return kept


def _pass_warning(client: Client, card: str, _kept: Copy) -> str:
    assert client.get(card).status_code == 200
    return str(client.post(f"{card}continue/", {"acknowledged": "1"})["Location"])


def _prove(client: Client, card: str, kept: Copy) -> str:
    asked = client.get(_pass_warning(client, card, kept)).context["pair"]
    answer = {"card_values": kept.values[asked.first] + kept.values[asked.second]}
    return str(client.post(f"{card}activate/", answer)["Location"])


def open_classic_menu(page: Page) -> None:
    """Manage Account > Security > Secure Login System, on a wide window."""
    menu = page.get_by_role("navigation", name="Main").filter(visible=True)
    for name in (labels.MANAGE_ACCOUNT, labels.SECURITY, labels.SECURE_LOGIN_SYSTEM):
        menu.locator("summary").get_by_text(name, exact=True).click()


def choose_layout(page: Page, name: str) -> None:
    """Standard or Classic, on the page User Settings."""
    page.get_by_role("radio", name=re.compile(f"^{name}")).check()
    press(page, "Save")
