"""Passkeys in a wanted state, and what a browser with one does on the portal's pages."""

from __future__ import annotations

import html
import json
import re
import secrets
from typing import Any

from django.test import Client

from accounts.models import User
from securelogin.passkey import ceremony
from securelogin.passkey.models import Passkey
from tests import factories
from tests.securelogin.passkey.authenticator import Authenticator, Json, text

LIST = "/settings/user/secure-login/"
ADD = f"{LIST}passkey/"
VERIFY = "/login/verify/"
CONFIRM = "/login/confirm/?next=/home/"


def new_challenge() -> str:
    """One that no browser was asked, for what looks at the device alone."""
    return text(secrets.token_bytes(32))


def make_passkey(
    user: User, authenticator: Authenticator | None = None, name: str = ""
) -> tuple[Passkey, Authenticator]:
    """A passkey of this client, added now, and the authenticator that holds it."""
    authenticator = authenticator or Authenticator()
    challenge = new_challenge()
    handle = Passkey.objects.handle_of(user) or secrets.token_bytes(64)
    made = authenticator.make({"challenge": challenge, "user": {"id": text(handle)}})
    passkey = Passkey.objects.add(
        user, name=name, made=ceremony.added(made, challenge), handle=handle
    )
    return passkey, authenticator


def question_on(page: Any) -> Json:
    """What a page asks the browser."""
    found = re.search(r'data-passkey-(?:get|create)="([^"]*)"', page.content.decode())
    assert found, page.content.decode()
    question: Json = json.loads(html.unescape(found[1]))
    return question


def after_password(user: User) -> Client:
    """A browser between the password and the second step."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def prove(
    client: Client, authenticator: Authenticator, address: str = VERIFY, **fields: str
) -> Any:
    """Open a page that asks, and send the answer of this authenticator."""
    signed = authenticator.sign(question_on(client.get(address))["publicKey"])
    return client.post(address, {"passkey": signed, **fields})


def add(client: Client, authenticator: Authenticator, name: str = "", **made: Any) -> Any:
    """Open the page that adds a passkey, and send what this authenticator makes."""
    options = question_on(client.get(ADD))["publicKey"]
    return client.post(ADD, {"passkey": authenticator.make(options, **made), "name": name})
