"""Card Values as people type them: what is forgiven, and the exact words for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import Status
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.security_card.browser import holder_of, wrong

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
# Both index numbers with three digits: typed instead of the values they are six.
PAIR = (117, 205)
INDEX_NUMBERS = (
    "You entered the index numbers. Enter the three digits printed to the right of each index "
    "number."
)
FORMAT_ERRORS = [
    ("", "Enter the six digits from your card"),
    (" - ", "Enter the six digits from your card"),
    ("12345x", "Card Values has digits only. Take out everything else."),
    ("117: 482", "Card Values has digits only. Take out everything else."),
    (
        "12345",
        "Card Values must have six digits. You entered 5. Count zeros at the start: 007 is three "
        "digits.",
    ),
    (
        "123 456 7",
        "Card Values must have six digits. You entered 7. Count zeros at the start: 007 is three "
        "digits.",
    ),
]


class Desk:
    """One page that asks for Card Values, and the card it asks about."""

    def __init__(self, card: SecurityCard, answer: str, post: Callable[[str], Any]) -> None:
        self.card, self.answer, self.post = card, answer, post


def put_first(card: SecurityCard, answers: list[str], number: int) -> str:
    """Make challenge ``number`` ask for PAIR, and return its right answer."""
    order = bytearray(card.order)
    at = 2 * number
    for place, index in enumerate(PAIR):
        other = order.index(index)
        order[at + place], order[other] = order[other], order[at + place]
    SecurityCard.objects.filter(pk=card.pk).update(order=bytes(order))
    card.refresh_from_db()
    return answers[number]


@pytest.fixture(params=["activation", "sign-in"])
def desk(request: pytest.FixtureRequest, jane: User, clock: Clock) -> Desk:
    """The two pages with the field."""
    if request.param == "activation":
        holder = holder_of(jane)
        answer = put_first(holder.card, holder.answers, 0)
        return Desk(holder.card, answer, holder.activate)
    card, answers = factories.make_card(jane)
    answer = put_first(card, answers, 1)

    def post(typed: str) -> Any:
        clock.shift(timedelta(minutes=20))
        return factories.sign_in(Client(), jane, typed, "card_values")

    return Desk(card, answer, post)


def untouched(desk: Desk) -> bool:
    """Whether nothing was counted."""
    desk.card.refresh_from_db()
    return desk.card.activation_failures == 0 and desk.card.attempts_left == 10


@pytest.mark.parametrize(("typed", "message"), FORMAT_ERRORS)
def test_a_format_error_is_explained_and_costs_nothing(
    desk: Desk, typed: str, message: str
) -> None:
    for _ in range(6):
        response = desk.post(typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(message) == 2, "in the summary and at the field"
    assert re.search(r"<title>\s*Error: ", page)
    if typed.strip():
        assert f'value="{typed}"' in page
    assert untouched(desk)
    assert desk.post(desk.answer).status_code == 302


@pytest.mark.parametrize("mark", [" ", "-", ".", "\u00a0", "\u2009–", "\t"])
def test_separators_are_forgiven(desk: Desk, mark: str) -> None:
    assert desk.post(f" {desk.answer[:3]}{mark}{desk.answer[3:]} ").status_code == 302


def test_full_width_digits_are_forgiven(desk: Desk) -> None:
    typed = "".join(chr(0xFF10 + int(digit)) for digit in desk.answer)
    assert desk.post(typed).status_code == 302


def test_typed_index_numbers_are_explained_and_forgiven_once(desk: Desk) -> None:
    assert INDEX_NUMBERS in desk.post("117205").content.decode()
    assert untouched(desk)
    again = desk.post("117205").content.decode()
    assert INDEX_NUMBERS not in again
    assert "Those digits do not match your card." in again
    assert not untouched(desk)


def test_short_index_numbers_are_explained_like_long_ones(jane: User) -> None:
    card, _answers = factories.make_card(jane)
    order = bytearray(card.order)
    for place, index in ((2, 17), (3, 5)):
        other = order.index(index)
        order[place], order[other] = order[other], order[place]
    SecurityCard.objects.filter(pk=card.pk).update(order=bytes(order))
    for typed in ("175", "17 5", "017005"):
        page = factories.sign_in(Client(), jane, typed, "card_values").content.decode()
        assert INDEX_NUMBERS in page, typed
    assert card.attempts_left == 10


def test_wrong_digits_name_the_card_and_the_order_but_no_half(desk: Desk) -> None:
    page = desk.post(wrong(desk.answer)).content.decode()
    message = (
        f"Those digits do not match your card. Check that the serial ends with "
        f"{desk.card.short_serial} and that the first three digits belong to index number 117."
    )
    assert message in page
    assert f'value="{wrong(desk.answer)}"' in page
    assert desk.answer not in page


def test_the_page_asks_for_the_pair_with_its_columns(desk: Desk) -> None:
    page = desk.post("").content.decode()
    assert '<strong class="pair-index">117</strong>' in page
    assert '<strong class="pair-index">205</strong>' in page
    assert "in the column 113 to 140" in page
    assert "in the column 197 to 224" in page
    hint = "Six digits: first the three digits for 117, then the three digits for 205, without"
    assert hint in page
    for attribute in ('inputmode="numeric"', 'autocomplete="one-time-code"', 'type="text"'):
        assert attribute in page
    assert "maxlength" not in page
    assert "pattern=" not in page


def test_leading_zeros_count(jane: User) -> None:
    holder = holder_of(jane)
    assert "You entered 4." in holder.activate(holder.answers[0][:4]).content.decode()
    assert holder.reload().status is Status.WAITING
