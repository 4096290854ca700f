"""The fields for digits: one plain box that takes what people paste and waits for Continue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests.browser import labels, pages
from tests.browser.copies import pair
from tests.browser.pages import shows

NO_BREAK_SPACE = "\u00a0"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
# How six or nine digits come out of a clipboard.
VARIANTS: dict[str, Callable[[str], str]] = {
    "space": lambda digits: f"{digits[:3]} {digits[3:]}",
    "hyphen": lambda digits: f"{digits[:3]}-{digits[3:]}",
    "around": lambda digits: f" {digits} ",
    "full width": lambda digits: digits.translate(FULL_WIDTH),
    "no-break space": lambda digits: f"{digits[:3]}{NO_BREAK_SPACE}{digits[3:]}",
}


def paste(page: Page, field: Locator, text: str) -> None:
    """Through the real clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    field.fill("")
    field.focus()
    page.keyboard.press("ControlOrMeta+V")


def test_pasted_card_values_keep_all_digits_and_mean_the_same(
    page: Page, jane: User, code: str
) -> None:
    kept = pages.activation_ready(page, jane, code)
    field = page.get_by_label(labels.CARD_VALUES, exact=True)
    last = list(VARIANTS)[-1]
    for attempts_left, name in zip((4, 3, 2, 1), VARIANTS, strict=False):
        pasted = VARIANTS[name](kept.wrong_answer(page))
        paste(page, field, pasted)
        expect(field).to_have_value(pasted)
        pages.press(page, "Continue")
        # A wrong answer, not a wrong form: the server read six digits.
        expect(page.get_by_role("alert")).to_contain_text(f"You have {attempts_left} attempt")
        expect(field).to_have_value(pasted)
    paste(page, field, VARIANTS[last](kept.answer(page)))
    pages.press(page, "Continue")
    shows(page, "Your Online Security Code Card is active")


@pytest.mark.parametrize("name", VARIANTS)
def test_a_pasted_temporary_code_is_understood(
    name: str, page: Page, jane: User, code: str
) -> None:
    pages.enter_password(page, jane)
    field = page.get_by_label(labels.TEMPORARY_CODE, exact=True)
    paste(page, field, VARIANTS[name](code))
    expect(field).to_have_value(VARIANTS[name](code))
    pages.press(page, "Login")
    shows(page, "Home")


def _is_one_plain_box(page: Page, label: str) -> None:
    field = page.get_by_label(label, exact=True)
    for name, value in {
        "type": "text",
        "inputmode": "numeric",
        "autocomplete": "one-time-code",
        "autocapitalize": "off",
        "spellcheck": "false",
    }.items():
        expect(field).to_have_attribute(name, value)
    for name in ("maxlength", "pattern", "placeholder", "autofocus"):
        assert field.get_attribute(name) is None
    assert field.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 16
    assert page.locator("main form input:not([type=hidden])").count() == 1


def test_each_field_for_digits_is_one_plain_box(page: Page, jane: User, code: str) -> None:
    pages.enter_password(page, jane)
    _is_one_plain_box(page, labels.TEMPORARY_CODE)
    kept = pages.activation_ready(page, jane, code)
    _is_one_plain_box(page, labels.CARD_VALUES)
    described = page.get_by_label(labels.CARD_VALUES, exact=True)
    first, second = pair(page)
    expect(described).to_have_accessible_description(
        f"Six digits: first the three digits for {first}, then the three digits for {second}, "
        "without spaces."
    )
    pages.activate(page, kept)
    pages.log_out(page)
    pages.enter_password(page, jane)
    _is_one_plain_box(page, labels.CARD_VALUES)


def test_six_digits_are_not_sent_before_continue(page: Page, jane: User, code: str) -> None:
    kept = pages.activation_ready(page, jane, code)
    sent: list[Request] = []

    def note(request: Request) -> None:
        # The first page that a browser sees asks for the icon late, for a font when it is needed.
        if "/static/" not in request.url:
            sent.append(request)

    page.on("request", note)
    page.get_by_label(labels.CARD_VALUES, exact=True).press_sequentially(kept.answer(page))
    page.wait_for_timeout(500)
    assert sent == []
    assert SecurityCard.objects.get().activated_at is None
    pages.press(page, "Continue")
    shows(page, "Your Online Security Code Card is active")
    assert sent[0].method == "POST"
