"""Mistakes: where the page says so, in which words, and what each costs."""

from __future__ import annotations

import pytest
from django.core import mail
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests.browser import labels, pages
from tests.browser.conftest import NewPage
from tests.browser.copies import pair
from tests.browser.pages import button, link, shows

WRONG = (
    "Those digits do not match your card. Check that the serial ends with {serial} and that the "
    "first three digits belong to index number {first}. You have {left} attempt{s} left."
)
INDEX_NUMBERS = (
    "You entered the index numbers. Enter the three digits printed to the right of each index "
    "number."
)
LENGTH = (
    "Card Values must have six digits. You entered {entered}. Count zeros at the start: 007 is "
    "three digits."
)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_error_is_said_on_top_and_at_the_field(
    scripts: bool, new_page: NewPage, jane: User, code: str
) -> None:
    page = new_page(java_script_enabled=scripts)
    pages.activation_ready(page, jane, code)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        pages.send_values(page, "12345")
    assert answer.value.status == 422
    words = LENGTH.format(entered=5)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("heading", name="There is a problem", exact=True)).to_be_visible()
    assert page.title().startswith("Error: Activate your card")
    field = page.get_by_label(labels.CARD_VALUES, exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("12345")
    described = field.get_attribute("aria-describedby") or ""
    beside = " ".join(page.locator(f"#{part}").inner_text() for part in described.split())
    assert words in " ".join(beside.split())
    link(page, words).press("Enter")
    expect(field).to_be_focused()


def _errors(page: Page) -> Locator:
    return page.get_by_role("alert").get_by_role("listitem")


def test_each_mistake_has_its_own_words_and_only_wrong_digits_cost_an_attempt(
    page: Page, jane: User, code: str
) -> None:
    kept = pages.activation_ready(page, jane, code)
    row = SecurityCard.objects.get()
    first, second = pair(page)
    asked_again = {
        "": "Enter the six digits from your card",
        "12a456": "Card Values has digits only. Take out everything else.",
        "12345": LENGTH.format(entered=5),
        "1234567": LENGTH.format(entered=7),
        f"{first:03}{second:03}": INDEX_NUMBERS,
    }
    if first < 100 or second < 100:  # else it is the entry above, which is forgiven once
        asked_again[f"{first} {second}"] = INDEX_NUMBERS
    for entry, words in asked_again.items():
        pages.send_values(page, entry)
        expect(_errors(page)).to_have_text([words])
        row.refresh_from_db()
        assert row.activation_failures == 0
        assert pair(page) == (first, second)
    for left in (4, 3, 2, 1):
        pages.send_values(page, kept.wrong_answer(page))
        words = WRONG.format(
            serial=row.short_serial, first=first, left=left, s="" if left == 1 else "s"
        )
        if left == 1:
            words += " After that this card is cancelled and you can request a new one."
        expect(_errors(page)).to_have_text([words])
        assert pair(page) == (first, second)
    pages.activate(page, kept)


def test_which_half_was_wrong_is_never_told(page: Page, jane: User, code: str) -> None:
    kept = pages.activation_ready(page, jane, code)
    right, wrong = kept.answer(page), kept.wrong_answer(page)
    told = set()
    for entry in (right[:3] + wrong[3:], wrong[:3] + right[3:], wrong):
        pages.send_values(page, entry)
        told.add(_errors(page).inner_text().partition(" You have ")[0])
    assert len(told) == 1


def test_five_wrong_entries_cancel_the_card(page: Page, jane: User, code: str) -> None:
    kept = pages.activation_ready(page, jane, code)
    wrong = kept.wrong_answer(page)
    for _attempt in range(5):
        pages.send_values(page, wrong)
    shows(page, "This card was cancelled")
    expect(button(page, labels.REQUEST)).to_be_visible()
    assert [m.subject for m in mail.outbox].count("An Online Security Code Card was cancelled") == 1
    pages.open_list(page)
    page.get_by_text("Ended and cancelled devices").click()
    ended = page.get_by_role("listitem").filter(has_text="Online Security Code Card ending")
    expect(ended).to_contain_text("Cancelled")
    expect(button(page, labels.REQUEST)).to_be_visible()
