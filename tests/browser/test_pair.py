"""The two index numbers stay until they are answered; a used pair is gone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser import pages
from tests.browser.conftest import NewPage
from tests.browser.copies import pair
from tests.browser.pages import follow, link, shows


def test_the_pair_of_the_activation_is_the_same_everywhere(
    page: Page, new_page: NewPage, jane: User, code: str
) -> None:
    kept = pages.activation_ready(page, jane, code)
    asked = pair(page)
    assert asked[0] != asked[1]
    assert all(1 <= index <= 224 for index in asked)
    page.reload()
    assert pair(page) == asked
    tab = page.context.new_page()
    tab.goto(page.url)
    assert pair(tab) == asked
    pages.send_values(tab, kept.wrong_answer(tab))
    assert pair(tab) == asked
    pages.log_out(page)
    other = new_page()
    pages.log_in(other, jane, code)
    pages.open_list(other)
    follow(other, other.get_by_role("link", name="Activate"))
    assert pair(other) == asked
    pages.activate(other, kept)


def test_the_pair_of_a_login_is_the_same_until_it_is_answered(
    page: Page, new_page: NewPage, jane: User, code: str
) -> None:
    kept = pages.all_done(page, jane, code)
    pages.log_out(page)
    pages.enter_password(page, jane)
    asked = pair(page)
    page.reload()
    assert pair(page) == asked
    other = new_page()
    pages.enter_password(other, jane)
    assert pair(other) == asked
    pages.log_in_with_card(other, jane, kept)
    pages.log_out(other)
    pages.enter_password(other, jane)
    assert not set(pair(other)) & set(asked)


def test_the_card_works_although_ok_was_never_pressed(
    page: Page, new_page: NewPage, jane: User, code: str
) -> None:
    kept = pages.all_done(page, jane, code)
    page.context.close()
    page = new_page()
    pages.log_in_with_card(page, jane, kept)
    shows(page, "Home")
    follow(page, link(page, "Secure Login System").first)
    expect(pages.device(page, "Online Security Code Card ending")).to_contain_text("Active")
