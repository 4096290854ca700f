"""Whatever goes wrong: an own page, the right status, the headers, and nothing about anybody."""

from __future__ import annotations

import logging

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from tests import factories
from tests.security.cast import CARD, LIST
from tests.security.pages import CANARY, own_page


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


@pytest.fixture
def client() -> Client:
    """A browser, which does not get exceptions raised in its face."""
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_it_answers_403_with_a_page(client: Client, jane: User, sam: User) -> None:
    browser = factories.client_with_code(sam)
    mine = f"/admin/temporary_code/temporarycode/issue/{sam.pk}/"
    own_page(browser.get(mine), 403, "You cannot open this page")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/logout/", "/login/verify/", CARD])
def test_a_form_without_its_token_gets_the_page_for_it(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(path, {"username": CANARY, "password": CANARY})
    own_page(response, 403, "This page was open too long")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/nothing/", "/static/nothing.css", "/login/%FF%FE/", "/%2e%2e/%2e%2e/etc/passwd"]
)
def test_it_answers_404_with_a_page(client: Client, path: str) -> None:
    own_page(client.get(path), 404, "There is nothing here")


@pytest.mark.django_db
def test_it_answers_405_with_a_page_as_long_as_it_says(client: Client) -> None:
    for response in (client.get("/logout/"), client.put("/login/"), client.delete("/")):
        own_page(response, 405, "This step cannot be opened like that")
        assert int(response["Content-Length"]) == len(response.content)
        assert response["Allow"]


@pytest.mark.django_db
def test_it_answers_500_with_a_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("accounts.views.render", breaks)
    for path in ("/", "/help/", "/login/"):
        own_page(client.get(path), 500, "Something went wrong on our side")


@pytest.mark.django_db
def test_it_answers_503_while_the_database_is_away(jane: User, settings: LazySettings) -> None:
    browser = factories.client_with_code(jane)
    browser.raise_request_exception = False

    def away(*_args: object) -> None:
        raise OperationalError(CANARY)

    with connection.execute_wrapper(away):
        for path in ("/home/", LIST, CARD, "/admin/"):
            response = browser.get(path)
            own_page(response, 503, "We are not available at the moment")
            assert response["Retry-After"] == "30"
        assert browser.get("/help/").status_code == 503
        assert Client().get("/help/").status_code == 200
    # The session was not lost by it.
    assert browser.get("/home/").status_code == 200
