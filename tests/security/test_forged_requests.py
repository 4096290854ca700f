"""Requests that no page of the portal makes: forged, replayed, from elsewhere."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests import factories
from tests.security.breaking import writes
from tests.security.cast import CARD, persona, routes, untouched
from tests.security.pages import own_page

VERIFY = "/login/verify/"
# Every request moves the idle end of its session.
TOUCHED = 'UPDATE "accounts_session" SET "expire_date"'
# What looking at a page writes down, by design: that it was shown, how it was kept.
EVIDENCE = ('INSERT INTO "securelogin_securityevent"', 'SET "kept" = ')


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


def pending(user: User) -> Client:
    """A browser after the password."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def waiting(user: User) -> tuple[Client, str, list[str]]:
    """A browser with a waiting card: its address, its answers."""
    client = factories.client_with_code(user)
    path = client.post(CARD)["Location"]
    row = user.securitycards.latest("pk")
    return client, path, factories.answers_of(client, row)


@pytest.mark.django_db
def test_forged_index_numbers_choose_no_other_pair(jane: User) -> None:
    row, answers = factories.make_card(jane)
    client = pending(jane)
    for name in ("first", "second", "pair", "answered", "index", "challenge", "number"):
        forged = {"card_values": answers[5], name: "5"}
        assert client.post(f"{VERIFY}?{name}=5", forged).status_code in {422, 429}
    row.refresh_from_db()
    assert row.answered == 1


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["theirs", "security-card--1", "x", "0", "temporary-code-"])
def test_a_chosen_device_is_one_of_ones_own(chosen: str, jane: User, mallory: User) -> None:
    factories.make_card(jane)
    theirs, answers = factories.make_card(mallory)
    name = f"security-card-{theirs.pk}" if chosen == "theirs" else chosen
    client = pending(jane)
    page = client.get(f"{VERIFY}?device={name}").content.decode()
    assert theirs.short_serial not in page
    assert client.post(f"{VERIFY}?device={name}", {"card_values": answers[1]}).status_code == 422
    assert client.get("/home/")["Location"].startswith("/login/")
    theirs.refresh_from_db()
    assert theirs.answered == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 404), ("same-site", 404), ("x", 404), ("same-origin", 200), ("none", 200)],
)
def test_no_other_site_can_embed_a_card(
    site: str, status: int, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("pdf", "png"):
        monkeypatch.setattr(f"securelogin.security_card.drawing.{kind}", lambda *_args: b"drawn")
    client, path, _answers = waiting(jane)
    for part in ("image.png", "download.png", "card.pdf"):
        response = client.get(f"{path}{part}", headers={"Sec-Fetch-Site": site})
        assert response.status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["anonymous", "pending", "code_full", "staff"])
@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_every_form_needs_its_token(name: str, origin: str | None) -> None:
    if origin and name != "code_full":
        return
    who = persona(name)
    who.client.handler.enforce_csrf_checks = True
    headers = {"Origin": origin} if origin else {}
    with CaptureQueriesContext(connection) as queries:
        # What a browser reports by itself comes without a form.
        for route in (route for route in routes(who) if route.name != "csp_report"):
            data = {"csrfmiddlewaretoken": "a" * 64}
            response = who.client.post(route.path, data, headers=headers)
            assert response.status_code == 403, route
    assert [sql for sql in writes(queries.captured_queries) if TOUCHED not in sql] == []


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_other_site_can_send_a_form(site: str, method: str, jane: User) -> None:
    browser = factories.client_with_code(jane)
    with CaptureQueriesContext(connection) as queries:
        for path in (CARD, "/login/", "/logout/", "/admin/", "/nothing/"):
            response = getattr(browser, method)(path, headers={"Sec-Fetch-Site": site})
            own_page(response, 403, "You cannot open this page")
    assert len(queries) == 0
    assert not jane.securitycards.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_the_forms_of_the_portal_are_taken(site: str | None, jane: User) -> None:
    browser = factories.client_with_code(jane)
    headers = {"Sec-Fetch-Site": site} if site else {}
    assert browser.post(CARD, headers=headers).status_code == 302
    assert jane.securitycards.exists()


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_lead_here_and_browsers_may_report(site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    for method in ("get", "head", "options"):
        assert getattr(Client(), method)("/login/", headers=headers).status_code != 403
    assert Client().post("/csp-report/", headers=headers).status_code == 204


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["anonymous", "pending", "code_full", "card", "staff"])
def test_looking_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("pdf", "png"):
        monkeypatch.setattr(f"securelogin.security_card.drawing.{kind}", lambda *_args: b"drawn")
    who = persona(name)
    for route in routes(who):
        for method in ("head", "options", "get"):
            with untouched(who.client), CaptureQueriesContext(connection) as queries:
                getattr(who.client, method)(route.path)
            written = [sql for sql in writes(queries.captured_queries) if TOUCHED not in sql]
            if method == "get" or route.of_admin:
                written = [sql for sql in written if not any(part in sql for part in EVIDENCE)]
            assert written == [], (method, route)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "hostile",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "/\t/evil.example/",
        "\x08//evil.example",
        "https://testserver@evil.example/",
        "/home/\r\nSet-Cookie: a=b",
        "/" * 1900,
        "[",
    ],
)
def test_a_hostile_next_leads_home(hostile: str, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    form = client.get("/login/", {"next": hostile})
    assert form.status_code == 200
    login = {"username": jane.username, "password": factories.PASSWORD, "next": hostile}
    if client.post("/login/", login).status_code == 422:
        return  # the field refused it
    done = client.post(VERIFY, {"temporary_code": digits})
    assert done.status_code == 302
    assert done["Location"].startswith("/")
    assert not done["Location"].startswith(("//", "/\\"))
    assert "\n" not in done["Location"]
