"""The time-out: asked in time, answered by key or click, and the screen cleared at the end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from accounts.models import User
from tests.browser import pages
from tests.browser.pages import button, follow, shows
from tests.browser.watch import Watch

PICTURES = "document.querySelectorAll('img[data-card-picture][src], source[srcset]').length"
# What a screen reader is told, and what is left on screen when the next page takes over.
COUNT_UPDATES = f"""() => {{
  const updates = [];
  const status = document.querySelector("[data-idle-status]");
  new MutationObserver(() => {{ if (status.textContent) updates.push(status.textContent); }})
    .observe(status, {{ childList: true, characterData: true, subtree: true }});
  addEventListener("pagehide", () => {{
    sessionStorage.setItem("updates", updates.join("|"));
    sessionStorage.setItem("pictures", {PICTURES});
  }});
}}"""


def dialog(page: Page) -> Locator:
    """The question."""
    return page.get_by_role("dialog", name="Are you still there?")


@pytest.fixture
def card_page(page: Page, jane: User, code: str) -> Page:
    """The card on screen, on a clock that only the test moves."""
    pages.stop_clock(page)
    pages.card_ready(page, jane, code)
    return page


def test_the_question_comes_two_minutes_before_the_end(card_page: Page) -> None:
    page = card_page
    page.clock.run_for("12:50")
    expect(dialog(page)).to_be_hidden()
    page.clock.run_for("00:12")
    expect(dialog(page)).to_be_visible()
    expect(dialog(page)).to_contain_text(
        "We will log you out in 2 minutes. Your card has not been activated yet."
    )
    expect(dialog(page).get_by_role("button", name="Stay logged in")).to_be_focused()


def test_escape_means_stay(card_page: Page) -> None:
    page = card_page
    button(page, "Print").focus()
    page.clock.run_for("13:05")
    with page.expect_response("**/session/keep-alive/") as answer:
        page.keyboard.press("Escape")
    assert answer.value.json() == {"expires_in": 900}
    expect(dialog(page)).to_be_hidden()
    expect(button(page, "Print")).to_be_focused()
    page.clock.run_for("12:00")
    expect(dialog(page)).to_be_hidden()
    shows(page, "Your Online Security Code Card")


def test_at_the_end_the_card_leaves_the_screen_before_the_next_page_comes(card_page: Page) -> None:
    page = card_page
    assert page.evaluate(PICTURES) == 3
    page.clock.run_for("13:02")
    page.evaluate(COUNT_UPDATES)
    page.clock.run_for("01:50")
    assert page.evaluate(PICTURES) == 3
    page.clock.run_for("00:10")
    shows(page, "You were logged out")
    assert page.evaluate("sessionStorage.getItem('pictures')") == "0"
    # A screen reader is told rarely: the words at 2 minutes came before the count began.
    assert page.evaluate("sessionStorage.getItem('updates')").split("|") == [
        "We will log you out in 1 minute 30 seconds.",
        "We will log you out in 1 minute.",
        "We will log you out in 30 seconds.",
    ]


def test_log_out_in_the_question_ends_the_session(card_page: Page) -> None:
    page = card_page
    page.clock.run_for("13:05")
    follow(page, dialog(page).get_by_role("button", name="Log out", exact=True))
    shows(page, "You are logged out")
    page.goto("/home/")
    shows(page, "Login")


def test_tabs_share_one_clock(card_page: Page) -> None:
    page = card_page
    tab = page.context.new_page()
    tab.goto("/home/")
    page.clock.run_for("13:05")
    expect(dialog(tab)).to_be_visible()
    with tab.expect_response("**/session/keep-alive/"):
        tab.keyboard.press("Escape")
    expect(dialog(tab)).to_be_hidden()
    expect(dialog(page)).to_be_hidden()


def test_a_lost_connection_is_said_and_the_clock_runs_on(card_page: Page, watch: Watch) -> None:
    page = card_page
    watch.ignore("net::ERR_FAILED")
    page.clock.run_for("13:05")
    page.route("**/session/keep-alive/", lambda route: route.abort())
    button(page, "Stay logged in").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("We could not reach our server.")
    page.unroute("**/session/keep-alive/")
    button(page, "Stay logged in").click()
    expect(dialog(page)).to_be_hidden()


def test_no_page_uses_the_browsers_own_dialogs(page: Page, jane: User, code: str) -> None:
    seen: list[Dialog] = []
    page.on("dialog", lambda shown: seen.append(shown))
    pages.log_in(page, jane, code)
    pages.request_card(page)
    pages.to_activation(page)
    assert seen == []
