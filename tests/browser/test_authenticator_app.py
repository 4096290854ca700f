"""An authenticator app in a browser: scanned from the screen, and asked at the next login."""

from __future__ import annotations

import io

import pyotp
import pytest
import time_machine
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin.authenticator_app.models import AuthenticatorApp
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.browser.pages import follow, link, press, shows
from tests.browser.tour_app import CODE
from tests.securelogin.authenticator_app.apps import PROMPT, START, STEP


def scanned(page: Page) -> pyotp.TOTP:
    """A phone's camera on the screen: the whole page as a picture, and no markup."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    [found] = zxingcpp.read_barcodes(picture)
    entry = pyotp.parse_uri(found.text)
    assert isinstance(entry, pyotp.TOTP)
    return entry


def enter(page: Page, button: str, phone: pyotp.TOTP, steps: int = 0) -> None:
    """Type what the phone shows, and send it."""
    page.get_by_label(CODE, exact=True).fill(phone.at(timezone.now() + steps * STEP))
    press(page, button)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_first_device_is_scanned_proven_and_asked_at_the_next_login(
    scripts: bool, new_page: NewPage, jane: User
) -> None:
    page = new_page(java_script_enabled=scripts)
    pages.enter_password(page, jane)
    shows(page, "Add a security device")
    follow(page, link(page, "Add an authenticator app"))
    press(page, "Show the QR code")
    shows(page, "Scan this QR code")
    phone = scanned(page)
    app_label = page.get_by_text(f"{phone.issuer}, {phone.name}")
    expect(app_label).to_be_visible()
    page.get_by_label("Name (optional)", exact=True).fill("My phone")
    enter(page, "Continue", phone)
    shows(page, "Your security device was added")
    follow(page, link(page, "OK"))
    expect(pages.device(page, "Authenticator app My phone")).to_contain_text("Active")
    pages.log_out(page)
    pages.enter_password(page, jane)
    shows(page, PROMPT)
    serial = AuthenticatorApp.objects.get().short_serial
    expect(page.get_by_text(f"device ending {serial}")).to_be_visible()
    # The code that proved it has served; the next one has not.
    with time_machine.travel(timezone.now() + STEP):
        enter(page, "Login", phone)
    page.wait_for_url(pages.HOME)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_a_camera_reads_the_code_from_any_screen(
    width: int, scheme: str, new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(width=width, color_scheme=scheme)
    pages.log_in(page, jane, code, to=START)
    press(page, "Show the QR code")
    first = scanned(page)
    page.reload()
    assert scanned(page).provisioning_uri() == first.provisioning_uri()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_two_fast_clicks_add_one_device(
    scripts: bool, new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=scripts)
    pages.log_in(page, jane, code, to=START)
    press(page, "Show the QR code")
    phone = scanned(page)
    page.get_by_label(CODE, exact=True).fill(phone.at(timezone.now()))
    pages.button(page, "Continue").dblclick(no_wait_after=True)
    # Without scripts the browser may drop the answer to the first click, and the session's new
    # key with it: the client has to log in, with the app that was added.
    done = pages.heading(page, "Your security device was added")
    expect(done if scripts else done.or_(pages.heading(page, "Login"))).to_be_visible()
    assert AuthenticatorApp.objects.count() == 1


def test_after_logging_out_back_shows_no_key(page: Page, jane: User, code: str) -> None:
    pages.log_in(page, jane, code, to=START)
    press(page, "Show the QR code")
    secret = scanned(page).secret
    pages.log_out(page)
    page.go_back()
    shows(page, "Login")
    assert secret not in page.content()
