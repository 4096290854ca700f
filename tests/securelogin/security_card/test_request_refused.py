"""Who gets no card, or no further one: limits, ends, and a password alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import Status
from securelogin.security_card.models import (
    RequestRefusal,
    RequestRefusedError,
    SecurityCard,
)
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.security_card.browser import LIST, REQUEST, holder_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
BUTTON = "Request Online (Temporary) Security Code Card</button>"


def test_a_code_pays_for_three_cards(jane: User) -> None:
    client = factories.client_with_code(jane)
    for _ in range(3):
        holder = holder_of(jane, client)
        assert client.post(holder.url("discard"))["Location"] == LIST
    assert client.post(REQUEST)["Location"] == LIST
    assert SecurityCard.objects.count() == 3
    page = client.get(LIST).content.decode()
    assert BUTTON not in page
    words = "You have requested 3 cards with this Temporary Code. Call Client Services to continue."
    assert words in page


def test_the_third_cancelled_card_offers_no_fourth(jane: User) -> None:
    client = factories.client_with_code(jane)
    for _ in range(3):
        holder = holder_of(jane, client)
        for _ in range(5):
            page = holder.activate("000000" if holder.answers[0] != "000000" else "111111")
    assert "This card was cancelled" in page.content.decode()
    assert BUTTON not in page.content.decode()


def test_a_new_code_pays_again(jane: User) -> None:
    code, _digits = factories.make_code(jane)
    for _ in range(3):
        factories.make_card(jane, code=code, active=False)
    with pytest.raises(RequestRefusedError) as refused:
        factories.make_card(jane, code=code, active=False)
    assert refused.value.reason is RequestRefusal.TOO_MANY
    fresh, _digits = factories.make_code(jane)
    card, _answers = factories.make_card(jane, code=fresh, active=False)
    assert card.status is Status.WAITING


def test_cards_that_were_read_already_are_counted_as_the_data_base_counts_them(jane: User) -> None:
    code, _digits = factories.make_code(jane)
    for made in range(4):
        known = list(SecurityCard.objects.of(jane))
        refusal = SecurityCard.objects.request_refusal(code, AUTUMN)
        assert refusal is (RequestRefusal.TOO_MANY if made == 3 else None)
        assert SecurityCard.objects.request_refusal(code, AUTUMN, known) is refusal
        if refusal is None:
            factories.make_card(jane, code=code, active=False)
    fresh, _digits = factories.make_code(jane)
    assert SecurityCard.objects.request_refusal(fresh, AUTUMN, known) is None


@pytest.mark.parametrize(
    ("after", "allowed"), [(timedelta(days=12) - SECOND, True), (timedelta(days=12), False)]
)
def test_a_code_entitles_until_its_end_to_the_second(
    jane: User, clock: Clock, after: timedelta, allowed: bool
) -> None:
    code, _digits = factories.make_code(jane)
    clock.shift(after)
    refusal = SecurityCard.objects.request_refusal(code, AUTUMN + after)
    assert (refusal is None) is allowed
    if not allowed:
        with pytest.raises(RequestRefusedError):
            factories.make_card(jane, code=code)


def test_a_password_alone_gives_no_card(jane: User) -> None:
    factories.make_code(jane)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    assert client.post(REQUEST)["Location"].startswith("/login/")
    assert not SecurityCard.objects.exists()


def test_a_waiting_card_entitles_to_nothing(jane: User) -> None:
    waiting, answers = factories.make_card(jane, active=False)
    with pytest.raises(RequestRefusedError) as refused:
        SecurityCard.objects.make(jane, waiting, b"n" * 32, lambda _row: None)
    assert refused.value.reason is RequestRefusal.NOT_ENTITLED
    assert not waiting.verify_token(answers[0])
