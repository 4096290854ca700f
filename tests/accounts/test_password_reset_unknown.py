"""Asking for a number: nothing tells who exists, and nobody's mailbox is filled."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import password_reset
from accounts.models import Session, User
from accounts.password_reset import PasswordReset
from securelogin import keys
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.accounts.mailbox import Postman, postman
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.contract import is_inside, same_for_everybody
from tests.work import work_of

__all__ = ["postman"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "postman")]
# Before any test replaces it.
REAL_POSTMAN = password_reset._postman
START, NUMBER = "/login/forgotten/", "/login/forgotten/number/"
HOUR = timedelta(hours=1)
COOKIE = settings.SESSION_COOKIE_NAME


@pytest.fixture
def strangers(jane: User, mallory: User) -> list[str]:
    """Names of every kind: known, unknown, switched off, without an address, with a fresh one."""
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    factories.make_user("no.address", email="")
    factories.make_user("fresh.address", email_since=timezone.now())
    return ["jane.sample", "nobody.atall", "mallory.muster", "no.address", "fresh.address"]


def ask(username: str, address: str = "198.51.100.7", client: Client | None = None) -> Any:
    """Ask for a number from a place."""
    client = client or Client()
    return client.post(START, {"username": username}, REMOTE_ADDR=address)


def test_everybody_gets_the_same_answers(strangers: list[str]) -> None:
    pages = set()
    for username in strangers:
        client = Client()
        first = ask(username, client=client)
        answers = [first, client.get(NUMBER)]
        answers += [client.post(NUMBER, {"number": "000000"}) for _ in range(3)]
        answers.append(client.get(NUMBER))
        pages.add(
            tuple(
                (answer.status_code, answer.get("Location"), same_for_everybody(answer.content))
                for answer in answers
            )
        )
    assert len(pages) == 1


def test_everybody_costs_the_same_work(strangers: list[str], postman: Postman) -> None:
    works = set()
    for number, username in enumerate(strangers):
        client, place = Client(), f"198.51.{number}.7"
        before = postman.errands
        asking = work_of(partial(ask, username, place, client))
        assert postman.errands == before + 1
        typed = {"number": "000000"}
        answering = work_of(partial(client.post, NUMBER, typed, REMOTE_ADDR=place))
        works.add((asking, answering))
    ((asking, answering),) = works
    assert (asking.hashes, answering.hashes) == (1, 1)


def test_only_a_known_and_settled_mailbox_gets_a_number(strangers: list[str]) -> None:
    for username in strangers:
        ask(username)
    assert [message.to for message in mail.outbox] == [["jane.sample@mail.example"]]


def test_an_unknown_name_is_not_stored_and_its_number_is_never_right(strangers: list[str]) -> None:
    client = Client()
    ask("nobody.atall", client=client)
    row = PasswordReset.objects.get()
    assert row.user is None
    stored = [str(vars(row)), str(SecurityEvent.objects.values()), str(Notice.objects.values())]
    stored += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not [text for text in stored if "nobody.atall" in text]
    # Even the right one, if anybody could guess it.
    known = keys.seal("123456", settings.ANSWER_KEYS)
    PasswordReset.objects.update(salt=known.salt, digest=known.digest, key_id=known.key_id)
    assert client.post(NUMBER, {"number": "123456"}).status_code == 422


@pytest.mark.parametrize("username", ["Jane.Sample", " JANE.SAMPLE ", "jane.sample\t"])
def test_the_name_is_taken_as_at_a_login(jane: User, username: str) -> None:
    ask(username)
    assert len(mail.outbox) == 1


def test_the_answer_does_not_wait_for_the_mail_server(
    jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SECURITY: the time it takes would tell that there is somebody to write to."""
    arrived, release = threading.Event(), threading.Event()

    def slow(message: mail.EmailMessage) -> int:
        arrived.set()
        assert release.wait(30)
        return 1

    monkeypatch.setattr(password_reset, "_postman", REAL_POSTMAN)
    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    try:
        assert ask("jane.sample").status_code == 302
        assert arrived.wait(30)
    finally:
        release.set()


# Too often ------------------------------------------------------------------------------------


def test_after_three_numbers_an_hour_nothing_is_sent(strangers: list[str], clock: Clock) -> None:
    for username in ("jane.sample", "nobody.atall"):
        for _ in range(3):
            assert ask(username).status_code == 302
        response = ask(username)
        assert response.status_code == 422
        assert "Too many attempts. Wait 60 minutes" in response.content.decode()
    assert len(mail.outbox) == 3
    clock.shift(HOUR - SECOND)
    assert ask("jane.sample").status_code == 422
    clock.shift(SECOND)
    assert ask("jane.sample").status_code == 302


def test_strangers_elsewhere_fill_a_mailbox_no_further_than_the_limit(jane: User) -> None:
    statuses = [ask("jane.sample", f"203.0.{number}.9").status_code for number in range(20)]
    assert statuses == [302] * 15 + [422] * 5
    assert len(mail.outbox) == 15


def test_strangers_do_not_keep_out_a_browser_that_is_known(jane: User) -> None:
    client = factories.client_with_code(jane)
    client.post("/logout/")
    for number in range(16):
        ask("jane.sample", f"203.0.{number}.9")
    assert ask("jane.sample").status_code == 422
    assert ask("jane.sample", client=client).status_code == 302


def test_one_network_cannot_try_names_without_end() -> None:
    statuses = [ask(f"name.{number}").status_code for number in range(62)]
    assert statuses == [302] * 60 + [422] * 2


def test_the_desk_sees_how_often(jane: User) -> None:
    for _ in range(3):
        ask("jane.sample")
    events = SecurityEvent.objects.filter(kind=Event.RESET_ASKED, user=jane).order_by("pk")
    assert [event.detail for event in events] == [{"failures": count} for count in (1, 2, 3)]


# Around it ------------------------------------------------------------------------------------


def test_somebody_logged_in_is_led_to_the_change(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get(START)["Location"] == "/settings/user/password/"
    ask("jane.sample", client=client)
    assert not is_inside(client), "a reset is not for an open session"


def test_looking_makes_no_session_and_no_row() -> None:
    client = Client()
    for page in ("", "number/", "device/", "password/"):
        client.get(f"{START}{page}")
    assert COOKIE not in client.cookies
    assert not Session.objects.exists()
    assert not PasswordReset.objects.exists()


@pytest.mark.parametrize(("username", "words"), [(" ", "Enter your username"), ("x" * 151, "150")])
def test_a_name_that_cannot_be_one_is_explained(
    postman: Postman, username: str, words: str
) -> None:
    response = ask(username)
    assert response.status_code == 422
    assert response.content.decode().count(words) >= 2
    assert postman.errands == 0


def test_every_step_needs_its_token_against_forgery(jane: User) -> None:
    client = Client(enforce_csrf_checks=True)
    for page in ("", "number/", "device/", "password/"):
        assert client.post(f"{START}{page}").status_code == 403


def test_rows_are_deleted_after_a_day(jane: User, clock: Clock) -> None:
    ask("jane.sample")
    for later, old in ((timedelta(days=1), 0), (SECOND, 1)):
        clock.shift(later)
        assert User.deletable(timezone.now())["old password resets"].count() == old
