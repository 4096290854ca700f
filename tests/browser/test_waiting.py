"""In line for a card: the page tries again by itself, or by its button; nobody has to know how."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from securelogin.security_card.line import Turn
from securelogin.security_card.models import SecurityCard
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.securelogin.security_card.browser import REQUEST
from tests.securelogin.security_card.crowd import no_place

TITLE = "You are in line for your card"
CARD = "Your Online Security Code Card"


@pytest.mark.usefixtures("at_rest")
def test_the_page_tries_again_by_itself_and_shows_the_card(
    new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(width=320)
    pages.stop_clock(page)
    pages.log_in(page, jane, code)
    pages.open_list(page)
    with no_place():
        pages.press(page, labels.REQUEST)
        for _ in range(2):
            pages.shows(page, TITLE)
            expect(page.get_by_text("This page tries again by itself in")).to_be_visible()
            expect(page.get_by_text("Press Try again")).to_be_hidden()
            page.clock.run_for(1000)
            with page.expect_navigation():
                page.clock.run_for(3000)
        pages.shows(page, TITLE)
    with page.expect_navigation():
        page.clock.run_for(4000)
    pages.shows(page, CARD)
    assert SecurityCard.objects.count() == 1
    # The address of the line, as Back and a restored tab ask for it, leads to that card.
    page.goto(REQUEST)
    pages.shows(page, CARD)
    assert SecurityCard.objects.count() == 1


def test_without_scripts_a_button_tries_again_and_the_place_is_kept(
    new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=False)
    pages.log_in(page, jane, code)
    pages.open_list(page)
    with no_place():
        pages.press(page, labels.REQUEST)
        pages.shows(page, TITLE)
        expect(page.get_by_text("Press Try again in")).to_be_visible()
        expect(page.get_by_text("by itself")).to_be_hidden()
        since = Turn.objects.get().asked_at
        pages.press(page, "Try again")
        pages.shows(page, TITLE)
        page.reload()
        pages.shows(page, TITLE)
    assert Turn.objects.get().asked_at == since
    pages.press(page, "Try again")
    pages.shows(page, CARD)
    assert SecurityCard.objects.count() == 1
