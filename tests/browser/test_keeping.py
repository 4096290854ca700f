"""Keeping the card: what counts as kept, the warning when nothing did, what the picture is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests.browser import pages
from tests.browser.pages import button, follow, link, press, shows


def picture(page: Page) -> bytes:
    """The bytes of the picture on screen, asked for as a save does."""
    url = page.locator("picture img").evaluate("e => e.currentSrc")
    return page.request.get(url, headers={"Sec-Fetch-Dest": "empty"}).body()


@pytest.mark.usefixtures("real_drawing")
def test_the_warning_leads_back_to_the_same_picture_or_on(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    before = hashlib.sha256(picture(page)).hexdigest()
    press(page, "Continue")
    expect(pages.heading(page, "Have you kept your card?")).to_be_focused()
    follow(page, link(page, "Back to the card"))
    shows(page, "Your Online Security Code Card")
    assert hashlib.sha256(picture(page)).hexdigest() == before
    press(page, "Continue")
    press(page, "Continue")
    shows(page, "Activate your card")
    assert SecurityCard.objects.get().kept == ""


def by_print(page: Page) -> None:
    """The button, with the dialog left out."""
    page.evaluate("window.print = () => {}")
    button(page, "Print").click()


def by_the_browsers_print_command(page: Page) -> None:
    """Ctrl+P, which the page learns of only by the event."""
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")


def by_pdf(page: Page) -> None:
    """The link."""
    with page.expect_download() as started:
        link(page, "Download PDF").click()
    assert re.fullmatch(r"online-security-code-card-\w{4}\.pdf", started.value.suggested_filename)


def by_png(page: Page) -> None:
    """The link."""
    with page.expect_download() as started:
        link(page, "Download PNG").click()
    assert re.fullmatch(r"online-security-code-card-\w{4}\.png", started.value.suggested_filename)


def by_text(page: Page) -> None:
    """The text page, whose own Continue counts."""
    follow(page, link(page, "Show the card as text"))
    shows(page, "Your card as text")


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (by_print, "print"),
        (by_the_browsers_print_command, "print"),
        (by_pdf, "pdf"),
        (by_png, "png"),
        (by_text, "text"),
    ],
)
def test_no_warning_after_a_way_of_keeping(
    keep: Callable[[Page], None], kept: str, page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    keep(page)
    press(page, "Continue")
    shows(page, "Activate your card")
    assert SecurityCard.objects.get().kept == kept


def test_the_text_page_counts_only_by_its_own_continue(page: Page, jane: User, code: str) -> None:
    pages.card_ready(page, jane, code)
    by_text(page)
    follow(page, link(page, "Back to the card"))
    press(page, "Continue")
    shows(page, "Have you kept your card?")


def test_printing_says_what_was_seen_and_makes_continue_the_main_button(
    page: Page, jane: User, code: str
) -> None:
    pages.card_ready(page, jane, code)
    ground = "e => getComputedStyle(e).backgroundColor"
    filled, outlined = (
        button(page, "Print").evaluate(ground),
        button(page, "Continue").evaluate(ground),
    )
    assert filled != outlined
    by_the_browsers_print_command(page)
    expect(page.get_by_role("status").filter(has_text="The print window was opened.")).to_have_text(
        "The print window was opened. Check your paper before you continue."
    )
    expect(button(page, "Continue")).to_have_css("background-color", filled)
    expect(button(page, "Print")).to_have_css("background-color", outlined)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(button(page, "Print")).to_be_focused()


def test_a_picture_that_fails_is_explained(page: Page, jane: User, code: str) -> None:
    page.route("**/image.png*", lambda route: route.fulfill(status=200, body="no picture"))
    pages.card_ready(page, jane, code)
    expect(
        page.get_by_text("The picture did not load. Reload this page or use Download PDF.")
    ).to_be_visible()
