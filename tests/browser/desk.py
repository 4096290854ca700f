"""The desk's pages by their labels."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.pages import follow, link, press, shows

CLIENTS = "/admin/accounts/user/"


def find_client(page: Page, words: str) -> None:
    """Search, from any page of the desk."""
    page.get_by_role("textbox", name="Find client").fill(words)
    press(page, "Find")


def open_client(page: Page, name: str) -> None:
    """From the search to the client's page."""
    find_client(page, name)
    follow(page, link(page, name))
    shows(page, name)


def fill_issue_form(page: Page, reason: str = "A") -> None:
    """A passport seen, why, and the ticket."""
    page.get_by_label("Document", exact=True).select_option(label="Passport")
    page.get_by_label("In person").check()
    page.get_by_role("radio", name=re.compile(f"^{reason} - ")).check()
    page.get_by_label("Ticket number", exact=True).fill("88121")


def issue(page: Page, reason: str = "A") -> str:
    """From the client's page to the read-out page; returns the digits on screen."""
    follow(page, link(page, "Issue Temporary Code"))
    fill_issue_form(page, reason)
    press(page, "Issue Temporary Code")
    return digits_on(page)


def digits_on(page: Page) -> str:
    """The code that is read out now."""
    shown = page.locator(".desk-code .digits")
    expect(shown).to_have_count(3)
    groups = shown.all_inner_texts()
    assert [len(group) for group in groups] == [3, 3, 3]
    return "".join(groups)
