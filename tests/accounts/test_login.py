"""The password step: neutral words, equal work, and nowhere to be sent but home."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import User
from securelogin.pending import SESSION_KEY
from tests import factories
from tests.securelogin.contract import is_inside, same_for_everybody

pytestmark = pytest.mark.django_db
REFUSED = "Your username or password is not correct. Check both and try again."
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/home/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "ftp://testserver/",
]


def post(client: Client, username: str, password: str = factories.PASSWORD, **more: str) -> Any:
    """The answer to a user name and a password."""
    return client.post("/login/", {"username": username, "password": password, **more})


@pytest.mark.parametrize(
    "username", ["jane.sample", "Jane.Sample", " JANE.SAMPLE ", "jane.sample\t"]
)
def test_a_right_password_leads_to_the_second_step(jane: User, username: str) -> None:
    client = Client()
    response = post(client, username)
    assert (response.status_code, response["Location"]) == (302, "/login/verify/")
    assert client.session[SESSION_KEY]["user"] == jane.pk


def test_the_password_is_taken_exactly_as_it_is(jane: User) -> None:
    for other in (f" {factories.PASSWORD}", f"{factories.PASSWORD} ", factories.PASSWORD.upper()):
        assert post(Client(), "jane.sample", other).status_code == 422


@pytest.mark.parametrize(
    ("username", "password", "messages"),
    [
        ("", "", ["Enter your username", "Enter your password"]),
        ("jane.sample", "", ["Enter your password"]),
        ("", "x", ["Enter your username"]),
    ],
)
def test_an_empty_field_is_named(
    jane: User, username: str, password: str, messages: list[str]
) -> None:
    response = post(Client(), username, password)
    page = response.content.decode()
    assert response.status_code == 422
    for message in messages:
        assert page.count(message) == 2, "in the summary and at the field"


def test_after_an_error_the_user_name_is_kept_and_the_password_is_not(jane: User) -> None:
    page = post(Client(), "jane.sample", "not-the-password").content.decode()
    assert 'value="jane.sample"' in page
    assert "not-the-password" not in page
    assert page.count(REFUSED) == 1


def test_unknown_switched_off_and_wrong_get_the_same_page_and_the_same_work(
    jane: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    hashed: list[str] = []
    real = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(real(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    pages, work = set(), []
    for username in ("jane.sample", "nobody.atall", "mallory.muster"):
        hashed.clear()
        response = post(Client(), username, "wrong-password")
        assert response.status_code == 422
        pages.add(same_for_everybody(response.content).replace(username, ""))
        work.append(len(hashed))
    assert len(pages) == 1
    assert work == [1, 1, 1]


def test_a_switched_off_user_is_refused_with_the_right_password(jane: User) -> None:
    User.objects.update(is_active=False)
    response = post(Client(), "jane.sample")
    assert response.status_code == 422
    assert REFUSED in response.content.decode()


@pytest.mark.parametrize("target", ELSEWHERE)
def test_it_never_leads_to_another_site(jane: User, target: str) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    post(client, "jane.sample", next=target)
    response = client.post("/login/verify/", {"temporary_code": digits})
    assert (response.status_code, response["Location"]) == (302, "/home/")


@pytest.mark.parametrize("target", ["/settings/user/", "/settings/user/secure-login/?a=b#c"])
def test_it_leads_back_to_the_page_that_was_asked_for(jane: User, target: str) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    page = client.get("/login/", {"next": target}).content.decode()
    assert f'name="next" value="{target}"' in page
    post(client, "jane.sample", next=target)
    assert client.post("/login/verify/", {"temporary_code": digits})["Location"] == target


@pytest.mark.parametrize("target", ["/" + "x" * 3000, "/home/\x00"])
def test_an_address_that_cannot_be_kept_does_not_stop_the_login(jane: User, target: str) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    assert post(client, "jane.sample", next=target).status_code == 302
    assert client.post("/login/verify/", {"temporary_code": digits}).status_code == 302
    assert is_inside(client)


def test_somebody_logged_in_is_sent_home(jane: User) -> None:
    client = factories.client_with_code(jane)
    response = client.get("/login/")
    assert (response.status_code, response["Location"]) == (302, "/home/")


def test_a_new_password_step_ends_the_session_before(jane: User, mallory: User) -> None:
    client = factories.client_with_code(jane)
    post(client, mallory.username)
    assert not is_inside(client)
    assert client.session[SESSION_KEY]["user"] == mallory.pk


def test_it_needs_its_token_against_forgery(jane: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert post(client, "jane.sample").status_code == 403
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_it_knows_no_other_method(method: str) -> None:
    assert getattr(Client(), method)("/login/").status_code == 405


def test_a_zero_byte_is_an_error_and_no_crash(jane: User) -> None:
    assert post(Client(), "jane\x00sample").status_code == 422
    assert post(Client(), "jane.sample", "a\x00b").status_code == 422
