"""What the desk's script adds: one key to the search, and a live status that asks by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Session, User
from tests import factories
from tests.browser import pages
from tests.browser.conftest import NewPage

FIELD = "[data-desk-search]"
SWITCH = "The key / goes to Find client"
ASKED = re.compile("/progress/$")


@pytest.fixture
def desk(new_page: NewPage, sam: User) -> Page:
    """An agent's screen."""
    page = new_page()
    pages.log_in(page, sam, factories.make_code(sam)[1])
    return page


def client_page(desk: Page, client: User) -> None:
    """Open a client's page."""
    desk.goto(f"/admin/accounts/user/{client.pk}/change/")


def test_one_key_goes_to_the_search(desk: Page, jane: User) -> None:
    client_page(desk, jane)
    field = desk.locator(FIELD)
    expect(field).not_to_be_focused()
    desk.keyboard.press("/")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    # In a field it is a character.
    desk.keyboard.type("a/b")
    expect(field).to_have_value("a/b")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("No client matches.")).to_be_visible()


def test_the_key_can_be_switched_off_for_good(desk: Page, jane: User) -> None:
    client_page(desk, jane)
    switch = desk.get_by_label(SWITCH, exact=True)
    expect(switch).to_be_checked()
    switch.uncheck()
    desk.reload()
    expect(switch).not_to_be_checked()
    desk.keyboard.press("/")
    expect(desk.locator(FIELD)).not_to_be_focused()
    switch.check()
    desk.keyboard.press("/")
    expect(desk.locator(FIELD)).to_be_focused()


def test_the_live_status_follows_the_client(desk: Page, page: Page, jane: User) -> None:
    digits = factories.make_code(jane)[1]
    pages.stop_clock(desk)
    client_page(desk, jane)
    steps = desk.locator(".progress .done")
    news = desk.locator("[data-progress-news]")
    expect(steps).to_have_count(0)
    pages.log_in(page, jane, digits)
    with desk.expect_response(ASKED):
        desk.clock.run_for(4_000)
    expect(steps).to_have_count(1)
    expect(news).to_have_text("Logged in with Temporary Code")
    pages.request_card(page)
    with desk.expect_response(ASKED):
        desk.clock.run_for(4_000)
    expect(steps).to_have_count(2)
    expect(news).to_have_text(re.compile("shown$"))


def test_it_asks_for_no_longer_than_a_session_lives(desk: Page, jane: User) -> None:
    factories.make_code(jane)
    pages.stop_clock(desk)
    client_page(desk, jane)
    desk.clock.fast_forward("15:01")
    expect(desk.get_by_text("No longer followed.")).to_be_visible()
    asked: list[str] = []
    desk.on(
        "request", lambda request: asked.append(request.url) if ASKED.search(request.url) else None
    )
    desk.clock.run_for("01:00")
    assert asked == []


def test_it_says_when_the_session_has_ended(desk: Page, jane: User, sam: User) -> None:
    factories.make_code(jane)
    pages.stop_clock(desk)
    client_page(desk, jane)
    Session.objects.filter(user=sam).delete()
    desk.clock.run_for(4_000)
    expect(desk.get_by_text("No longer followed: your session has ended")).to_be_visible()


def test_without_a_script_a_link_asks(new_page: NewPage, sam: User, jane: User) -> None:
    factories.make_code(jane)
    page = new_page(java_script_enabled=False)
    pages.log_in(page, sam, factories.make_code(sam)[1])
    client_page(page, jane)
    expect(page.get_by_label(SWITCH, exact=True)).to_be_hidden()
    pages.follow(page, page.get_by_role("link", name="Refresh", exact=True))
    pages.shows(page, "Jane Sample")
