"""A card that was not activated in its session: the copy still works, the card is not shown."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.pages import follow, link, press, shows

BANNER = (
    "You requested a card but did not activate it. If you kept a copy, activate it. If not, "
    "request a new card."
)


def test_a_kept_copy_is_activated_in_another_session(page: Page, jane: User, code: str) -> None:
    kept = pages.card_ready(page, jane, code)
    shown = page.url
    pages.log_out(page)
    pages.log_in(page, jane, code)
    pages.open_list(page)
    expect(page.get_by_role("region", name="Notices")).to_contain_text(BANNER)
    page.goto(shown)
    shows(page, "This card cannot be shown again")
    assert page.locator("main img").count() == 0
    for file in ("image.png?layout=wide", "card.pdf", "download.png"):
        answer = page.request.get(f"{shown}{file}", max_redirects=0)
        assert answer.status == 404, file
        assert not answer.body().startswith((b"\x89PNG", b"%PDF")), file
    page.goto(f"{shown}text/")
    shows(page, "This card cannot be shown again")
    follow(page, link(page, "Activate my copy"))
    shows(page, "Activate your card")
    expect(link(page, "Show me the card again")).to_have_count(0)
    pages.activate(page, kept)


def test_the_attempts_left_are_said_on_the_way_back(page: Page, jane: User, code: str) -> None:
    kept = pages.activation_ready(page, jane, code)
    asked = page.url
    for _attempt in range(2):
        pages.send_values(page, kept.wrong_answer(page))
    pages.log_out(page)
    pages.log_in(page, jane, code)
    page.goto(asked)
    expect(page.get_by_text("You have 3 attempts left.", exact=True)).to_be_visible()


def test_after_a_day_the_page_says_that_it_is_too_late(page: Page, jane: User, code: str) -> None:
    pages.card_ready(page, jane, code)
    shown = page.url
    row = SecurityCard.objects.get()
    pages.log_out(page)
    factories.shift(row, -timedelta(hours=24, seconds=1))
    pages.log_in(page, jane, code)
    for path in ("", "activate/"):
        page.goto(f"{shown}{path}")
        shows(page, "This card was not activated in time")
        expect(page.get_by_text("It had to be activated by ")).to_be_visible()
    press(page, labels.REQUEST)
    shows(page, "Your Online Security Code Card")
    assert page.url != shown


def test_an_older_copy_is_told_from_the_newer_card(
    page: Page, new_page: NewPage, jane: User, code: str
) -> None:
    pages.activation_ready(page, jane, code)
    first = SecurityCard.objects.get()
    other = new_page()
    pages.log_in(other, jane, code)
    pages.request_card(other)
    newer = SecurityCard.objects.latest("pk")
    pages.send_values(page, "123456")
    shows(page, "You have a newer card")
    expect(page.locator("main")).to_contain_text(
        f"The card ending {first.short_serial} was replaced by the card ending "
        f"{newer.short_serial}. Use the newer copy."
    )


def test_a_discarded_card_is_gone_and_another_can_be_requested(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    follow(page, link(page, "Discard this card"))
    shows(page, "Discard this card?")
    follow(page, link(page, "Keep it"))
    shows(page, "Your Online Security Code Card")
    follow(page, link(page, "Discard this card"))
    press(page, "Discard this card")
    shows(page, labels.SECURE_LOGIN_SYSTEM)
    expect(pages.device(page, "Online Security Code Card")).to_have_count(0)
    press(page, labels.REQUEST)
    shows(page, "Your Online Security Code Card")
