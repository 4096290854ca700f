"""Between the password and the second step: five minutes, one browser, one password."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from securelogin.pending import SESSION_KEY
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND
from tests.securelogin.contract import is_inside

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME


def after_password(user: User, **more: str) -> Client:
    """A browser that has passed the password step."""
    client = Client()
    fields = {"username": user.username, "password": factories.PASSWORD, **more}
    response = client.post("/login/", fields)
    assert (response.status_code, response["Location"]) == (302, "/login/verify/")
    return client


def answer(client: Client, digits: str) -> int:
    """The status of an answer to the second step; 302 to the home page is a login."""
    response = client.post("/login/verify/", {"temporary_code": digits})
    if response.status_code == 302:
        assert response["Location"] == ("/home/" if is_inside(client) else "/login/")
    return response.status_code


def test_it_holds_who_when_and_where_to_and_nothing_of_the_password(jane: User) -> None:
    client = after_password(jane, next="/settings/user/")
    data = client.session[SESSION_KEY]
    assert set(data) == {"user", "at", "next", "hash"}
    assert data["next"] == "/settings/user/"
    assert factories.PASSWORD not in str(dict(client.session))
    assert jane.password not in str(dict(client.session))


def test_it_is_no_login(jane: User) -> None:
    factories.make_code(jane)
    client = after_password(jane)
    assert "_auth_user_id" not in client.session
    for url in ("/home/", "/settings/user/", "/settings/user/secure-login/", "/admin/"):
        response = client.get(url)
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/login/")
    for url in ("/settings/user/secure-login/card/", "/session/keep-alive/"):
        assert client.post(url).status_code == 302
    assert client.session[SESSION_KEY]["user"] == jane.pk


def test_a_key_planted_before_the_password_is_worth_nothing(jane: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies[COOKIE] = planted = str(session.session_key)
    fields = {"username": jane.username, "password": factories.PASSWORD}
    client.post("/login/", fields)
    assert client.cookies[COOKIE].value != planted
    assert "planted" not in client.session
    assert not Session.objects.filter(session_key=planted).exists()


def test_the_key_changes_again_at_the_login(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = after_password(jane)
    before = client.cookies[COOKIE].value
    assert answer(client, digits) == 302
    assert client.cookies[COOKIE].value != before
    assert SESSION_KEY not in client.session
    assert not Session.objects.filter(session_key=before).exists()


def test_it_ends_exactly_five_minutes_after_the_password(jane: User) -> None:
    with time_machine.travel(AUTUMN, tick=False) as clock:
        _code, digits = factories.make_code(jane)
        client, late = after_password(jane), after_password(jane)
        clock.shift(timedelta(minutes=5) - SECOND)
        assert client.get("/login/verify/").status_code == 200
        assert answer(client, digits) == 302
        clock.shift(SECOND)
        response = late.post("/login/verify/", {"temporary_code": digits})
        assert response.status_code == 200
        assert "took longer than 5 minutes" in response.content.decode()
        assert not is_inside(late)
        again = late.get("/login/verify/")
        assert (again.status_code, again["Location"]) == (302, "/login/")


def test_looking_at_the_page_does_not_prolong_it(jane: User) -> None:
    with time_machine.travel(AUTUMN, tick=False) as clock:
        factories.make_code(jane)
        client = after_password(jane)
        for _ in range(4):
            clock.shift(timedelta(minutes=1))
            assert client.get("/login/verify/").status_code == 200
        clock.shift(timedelta(minutes=1))
        assert "took longer" in client.get("/login/verify/").content.decode()


def test_a_password_changed_meanwhile_ends_it(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = after_password(jane)
    jane.set_password("another-lantern-88")
    jane.save()
    assert answer(client, digits) == 302
    assert not is_inside(client)


def test_an_account_switched_off_meanwhile_ends_it(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = after_password(jane)
    User.objects.update(is_active=False)
    assert answer(client, digits) == 302
    assert not is_inside(client)


def test_a_device_ended_meanwhile_is_not_asked_any_more(jane: User) -> None:
    code, digits = factories.make_code(jane)
    client = after_password(jane)
    factories.shift(code, -timedelta(days=12))
    response = client.post("/login/verify/", {"temporary_code": digits})
    assert "Your Temporary Code has ended" in response.content.decode()
    assert not is_inside(client)


def test_an_answer_without_a_password_step_goes_to_the_login(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    assert answer(client, digits) == 302
    assert not is_inside(client)


def test_starting_over_forgets_it_and_is_a_post_only(jane: User) -> None:
    factories.make_code(jane)
    client = after_password(jane)
    assert client.get("/login/start-over/").status_code == 405
    assert client.session[SESSION_KEY]
    assert client.post("/login/start-over/")["Location"] == "/login/"
    assert client.get("/login/verify/")["Location"] == "/login/"


def test_the_password_of_another_user_replaces_it(jane: User, mallory: User) -> None:
    _code, digits = factories.make_code(jane)
    factories.make_code(mallory)
    client = after_password(jane)
    fields = {"username": mallory.username, "password": factories.PASSWORD}
    client.post("/login/", fields)
    assert answer(client, digits) == 422
    assert not is_inside(client)
