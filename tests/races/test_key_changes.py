"""A session whose key changes while its owner ends it: it ends, or nobody is told that it did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, SessionQuerySet, User
from accounts.own_sessions import public_id_of
from accounts.sessions import SessionStore
from securelogin import proof
from tests import factories
from tests.races.conftest import PATIENCE
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
COOKIE = settings.SESSION_COOKIE_NAME


def browsers(user: User, how_many: int) -> tuple[str, list[Client]]:
    """Logged in with one code, whose digits come first."""
    _code, digits = factories.make_code(user)
    clients = [Client() for _ in range(how_many)]
    for client in clients:
        assert factories.sign_in(client, user, digits).status_code == 302
    return digits, clients


def unproven(client: Client) -> None:
    """The proof of the login is no longer fresh."""
    session = client.session
    session[proof.PROVEN_AT_KEY] = "2020-01-01T00:00:00+00:00"
    session.save()


def test_one_that_gets_a_new_key_meanwhile_is_not_said_to_be_ended(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane = factories.make_user("jane.sample")
    digits, (here, there) = browsers(jane, 2)
    unproven(there)
    name = public_id_of(there.cookies[COOKIE].value)
    counted, changed = threading.Event(), threading.Event()
    really = SessionQuerySet.count

    def count(rows: SessionQuerySet) -> int:
        number = really(rows)
        counted.set()
        changed.wait(5)
        return number

    monkeypatch.setattr(SessionQuerySet, "count", count)

    def act(number: int) -> int:
        if number == 0:
            return int(here.post(f"/settings/user/sessions/{name}/end/").status_code)
        assert counted.wait(PATIENCE)
        there.post("/login/confirm/", {"password": factories.PASSWORD, "temporary_code": digits})
        changed.set()
        return 0

    ended, _ = at_once(act, 2)
    monkeypatch.undo()
    assert (ended, is_inside(there)) != (302, True)


def test_one_that_is_ended_while_its_proof_is_recorded_stays_ended(
    at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`confirm` asks whether the session still exists, before it waits for the client's events."""
    jane = factories.make_user("jane.sample")
    digits, (here, there) = browsers(jane, 2)
    unproven(there)
    ended, asked = threading.Event(), threading.Event()
    really = SessionStore.exists

    def exists(store: SessionStore, key: str) -> bool:
        known = really(store, key)
        asked.set()
        assert ended.wait(PATIENCE)
        return known

    monkeypatch.setattr(SessionStore, "exists", exists)

    def act(number: int) -> int:
        if number:
            answer = there.post(
                "/login/confirm/", {"password": factories.PASSWORD, "temporary_code": digits}
            )
            return int(answer.status_code)
        assert asked.wait(PATIENCE)
        answer = here.post("/settings/user/sessions/end-others/")
        ended.set()
        return int(answer.status_code)

    outcomes = at_once(act, 2)
    monkeypatch.undo()
    assert not is_inside(there), outcomes
    assert Session.objects.of(jane).count() == 1
