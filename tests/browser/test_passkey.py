"""Passkeys with Chromium's own virtual authenticator: added, asked, cloned, on a wrong site."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import CDPSession, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from securelogin.lifecycle import EndReason
from securelogin.models import Notice
from securelogin.passkey.models import Passkey
from tests import factories
from tests.browser import labels, pages
from tests.browser.inspection import inspect
from tests.browser.watch import Watch

ADD = "/settings/user/secure-login/passkey/"
ADD_BUTTON = "Add a passkey"
TITLE = "Confirm with your passkey"
NewPage = Callable[..., Page]


class Authenticator:
    """A virtual authenticator in the browser of a page."""

    def __init__(self, page: Page, *, transport: str = "internal", verifies: bool = True) -> None:
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = added["authenticatorId"]

    def send(self, command: str, **arguments: Any) -> Any:
        """One command of the protocol."""
        return self.cdp.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **arguments})

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """What it holds."""
        found: list[dict[str, Any]] = self.send("getCredentials")["credentials"]
        return found

    def count(self, value: int) -> None:
        """Put the only passkey back with another count, as a copy would have it."""
        [credential] = self.credentials
        self.send("clearCredentials")
        self.send("addCredential", credential={**credential, "signCount": value})


@pytest.fixture(autouse=True)
def _site(live_server: LiveServer, settings: Settings) -> None:
    settings.SITE_URL = live_server.url


def log_in(page: Page, user: User) -> None:
    """Password, then the passkey that the page asks for."""
    pages.enter_password(page, user)
    pages.shows(page, TITLE)
    pages.press(page, labels.LOGIN)


def add_first(page: Page, user: User) -> None:
    """With a password alone; ends inside."""
    pages.enter_password(page, user)
    pages.shows(page, "Add a security device")
    pages.link(page, ADD_BUTTON).click()
    pages.shows(page, "Add a passkey")
    pages.press(page, ADD_BUTTON)
    pages.shows(page, "Your security device was added")


def problem(page: Page) -> Any:
    """What the script says went wrong."""
    return page.locator("[data-passkey-problem]")


@pytest.mark.parametrize("verifies", [True, False])
def test_it_is_added_and_logs_in(page: Page, jane: User, verifies: bool) -> None:
    authenticator = Authenticator(page, verifies=verifies)
    add_first(page, jane)
    passkey = Passkey.objects.get()
    assert passkey.verified_when_added is verifies
    assert passkey.transports == ["internal"]
    [credential] = authenticator.credentials
    assert credential["rpId"] == "localhost"
    pages.link(page, "OK").click()
    pages.log_out(page)
    log_in(page, jane)
    page.wait_for_url(pages.HOME)
    passkey.refresh_from_db()
    assert passkey.verified_last is verifies
    assert passkey.sign_count > 0


def test_a_person_who_is_not_recognised_may_still_use_a_passkey_without(
    page: Page, jane: User
) -> None:
    """User verification is preferred: what the authenticator says is on record."""
    authenticator = Authenticator(page, transport="usb", verifies=True)
    add_first(page, jane)
    pages.log_out(page)
    authenticator.send("setUserVerified", isUserVerified=False)
    pages.enter_password(page, jane)
    pages.button(page, labels.LOGIN).click()
    expect(problem(page)).to_contain_text("Press the button to try again")
    authenticator.send("setUserVerified", isUserVerified=True)
    pages.press(page, labels.LOGIN)
    page.wait_for_url(pages.HOME)


def test_an_open_session_adds_one_with_a_name(page: Page, jane: User, code: str) -> None:
    Authenticator(page)
    pages.log_in(page, jane, code)
    pages.link(page, ADD_BUTTON).click()
    page.get_by_label("Name (optional)").fill("My computer")
    pages.press(page, ADD_BUTTON)
    expect(page.get_by_text("Passkey My computer")).to_be_visible()
    pages.open_list(page)
    expect(pages.device(page, "Passkey My computer")).to_be_visible()
    page.goto("/home/")
    expect(pages.link(page, ADD_BUTTON)).to_have_count(0)


def test_the_same_authenticator_is_not_added_twice(page: Page, jane: User) -> None:
    Authenticator(page)
    add_first(page, jane)
    page.goto(ADD)
    pages.button(page, ADD_BUTTON).click()
    expect(problem(page)).to_contain_text("has a passkey of yours already")
    assert Passkey.objects.count() == 1


def test_the_person_chooses_among_several(page: Page, jane: User) -> None:
    first = Authenticator(page, transport="usb")
    add_first(page, jane)
    [kept] = first.credentials
    first.send("removeVirtualAuthenticator")
    second = Authenticator(page, transport="usb")
    page.goto(ADD)
    pages.press(page, ADD_BUTTON)
    pages.log_out(page)
    # The page is about the second one, and the person holds the first.
    second.send("clearCredentials")
    second.send("addCredential", credential=kept)
    log_in(page, jane)
    page.wait_for_url(pages.HOME)
    used = Passkey.objects.exclude(last_used_at=None).get()
    assert used.pk == min(Passkey.objects.values_list("pk", flat=True))


def test_a_counter_that_goes_back_is_refused_and_told(page: Page, jane: User) -> None:
    authenticator = Authenticator(page)
    add_first(page, jane)
    pages.log_out(page)
    Passkey.objects.update(sign_count=50)
    authenticator.count(20)
    log_in(page, jane)
    expect(page.get_by_role("alert").first).to_contain_text("could not be confirmed")
    inspect(page, "passkey-refused")
    assert Notice.objects.filter(kind="passkey_cloned").count() == 1
    authenticator.count(60)
    page.wait_for_timeout(1100)
    pages.press(page, labels.LOGIN)
    page.wait_for_url(pages.HOME)


def test_an_answer_from_another_origin_is_refused(
    page: Page, jane: User, settings: Settings
) -> None:
    """The browser vouches for where it is; the same name at another port is not the portal."""
    Authenticator(page)
    add_first(page, jane)
    pages.log_out(page)
    settings.SITE_URL = "http://localhost:1"
    log_in(page, jane)
    expect(page.get_by_role("alert").first).to_contain_text("could not be confirmed")


def test_on_another_site_the_browser_itself_refuses(
    page: Page, jane: User, settings: Settings
) -> None:
    Authenticator(page)
    settings.SITE_URL = "https://portal.example"
    pages.enter_password(page, jane)
    page.goto(ADD)
    pages.button(page, ADD_BUTTON).click()
    expect(problem(page)).to_contain_text("This browser cannot use passkeys here")
    assert not Passkey.objects.exists()


def test_a_removed_one_says_what_to_do(page: Page, jane: User) -> None:
    Authenticator(page)
    add_first(page, jane)
    Passkey.objects.get().end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    pages.enter_password(page, jane)
    pages.shows(page, "Call us to log in")


def test_a_passkey_that_is_not_here_is_said_calmly_and_the_button_stays(
    page: Page, jane: User
) -> None:
    authenticator = Authenticator(page)
    add_first(page, jane)
    pages.log_out(page)
    authenticator.send("setUserVerified", isUserVerified=False)
    pages.enter_password(page, jane)
    # Once: of a second try nothing tells its message from the first one's.
    pages.button(page, labels.LOGIN).click()
    expect(problem(page)).to_contain_text("Nothing was confirmed")
    inspect(page, "passkey-cancelled")
    authenticator.send("setUserVerified", isUserVerified=True)
    pages.press(page, labels.LOGIN)
    page.wait_for_url(pages.HOME)


def test_a_browser_without_passkeys_says_so(new_page: NewPage, jane: User) -> None:
    page = new_page()
    page.add_init_script("delete window.PublicKeyCredential")
    pages.enter_password(page, jane)
    page.goto(ADD)
    expect(problem(page)).to_contain_text("cannot use passkeys")
    pages.button(page, ADD_BUTTON).click()
    expect(problem(page)).to_contain_text("cannot use passkeys")


def test_without_javascript_it_says_so_and_other_ways_remain(
    new_page: NewPage, page: Page, jane: User
) -> None:
    Authenticator(page)
    add_first(page, jane)
    plain = new_page(java_script_enabled=False)
    pages.enter_password(plain, jane)
    # Chromium shows it only where scripts are off for good, not where a test switches them off.
    assert "A passkey needs JavaScript" in plain.content()
    pages.press(plain, labels.LOGIN)
    expect(plain.get_by_role("alert").first).to_contain_text("That needs JavaScript")
    expect(pages.link(plain, "I do not have my passkey")).to_be_visible()
    plain.goto("/login/start-over/")


def test_the_fresh_proof_takes_password_and_passkey(page: Page, jane: User) -> None:
    Authenticator(page)
    add_first(page, jane)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=True):
        page.goto("/login/confirm/?next=/home/")
        pages.shows(page, "Confirm that it is you")
        pages.press(page, "Confirm")
        expect(page.get_by_role("alert").first).to_contain_text("Enter your password")
        inspect(page, "passkey-confirm")
        page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
        pages.press(page, "Confirm")
        page.wait_for_url(pages.HOME)


def test_its_pages_pass_every_inspection(page: Page, jane: User, watch: Watch) -> None:
    Authenticator(page)
    pages.enter_password(page, jane)
    page.goto(ADD)
    inspect(page, "passkey-add-first")
    pages.press(page, ADD_BUTTON)
    inspect(page, "passkey-added")
    page.goto(ADD)
    inspect(page, "passkey-add")
    pages.button(page, ADD_BUTTON).click()
    expect(problem(page)).to_be_visible()
    inspect(page, "passkey-add-again")
    pages.open_list(page)
    inspect(page, "passkey-list")
    pages.log_out(page)
    pages.enter_password(page, jane)
    inspect(page, "passkey-prompt")
    # What axe-core itself writes into a page, the policy blocks.
    assert [line for line in watch.complaints if not re.search("style", line)] == []
    watch.forget()
