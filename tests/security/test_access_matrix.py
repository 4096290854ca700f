"""Deny by default: who reaches which address, for every pattern that the resolver knows."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path, resolve

from accounts.models import User
from portal.urls import urlpatterns as portal_urlpatterns
from securelogin.access import Access
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.security.cast import CARD, CLIENTS, LIST, PUBLIC, VISITORS, persona, routes, untouched

METHODS = ("get", "post", "head", "options", "put", "delete")


def unmarked(request: HttpRequest) -> HttpResponse:
    """A page whose author forgot to say who may see it."""
    return HttpResponse("page of an unmarked view")


# The portal with one more page, for the tests that set ROOT_URLCONF to this module.
urlpatterns = [path("new-page/", unmarked, name="new_page"), *portal_urlpatterns]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")
    for kind in ("pdf", "png"):
        monkeypatch.setattr(f"securelogin.security_card.drawing.{kind}", lambda *_args: b"drawn")


@pytest.mark.django_db
def test_it_knows_every_view_that_is_open_to_visitors() -> None:
    who = persona("anonymous")
    open_to_all = {
        route.name
        for route in routes(who)
        if getattr(resolve(route.path).func, "access_needed", Access.FULL) is Access.NONE
    }
    assert open_to_all == PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize("name", VISITORS)
def test_visitors_reach_the_public_pages_only(name: str) -> None:
    who = persona(name)
    reached = []
    for route in routes(who):
        for method in METHODS if route.name not in PUBLIC else ():
            with untouched(who.client):
                response = getattr(who.client, method)(route.path)
            if response.status_code != 302 or not response["Location"].startswith("/login/?"):
                reached.append((method, route.path, response.status_code))
    assert reached == []


@pytest.mark.django_db
def test_a_limited_code_reaches_the_list_and_the_card_only() -> None:
    who = persona("code_card_only")
    for route in routes(who):
        with untouched(who.client):
            read = who.client.get(route.path)
            posted = who.client.post(route.path)
        if route.path.startswith(LIST) or route.name in {
            *PUBLIC,
            "accounts:keep_alive",
            "accounts:confirm",
        }:
            continue
        assert (read.status_code, read["Location"]) == (302, LIST), route
        assert posted.status_code == 403, route
    assert who.client.get(LIST).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", CLIENTS)
def test_clients_never_reach_the_desk(name: str, sam: User) -> None:
    who = persona(name)
    for route in routes(who):
        for method in ("get", "post") if route.of_admin else ():
            with untouched(who.client):
                response = getattr(who.client, method)(route.path)
            assert response.status_code in {302, 403, 404}, (method, route)
            body = response.content.decode()
            assert "Traceback" not in body
            assert "sam.support" not in body
            assert "support desk" not in body


@pytest.mark.django_db
def test_a_superuser_with_a_password_alone_does_not_reach_the_desk() -> None:
    root = factories.make_user("root.sample", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(root)
    for route in routes(persona("anonymous")):
        if route.of_admin:
            assert client.get(route.path)["Location"].startswith(("/login/", "/logged-out/"))
    client = Client()
    client.post("/login/", {"username": "root.sample", "password": factories.PASSWORD})
    assert client.get("/admin/")["Location"].startswith("/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_card_and_a_missing_one_get_the_same_answer(method: str, mallory: User) -> None:
    who = persona("code_full")
    theirs, _answers = factories.make_card(mallory, active=False)
    for theirs_path, missing_path in _foreign_and_missing(theirs):
        answers = [_seen(getattr(who.client, method)(p)) for p in (theirs_path, missing_path)]
        assert answers[0] == answers[1], theirs_path
        assert answers[0][0] in {404, 405}, theirs_path
    theirs.refresh_from_db()
    assert theirs.ended_at is None


@pytest.mark.django_db
def test_a_try_at_a_foreign_device_is_on_record_of_who_tried(mallory: User) -> None:
    who = persona("code_full")
    theirs, _answers = factories.make_card(mallory, active=False)
    tries = (f"{CARD}{theirs.public_id}/discard/", f"{LIST}cancel/security-card/{theirs.pk}/")
    for path_of_theirs in tries:
        assert who.client.get(path_of_theirs).status_code == 404
        assert who.client.post(path_of_theirs).status_code == 404
    events = SecurityEvent.objects.filter(kind=Event.ACTION_REFUSED)
    assert [(event.user, event.actor, event.detail) for event in events] == [
        (who.user, who.user, {"action": "foreign_device"})
    ] * len(tries)


def _foreign_and_missing(theirs: Any) -> list[tuple[str, str]]:
    card_parts = [
        str(entry.pattern).partition(">/")[2]
        for entry in get_resolver("securelogin.security_card.urls").url_patterns
    ]
    pairs = [(f"{CARD}{theirs.public_id}/{p}", f"{CARD}{'A' * 16}/{p}") for p in card_parts if p]
    pairs.append((f"{CARD}{theirs.public_id}/", f"{CARD}{'A' * 16}/"))
    slugs = [f"{LIST}cancel/{slug}" for slug in ("security-card", "temporary-code", "no-such")]
    return pairs + [(f"{slug}/{theirs.pk}/", f"{slug}/999999/") for slug in slugs]


def _seen(response: Any) -> tuple[int, bytes, list[str]]:
    return response.status_code, response.content, sorted(response.headers)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*VISITORS, "code_card_only"])
def test_a_new_unmarked_view_is_refused(name: str, settings: LazySettings) -> None:
    who = persona(name)
    settings.ROOT_URLCONF = __name__
    response = who.client.get("/new-page/")
    assert response.status_code == 302
    assert b"unmarked" not in response.content
    assert who.client.post("/new-page/").status_code in {302, 403}


@pytest.mark.django_db
def test_a_new_unmarked_view_is_open_to_full_access(settings: LazySettings) -> None:
    who = persona("code_full")
    settings.ROOT_URLCONF = __name__
    assert who.client.get("/new-page/").content == b"page of an unmarked view"
