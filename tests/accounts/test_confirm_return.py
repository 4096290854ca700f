"""After a fresh proof: where it goes, what was typed before, and for how long it is fresh."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory

from securelogin import proof
from securelogin.proof import KEPT_KEY
from tests import factories
from tests.accounts.inside import (
    CONFIRM,
    FIVE,
    Inside,
    text,
)
from tests.securelogin.clock import SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "accounts:logout",
        "",
    ],
)
def test_it_goes_to_addresses_of_the_portal_only(inside: Inside, elsewhere: str) -> None:
    address = f"{CONFIRM}?next={quote(elsewhere)}"
    page = text(inside.client.get(address))
    assert "evil.example" not in page
    assert "javascript:" not in page
    assert inside.confirm(address=address)["Location"] == "/home/"
    assert inside.client.get(address)["Location"] == "/home/"


def test_the_session_keeps_no_secret(inside: Inside) -> None:
    for password in ("wrong-lantern-12", factories.PASSWORD):
        inside.confirm(password)
        kept = str(dict(inside.client.session))
        assert inside.digits not in kept
        assert password not in kept
    assert all(inside.digits not in message.body for message in mail.outbox)


def request_of(client: Client, path: str, **data: str) -> HttpRequest:
    """A request of this browser, as a view gets it."""
    factory = RequestFactory()
    request = factory.post(path, data) if data else factory.get(path)
    request.session = client.session
    return request


def test_what_was_typed_comes_back_once_on_the_page_where_it_was_typed(inside: Inside) -> None:
    request = request_of(inside.client, "/admin/x/?a=1", note="Lost bag", secret="no")
    response = proof.ask(request, keep=("note", "missing"))
    assert response["Location"] == f"{CONFIRM}?next=%2Fadmin%2Fx%2F%3Fa%3D1"
    request.session.save()
    assert "secret" not in str(request.session[KEPT_KEY])
    assert inside.confirm(address=response["Location"])["Location"] == "/admin/x/?a=1"
    assert proof.kept(request_of(inside.client, "/admin/y/")) == {}
    back = request_of(inside.client, "/admin/x/")
    assert proof.kept(back) == {"note": "Lost bag"}
    assert proof.kept(back) == {}


def test_what_was_typed_is_forgotten_when_nobody_comes_back(inside: Inside, clock: Clock) -> None:
    request = request_of(inside.client, "/admin/x/", note="x" * 5000)
    proof.ask(request, keep=("note",))
    assert len(request.session[KEPT_KEY]["entries"]["note"]) == 2000
    clock.shift(FIVE)
    assert proof.kept(request) == {}
    assert KEPT_KEY not in request.session


def test_a_proof_from_the_future_is_none(inside: Inside, clock: Clock) -> None:
    """SECURITY: with a clock set back it would last for as long as the clock was wrong."""
    inside.confirm()
    # Two machines' clocks differ a little.
    clock.shift(-60 * SECOND)
    assert inside.is_fresh
    clock.shift(-SECOND)
    assert not inside.is_fresh


def test_a_session_without_any_proof_is_not_fresh() -> None:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    assert not proof.is_fresh(request)
