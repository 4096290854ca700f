"""Requesting a card while as many are made as may be: a place in line, a page, then the card."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.models import SecurityEvent
from securelogin.security_card import places
from securelogin.security_card.line import Turn
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.security_card.browser import LIST, REQUEST
from tests.securelogin.security_card.crowd import in_line, no_place
from tests.security.breaking import breaking
from tests.work import work_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _one_place(settings: Settings) -> None:
    settings.CARDS_AT_ONCE = 1


@pytest.fixture
def client(jane: User) -> Client:
    """Jane's browser, logged in, and in line for her card."""
    client = factories.client_with_code(jane)
    with no_place():
        assert client.post(REQUEST)["Location"] == REQUEST
    return client


def words(response: Any) -> str:
    """What the page says, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_the_page_says_what_happens_and_when_to_come_back(client: Client) -> None:
    page = client.get(REQUEST)
    assert (page.status_code, page["Retry-After"]) == (202, "2")
    assert "You are in line for your card" in words(page)
    assert "You are next." in words(page)
    assert "Press Try again in 2 seconds." in words(page)
    assert "This page tries again by itself in 2 seconds." in words(page)
    assert 'data-again="2"' in page.content.decode()


def test_it_says_how_many_are_before(jane: User, clock: Clock) -> None:
    for number in range(30):
        in_line(f"client{number}", AUTUMN, since=SECOND, back_in=SECOND)
    client = factories.client_with_code(jane)
    with no_place():
        client.post(REQUEST)
    assert "30 clients are before you." in words(client.get(REQUEST))
    clock.shift(timedelta(seconds=29))
    page = client.get(REQUEST)
    assert page["Retry-After"] == "1"
    assert "Press Try again now." in words(page)


def test_a_request_that_must_wait_hashes_nothing_and_changes_nothing_else(jane: User) -> None:
    client = factories.client_with_code(jane)
    events = SecurityEvent.objects.count()
    with no_place():
        work = work_of(lambda: client.post(REQUEST))
        assert client.post(REQUEST)["Retry-After"] == "2"
    assert work.hashes == 0
    assert not SecurityCard.objects.exists()
    assert SecurityEvent.objects.count() == events
    assert "security_card" not in client.session


def test_looking_changes_nothing(client: Client) -> None:
    before = Turn.objects.values().get()
    for method in (client.get, client.head, client.get):
        assert method(REQUEST).status_code == 202
    assert Turn.objects.values().get() == before
    assert not SecurityCard.objects.exists()


def test_pressing_often_keeps_one_place(client: Client, clock: Clock) -> None:
    with no_place():
        for _ in range(3):
            clock.shift(SECOND)
            assert client.post(REQUEST)["Location"] == REQUEST
    assert Turn.objects.get().asked_at == AUTUMN


def test_as_soon_as_there_is_a_place_it_makes_one_card(client: Client, clock: Clock) -> None:
    clock.shift(timedelta(seconds=3))
    made = client.post(REQUEST)["Location"]
    card = SecurityCard.objects.get()
    assert made == f"{REQUEST}{card.public_id}/"
    assert not Turn.objects.exists()
    # Refresh, Back, the button once more: the same card.
    for answer in (client.get(REQUEST), client.post(REQUEST), client.get(REQUEST)):
        assert answer["Location"] == made
    assert client.get(made).status_code == 200
    assert SecurityCard.objects.count() == 1


def test_a_second_click_while_the_first_one_hashes_waits_for_its_card(jane: User) -> None:
    client = factories.client_with_code(jane)
    with places.taken_for(jane.pk):
        assert client.post(REQUEST)["Location"] == REQUEST
        assert client.get(REQUEST).status_code == 202
    assert client.post(REQUEST)["Location"] != REQUEST
    assert SecurityCard.objects.count() == 1


def test_a_newcomer_does_not_pass_those_who_wait(client: Client, mallory: User) -> None:
    newcomer = factories.client_with_code(mallory)
    assert newcomer.post(REQUEST)["Location"] == REQUEST
    assert "1 client is before you." in words(newcomer.get(REQUEST))
    assert client.post(REQUEST)["Location"] != REQUEST
    assert newcomer.post(REQUEST)["Location"] != REQUEST


def test_who_does_not_wait_is_led_to_the_list(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get(REQUEST)["Location"] == LIST


def test_after_a_long_wait_both_factors_are_proven_again_and_the_place_is_kept(
    client: Client, clock: Clock
) -> None:
    clock.shift(timedelta(minutes=14))
    assert client.get(REQUEST).status_code == 202
    clock.shift(timedelta(minutes=1))
    asked = client.post(REQUEST)
    assert asked["Location"] == f"/login/confirm/?next={quote(REQUEST, safe='')}"
    assert not SecurityCard.objects.exists()
    assert Turn.objects.get().asked_at == AUTUMN


def test_logging_in_costs_the_same_while_every_place_is_taken(jane: User) -> None:
    _row, answers = factories.make_card(jane)
    factories.sign_in(Client(), jane, answers[1], "card_values")
    idle = work_of(lambda: factories.sign_in(Client(), jane, answers[2], "card_values"))
    with no_place():
        busy = work_of(lambda: factories.sign_in(Client(), jane, answers[3], "card_values"))
    assert busy == idle


@pytest.mark.parametrize("stays", [False, True], ids=["killed", "database away"])
def test_a_place_in_line_is_there_or_not_there_when_the_database_breaks(
    jane: User, stays: bool
) -> None:
    client = factories.client_with_code(jane)
    client.raise_request_exception = False
    for at in range(1, 50):
        with no_place(), breaking(at, OperationalError("gone"), stays=stays) as broken:
            answer = client.post(REQUEST)
        # The test's own transaction stands around it, and is not what broke.
        transaction.set_rollback(False)
        if not broken.reached:
            break
        assert answer.status_code == 503
        assert not SecurityCard.objects.exists()
        Turn.objects.all().delete()
    assert at > 3
    assert answer["Location"] == REQUEST
