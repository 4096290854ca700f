"""A new password in a browser: with a script it can be looked at, without one it is typed twice."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from accounts.models import User
from tests import factories
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.browser.pages import button, follow
from tests.browser.tour_passwords import age_the_proof

URL = "/settings/user/password/"
NEW = "four unrelated teapots"


def has_password(user: User, password: str) -> bool:
    """Whether it is the user's now."""
    return User.objects.get(pk=user.pk).check_password(password)


def test_with_a_script_one_field_that_can_be_looked_at(page: Page, jane: User, code: str) -> None:
    pages.log_in(page, jane, code)
    page.goto(URL)
    expect(page.locator("main input:visible")).to_have_count(1)
    field = page.get_by_label("New password", exact=True)
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    # As from a password manager.
    page.evaluate("text => { document.querySelector('#id_password').value = text; }", NEW)
    pages.press(page, "Change password")
    expect(page.get_by_role("status")).to_contain_text("Your password was changed.")
    assert has_password(jane, NEW)


def test_without_a_script_it_is_typed_twice(new_page: NewPage, jane: User, code: str) -> None:
    page = new_page(java_script_enabled=False, width=320)
    pages.log_in(page, jane, code)
    page.goto(URL)
    expect(page.get_by_role("button", name="Show password")).to_have_count(0)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password again", exact=True).fill("four unrelated teapot")
    pages.press(page, "Change password")
    expect(page.get_by_role("alert")).to_contain_text("The two passwords are not the same.")
    assert not has_password(jane, NEW)
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill(NEW)
    pages.press(page, "Change password")
    expect(page.get_by_role("status")).to_contain_text("Your password was changed.")
    assert has_password(jane, NEW)


def test_logging_out_elsewhere_ends_the_other_browser(
    page: Page, new_page: NewPage, jane: User, code: str
) -> None:
    other = new_page()
    pages.log_in(other, jane, code)
    pages.log_in(page, jane, code)
    follow(page, pages.link(page, "Where you are logged in"))
    follow(page, page.get_by_role("button", name=re.compile("^Log out.*Chrome, logged in ")))
    expect(page.get_by_role("status").first).to_contain_text("The other browser is logged out.")
    other.goto("/home/")
    pages.shows(other, "Login")
    expect(other.get_by_role("status")).to_contain_text("you logged out from another browser")


def test_the_wait_for_a_proof_keeps_contact_data(page: Page, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    pages.log_in(page, jane, digits)
    age_the_proof()
    page.goto("/settings/user/contact/")
    page.get_by_label("Email address", exact=True).fill("jane@new.example")
    pages.press(page, "Save")
    pages.shows(page, "Confirm that it is you")
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_label("Temporary Code", exact=True).fill(digits)
    pages.press(page, "Confirm")
    expect(page.get_by_label("Email address", exact=True)).to_have_value("jane@new.example")
    pages.press(page, "Save")
    pages.shows(page, "Confirm your new address")


def test_what_is_typed_before_the_script_is_there_stays_with_the_focus(page: Page) -> None:
    held: list[Route] = []
    page.route("**/portal*.js", lambda route: held.append(route))
    with page.expect_request("**/portal*.js"):
        page.goto("/login/", wait_until="commit")
    field = page.get_by_label("Password", exact=True)
    field.press_sequentially("amber-")
    assert button(page, "Show password").count() == 0
    held[0].continue_()
    expect(button(page, "Show password")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.type("lighthouse")
    expect(field).to_have_value("amber-lighthouse")
