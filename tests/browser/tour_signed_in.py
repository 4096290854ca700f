"""The client's pages behind the login, as `tour.py` goes through those before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

from securelogin.security_card import activation, line
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.browser import labels, pages
from tests.browser.tour import Stage, State
from tests.securelogin.security_card.crowd import no_place


def settings(stage: Stage) -> Iterator[State]:
    """Home, User Settings, the list of devices; both layouts, both phases of a code."""
    page, jane = stage.page, stage.jane
    page.clock.install()
    pages.log_in(page, jane, stage.code())
    yield "home", "Home"
    page.clock.run_for("13:30")
    yield "idle-dialog", "Home"
    page.keyboard.press("Escape")
    page.goto("/settings/user/")
    page.get_by_text("What is the Secure Login System?").click()
    yield "user-settings", "User Settings"
    pages.choose_layout(page, "Classic")
    pages.open_classic_menu(page)
    yield "classic-menu", "User Settings"
    pages.open_list(page)
    yield "list-code", "Secure Login System"
    page.get_by_role("link", name="Cancel this").first.click()
    yield "cancel-only-device", "Cancel"
    page.goto("/settings/user/")
    pages.choose_layout(page, "Standard")
    factories.shift(TemporaryCode.objects.get(), -timedelta(days=3))
    pages.open_list(page)
    yield "list-card-only", "Secure Login System"


def card(stage: Stage) -> Iterator[State]:
    """From the card to the activation."""
    page, jane = stage.page, stage.jane
    pages.log_in(page, jane, stage.code())
    pages.request_card(page)
    yield "card", "Your Online Security Code Card"
    shown = page.url
    pages.link(page, "Show the card as text").click()
    yield "card-text", "Your card as text"
    pages.link(page, "Back to the card").click()
    pages.press(page, "Continue")
    yield "keep-check", "Have you kept your card?"
    pages.press(page, "Continue")
    yield "activate", "Activate your card"
    pages.press(page, "Continue")
    yield "activate-empty", "Error: Activate your card"
    page.goto(f"{shown}discard/")
    yield "discard", "Discard this card?"
    pages.open_list(page)
    yield "list-waiting", "Secure Login System"
    other = stage.new_page(reduced_motion="reduce")
    pages.log_in(other, jane, stage.code())
    other.goto(shown)
    stage.page = other
    yield "cannot-show", "This card cannot be shown again"


def waiting(stage: Stage) -> Iterator[State]:
    """In line for a card, while as many are made as may be."""
    page = stage.page
    pages.log_in(page, stage.jane, stage.code())
    pages.open_list(page)
    # Else the page would try again while it is looked at.
    with no_place(), mock.patch.object(line, "SOONEST", line.LATEST):
        pages.press(page, labels.REQUEST)
    yield "card-waiting", "You are in line for your card"


def over(stage: Stage) -> Iterator[State]:
    """Active, replaced, late, cancelled; the three cards used up."""
    page, jane = stage.page, stage.jane
    pages.all_done(page, jane, stage.code())
    yield "activated", "Your card is active"
    pages.link(page, "OK").click()
    yield "list-active", "Secure Login System"
    pages.log_out(page)
    digits = stage.code()
    old, _answers = factories.make_card(jane, active=False, code=TemporaryCode.objects.open().get())
    new, _answers = factories.make_card(jane, active=False, code=TemporaryCode.objects.open().get())
    pages.enter_password(page, jane)
    pages.link(page, "Temporary Code").click()
    page.get_by_label("Temporary Code", exact=True).fill(digits)
    pages.press(page, "Login")
    pages.shows(page, "Home")
    page.goto(_address(old))
    yield "replaced", "You have a newer card"
    page.goto(_address(new))
    for _attempt in range(4):
        activation.refuse(new)
    page.goto(f"{_address(new)}activate/")
    pages.send_values(page, "000000")
    yield "cancelled", "This card was cancelled"
    pages.press(page, labels.REQUEST)
    pages.shows(page, "Your Online Security Code Card")
    # A picture still on its way would find the card too late, and say so in the console.
    page.wait_for_load_state("networkidle")
    factories.shift(SecurityCard.objects.latest("pk"), -timedelta(hours=25))
    page.reload()
    yield "late", "This card was not activated in time"
    pages.open_list(page)
    page.get_by_text("Ended and cancelled devices").click()
    yield "list-three-cards", "Secure Login System"


def _address(row: SecurityCard) -> str:
    return f"/settings/user/secure-login/card/{row.public_id}/"
