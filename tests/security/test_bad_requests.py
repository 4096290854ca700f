"""What no browser of ours sends: foreign hosts, wrong bodies, zero bytes, broken cookies."""

from __future__ import annotations

import logging

import pytest
from django.test import Client
from django.test.client import BOUNDARY

from accounts.models import User
from accounts.sessions import SessionStore
from tests import factories
from tests.security.cast import CARD, LIST
from tests.security.pages import own_page


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


@pytest.fixture
def client() -> Client:
    """A browser, which does not get exceptions raised in its face."""
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "x:y:z", ""])
@pytest.mark.parametrize("path", ["/", "/login/", LIST, "/admin/", "/nothing/"])
def test_it_answers_400_to_a_foreign_host(client: Client, host: str, path: str) -> None:
    own_page(client.get(path, HTTP_HOST=host), 400, "We could not read this request")


@pytest.mark.django_db
def test_it_answers_413_before_anything_is_read(client: Client) -> None:
    big = "x" * 70_000
    for response in (
        client.post("/login/", {"username": big, "password": "p"}),
        client.post("/login/", big, content_type="text/plain"),
        client.post("/login/", big, content_type="application/x-www-form-urlencoded"),
        client.post("/nothing/", big, content_type="application/json"),
    ):
        own_page(response, 413, "That was too much to send")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded; charset=utf-8", 422),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded; charset=no-such", 422),
        (b"{}", "application/json", 422),
        (b"<a/>", "text/xml", 422),
        (b"no parts", f"multipart/form-data; boundary={BOUNDARY}", 422),
        (b"no boundary", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=" + "b" * 300, 400),
        (b"&".join(b"a%d=1" % n for n in range(200)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_bodies_of_a_wrong_kind_are_refused(
    client: Client, body: bytes, kind: str, status: int
) -> None:
    response = client.generic("POST", "/login/", body, kind)
    if status == 400:
        own_page(response, 400, "We could not read this request")
    assert response.status_code == status


@pytest.mark.django_db
def test_a_zero_byte_never_reaches_the_database(client: Client, jane: User) -> None:
    browser = factories.client_with_code(jane)
    for path in (f"{CARD}%00/", f"{LIST}?device=%00", "/admin/accounts/user/?q=%00", "/%00"):
        own_page(browser.get(path), 400, "We could not read this request")
    for key in ("\0" * 32, "a" * 31 + "\0", "é" * 32, "a" * 33, ""):
        assert SessionStore(key).session_key is None
    form = client.post("/login/", {"username": "jane\0", "password": "x\0", "next": "\0"})
    assert form.status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["sid", "csrf", "other"])
@pytest.mark.parametrize("value", ['"\\000\\000aaaaaaaa"', "é" * 9, "a" * 5000, '"', "=;=", "-1"])
def test_broken_cookies_make_a_visitor(client: Client, cookie: str, value: str) -> None:
    header = f"{cookie}={value}".encode().decode("latin-1")
    assert client.get("/login/", HTTP_COOKIE=header).status_code == 200
    assert client.get(LIST, HTTP_COOKIE=header)["Location"].startswith("/login/")
    assert client.post("/login/", {"username": "x"}, HTTP_COOKIE=header).status_code == 422
