"""The Back button never brings a card back, whatever the browser still has in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.browser import pages
from tests.browser.conftest import NEVER_WAIT_LONGER
from tests.browser.copies import Copy
from tests.browser.pages import follow, go_back, link, press, shows
from tests.browser.watch import Watch

# Told by the page that comes back, before its own scripts run.
NOTE = """addEventListener("pageshow", (event) => {
  if (event.persisted) sessionStorage.setItem("came-from-memory", "yes");
});"""


@pytest.fixture
def going_back(
    at_rest: object,
    watch: Watch,
    launch_browser: Callable[..., Browser],
    base_url: str,
) -> Iterator[Page]:
    """A page in a browser that keeps pages in memory for Back; Playwright's own does not."""
    browser = launch_browser(ignore_default_args=["--disable-back-forward-cache"])
    context = browser.new_context(base_url=base_url)
    context.set_default_timeout(NEVER_WAIT_LONGER)
    watch.over(context)
    yield context.new_page()
    browser.close()


def shows_no_card(page: Page, kept: Copy) -> None:
    """Neither the picture nor a value is in the page."""
    expect(page.locator("[data-card-picture], table.values")).to_have_count(0)
    text = page.locator("body").inner_text()
    for index, value in kept.values.items():
        assert f"{index}\t{value}" not in text


def test_back_after_the_activation_shows_no_card(going_back: Page, jane: User, code: str) -> None:
    page = going_back
    kept = pages.card_ready(page, jane, code)
    follow(page, link(page, "Show the card as text"))
    shows(page, "Your card as text")
    press(page, "Continue")
    shows(page, "Activate your card")
    pages.activate(page, kept)
    follow(page, link(page, "OK"))
    shows(page, "Secure Login System")
    for _step in range(4):
        go_back(page)
        shows_no_card(page, kept)


def test_back_after_log_out_shows_the_login_page(going_back: Page, jane: User, code: str) -> None:
    page = going_back
    kept = pages.card_ready(page, jane, code)
    shown = page.url
    pages.log_out(page)
    go_back(page)
    shows(page, "Login")
    shows_no_card(page, kept)
    for path in ("", "text/", "image.png?layout=wide", "card.pdf", "download.png", "activate/"):
        answer = page.request.get(f"{shown}{path}", max_redirects=0)
        assert answer.status == 302, path
        assert "/login/" in answer.headers["location"]


def test_a_page_from_the_browsers_memory_is_asked_for_anew(going_back: Page) -> None:
    page = going_back
    page.add_init_script(NOTE)
    # Pages with a form set a cookie, which empties Chromium's memory; other browsers differ.
    page.goto("/help/")
    page.goto("/")
    with page.expect_response("**/help/"):
        page.evaluate("setTimeout(() => history.back())")
    shows(page, "Lost your security device?")
    # Otherwise this browser proves nothing.
    assert page.evaluate("sessionStorage.getItem('came-from-memory')") == "yes"
