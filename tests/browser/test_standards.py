"""What axe-core leaves out by default or cannot see: text spacing, and names that hold labels."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from accounts.models import User
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.inspection import NARROW, sideways, violations

# WCAG 1.4.12, as far as a person may set it. The words of the criterion.
SPACING = """* {
  line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important;
} p { margin-bottom: 2em !important; }"""
# Text in a box that hides what does not fit.
CUT_OFF = """() => [...document.querySelectorAll("body *")]
  .filter((e) => /hidden|clip/.test(getComputedStyle(e).overflow) && e.innerText?.trim()
    && e.getClientRects().length && e.clientWidth > 1
    && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1))
  .map((e) => e.outerHTML.slice(0, 120))"""
# Experimental in axe, so off by default (WCAG 2.5.3).
LABEL_IN_NAME = {
    "runOnly": {"type": "rule", "values": ["label-content-name-mismatch"]},
    "resultTypes": ["violations"],
}


def tour(page: Page, jane: User, code: str) -> list[str]:
    """Addresses from the start page to the activation, the card and its text among them."""
    pages.card_ready(page, jane, code)
    card = page.url
    signed_in = ["/home/", "/settings/user/", "/settings/user/secure-login/"]
    return ["/", "/help/", *signed_in, card, f"{card}text/", f"{card}activate/"]


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_no_text_is_lost_when_somebody_sets_wider_spacing(
    width: str, new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(bypass_csp=True)  # the policy refuses a style sheet of the test as well
    if width == "narrow":
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for address in tour(page, jane, code):
        page.goto(address)
        page.add_style_tag(content=SPACING)
        assert sideways(page) == [], address
        assert page.evaluate(CUT_OFF) == [], address


def test_each_control_is_called_what_it_says(page: Page, jane: User, code: str) -> None:
    for address in tour(page, jane, code):
        page.goto(address)
        assert violations(page, LABEL_IN_NAME) == [], address
    # The rule is on: it sees a name that leaves out what the button says.
    pages.button(page, labels.CONTINUE).evaluate("e => e.setAttribute('aria-label', 'Onwards')")
    assert len(violations(page, LABEL_IN_NAME)) == 1
