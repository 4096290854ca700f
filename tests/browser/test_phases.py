"""What a Temporary Code allows as it grows older, and the menu of the older layout."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin.moments import describe
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.browser import labels, pages
from tests.browser.pages import follow, link, shows

LIST = "/settings/user/secure-login/"


def test_the_first_two_days_give_everything_and_say_so(page: Page, jane: User, code: str) -> None:
    pages.log_in(page, jane, code)
    shows(page, "Home")
    row = TemporaryCode.objects.get()
    assert row.limited_at is not None
    expect(page.get_by_role("region", name="Notices")).to_contain_text(
        f"until {describe(row.limited_at, jane.time_zone)}"
    )
    expect(page.get_by_role("region", name="Notices")).to_contain_text("21 days")


def test_the_ten_days_after_give_a_card_and_nothing_else(page: Page, jane: User, code: str) -> None:
    row = TemporaryCode.objects.get()
    factories.shift(row, -timedelta(days=2, seconds=1))
    pages.enter_password(page, jane)
    page.get_by_label(labels.TEMPORARY_CODE, exact=True).fill(code)
    pages.press(page, labels.LOGIN)
    shows(page, labels.SECURE_LOGIN_SYSTEM)
    assert row.expires_at is not None
    expect(page.get_by_role("region", name="Notices")).to_contain_text(
        "Your Temporary Code now only lets you request an Online Security Code Card. "
        f"You can do this until {describe(row.expires_at, jane.time_zone)}."
    )
    menu = page.get_by_role("navigation", name="Main").filter(visible=True)
    assert menu.get_by_role("link").all_inner_texts() == [labels.SECURE_LOGIN_SYSTEM, "Help"]
    for path in ("/home/", "/settings/user/", "/admin/", "/admin/accounts/user/"):
        page.goto(path)
        assert page.url.endswith(LIST), path
    assert page.get_by_role("link", name="Home").count() == 0
    pages.request_card(page)
    kept = pages.copy_of_card(page)
    pages.to_activation(page)
    pages.activate(page, kept)
    follow(page, link(page, "OK"))
    page.goto("/home/")
    shows(page, "Home")


def test_a_session_shrinks_and_ends_with_its_code(page: Page, jane: User, code: str) -> None:
    pages.log_in(page, jane, code)
    row = TemporaryCode.objects.get()
    factories.shift(row, -timedelta(days=2, seconds=1))
    page.goto("/home/")
    assert page.url.endswith(LIST)
    factories.shift(row, -timedelta(days=10))
    page.goto(LIST)
    shows(page, "Login")


def test_after_twelve_days_the_page_says_that_it_ended(page: Page, jane: User, code: str) -> None:
    row = TemporaryCode.objects.get()
    factories.shift(row, -timedelta(days=12, seconds=1))
    pages.enter_password(page, jane)
    shows(page, "Your Temporary Code has ended")
    assert row.expires_at is not None
    expect(page.locator("main")).to_contain_text(
        f"It was valid until {describe(row.expires_at, jane.time_zone)}."
    )
    expect(page.locator("main").get_by_role("link", name="+00 000 000 000")).to_be_visible()
    assert page.locator("main input:not([type=hidden])").count() == 0


def test_a_card_that_ended_says_so_at_the_login(page: Page, jane: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=21, seconds=1), tick=True):
        factories.make_card(jane)
    pages.enter_password(page, jane)
    shows(page, "Your Online Security Code Card has ended")


@pytest.mark.parametrize("width", [1280, 320])
def test_the_classic_menu_leads_to_the_same_page(
    width: int, page: Page, jane: User, code: str
) -> None:
    pages.log_in(page, jane, code)
    page.goto("/settings/user/")
    pages.choose_layout(page, "Classic")
    page.set_viewport_size({"width": width, "height": 640})
    page.goto("/home/")
    narrow = page.locator("summary", has_text="Menu").filter(visible=True)
    if narrow.count():
        narrow.click()
    pages.open_classic_menu(page)
    follow(page, link(page, labels.SECURITY_DEVICE).filter(visible=True))
    shows(page, labels.SECURE_LOGIN_SYSTEM)
    expect(pages.button(page, labels.REQUEST)).to_be_visible()
