"""The ground of the fuzz: who sends requests of any kind, and what may not come back."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.extra.django import TestCase

from accounts import password_reset
from accounts.models import User
from accounts.new_addresses import NewAddress
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.accounts.forgetful import Forgetful
from tests.accounts.mailbox import Postman, number_for
from tests.security.canaries import Canaries
from tests.security.cast import EVERYBODY, Persona, Route, persona, routes, untouched

# How many requests in all; `make fuzz` asks for more.
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "400"))
# On the way to a new password, waiting for the number, the device, the password.
FORGETFUL = ("forgot", "forgot_matched", "forgot_proven")
PHONE = "+00 731 562 904"
# Have a new address that waits for its number.
WAITING = ("code_full", "card")
UNPROVEN = "jane@new.example"
_READABLE = ("text/", "application/json")


def some(share: float) -> Callable[[Any], Any]:
    """A test that sends one request for each example: this share of all of them."""
    return settings(
        max_examples=math.ceil(REQUESTS * share),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class EveryAddress(TestCase):
    """One cast for all examples; each example is taken back."""

    cast: dict[str, Persona]
    routes: dict[str, list[Route]]
    secrets: Canaries

    @classmethod
    def setUpTestData(cls) -> None:
        """Everybody at once: each has to be another person."""
        cls.secrets = Canaries()
        with _codes_noted(cls.secrets), mock.patch.object(password_reset, "_postman", Postman()):
            cls.cast = {name: persona_of_its_own(name) for name in EVERYBODY}
            cls.cast |= {name: forgetful(name, cls.secrets) for name in FORGETFUL}
        for name in WAITING:
            ((_row, number),) = NewAddress.objects.ask(cls.cast[name].user, {"email": UNPROVEN})
            cls.secrets.words.add(number)
        cls.routes = {name: routes(who) for name, who in cls.cast.items()}
        for who in cls.cast.values():
            who.client.raise_request_exception = False
            if who.waiting and who.name != "staff":
                values = who.waiting.sheet(factories.nonce_of(who.client)).values
                cls.secrets.add_card(bytes(who.waiting.order), values, bytes(who.waiting.answers))

    @pytest.fixture(autouse=True)
    def _without_drawing(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL)
        monkeypatch.setattr(password_reset, "_postman", Postman())
        for kind in ("pdf", "png"):
            monkeypatch.setattr(f"securelogin.security_card.drawing.{kind}", lambda *_a: b"drawn")

    def answered(
        self, who: Persona, method: str, path: str, *, forgery: bool = False, **request: Any
    ) -> None:
        """Send it; whatever comes back is no crash and holds nothing.

        Args:
            who: the browser.
            method: in capitals.
            path: quoted.
            forgery: the protection against forged requests is on, and no token is sent.
            request: what else, as the test client takes it.
        """
        who.client.handler.enforce_csrf_checks = forgery
        with untouched(who.client):
            response = who.client.generic(method, path, **request)
            text = f"{response.headers} {response.cookies} "
            if response.get("Content-Type", "").startswith(_READABLE):
                text += response.getvalue().decode()
        assert response.status_code < 500, (method, path, request)
        assert "Traceback" not in text
        assert "<script>alert" not in text
        if path.endswith("/text/") and response.status_code == 200:
            # The card itself, for its owner.
            return
        assert self.secrets.found_in(text) == [], (method, path, request)
        if path.startswith("/admin/"):
            assert self.secrets.contact_in(text) == [], (method, path, request)


def persona_of_its_own(name: str) -> Persona:
    """A browser in the state of that name; its people have names that nobody else has."""
    who = persona(name)
    for user in {who.user.pk: who.user, who.subject.pk: who.subject}.values():
        user.username = f"{name}.{user.username}"
        user.save()
    return who


def forgetful(name: str, secrets: Canaries) -> Persona:
    """A browser on the way to a new password, as far as its name says."""
    user = factories.make_user(name, phone=PHONE)
    secrets.add_contact(user.email, phone=PHONE)
    who = Forgetful(user)
    if name == "forgot":
        who.ask()
    elif name == "forgot_matched":
        who.to_device()
    else:
        who.to_password()
    secrets.words |= {number_for(user.email).replace(" ", ""), *who.answers}
    return Persona(name, who.client, user, user)


@contextmanager
def _codes_noted(secrets: Canaries) -> Iterator[None]:
    """Every Temporary Code that the block makes is a secret."""
    make = factories.make_code

    def noted(user: User, *rest: Any) -> tuple[TemporaryCode, str]:
        code, digits = make(user, *rest)
        secrets.add_code(digits, bytes(code.digest))
        return code, digits

    with mock.patch.object(factories, "make_code", noted):
        yield
