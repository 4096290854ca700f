"""Leaving: by POST from every page, and nothing is left behind."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from securelogin.events import Event
from securelogin.models import SecurityEvent
from tests import factories
from tests.securelogin.contract import is_inside
from tests.securelogin.security_card.browser import holder_of

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


def test_it_ends_the_session_on_the_server(jane: User) -> None:
    client = factories.client_with_code(jane)
    key = client.cookies[COOKIE].value
    response = client.post("/logout/")
    assert (response.status_code, response["Location"]) == (302, "/logged-out/?r=left")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies[COOKIE] = key
    assert not is_inside(client)
    assert SecurityEvent.objects.filter(kind=Event.LOGGED_OUT, user=jane).count() == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_a_link_or_a_picture_cannot_log_anybody_out(jane: User, method: str) -> None:
    client = factories.client_with_code(jane)
    assert getattr(client, method)("/logout/").status_code == 405
    assert is_inside(client)


def test_another_site_cannot_log_anybody_out(jane: User) -> None:
    client = factories.client_with_code(jane)
    client.handler.enforce_csrf_checks = True
    assert client.post("/logout/").status_code == 403
    client.handler.enforce_csrf_checks = False
    assert is_inside(client)


def test_it_forgets_the_nonce_of_a_card(jane: User) -> None:
    holder = holder_of(jane)
    assert Session.objects.filter(user=jane).exists()
    holder.client.post("/logout/")
    assert not Session.objects.filter(user=jane).exists()


def test_it_ends_a_pending_sign_in(jane: User) -> None:
    factories.make_code(jane)
    client = Client()
    client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    assert client.post("/logout/").status_code == 302
    assert client.get("/login/verify/")["Location"] == "/login/"


def test_other_sessions_go_on(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    first, second = Client(), Client()
    for client in (first, second):
        factories.sign_in(client, jane, digits)
    first.post("/logout/")
    assert is_inside(second)


def test_a_visitor_may_press_it_too() -> None:
    assert Client().post("/logout/").status_code == 302
    assert not SecurityEvent.objects.exists()


@pytest.mark.parametrize(
    "url", ["/home/", "/settings/user/", "/settings/user/secure-login/", "/help/"]
)
def test_every_page_of_a_session_has_the_button(jane: User, url: str) -> None:
    page = factories.client_with_code(jane).get(url).content.decode()
    assert 'method="post" action="/logout/"' in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("left", "You are logged out"),
        ("idle", "after 15 minutes without activity"),
        ("absolute", "ends after 8 hours"),
        ("cancelled", "You cancelled the security device"),
        ("", "You are logged out"),
        ("<script>", "You are logged out"),
    ],
)
def test_the_page_afterwards_says_why(reason: str, words: str) -> None:
    page = Client().get("/logged-out/", {"r": reason}).content.decode()
    assert words in page
    assert "<script>" not in page
