"""The pages of an authenticator app, as `tour.py` goes through the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from playwright.sync_api import expect

from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.conf import policy
from securelogin.models import lift_waits
from tests.browser import pages
from tests.browser.tour import Stage, State
from tests.securelogin.authenticator_app import apps
from tests.securelogin.authenticator_app.apps import START, Phone

CODE = "Code from the app"


def app(stage: Stage) -> Iterator[State]:
    """Added in a session, with every mistake; then asked at a login."""
    page, jane = stage.page, stage.jane
    pages.log_in(page, jane, stage.code(), to=START)
    yield "app-start", "Add an authenticator app"
    pages.press(page, "Show the QR code")
    yield "app-scan", "Scan this QR code"
    page.get_by_text("I cannot scan it").click()
    yield "app-scan-typed", "Scan this QR code"
    pages.press(page, "Continue")
    yield "app-empty", "Error: Scan this QR code"
    phone = Phone(page.content())
    page.get_by_label(CODE, exact=True).fill(phone.code(clock=timedelta(minutes=4)))
    pages.press(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("The clock of your phone is wrong")
    yield "app-clock", "Error: Scan this QR code"
    wrong = apps.wrong_code(*(phone.code(steps) for steps in range(-22, 23)))
    for _attempt in range(policy().activation_attempts):
        page.get_by_label(CODE, exact=True).fill(wrong)
        pages.press(page, "Continue")
    yield "app-key-over", "Add an authenticator app"
    pages.press(page, "Show the QR code")
    page.get_by_label(CODE, exact=True).fill(Phone(page.content()).code())
    page.get_by_label("Name (optional)", exact=True).fill("My phone")
    pages.press(page, "Continue")
    yield "app-added", "Authenticator app My phone"
    pages.open_list(page)
    yield "app-list", "Secure Login System"
    pages.log_out(page)
    pages.enter_password(page, jane)
    yield "app-code", "Confirm that it is you"
    device = AuthenticatorApp.objects.get()
    page.get_by_label(CODE, exact=True).fill(apps.wrong_code(apps.code(device)))
    pages.press(page, "Login")
    yield "app-code-wrong", "Error: Confirm that it is you"


def first_app(stage: Stage) -> Iterator[State]:
    """Added between the password and the second step; a page without a menu."""
    page = stage.page
    pages.enter_password(page, stage.mallory)
    yield "first-device", "Add a security device"
    pages.follow(page, pages.link(page, "Add an authenticator app"))
    yield "first-app-start", "Add an authenticator app"
    pages.press(page, "Show the QR code")
    yield "first-app-scan", "Scan this QR code"


def way_back(stage: Stage) -> Iterator[State]:
    """On hold, taken back with the card waiting, renamed, and removed as the last one."""
    page, jane = stage.page, stage.jane
    app = apps.make_app(jane, "my phone")
    pages.log_in(page, jane, stage.code(), to=pages.LIST)
    yield "held-list", "Secure Login System"
    pages.follow(page, page.get_by_role("link", name=re.compile("^Reactivate")))
    yield "held-reactivate", "Reactivate your device"
    page.get_by_label(CODE, exact=True).fill(apps.wrong_code(apps.code(app)))
    pages.press(page, "Reactivate")
    yield "held-reactivate-wrong", "Error: Reactivate your device"
    lift_waits(jane)
    page.get_by_label(CODE, exact=True).fill(apps.unused_code(app))
    pages.press(page, "Reactivate")
    yield "held-back", "Authenticator app my phone"
    pages.open_list(page)
    pages.follow(page, page.get_by_role("link", name=re.compile("^Rename")))
    yield "held-rename", "Rename this device"
    pages.open_list(page)
    pages.follow(page, page.get_by_role("link", name=re.compile("^Remove")))
    yield "held-remove", "Remove this device"
