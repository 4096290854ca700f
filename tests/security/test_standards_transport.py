"""The way to the browser: https only, known methods only, and files that can be fetched twice.

ASVS 3.4.4, 12.2.1, 13.4.4; standards X-10, P-02, P-05; NIST SP 800-63B-4 3.1.2.1, 5.1.
"""

from __future__ import annotations

import hashlib
import logging

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from portal import settings as service
from tests import factories
from tests.security.cast import CARD, persona, routes
from tests.security.production import browser_settings


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_plain_http_gets_a_redirect_and_nothing_else(method: str, settings: LazySettings) -> None:
    addresses = [route.path for route in routes(persona("anonymous"))]
    for name, value in browser_settings().items():
        setattr(settings, name, value)
    for path in [*addresses, "/nothing/", "/static/css/portal.css"]:
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 301, path
        assert answer["Location"].startswith("https://testserver/"), path
        assert answer.content == b"", path
        assert not answer.cookies, path


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_a_method_that_no_page_has_is_refused_and_echoes_nothing(method: str) -> None:
    # No public page: every method is the login's business there.
    for path in ("/", "/login/", "/help/", "/logout/"):
        answer = Client().generic(method, path, headers={"X-Canary": "canary-4711"})
        assert answer.status_code == 405, path
        assert b"canary-4711" not in answer.content
        assert "canary-4711" not in str(answer.headers)


@pytest.mark.django_db
def test_static_files_are_taken_for_what_they_are() -> None:
    for path, kind in (
        ("css/portal.css", "text/css"),
        ("js/portal.js", "text/javascript"),
        ("img/favicon.svg", "image/svg+xml"),
    ):
        answer = Client().get(f"/static/{path}")
        assert answer.getvalue()
        answer.close()
        assert answer["Content-Type"].startswith(kind)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
    # In service their names hold a hash of what they hold, so a browser never mixes versions.
    backend = service.STORAGES["staticfiles"]["BACKEND"]
    assert backend == "whitenoise.storage.CompressedManifestStaticFilesStorage"


@pytest.mark.django_db
def test_a_file_of_the_card_can_be_fetched_twice_and_not_after_the_activation(jane: User) -> None:
    client = factories.client_with_code(jane)
    path = client.post(CARD)["Location"]
    answer = factories.answers_of(client, jane.securitycards.get())[0]
    names = ("image.png?layout=wide", "download.png", "card.pdf", "card.pdf?view=inline")
    for name in names:
        # First the page's own request, then the browser's "save", which asks again.
        sent = [
            client.get(f"{path}{name}", headers={"Sec-Fetch-Dest": kind}).content
            for kind in ("image", "empty")
        ]
        assert sent[0][:4] in {b"\x89PNG", b"%PDF"}, name
        assert hashlib.sha256(sent[0]).digest() == hashlib.sha256(sent[1]).digest(), name
        assert client.post(f"{path}{name}").status_code == 405, name
        assert Client().get(f"{path}{name}")["Location"].startswith("/login/"), name
    assert client.post(f"{path}activate/", {"card_values": answer}).status_code == 302
    for name in names:
        assert client.get(f"{path}{name}").status_code == 404, name
