"""SECURITY: a session that is ended while one of its requests runs is not brought back.

The body of a request is read after its session, so whoever sends it slowly has all the time
between.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from tests import factories
from tests.securelogin.authenticator_app import apps
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import holder_of

pytestmark = pytest.mark.django_db


class SlowBody(io.BytesIO):
    """A body that comes only after something else has happened."""

    def __init__(self, content: bytes, meanwhile: Callable[[], object]) -> None:
        super().__init__(content)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def read(self, *args: Any) -> bytes:
        """As any body, after that."""
        if self._meanwhile:
            act, self._meanwhile = self._meanwhile, None
            act()
        return super().read(*args)


def post_slowly(
    client: Client, path: str, fields: dict[str, str], meanwhile: Callable[[], object]
) -> Any:
    """The headers at once, the form later."""
    content = urlencode(fields).encode()
    body: dict[str, Any] = {"wsgi.input": SlowBody(content, meanwhile)}
    form = "application/x-www-form-urlencoded"
    return client.generic("POST", path, content, content_type=form, **body)


def end_all(user: User) -> Callable[[], object]:
    """Its owner logs out everywhere, from another browser."""
    return lambda: Session.objects.of(user).end(user, Event.SESSION_ENDED_BY_OWNER)


def assert_out(client: Client, answer: Any) -> None:
    """Nothing of it is left, and the login says why."""
    assert answer["Location"] == "/login/?r=ended"
    assert not is_inside(client)
    # (What is rolled back here brings back a row that another connection would have deleted.)
    assert not Session.objects.filter(pending=False).exists()


def test_while_it_activates_a_card(jane: User) -> None:
    holder = holder_of(jane)
    values = {"card_values": holder.answers[0]}
    answer = post_slowly(holder.client, holder.url("activate"), values, end_all(jane))
    assert_out(holder.client, answer)
    assert not jane.securitycards.filter(activated_at__isnull=False).exists()


def test_while_it_takes_a_device_back(jane: User) -> None:
    phone = apps.make_app(jane)
    assert phone.hold(by=None, ticket="T-0")
    client = factories.client_with_code(jane)
    path = reverse("securelogin:reactivate", args=[phone.type_slug, phone.pk])
    field = phone.device_type.load_answer_form().field_name
    answer = post_slowly(client, path, {field: apps.unused_code(phone)}, end_all(jane))
    assert_out(client, answer)
    phone.refresh_from_db()
    assert phone.held_at is not None


def test_while_a_login_is_only_begun(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    answer = post_slowly(
        client,
        "/login/verify/",
        {"temporary_code": digits},
        lambda: call_command("end_sessions", "--all"),
    )
    assert_out(client, answer)


def test_while_its_revoked_device_adds_another(jane: User) -> None:
    """A thief's request waits for its form while the desk ends the stolen device for good."""
    code, digits = factories.make_code(jane)
    client = Client()
    factories.sign_in(client, jane, digits)
    phone = apps.scan(client)
    post_slowly(client, apps.SCAN, phone.form(), lambda: code.end(EndReason.CANCELLED_BY_STAFF))
    assert not AuthenticatorApp.objects.of(jane).open().exists()
    assert not is_inside(client)


def test_on_any_other_page_it_does_nothing_more(jane: User) -> None:
    """The token of a form is looked at, and so the body is read, before the page."""
    client = factories.client_with_code(jane)
    page = client.get("/settings/user/")
    client.handler.enforce_csrf_checks = True
    fields = {"layout": "classic", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    answer = post_slowly(client, "/settings/user/layout/", fields, end_all(jane))
    assert_out(client, answer)
    jane.refresh_from_db()
    assert jane.layout == User.Layout.STANDARD
