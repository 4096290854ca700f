"""How far a session reaches, and the gate that asks on every request: deny by default."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path

from accounts.models import User
from portal.urls import urlpatterns as portal_urlpatterns
from securelogin.access import Access, access_of, needs
from securelogin.lifecycle import Status
from tests import factories
from tests.security.cast import PUBLIC

# Also reached while a Temporary Code only allows requesting a card.
CARD_ONLY = {
    "accounts:confirm",
    "accounts:keep_alive",
    "securelogin:device_list",
    "securelogin:cancel_device",
}
CARD_PAGES = "securelogin:security_card:"


def unmarked(request: HttpRequest) -> HttpResponse:
    """A view whose author forgot to say what it needs."""
    return HttpResponse("reached")


urlpatterns = [*portal_urlpatterns, path("unmarked/", unmarked)]


def routes(
    patterns: list[URLPattern | URLResolver], space: str = "", at: str = ""
) -> Iterator[tuple[str, URLPattern, str]]:
    """Full name, pattern and sample address of every route."""
    for pattern in patterns:
        here = f"{at}{pattern.pattern}".replace("<str:card_id>", "x").replace("<slug:slug>", "x")
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, inner, here)
        else:
            yield f"{space}{pattern.name}", pattern, "/" + here.replace("<int:pk>", "1")


ROUTES = [(name, url) for name, _, url in routes(get_resolver("portal.urls").url_patterns)]
# Django's own catch-all at the desk is written as an expression, not as an address.
ADDRESSES = [(name, url) for name, url in ROUTES if not set(url) & set("<>^$?")]


@pytest.mark.parametrize(
    ("status", "access"),
    [
        (Status.ACTIVE, Access.FULL),
        (Status.LIMITED, Access.CARD_ONLY),
        (Status.WAITING, Access.NONE),
        (Status.ENDED, Access.NONE),
        (Status.CANCELLED, Access.NONE),
        (Status.ON_HOLD, Access.NONE),
    ],
)
def test_the_status_decides(status: Status, access: Access) -> None:
    assert access_of(status) is access


def test_every_status_is_decided_and_access_is_ordered() -> None:
    assert {access_of(status) for status in Status} == set(Access)
    assert Access.NONE < Access.CARD_ONLY < Access.FULL


def test_only_the_views_named_here_need_less_than_full_access() -> None:
    found: dict[Access, set[str]] = {level: set() for level in Access}
    for name, pattern, _url in routes(get_resolver("portal.urls").url_patterns):
        level = getattr(pattern.callback, "access_needed", Access.FULL)
        found[level].add(name)
    assert found[Access.NONE] == PUBLIC
    cards = {name for name in found[Access.CARD_ONLY] if name.startswith(CARD_PAGES)}
    assert found[Access.CARD_ONLY] - cards == CARD_ONLY


def test_marking_a_view_changes_nothing_else() -> None:
    def view() -> str:
        return "called"

    assert needs(Access.NONE)(view) is view
    assert getattr(view, "access_needed") is Access.NONE  # noqa: B009 - set by the decorator
    assert view() == "called"


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "url"), ADDRESSES)
def test_a_visitor_reaches_public_pages_only(name: str, url: str) -> None:
    if name in PUBLIC:
        return
    got = Client().get(url)
    assert got.status_code == 302
    assert got["Location"].startswith("/login/?next=")
    posted = Client().post(url)
    assert (posted.status_code, posted["Location"]) == (302, "/login/?")


@pytest.mark.django_db
@pytest.mark.urls("tests.securelogin.test_access")
def test_a_view_that_says_nothing_needs_full_access(jane: User) -> None:
    assert Client().get("/unmarked/").status_code == 302
    client = factories.client_with_code(jane)
    assert client.get("/unmarked/").content == b"reached"
    factories.shift(jane.temporarycodes.get(), -timedelta(days=2))
    got = client.get("/unmarked/")
    assert (got.status_code, got["Location"]) == (302, "/settings/user/secure-login/")
    assert client.post("/unmarked/").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "url"), ADDRESSES)
def test_a_card_only_session_reaches_the_way_to_a_card_only(
    name: str, url: str, jane: User
) -> None:
    if name in PUBLIC | CARD_ONLY or name.startswith(CARD_PAGES):
        return
    client = factories.client_with_code(jane)
    factories.shift(jane.temporarycodes.get(), -timedelta(days=2))
    got = client.get(url)
    assert (got.status_code, got["Location"]) == (302, "/settings/user/secure-login/")
    assert client.post(url).status_code == 403
