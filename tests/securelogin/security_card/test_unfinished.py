"""Hashes whose card was not stored: they count, by a wait before the client may have others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.security_card import making, places
from securelogin.security_card.line import PUT_OFF, Turn
from securelogin.security_card.models import (
    ConcurrentRequestError,
    RequestRefusedError,
    SecurityCard,
)
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.security_card.browser import REQUEST

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


class Meanwhile:
    """Counts the cards that are hashed, and does something while they are."""

    def __init__(self, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
        self.act, self.times, self.really = act, 0, making.hash_answers
        monkeypatch.setattr(making, "hash_answers", self)

    def __call__(self, *args: Any) -> bytes:
        self.times += 1
        self.act()
        return self.really(*args)


def log_out(user: User) -> None:
    """Everywhere, in another tab."""
    Session.objects.of(user).end(user, Event.SESSION_ENDED_BY_OWNER)


def test_who_logs_out_while_each_card_is_made_has_one_hashed_in_five_minutes(
    jane: User, mallory: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _code, digits = factories.make_code(jane)
    browser = Client()
    meanwhile = Meanwhile(lambda: log_out(jane), monkeypatch)
    for pressed in range(5):
        factories.sign_in(browser, jane, digits)
        answer = browser.post(REQUEST)
        assert answer["Location"] == (REQUEST if pressed else "/login/?r=ended")
    assert meanwhile.times == 1
    page = browser.get(REQUEST)
    assert page["Retry-After"] == "300"
    assert "Your last card could not be finished." in page.content.decode()
    # In nobody's way meanwhile.
    meanwhile.act = bool
    assert "Retry-After" not in factories.client_with_code(mallory).post(REQUEST)
    clock.shift(PUT_OFF - SECOND)
    assert browser.post(REQUEST)["Retry-After"] == "2"
    clock.shift(SECOND)
    assert "Retry-After" not in browser.post(REQUEST)
    assert SecurityCard.objects.of(jane).count() == 1
    assert not Turn.objects.exists()


def test_so_does_a_card_whose_code_ends_while_it_is_made(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _digits = factories.make_code(jane)
    Meanwhile(lambda: code.end(EndReason.CANCELLED_BY_STAFF), monkeypatch)
    with pytest.raises(RequestRefusedError):
        SecurityCard.objects.make(jane, code, b"n" * 32, lambda _row: None)
    assert Turn.objects.get().asked_at == AUTUMN + PUT_OFF


def test_a_card_that_another_machine_makes_meanwhile_is_counted_instead(
    jane: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _digits = factories.make_code(jane)

    def elsewhere() -> None:
        meanwhile.act = bool
        settings.RUNTIME_DIR = str(tmp_path)
        factories.make_card(jane, code=code, active=False)

    meanwhile = Meanwhile(elsewhere, monkeypatch)
    with pytest.raises(ConcurrentRequestError):
        SecurityCard.objects.make(jane, code, b"n" * 32, lambda _row: None)
    assert (meanwhile.times, SecurityCard.objects.count()) == (2, 1)
    assert not Turn.objects.exists()


def test_a_database_that_fails_puts_nobody_off(jane: User) -> None:
    code, _digits = factories.make_code(jane)

    def fails(_row: SecurityCard) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        SecurityCard.objects.make(jane, code, b"n" * 32, fails)
    assert not Turn.objects.exists()


def test_a_second_click_leaves_no_place_in_line_when_the_first_has_its_card(
    jane: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, newcomer = factories.client_with_code(jane), factories.client_with_code(mallory)
    second = Client()
    second.cookies.update(first.cookies)
    really = places.taken_for

    @contextmanager
    def taken_for(client: int) -> Iterator[bool]:
        monkeypatch.setattr(places, "taken_for", really)
        # The first click is done a moment after this one found no place.
        with really(client), really(client) as taken:
            assert not taken
        first.post(REQUEST)
        yield taken

    monkeypatch.setattr(places, "taken_for", taken_for)
    answer = second.post(REQUEST)
    card = SecurityCard.objects.of(jane).get()
    assert answer["Location"] == f"{REQUEST}{card.public_id}/"
    assert "Retry-After" not in newcomer.post(REQUEST)
    assert not Turn.objects.exists()
