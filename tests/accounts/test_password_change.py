"""Changing the password: after a fresh proof, by the rules, and everywhere else it ends."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Session, User
from securelogin import notices
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside
from tests.securelogin.mail_server import MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
URL = "/settings/user/password/"
CONFIRM = f"/login/confirm/?next={URL.replace('/', '%2F')}"
NEW = "four unrelated teapots"
FIVE = timedelta(minutes=5)
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def client(jane: User) -> Client:
    """A browser logged in now: its proof is fresh."""
    return factories.client_with_code(jane)


def change(client: Client, password: str = NEW, **fields: str) -> Any:
    """Send the form."""
    return client.post(URL, {"password": password, **fields})


def has_password(user: User, password: str) -> bool:
    """Whether it is the user's now."""
    return User.objects.get(pk=user.pk).check_password(password)


def test_a_good_password_is_taken_and_the_client_goes_on(client: Client, jane: User) -> None:
    response = change(client)
    assert (response.status_code, response["Location"]) == (302, "/settings/user/")
    assert has_password(jane, NEW)
    assert not has_password(jane, factories.PASSWORD)
    page = client.get(response["Location"]).content.decode()
    assert "Your password was changed." in page
    assert "Your password was changed." not in client.get("/settings/user/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_neither_stops_it_nor_keeps_it_quiet(
    jane: User, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    User.objects.update(notify_email="second@elsewhere.example")
    client, server = factories.client_with_code(jane), MailServer(monkeypatch)
    server.up = False
    assert change(client).status_code == 302
    assert has_password(jane, NEW)
    (notice,) = Notice.objects.filter(kind="password_changed")
    assert (notice.sent_at, notice.last_error) == (None, "SMTPServerDisconnected")
    server.up = True
    clock.shift(timedelta(hours=1))
    assert notices.retry() > 0
    assert server.sent.count("Your password was changed") == 2, "to each address"


def test_the_next_login_asks_for_the_new_one(client: Client, jane: User) -> None:
    change(client)
    for password, status in ((factories.PASSWORD, 422), (NEW, 302)):
        fields = {"username": jane.username, "password": password}
        assert Client().post("/login/", fields).status_code == status


def test_the_session_gets_a_new_key_and_the_old_one_is_worth_nothing(client: Client) -> None:
    old = client.cookies[COOKIE].value
    change(client)
    assert client.cookies[COOKIE].value != old
    thief = Client()
    thief.cookies[COOKIE] = old
    assert not is_inside(thief)
    assert is_inside(client)


def test_all_other_sessions_and_pending_logins_end(client: Client, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    pending, half, elsewhere = Client(), Client(), Client()
    factories.sign_in(elsewhere, jane, digits)
    client = Client()
    factories.sign_in(client, jane, digits)
    for browser in (pending, half):
        browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    assert change(client).status_code == 302
    assert is_inside(client)
    assert not is_inside(elsewhere)
    assert pending.get("/login/verify/")["Location"] == "/login/"
    assert half.post("/login/verify/", {"temporary_code": digits})["Location"] == "/login/"
    assert Session.objects.of(jane).count() == 1


def test_another_client_is_not_logged_out(client: Client, mallory: User) -> None:
    theirs = factories.client_with_code(mallory)
    change(client)
    assert is_inside(theirs)


def test_it_is_told_to_every_address_and_recorded(
    client: Client,
    jane: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    User.objects.filter(pk=jane.pk).update(notify_email="second@elsewhere.example")
    elsewhere = factories.client_with_code(jane)
    client = factories.client_with_code(jane)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        change(client, NEW)
    assert [message.to for message in mail.outbox] == [[jane.email], ["second@elsewhere.example"]]
    assert {message.subject for message in mail.outbox} == {"Your password was changed"}
    assert "Was this not you?" in str(mail.outbox[0].body)
    event = SecurityEvent.objects.get(kind=Event.PASSWORD_CHANGED)
    assert (event.user, event.actor) == (jane, jane)
    # The first browser's session ended with its code, when the next code was issued.
    assert event.detail == {"sessions": 2}
    assert not is_inside(elsewhere)


@pytest.mark.parametrize(
    "password",
    ["", "short", "12345678", "Password1", "jane-sample-1984", "x" * 257, "ab\x00cd-efgh"],
)
def test_what_the_rules_refuse_changes_nothing(client: Client, jane: User, password: str) -> None:
    response = change(client, password)
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page
    assert 'aria-invalid="true"' in page
    assert not password or password not in page
    assert has_password(jane, factories.PASSWORD)
    assert not SecurityEvent.objects.filter(kind=Event.PASSWORD_CHANGED).exists()
    assert not Notice.objects.filter(kind="password_changed").exists()


def test_it_is_kept_exactly_as_typed(client: Client, jane: User) -> None:
    typed = "  Crème Brûlée 87 \t"
    assert change(client, unicodedata.normalize("NFD", typed)).status_code == 302
    assert has_password(jane, typed)
    assert not has_password(jane, typed.strip())
    assert not has_password(jane, typed.lower())


def test_the_field_is_masked_and_takes_what_a_manager_pastes(client: Client) -> None:
    page = client.get(URL).content.decode()
    field = re.search(r'<input [^>]*name="password"[^>]*>', page)
    assert field
    for attribute in ('type="password"', 'autocomplete="new-password"'):
        assert attribute in field[0]
    for hindrance in ("maxlength", "onpaste", "pattern", "minlength"):
        assert hindrance not in field[0]
    assert 'autocomplete="username"' in page


def test_without_a_script_it_is_typed_twice(client: Client, jane: User) -> None:
    page = client.get(URL).content.decode()
    assert re.search(r"<noscript>.*name=\"repeat\".*</noscript>", page, re.DOTALL)
    for repeat in ("four unrelated teapot", ""):
        response = change(client, NEW, repeat=repeat)
        assert response.status_code == 422
        assert "The two passwords are not the same" in response.content.decode()
    assert not has_password(jane, NEW)
    assert change(client, NEW, repeat=NEW).status_code == 302


# Fresh proof ----------------------------------------------------------------------------------


def test_without_a_fresh_proof_it_is_asked_for_first(client: Client, clock: Clock) -> None:
    clock.shift(FIVE)
    page = client.get(URL).content.decode()
    assert 'name="password"' not in page
    response = client.post(URL)
    assert (response.status_code, response["Location"]) == (302, CONFIRM)


def test_a_form_sent_too_late_changes_nothing_and_is_not_kept(
    client: Client, jane: User, clock: Clock
) -> None:
    clock.shift(FIVE - SECOND)
    assert 'name="password"' in client.get(URL).content.decode()
    clock.shift(SECOND)
    assert change(client, NEW)["Location"] == CONFIRM
    assert has_password(jane, factories.PASSWORD)
    for row in Session.objects.all():
        assert NEW not in str(row.get_decoded())


def test_it_resumes_after_the_proof(jane: User, clock: Clock) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    factories.sign_in(client, jane, digits)
    clock.shift(FIVE)
    where = client.post(URL)["Location"]
    fields = {"password": factories.PASSWORD, "temporary_code": digits}
    assert client.post(where, fields)["Location"] == URL
    assert change(client).status_code == 302
    assert has_password(jane, NEW)


def test_a_thief_of_the_session_needs_both_factors(
    client: Client, jane: User, clock: Clock
) -> None:
    clock.shift(FIVE)
    client.post(CONFIRM, {"password": "wrong", "temporary_code": "000000000"})
    assert change(client)["Location"] == CONFIRM
    assert has_password(jane, factories.PASSWORD)


def test_a_session_that_ended_meanwhile_changes_nothing(
    client: Client, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = User.set_password

    def ends_meanwhile(self: User, password: str) -> None:
        Session.objects.all().delete()
        real(self, password)

    monkeypatch.setattr(User, "set_password", ends_meanwhile)
    assert change(client)["Location"] == "/login/"
    assert has_password(jane, factories.PASSWORD)
    assert not is_inside(client)
    assert not Session.objects.of(jane).exists()


@pytest.mark.parametrize("kind", ["visitor", "card only"])
def test_only_a_client_with_full_access_comes_near(kind: str, jane: User, clock: Clock) -> None:
    client = Client() if kind == "visitor" else factories.client_with_code(jane)
    for code in jane.temporarycodes.all():
        factories.shift(code, timedelta(days=-3))
    assert client.get(URL).status_code == 302
    assert change(client).status_code == (302 if kind == "visitor" else 403)
    assert has_password(jane, factories.PASSWORD)


def test_the_views_hide_the_password_from_error_reports() -> None:
    from accounts import reset_views, settings_views

    for view in (settings_views.password, reset_views.password, reset_views.number):
        request = HttpRequest()
        request.method = "DELETE"
        view(request)
        assert request.sensitive_post_parameters == "__ALL__"  # type: ignore[attr-defined]
