"""Codes and proofs of an authenticator app that are sent at the same moment: each serves once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.races import THREADS
from tests.securelogin.authenticator_app import apps
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


@pytest.fixture(autouse=True)
def _in_one_step() -> Any:
    """The clock stands: no code runs out while the threads wait for each other."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def test_of_many_browsers_with_one_code_one_logs_in(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    app = apps.make_app(jane)
    clients = [apps.after_password(jane) for _ in range(THREADS)]
    code = apps.code(app)

    def act(number: int) -> int:
        return int(clients[number].post("/login/verify/", {"app_code": code}).status_code)

    statuses = Counter(at_once(act))
    assert statuses[302] == 1
    assert set(statuses) <= {302, 422, 429}
    assert sum(is_inside(client) for client in clients) == 1


def test_of_one_code_given_many_times_to_the_device_itself_one_serves(at_once: AtOnce) -> None:
    app = apps.make_app(factories.make_user("jane.sample"))
    code = apps.code(app)

    def act(_number: int) -> bool:
        # Without the row lock that the portal's own view takes.
        return bool(AuthenticatorApp.objects.get(pk=app.pk).verify_token(code))

    assert at_once(act).count(True) == 1


def test_of_three_steps_at_once_none_serves_twice(at_once: AtOnce) -> None:
    app = apps.make_app(factories.make_user("jane.sample"))
    codes = [apps.code(app, steps) for steps in (-1, 0, 1)]

    def act(number: int) -> str:
        answered = AuthenticatorApp.objects.get(pk=app.pk).verify_token(codes[number % 3])
        return codes[number % 3] if answered else ""

    served = Counter(filter(None, at_once(act)))
    assert served
    assert set(served.values()) == {1}


def test_of_many_proofs_in_one_session_one_adds_the_device(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    client = factories.client_with_code(jane)
    form = apps.scan(client).form()
    cookies = client.cookies.output()

    def act(_number: int) -> int:
        tab = Client()
        tab.cookies.load(cookies.replace("Set-Cookie: ", ""))
        return int(tab.post(apps.SCAN, form).status_code)

    assert set(at_once(act)) == {302}
    app = AuthenticatorApp.objects.get()
    assert jane.notices.filter(kind="device_added").count() == 1
    assert (
        SecurityEvent.objects.filter(kind=Event.DEVICE_ACTIVATED, device=app.persistent_id).count()
        == 1
    )


def test_of_many_browsers_that_know_the_password_one_adds_the_first_device(
    at_once: AtOnce,
) -> None:
    """SECURITY: the owner and a thief, each with a key: the second is no way past the first."""
    jane = factories.make_user("jane.sample")
    clients = [apps.after_password(jane) for _ in range(12)]
    phones = [apps.scan(client) for client in clients]

    def act(number: int) -> int:
        return int(clients[number].post(apps.SCAN, phones[number].form()).status_code)

    assert set(at_once(act, len(clients))) <= {302, 403}
    assert AuthenticatorApp.objects.count() == 1
    assert sum(is_inside(client) for client in clients) == 1
    assert jane.notices.filter(kind="device_added").count() == 1


def test_keys_are_encrypted_anew_while_codes_are_given(at_once: AtOnce, settings: Any) -> None:
    jane = factories.make_user("jane.sample")
    made = [apps.make_app(jane) for _ in range(8)]
    codes = [apps.code(app) for app in made]
    settings.SEED_KEYS = (("new", bytes(range(160, 192))), *settings.SEED_KEYS)

    def act(number: int) -> Any:
        if number % 2:
            return AuthenticatorApp.objects.reencrypt()[1]
        app = made[number // 2]
        return not AuthenticatorApp.objects.get(pk=app.pk).verify_token(codes[number // 2])

    assert not any(at_once(act, 2 * len(made)))
    rows = AuthenticatorApp.objects.order_by("pk")
    assert {row.key_id for row in rows} == {"new"}
    assert all(row._key() == app._key() for row, app in zip(rows, made, strict=True))
