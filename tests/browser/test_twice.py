"""Everything pressed twice happens once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Request, expect

from accounts.models import User
from securelogin.lifecycle import Status
from securelogin.security_card.models import SecurityCard
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.pages import button, shows

AtRest = Callable[[], None]
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


@SCRIPTS
def test_two_fast_clicks_make_one_card(
    scripts: bool, new_page: NewPage, at_rest: AtRest, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=scripts)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    pages.log_in(page, jane, code)
    pages.open_list(page)
    sent.clear()
    button(page, labels.REQUEST).dblclick(no_wait_after=True)
    shows(page, "Your Online Security Code Card")
    assert len(sent) == 1 or not scripts
    page.wait_for_load_state("networkidle")
    at_rest()
    assert [row.status for row in SecurityCard.objects.all()] == [Status.WAITING]
    # The session can show it: the values belong to the card that was made.
    assert len(pages.copy_of_card(page).values) == 224


@SCRIPTS
def test_two_fast_clicks_activate_once(
    scripts: bool, new_page: NewPage, at_rest: AtRest, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=scripts)
    kept = pages.activation_ready(page, jane, code)
    page.get_by_label(labels.CARD_VALUES, exact=True).fill(kept.answer(page))
    button(page, "Continue").dblclick(no_wait_after=True)
    # Without scripts the browser may drop the answer to the first click, and the session's new
    # key with it: the client has to log in, with the card that is active.
    done = pages.heading(page, "Your Online Security Code Card is active")
    expect(done if scripts else done.or_(pages.heading(page, "Login"))).to_be_visible()
    at_rest()
    assert sum("Card is active until" in str(sent.subject) for sent in mail.outbox) == 1
    row = SecurityCard.objects.get()
    assert (row.status, row.answered, row.activation_failures) == (Status.ACTIVE, 1, 0)


def test_reload_and_back_after_the_request_keep_the_card(
    new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page()
    pages.log_in(page, jane, code)
    pages.request_card(page)
    shown = page.url
    page.reload()
    page.go_back()
    shows(page, labels.SECURE_LOGIN_SYSTEM)
    pages.press(page, labels.REQUEST)
    shows(page, "Your Online Security Code Card")
    assert page.url == shown
    assert SecurityCard.objects.count() == 1
