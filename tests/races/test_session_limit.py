"""Logins with two devices of one client at the same moment: the limit of sessions holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session
from accounts.sessions import SessionStore
from tests import factories
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


def test_two_logins_at_once_leave_no_more_sessions_than_allowed(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = factories.make_staff("sam.support")  # one session at most
    card, answers = factories.make_card(sam)
    code, digits = factories.make_code(sam)
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/login/", {"username": sam.username, "password": factories.PASSWORD})
    both, really = threading.Barrier(2), SessionStore._take_over

    def take_over(store: SessionStore, row: Session) -> None:
        really(store, row)
        # Where nothing makes them wait for each other, both have written before either goes on.
        with suppress(threading.BrokenBarrierError):
            both.wait(1)

    monkeypatch.setattr(SessionStore, "_take_over", take_over)
    asked = [
        (f"?device={card.type_slug}-{card.pk}", {"card_values": answers[1]}),
        (f"?device={code.type_slug}-{code.pk}", {"temporary_code": digits}),
    ]

    def log_in(number: int) -> int:
        query, fields = asked[number]
        return browsers[number].post(f"/login/verify/{query}", fields).status_code

    assert at_once(log_in, 2) == [302, 302]
    monkeypatch.undo()
    assert sum(is_inside(browser) for browser in browsers) == 1
