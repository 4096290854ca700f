"""Headers and cookies of every answer, for everybody, with the settings of an installation."""

from __future__ import annotations

import logging
import re
from http.cookies import Morsel
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from securelogin.security_card import drawing
from tests import factories
from tests.security.cast import CARD, EVERYBODY, LIST, persona, routes, untouched
from tests.security.production import browser_settings

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
}
NOT_ALLOWED = {"camera", "microphone", "geolocation", "usb", "payment", "otp-credentials"}
CLOSED = {"default-src", "base-uri", "object-src", "frame-ancestors"}
METHODS = ("get", "post", "delete")


@pytest.fixture(autouse=True)
def _in_service(
    settings: LazySettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")
    for name, value in browser_settings().items():
        setattr(settings, name, value)
    for kind in ("pdf", "png"):  # headers only: nothing is drawn
        monkeypatch.setattr(drawing, kind, lambda *_args: b"drawn")
    # The people of the tests speak https without saying so.
    plain = RequestFactory._base_environ  # type: ignore[attr-defined]

    def with_https(self: RequestFactory, **request: Any) -> dict[str, Any]:
        return {**plain(self, **request), "wsgi.url_scheme": "https", "SERVER_PORT": "443"}

    monkeypatch.setattr(RequestFactory, "_base_environ", with_https)


def check(response: Any, where: object) -> None:
    """Every answer is checked for everything that every answer must have."""
    for name, value in ALWAYS.items():
        assert response.get(name) == value, (where, name)
    assert "no-store" in response.get("Cache-Control", ""), where
    assert "private" in response["Cache-Control"], where
    drawn = response.get("Content-Type") in {"image/png", "application/pdf"}
    assert response["Referrer-Policy"] == ("no-referrer" if drawn else "same-origin"), where
    allowed = response["Permissions-Policy"]
    assert all(f"{name}=()" in allowed for name in NOT_ALLOWED), where
    check_policy(response["Content-Security-Policy"], where)
    assert not {"Access-Control-Allow-Origin", "Server", "X-Powered-By"} & set(response.headers)
    for morsel in response.cookies.values():
        check_cookie(morsel, where)


def check_policy(policy: str, where: object) -> None:
    """`default-src 'none'`, nothing inline, nothing foreign."""
    rules = {name: rest for name, _, rest in (d.strip().partition(" ") for d in policy.split(";"))}
    for name in CLOSED:
        assert rules[name] == "'none'", (where, name)
    assert (rules["report-uri"], rules["report-to"]) == ("/csp-report/", "csp")
    for name in rules.keys() - CLOSED - {"report-uri", "report-to"}:
        assert re.fullmatch(r"'self'( 'nonce-[^' ]+')?", rules[name]), (where, name, rules[name])
    assert rules["form-action"] == "'self'"


def check_cookie(morsel: Morsel[str], where: object) -> None:
    """Bound to this host, unreadable for scripts, gone with the browser."""
    assert morsel.key in {"__Host-sid", "__Host-csrf"}, where
    assert morsel["secure"], where
    assert morsel["samesite"] == "Lax", where
    assert morsel["path"] == "/", where
    assert not morsel["domain"], where
    # A cookie that is taken back has no value to hide.
    assert morsel["httponly"] or not morsel.value, where
    if morsel.key == "__Host-sid" and morsel.value:
        assert not morsel["max-age"], where
        assert re.fullmatch(r"[a-z0-9]{32}", morsel.value), where


@pytest.mark.django_db
@pytest.mark.parametrize("name", EVERYBODY)
def test_every_answer_carries_the_headers(name: str) -> None:
    who = persona(name)
    seen = set()
    # Only staff get more than one kind of answer from the desk.
    desk = [route for route in routes(who) if route.of_admin]
    addresses = set(routes(who)) - set(desk[5:] if name != "staff" else [])
    for route in addresses:
        for method in METHODS:
            with untouched(who.client):
                response = getattr(who.client, method)(route.path)
            check(response, (name, method, route.path))
            if response.status_code == 405:
                assert int(response["Content-Length"]) == len(response.content), route
                assert b"This step cannot be opened like that" in response.content, route
            seen.add(response.status_code)
    assert seen >= {200, 302, 405}


@pytest.mark.django_db
def test_files_of_a_card_are_named_and_bound() -> None:
    who = persona("code_full")
    assert who.waiting is not None
    base, ending = f"{CARD}{who.waiting.public_id}/", who.waiting.short_serial
    for path, kind, disposition in (
        ("image.png?layout=wide", "image/png", "inline"),
        ("image.png?layout=tall", "image/png", "inline"),
        ("download.png", "image/png", "attachment"),
        ("card.pdf", "application/pdf", "attachment"),
        ("card.pdf?view=inline", "application/pdf", "inline"),
    ):
        response = who.client.get(base + path)
        check(response, path)
        assert response["Content-Type"] == kind
        name = f"online-security-code-card-{ending}.{kind[-3:]}"
        assert response["Content-Disposition"] == f'{disposition}; filename="{name}"'


@pytest.mark.django_db
def test_the_session_gets_a_new_key_at_each_step() -> None:
    _code, digits = factories.make_code(user := factories.make_user("jane.sample"))
    client, keys = Client(), []
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    keys.append(client.cookies["__Host-sid"].value)
    client.post("/login/verify/", {"temporary_code": digits})
    keys.append(client.cookies["__Host-sid"].value)
    path = client.post(CARD)["Location"]
    row = user.securitycards.get()
    client.post(f"{path}activate/", {"card_values": factories.answers_of(client, row)[0]})
    keys.append(client.cookies["__Host-sid"].value)
    assert len(set(keys)) == 3
    for old in keys[:2]:
        thief = Client()
        thief.cookies["__Host-sid"] = old
        assert thief.get(LIST)["Location"].startswith("/login/")
    left = client.post("/logout/")
    assert left["Clear-Site-Data"] == '"cache", "storage"'
    assert left.cookies["__Host-sid"].value == ""
