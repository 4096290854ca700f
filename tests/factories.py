"""Functions that make people and devices in a wanted state, through the product's own methods."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import IdentityCheck
from securelogin.desk.roles import Role
from securelogin.security_card import card as rules
from securelogin.security_card import challenge
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode

PASSWORD = "paper-lantern-87"
_ROLES = (
    "securelogin.desk.migrations.0002_roles",
    "securelogin.temporary_code.migrations.0002_roles",
)


def make_user(username: str, **fields: Any) -> User:
    """A client with `PASSWORD`, whose contact data is on file for long."""
    fields.setdefault("email", f"{username}@mail.example")
    long_ago = timezone.now() - timedelta(days=400)
    since = dict.fromkeys(("email_since", "notify_email_since", "phone_since"), long_ago)
    return User.objects.create_user(username, password=PASSWORD, **{**since, **fields})


def make_staff(username: str, role: Role = Role.AGENT, **fields: Any) -> User:
    """A member of staff in a role of the desk."""
    user = make_user(username, is_staff=True, **fields)
    user.groups.add(group_of(role))
    return user


def group_of(role: Role) -> Group:
    """The group of a role. A test with real commits before this one emptied all tables, what
    the migrations had filled in too; then they do it again."""
    if not Group.objects.exists():
        for migration in _ROLES:
            import_module(migration).Migration.operations[0].code(apps, None)
    return Group.objects.get(name=role)


def make_code(user: User, reason: Reason = Reason.AWAY) -> tuple[TemporaryCode, str]:
    """A Temporary Code issued now on the server, and its digits."""
    return TemporaryCode.objects.issue_on_server(user, reason=reason, ticket="T-1", override="test")


def make_check(agent: User, client: User) -> IdentityCheck:
    """An agent who has just seen the client's document."""
    check = IdentityCheck.objects.start(agent, client)
    check.record_document(IdentityCheck.Document.PASSPORT, IdentityCheck.SeenHow.IN_PERSON)
    return check


def make_card(
    user: User, *, active: bool = True, code: TemporaryCode | None = None
) -> tuple[SecurityCard, list[str]]:
    """A card, and the right answer of each of its 112 challenges."""
    if code is None:
        code, _digits = make_code(user)
    nonce = secrets.token_bytes(rules.NONCE_BYTES)
    row = SecurityCard.objects.make(user, code, nonce, lambda _row: None)
    answers = challenge.answers(bytes(row.order), row.sheet(nonce).values)
    if active:
        row.activate(answers[0])
    return row, answers


def shift(device: TemporaryCode | SecurityCard, by: timedelta) -> None:
    """Move all moments of a device, as if it had been made earlier (negative) or later."""
    moments = ("created_at", "activated_at", "activate_by", "limited_at", "expires_at")
    changed = {
        name: moment + by
        for name in moments
        if isinstance(moment := getattr(device, name), datetime)
    }
    type(device).objects.filter(pk=device.pk).update(**changed)
    device.refresh_from_db()


def sign_in(client: Client, user: User, answer: str, field: str = "temporary_code") -> Any:
    """Both steps of a login; returns the answer to the second."""
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    return client.post("/login/verify/", {field: answer})


def client_with_code(user: User) -> Client:
    """A browser of a client logged in with a fresh Temporary Code."""
    _row, digits = make_code(user)
    client = Client()
    response = sign_in(client, user, digits)
    assert response.status_code == 302, response.content
    return client


def nonce_of(client: Client) -> bytes:
    """The nonce in the session of this browser."""
    return bytes.fromhex(client.session["security_card"]["nonce"])


def answers_of(client: Client, row: SecurityCard) -> list[str]:
    """The right answers of a card that this browser's session can show."""
    return challenge.answers(bytes(row.order), row.sheet(nonce_of(client)).values)
