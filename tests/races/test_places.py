"""Cards made at once on one machine: a bound, a card for everybody in the end, quick logins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin.security_card import making
from securelogin.security_card.line import Turn
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.races.conftest import PATIENCE
from tests.securelogin.security_card.browser import REQUEST
from tests.work import work_of

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
PLACES, CLIENTS = 2, 12


@pytest.fixture(autouse=True)
def _two_places(settings: Settings, tmp_path: Path) -> None:
    settings.RUNTIME_DIR, settings.CARDS_AT_ONCE = str(tmp_path), PLACES


class Making:
    """Counts the cards that are being made; the first ones wait for each other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.made = 0
        self.counting = threading.Lock()
        self.really: Callable[..., bytes] = making.hash_answers
        self.full = threading.Event()
        monkeypatch.setattr(making, "hash_answers", self)

    def __call__(self, *args: Any) -> bytes:
        with self.counting:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == PLACES:
                self.full.set()
        # So that the bound is reached; a third one would be seen.
        assert self.full.wait(PATIENCE)
        packed = self.really(*args)
        with self.counting:
            self.now -= 1
            self.made += 1
        return packed


def test_never_more_cards_are_made_at_once_than_there_are_places_and_everybody_gets_one(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [factories.make_user(f"client{number}") for number in range(CLIENTS)]
    clients = [factories.client_with_code(user) for user in people]
    making_now, answered, done = Making(monkeypatch), threading.Condition(), list[int]()

    def act(number: int) -> int:
        waits = 0
        while True:
            before = len(done)
            answer = clients[number].post(REQUEST)
            with answered:
                if "Retry-After" not in answer.headers:
                    done.append(number)
                    answered.notify_all()
                    return waits
                # Back at the next moment at which a place may be free, not before its time.
                assert answered.wait_for(lambda: len(done) > before, PATIENCE)  # noqa: B023 - now
            waits += 1

    waits = at_once(act, CLIENTS)
    assert making_now.most == PLACES
    assert making_now.made == CLIENTS
    assert waits.count(0) <= PLACES + 1
    assert sorted(SecurityCard.objects.open().values_list("user", flat=True)) == sorted(
        user.pk for user in people
    )
    assert not Turn.objects.exists()


def test_clients_log_in_while_every_place_is_taken(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [factories.make_user(f"client{number}") for number in range(PLACES)]
    clients = [factories.client_with_code(user) for user in people]
    someone = factories.make_user("jane.sample")
    _card, answers = factories.make_card(someone)
    logged_in, order = threading.Event(), []
    making_now = Making(monkeypatch)
    really = making_now.really

    def hash_answers(*args: Any) -> bytes:
        # The cards are finished only after the login.
        assert logged_in.wait(PATIENCE)
        return really(*args)

    making_now.really = hash_answers

    def act(number: int) -> None:
        if number < PLACES:
            clients[number].post(REQUEST)
            order.append("card")
            return
        assert making_now.full.wait(PATIENCE)
        work = work_of(lambda: _log_in(someone, answers[1]))
        assert work.hashes == 1
        order.append("login")
        logged_in.set()

    at_once(act, PLACES + 1)
    assert order == ["login", "card", "card"]


def _log_in(user: User, answer: str) -> None:
    assert factories.sign_in(Client(), user, answer, "card_values")["Location"] == "/home/"
