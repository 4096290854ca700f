"""Passkeys at the same moment: an answer serves once, a passkey belongs to one client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.passkey import ceremony
from securelogin.passkey.models import Passkey
from tests import factories
from tests.races import THREADS
from tests.securelogin.contract import is_inside
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import (
    ADD,
    VERIFY,
    after_password,
    make_passkey,
    new_challenge,
    question_on,
)

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


def test_of_many_equal_answers_one_signs_in(at_once: AtOnce) -> None:
    """All requests read one session before any has written it; the passkey does not count."""
    jane = factories.make_user("jane.sample")
    _passkey, authenticator = make_passkey(jane, Authenticator(counts=False))
    first = after_password(jane)
    asked = question_on(first.get(VERIFY))["publicKey"]
    clients = [Client() for _ in range(THREADS)]
    for client in clients:
        client.cookies.load({name: morsel.value for name, morsel in first.cookies.items()})
    signed = authenticator.sign(asked)

    def act(number: int) -> str:
        # Whoever comes when the session is gone is sent to the login.
        return str(clients[number].post(VERIFY, {"passkey": signed}).get("Location", "refused"))

    answers = Counter(at_once(act))
    assert answers["/home/"] == 1
    assert set(answers) <= {"/home/", "/login/", "/login/?r=ended", "refused"}
    assert SecurityEvent.objects.filter(kind=Event.SIGN_IN_COMPLETED).count() == 1


def test_of_many_equal_answers_to_the_device_itself_one_is_accepted(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    passkey, authenticator = make_passkey(jane, Authenticator(counts=False))
    asked = new_challenge()
    answer = ceremony.answer_of(authenticator.sign({"challenge": asked}), asked)

    def act(_number: int) -> bool:
        # Without the row lock that the portal's own view takes.
        return bool(Passkey.objects.get(pk=passkey.pk).verify_token(answer))

    assert at_once(act).count(True) == 1


def test_a_passkey_that_many_clients_add_is_one_clients(at_once: AtOnce) -> None:
    people: list[User] = [factories.make_user(f"client{number}") for number in range(THREADS)]
    clients = [factories.client_with_code(user) for user in people]
    authenticator = Authenticator()
    made = [authenticator.make(question_on(c.get(ADD))["publicKey"]) for c in clients]

    def act(number: int) -> int:
        return int(clients[number].post(ADD, {"passkey": made[number]}).status_code)

    assert Counter(at_once(act)) == {302: 1, 422: THREADS - 1}
    assert Passkey.objects.count() == 1
    # Whoever was refused goes on as before.
    assert all(is_inside(client) for client in clients)
