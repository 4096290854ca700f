"""Signing in with a card: a fixed pair, one neutral answer, the same work, and the lock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import Clock
from tests.securelogin.security_card.browser import wrong

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DAY = timedelta(hours=24)


@pytest.fixture
def card(jane: User) -> tuple[SecurityCard, list[str]]:
    """Jane's active card and its answers."""
    return factories.make_card(jane)


def enter(user: User, typed: str, **more: str) -> Any:
    """Both steps in a new browser; the answer to the second."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client.post("/login/verify/", {"card_values": typed, **more})


def test_the_pair_stays_until_it_is_answered(
    jane: User, card: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    row, answers = card
    pair = row.pair
    assert pair is not None
    shown = f'<strong class="pair-index">{pair.first}</strong>'
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    pages = [client.get("/login/verify/") for _ in range(3)]
    pages.append(enter(jane, wrong(answers[1])))
    clock.shift(timedelta(days=2))
    pages += [enter(jane, "12"), enter(jane, ""), enter(jane, wrong(answers[1]))]
    assert all(shown in page.content.decode() for page in pages)
    clock.shift(timedelta(minutes=1))
    assert enter(jane, answers[1]).status_code == 302
    row.refresh_from_db()
    assert row.pair != pair


def test_index_numbers_sent_along_are_ignored(
    jane: User, card: tuple[SecurityCard, list[str]]
) -> None:
    row, answers = card
    later = answers[5]
    forged = {"first": "1", "second": "2", "pair": "5", "number": "5", "answered": "5"}
    response = enter(jane, later, **forged)
    assert response.status_code == 422
    row.refresh_from_db()
    assert (row.answered, row.attempts_left) == (1, 9)


def test_few_sign_ins_left_are_shown_below_the_field(
    jane: User, card: tuple[SecurityCard, list[str]]
) -> None:
    row, _answers = card
    for answered, shown in ((91, False), (92, True), (111, True)):
        SecurityCard.objects.update(answered=answered)
        row.refresh_from_db()
        page = enter(jane, "").content.decode()
        left = f"{112 - answered} login{'s' if answered < 111 else ''} left on this card"
        assert (left in page) is shown


def test_after_its_end_a_page_says_since_when_and_whom_to_call(
    jane: User, card: tuple[SecurityCard, list[str]], clock: Clock
) -> None:
    row, answers = card
    clock.shift(timedelta(days=21))
    page = enter(jane, answers[1]).content.decode()
    assert "Your Online Security Code Card has ended" in page
    assert "14 November 2025, 13:05 (Zurich time)" in page
    assert row.short_serial in page
    assert "<input type" not in page
